//! One access token per connection: got once for all who wait (single flight), renewed ahead of its end, kept over
//! restarts.

use std::{sync::Arc, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use tieline_crm::{
    dialect::{Dialect, Grant},
    transport::Transport,
    trouble::Trouble,
};
use tieline_engine::{
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
};
use tokio::sync::Mutex;

use super::seal::Seal;
use crate::store::{KeptToken, Store};

/// A token with less life than this is renewed before it is used (zoho.md 2: refresh at about 55 of 60 minutes).
const RENEW_AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Longest life believed, so that a CRM's odd figure does not make a token eternal.
const LIFE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Keeps one connection's access token.
pub(super) struct Tokens {
    project: ProjectId,
    store: Arc<dyn Store>,
    seal: Option<Seal>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    loaded: bool,
    kept: Option<Kept>,
}

#[derive(Clone)]
struct Kept {
    grant: Arc<Grant>,
    expires_at: Timestamp,
}

impl Tokens {
    /// A keeper for a connection with these secrets.
    #[must_use]
    pub(super) fn new(project: ProjectId, store: Arc<dyn Store>, seal: Option<Seal>) -> Self {
        Self { project, store, seal, state: Mutex::default() }
    }

    /// A token to use now; `None` where the CRM takes the credentials themselves. All who ask while one is being
    /// got wait for the same one.
    ///
    /// # Errors
    /// What the CRM answered to the request for a token.
    pub(super) async fn get(
        &self,
        dialect: &dyn Dialect,
        net: &dyn Transport,
        now: Timestamp,
    ) -> Result<Option<Arc<Grant>>, Trouble> {
        let mut state = self.state.lock().await;
        if !state.loaded {
            state.kept = self.load().await;
            state.loaded = true;
        }
        if let Some(kept) = &state.kept
            && now + RENEW_AHEAD < kept.expires_at
        {
            return Ok(Some(Arc::clone(&kept.grant)));
        }
        let Some(grant) = dialect.grant(net).await? else { return Ok(None) };
        let life = SignedDuration::try_from(grant.lives.min(LIFE_MAX)).unwrap_or(RENEW_AHEAD);
        let kept = Kept { grant: Arc::new(grant), expires_at: now + life };
        self.keep(&kept).await;
        state.kept = Some(kept.clone());
        Ok(Some(kept.grant))
    }

    /// Throws a token away that the CRM no longer takes, unless a newer one is there already.
    pub(super) async fn discard(&self, used: Option<&Arc<Grant>>) {
        let mut state = self.state.lock().await;
        let same = |kept: &Kept| used.is_some_and(|used| Arc::ptr_eq(used, &kept.grant));
        if state.kept.as_ref().is_some_and(same) {
            state.kept = None;
        }
    }

    async fn load(&self) -> Option<Kept> {
        let kept = self.store.token(&self.project).await.ok()??;
        let text = self.seal.as_ref()?.open(&kept.sealed)?;
        let (base, token) = text.expose_secret().split_once('\n')?;
        let api_base = (!base.is_empty()).then(|| base.to_owned());
        let grant = Grant { token: SecretString::from(token.to_owned()), lives: Duration::ZERO, api_base };
        Some(Kept { grant: Arc::new(grant), expires_at: kept.expires_at })
    }

    /// Keeping is a convenience: a token that could not be kept is only got again after a restart.
    async fn keep(&self, kept: &Kept) {
        let base = kept.grant.api_base.as_deref().unwrap_or_default();
        let text = SecretString::from(format!("{base}\n{}", kept.grant.token.expose_secret()));
        let Some(sealed) = self.seal.as_ref().and_then(|seal| seal.seal(&text)) else { return };
        let token = KeptToken { sealed, expires_at: kept.expires_at };
        if let Err(error) = self.store.put_token(&self.project, token).await {
            tracing::warn!(project.id = %self.project, %error, "the access token could not be kept");
        }
    }
}

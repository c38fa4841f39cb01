//! One access token per connection: got once for all who wait (single flight), also among sidecars that share a store,
//! renewed ahead of its end, kept over restarts.

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
use tokio::{
    sync::Mutex,
    time::{self, Instant},
};

use super::seal::Seal;
use crate::store::{KeptToken, Renewal, Store};

/// A token with less life than this is renewed before it is used (zoho.md 2: refresh at about 55 of 60 minutes).
const RENEW_AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Longest life believed, so that a CRM's odd figure does not make a token eternal.
const LIFE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// How often is looked whether another sidecar has renewed the token, and for how long.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOK_BOUND: Duration = Duration::from_secs(35);

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
    /// The kept token that will not do.
    spent: Option<Vec<u8>>,
    /// The CRM takes the credentials themselves.
    has_none: bool,
}

#[derive(Clone)]
struct Kept {
    grant: Arc<Grant>,
    expires_at: Timestamp,
    sealed: Option<Vec<u8>>,
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
        if state.has_none {
            return Ok(None);
        }
        if !state.loaded {
            state.kept = self.load().await;
            state.loaded = true;
        }
        if let Some(kept) = &state.kept
            && now + RENEW_AHEAD < kept.expires_at
        {
            return Ok(Some(Arc::clone(&kept.grant)));
        }
        if let Some(newer) = self.renewed_elsewhere(&mut state, now).await? {
            state.kept = Some(newer.clone());
            return Ok(Some(newer.grant));
        }
        let granted = dialect.grant(net).await;
        if !matches!(granted, Ok(Some(_))) {
            self.give_back(None).await;
        }
        let Some(grant) = granted? else {
            state.has_none = true;
            return Ok(None);
        };
        let life = SignedDuration::try_from(grant.lives.min(LIFE_MAX)).unwrap_or(RENEW_AHEAD);
        let mut kept = Kept { grant: Arc::new(grant), expires_at: now + life, sealed: None };
        kept.sealed = self.keep(&kept).await;
        state.kept = Some(kept.clone());
        Ok(Some(kept.grant))
    }

    /// A token that another sidecar got meanwhile; `None`: it is this one's turn to get one.
    async fn renewed_elsewhere(&self, state: &mut State, now: Timestamp) -> Result<Option<Kept>, Trouble> {
        let given_up = Instant::now() + LOOK_BOUND;
        if let Some(sealed) = state.kept.as_mut().and_then(|kept| kept.sealed.take()) {
            state.spent = Some(sealed);
        }
        loop {
            match self.store.renew_token(&self.project, state.spent.as_deref(), now + RENEW_AHEAD).await {
                Ok(Renewal::Yours) => return Ok(None),
                Ok(Renewal::Newer(token)) => match self.open(&token) {
                    Some(kept) => return Ok(Some(kept)),
                    // Sealed with other credentials than this sidecar's: of no use here.
                    None => state.spent = Some(token.sealed),
                },
                Ok(Renewal::Another) if Instant::now() < given_up => time::sleep(LOOK_EVERY).await,
                Ok(Renewal::Another) => {
                    return Err(Trouble::Unavailable("another sidecar is still renewing the access token".to_owned()));
                }
                // A ringing phone needs a token also while the store is away.
                Err(error) => {
                    tracing::warn!(project.id = %self.project, %error, "the access token is renewed without the others");
                    return Ok(None);
                }
            }
        }
    }

    /// Throws a token away that the CRM no longer takes, unless a newer one is there already.
    pub(super) async fn discard(&self, used: Option<&Arc<Grant>>) {
        let mut state = self.state.lock().await;
        let same = |kept: &Kept| used.is_some_and(|used| Arc::ptr_eq(used, &kept.grant));
        if state.kept.as_ref().is_some_and(same) {
            state.spent = state.kept.take().and_then(|kept| kept.sealed);
        }
    }

    async fn load(&self) -> Option<Kept> {
        self.open(&self.store.token(&self.project).await.ok()??)
    }

    fn open(&self, kept: &KeptToken) -> Option<Kept> {
        let text = self.seal.as_ref()?.open(&kept.sealed)?;
        let (base, token) = text.expose_secret().split_once('\n')?;
        let api_base = (!base.is_empty()).then(|| base.to_owned());
        let grant = Grant { token: SecretString::from(token.to_owned()), lives: Duration::ZERO, api_base };
        Some(Kept { grant: Arc::new(grant), expires_at: kept.expires_at, sealed: Some(kept.sealed.clone()) })
    }

    /// Keeping is a convenience: a token that could not be kept is only got again after a restart. Says how it is kept.
    async fn keep(&self, kept: &Kept) -> Option<Vec<u8>> {
        let base = kept.grant.api_base.as_deref().unwrap_or_default();
        let text = SecretString::from(format!("{base}\n{}", kept.grant.token.expose_secret()));
        let sealed = self.seal.as_ref().and_then(|seal| seal.seal(&text));
        let token = sealed.clone().map(|sealed| KeptToken { sealed, expires_at: kept.expires_at });
        self.give_back(token).await;
        sealed
    }

    /// Others may renew again, or have what was got.
    async fn give_back(&self, token: Option<KeptToken>) {
        if let Err(error) = self.store.renewed(&self.project, token).await {
            tracing::warn!(project.id = %self.project, %error, "the access token could not be kept");
        }
    }
}

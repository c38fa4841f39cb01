//! What administrators do with projects of the store. Each change is done by a task of its own: who asked may go, and
//! what is kept is served all the same.

use std::{collections::BTreeSet, sync::Arc};

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use tieline_engine::{
    ids::ProjectId,
    reason::{Reason, ReasonCode},
};
use tokio::task;

use super::{
    Projects, Serving, Shown,
    read::{self, Reading},
    sealed::{self, Secrets},
};
use crate::{
    access::Access,
    config::{self, Fault, Given},
    project::Project,
    seal::Keys,
    server,
    store::{
        Filter, StateIs, StoreError,
        projects::{KeptProject, ProjectPut, Put, Removal, Removed},
    },
};

/// How often a change is tried that somebody else's comes in the way of.
const TRIES: usize = 5;

/// A project to be put.
pub struct PutAsk {
    /// Its id.
    pub project: ProjectId,
    /// Its TOML text.
    pub text: String,
    /// Secrets by the names the text refers to; one that is kept may be left out.
    pub secrets: Secrets,
    /// The revision that is replaced, 0 for none; `None`: whatever is there.
    pub over: Option<u64>,
    /// Only check.
    pub validate_only: bool,
}

/// A project that was put.
#[derive(Debug)]
pub struct PutDone {
    /// As it is now; `None` when a new one was only checked.
    pub shown: Option<Shown>,
    /// Something is other than before.
    pub changed: bool,
}

/// A project with its settings.
#[derive(Debug)]
pub struct Got {
    /// The project.
    pub shown: Shown,
    /// Its TOML text; empty for a project of the file.
    pub text: String,
    /// The names of its secrets.
    pub secrets: BTreeSet<String>,
}

/// A project to be deleted.
pub struct DeleteAsk {
    /// Its id.
    pub project: ProjectId,
    /// The revision that is meant; `None`: whatever is there.
    pub over: Option<u64>,
    /// Calls that wait are dropped.
    pub drop_waiting: bool,
}

/// A project that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// There was one.
    pub deleted: bool,
    /// Calls that waited and were dropped.
    pub dropped: u64,
}

/// Why a project was not changed, by who must act.
#[derive(Debug, Error)]
pub enum ChangeRefused {
    /// It stands in the file.
    #[error("the project stands in the sidecar's configuration file; change it there, or take it out there first")]
    InFile,
    /// Nothing seals secrets.
    #[error("the configuration has no store.secrets_key, which seals the secrets of projects in the store; set one")]
    NoKey,
    /// Another revision is there, 0 for none.
    #[error("{}", another(*.0))]
    Another(u64),
    /// Its calls wait.
    #[error("{0} calls of the project wait or are being delivered; let them finish, or drop them with drop_waiting")]
    CallsWait(u64),
    /// The text has faults, or secrets were given that it does not refer to.
    #[error("the project cannot be served as it is written")]
    Wrong {
        /// Faults of the text.
        text: Vec<Fault>,
        /// Names of secrets nothing refers to.
        needless: Vec<String>,
    },
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn another(revision: u64) -> String {
    match revision {
        0 => "there is no such project any more; put it as a new one".to_owned(),
        _ => format!("revision {revision} of the project is there; get it, and put what you want of it"),
    }
}

impl Projects {
    /// Puts a project, checked as the file's are, and serves it.
    ///
    /// # Errors
    /// See [`ChangeRefused`]; nothing was changed, unless the store failed after it had kept the project.
    pub async fn put_project(self: &Arc<Self>, ask: PutAsk) -> Result<PutDone, ChangeRefused> {
        let projects = Arc::clone(self);
        task::spawn(async move { projects.change(ask).await }).await.unwrap_or(Err(StoreError::Closed.into()))
    }

    /// A project with its settings.
    ///
    /// # Errors
    /// The store cannot be read. `None`: there is no such project.
    pub async fn get(&self, id: &ProjectId) -> Result<Option<Got>, StoreError> {
        let Some(shown) = self.shown(id) else { return Ok(None) };
        let kept = if self.reader.file.contains(id) { None } else { self.store().project(id).await? };
        let text = kept.map(|kept| kept.text).unwrap_or_default();
        let given = Given::unknown();
        // Only the names are asked for: a text that cannot be read tells those it can.
        drop(config::stored(id, &text, &given));
        Ok(Some(Got { shown, text, secrets: given.asked() }))
    }

    /// Deletes a project with its connection's state and access token.
    ///
    /// # Errors
    /// See [`ChangeRefused`]; nothing was changed but, with `drop_waiting`, calls that were dropped.
    pub async fn delete_project(self: &Arc<Self>, ask: DeleteAsk) -> Result<Deleted, ChangeRefused> {
        let projects = Arc::clone(self);
        task::spawn(async move { projects.delete(ask).await }).await.unwrap_or(Err(StoreError::Closed.into()))
    }

    async fn change(&self, ask: PutAsk) -> Result<PutDone, ChangeRefused> {
        let keys = self.may_change(&ask.project)?;
        let ask = Arc::new(ask);
        let _turn = self.turn.lock().await;
        let mut there = 0;
        for _ in 0..TRIES {
            let kept = self.store().project(&ask.project).await?;
            there = kept.as_ref().map_or(0, |kept| kept.revision);
            let checked = self.check(&ask, kept.clone(), &keys).await?;
            if checked.same && self.is_served_as(&ask.project, there) {
                return Ok(PutDone { shown: self.shown(&ask.project), changed: false });
            }
            if !checked.same && ask.over.is_some_and(|over| over != there) {
                return Err(ChangeRefused::Another(there));
            }
            if ask.validate_only {
                return Ok(PutDone { shown: self.shown(&ask.project), changed: false });
            }
            let project = Box::new(checked.project);
            let whole = Reading::Whole { project, older_key: false };
            if let Some(kept) = kept.filter(|_| checked.same) {
                // It could not be served when it was kept.
                self.serve(&kept, whole).await?;
                return Ok(PutDone { shown: self.shown(&ask.project), changed: true });
            }
            if let Some(kept) = self.keep(&ask, &checked.secrets, there, &keys).await? {
                self.serve(&kept, whole).await?;
                return Ok(PutDone { shown: self.shown(&ask.project), changed: true });
            }
        }
        Err(ChangeRefused::Another(there))
    }

    /// Stores a project in place of the revision that was looked at; `None` when another is there by now.
    async fn keep(
        &self,
        ask: &PutAsk,
        secrets: &Secrets,
        there: u64,
        keys: &Keys,
    ) -> Result<Option<KeptProject>, StoreError> {
        let sealed = sealed::seal(keys, &ask.project, &ask.text, secrets);
        let sealed = sealed.ok_or_else(|| StoreError::Broken("the machine gives no randomness".to_owned()))?;
        let (id, text, at) = (ask.project.clone(), ask.text.clone(), self.driver.clock.now());
        let put = ProjectPut { id: id.clone(), text: text.clone(), sealed: sealed.clone(), over: Some(there), at };
        Ok(match self.store().put_project(put).await? {
            Put::Done(revision) => Some(KeptProject { id, text, sealed, revision, updated_at: at }),
            Put::Another(_) => None,
        })
    }

    async fn check(
        &self,
        ask: &Arc<PutAsk>,
        kept: Option<KeptProject>,
        keys: &Arc<Keys>,
    ) -> Result<Checked, ChangeRefused> {
        let (ask, keys, access) = (Arc::clone(ask), Arc::clone(keys), Arc::clone(&self.reader.access));
        let checked = task::spawn_blocking(move || check(&ask, kept.as_ref(), &keys, &access)).await;
        checked.unwrap_or(Err(StoreError::Closed.into()))
    }

    async fn delete(&self, ask: DeleteAsk) -> Result<Deleted, ChangeRefused> {
        if self.reader.file.contains(&ask.project) {
            return Err(ChangeRefused::InFile);
        }
        let _turn = self.turn.lock().await;
        let (id, over, drop_waiting) = (ask.project, ask.over, ask.drop_waiting);
        let dropped = if drop_waiting { self.drop_waiting(&id, over).await? } else { 0 };
        let at = self.driver.clock.now();
        let (deleted, rest) =
            match self.store().remove_project(Removal { id: id.clone(), over, drop_waiting, at }).await? {
                Removed::Done { dropped } => (true, dropped),
                Removed::NotThere => (false, 0),
                Removed::Another(revision) => return Err(ChangeRefused::Another(revision)),
                Removed::CallsWait(calls) => return Err(ChangeRefused::CallsWait(calls)),
            };
        self.drop_out(&id).await;
        Ok(Deleted { deleted, dropped: dropped + rest })
    }

    /// Drops what waits in portions, so that other projects' calls are taken in meanwhile; the rest goes with the project.
    async fn drop_waiting(&self, id: &ProjectId, over: Option<u64>) -> Result<u64, ChangeRefused> {
        let Some(kept) = self.store().project(id).await? else { return Ok(0) };
        if over.is_some_and(|over| over != kept.revision) {
            return Err(ChangeRefused::Another(kept.revision));
        }
        let waiting = Filter { states: vec![StateIs::Waiting], ..Filter::default() };
        let now = self.driver.clock.now();
        Ok(self.store().skip(id, waiting, Reason::new(ReasonCode::Dropped), now).await?)
    }

    fn may_change(&self, id: &ProjectId) -> Result<Arc<Keys>, ChangeRefused> {
        if self.reader.file.contains(id) {
            return Err(ChangeRefused::InFile);
        }
        self.reader.keys.clone().ok_or(ChangeRefused::NoKey)
    }

    fn is_served_as(&self, id: &ProjectId, revision: u64) -> bool {
        self.standings().get(id).is_some_and(|standing| standing.serving == Serving::As(revision))
    }
}

/// A project that may be put.
struct Checked {
    project: Project,
    /// Those the text refers to.
    secrets: Secrets,
    /// It is kept exactly so, sealed with the key that seals.
    same: bool,
}

fn check(ask: &PutAsk, kept: Option<&KeptProject>, keys: &Keys, access: &Access) -> Result<Checked, ChangeRefused> {
    let opened = kept.and_then(|kept| sealed::open(keys, kept));
    let mut secrets = opened.as_ref().map(|(secrets, _)| secrets.clone()).unwrap_or_default();
    secrets.extend(ask.secrets.iter().map(|(name, secret)| (name.clone(), secret.clone())));
    let given = Given::new(secrets.clone());
    let read = config::stored(&ask.project, &ask.text, &given);
    let asked = given.asked();
    let needless: Vec<String> = ask.secrets.keys().filter(|name| !asked.contains(*name)).cloned().collect();
    let project = match read {
        Ok(project) if needless.is_empty() => project,
        Ok(_) => return Err(ChangeRefused::Wrong { text: Vec::new(), needless }),
        Err(faults) => return Err(ChangeRefused::Wrong { text: faults.list().to_vec(), needless }),
    };
    let keeps_some = asked.iter().any(|name| !ask.secrets.contains_key(name));
    let before = kept.zip(opened.as_ref()).filter(|_| keeps_some);
    let leads_elsewhere = before.is_some_and(|(kept, (secrets, _))| leads_elsewhere(kept, secrets, &project));
    let elsewhere = "leads to an address it did not lead to before; give all its secrets again, as they would go there";
    if let Some(why) = access.refuses(&project).or(leads_elsewhere.then_some(elsewhere)) {
        let fault = Fault { line: None, key: String::new(), text: why.to_owned() };
        return Err(ChangeRefused::Wrong { text: vec![fault], needless });
    }
    read::warm(&project);
    secrets.retain(|name, _| asked.contains(name));
    let same_text = kept.is_some_and(|kept| kept.text == ask.text);
    let same = same_text && opened.is_some_and(|(before, by_older)| !by_older && same_secrets(&before, &secrets));
    Ok(Checked { project, secrets, same })
}

/// Whether kept secrets would go to an address they were not given for: whoever may change a project must not be able to
/// read its secrets by having them sent.
fn leads_elsewhere(kept: &KeptProject, secrets: &Secrets, project: &Project) -> bool {
    let before = config::stored(&kept.id, &kept.text, &Given::new(secrets.clone()));
    let before = before.ok().and_then(|before| server::reaches(&before).ok()).unwrap_or_default();
    let now = server::reaches(project);
    now.map_or(true, |now| now.iter().any(|address| !before.contains(address)))
}

fn same_secrets(one: &Secrets, other: &Secrets) -> bool {
    let same = |(name, secret): (&String, &SecretString)| {
        other.get(name).is_some_and(|other| other.expose_secret() == secret.expose_secret())
    };
    one.len() == other.len() && one.iter().all(same)
}

//! From a project as it is kept to one that can be served.

use std::{collections::BTreeSet, sync::Arc};

use tieline_crm::transport::{BoxFuture, Request, Response, SendError, Transport};
use tieline_engine::{ids::ProjectId, phone};
use tokio::task;

use super::{Serving, Standing, Standings, sealed};
use crate::{
    access::Access,
    config::{self, Given},
    driver::Wired,
    project::Project,
    seal::Keys,
    server,
    store::{Store, StoreError, projects::KeptProject},
};

/// Projects read from the store at once.
const PAGE: usize = 100;

/// What is needed to make projects of what the store keeps.
pub struct Reader {
    /// The way to the CRMs.
    pub transport: Arc<dyn Transport>,
    /// Who is let in; takes the projects' own tokens.
    pub access: Arc<Access>,
    /// What opens secrets; `None`: nothing does.
    pub keys: Option<Arc<Keys>>,
    /// The projects of the file, which win over others of their names.
    pub file: BTreeSet<ProjectId>,
}

/// How far a project could be read.
pub(super) enum Reading {
    /// As it was put.
    Whole { project: Box<Project>, older_key: bool },
    /// Without its secrets, for this cause: chance stands in for them.
    Held { project: Box<Project>, why: String },
    /// Not at all, for this cause.
    No { why: String },
}

/// The way to the CRM of a project whose secrets are not known: none.
struct Held;

impl Transport for Held {
    fn send<'a>(&'a self, _request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        let text = "the project's secrets cannot be opened by this sidecar; ListProjects says why";
        Box::pin(async move { Err(SendError::NotSent(text.to_owned())) })
    }
}

impl Reader {
    /// Everything the store keeps, to be served, and how it stands.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn load(&self, store: &dyn Store) -> Result<(Vec<Wired>, Standings), StoreError> {
        let (mut all, mut standings, mut after) = (Vec::new(), Standings::new(), String::new());
        loop {
            let page = store.projects(&after, PAGE).await?;
            let Some(last) = page.last() else { return Ok((all, standings)) };
            last.id.as_str().clone_into(&mut after);
            for kept in page {
                let reading = self.read(&kept).await;
                let (wired, standing) = self.wire(&kept, reading, Serving::No);
                if let Some(wired) = wired {
                    self.access.put(&wired.project);
                    all.push(wired);
                }
                standings.insert(kept.id, standing);
            }
        }
    }

    /// Reads a project, apart from those who answer requests: number matchers are compiled with it.
    pub(super) async fn read(&self, kept: &KeptProject) -> Reading {
        if self.file.contains(&kept.id) {
            let why = "the configuration's file has a project of this name, and that one is served".to_owned();
            return Reading::No { why };
        }
        let (keys, access, kept) = (self.keys.clone(), Arc::clone(&self.access), kept.clone());
        let read = task::spawn_blocking(move || read(keys.as_deref(), &access, &kept)).await;
        read.unwrap_or_else(|_| Reading::No { why: "reading it ended abnormally; report it".to_owned() })
    }

    /// What is to be served from now on, if anything else than before, and how the project stands then.
    pub(super) fn wire(&self, kept: &KeptProject, reading: Reading, before: Serving) -> (Option<Wired>, Standing) {
        let (wired, serving, fault, older_key) = match reading {
            Reading::Whole { project, older_key } => match server::wire(*project, &self.transport) {
                Ok(wired) => (Some(wired), Serving::As(kept.revision), None, older_key),
                Err(error) => (None, before, Some(error.to_string()), older_key),
            },
            Reading::Held { project, why } if before == Serving::No => {
                let held: Arc<dyn Transport> = Arc::new(Held);
                match server::wire(*project, &held) {
                    Ok(wired) => (Some(wired), Serving::Held, Some(why), false),
                    Err(error) => (None, before, Some(error.to_string()), false),
                }
            }
            Reading::Held { why, .. } | Reading::No { why } => (None, before, Some(why), false),
        };
        let fault = fault.map(|why| match serving {
            Serving::As(revision) => format!("revision {revision} is served still: {why}"),
            Serving::Held => format!("its calls are taken in and kept, nothing is sent: {why}"),
            Serving::No => why,
        });
        let revision = kept.revision;
        match &fault {
            Some(why) => {
                tracing::error!(project.id = %kept.id, revision, why, "the project is not served as it was put")
            }
            None => tracing::info!(project.id = %kept.id, revision, "the project is served"),
        }
        (wired, Standing { revision, updated_at: kept.updated_at, serving, fault, older_key })
    }
}

fn read(keys: Option<&Keys>, access: &Access, kept: &KeptProject) -> Reading {
    let opened = keys.and_then(|keys| sealed::open(keys, kept));
    let (given, older_key) = match opened {
        Some((secrets, older_key)) => (Given::new(secrets), Some(older_key)),
        None => (Given::unknown(), None),
    };
    let project = match config::stored(&kept.id, &kept.text, &given) {
        Ok(project) => project,
        Err(faults) => return Reading::No { why: format!("this program cannot read it: {faults}") },
    };
    if let Some(why) = access.refuses(&project) {
        return Reading::No { why: why.to_owned() };
    }
    warm(&project);
    let project = Box::new(project);
    match older_key {
        Some(older_key) => Reading::Whole { project, older_key },
        None => Reading::Held { project, why: unopened(keys).to_owned() },
    }
}

/// Compiles number matchers, so that the first ringing phone need not wait for them.
pub(super) fn warm(project: &Project) {
    phone::warm(&project.policy.plan);
    phone::warm(&project.policy.crm_plan);
}

fn unopened(keys: Option<&Keys>) -> &'static str {
    match keys {
        None => "its secrets cannot be opened: the configuration has no store.secrets_key",
        Some(_) => {
            "its secrets cannot be opened with store.secrets_key, nor with a key before it: give the sidecar the key \
             they were sealed with, or put the project with all its secrets; if the keys are right, somebody has \
             changed it past the sidecars"
        }
    }
}

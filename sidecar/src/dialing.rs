//! Wishes to call that were seen lately: a wish that is repeated within its life has the same id and rings nobody
//! a second time.
//!
//! | what | file |
//! | --- | --- |
//! | signed addresses | `link.rs` |
//! | the platform's callback API | `platform.rs` |
//! | what becomes of a wish | `../sidecar/dial.rs` |

pub mod link;
pub mod platform;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use ring::digest;
use tieline_engine::{
    dialing::NoDialling,
    ids::{AgentId, ProjectId},
    jiff::Timestamp,
};

/// Wishes of one project kept at once; each is some hundred bytes.
const KEPT_MAX: usize = 4_096;
/// Bytes of a digest that make an id: no two wishes of a project share one by chance.
const ID_BYTES: usize = 12;

/// A wish that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialled {
    /// The wish's id, as the exchange was told.
    pub id: String,
    /// Who is rung.
    pub agent: AgentId,
    /// The client is rung before the agent.
    pub client_first: bool,
    /// It was carried out before; nobody was rung again.
    pub repeated: bool,
}

/// Why a wish was not carried out. Except for [`NotDialled::Unclear`] nobody was rung.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDialled {
    /// There is no such project, or it has no click to call.
    #[error("the project has no click to call")]
    Off,
    /// What is to be called is no telephone number.
    #[error("phone holds no telephone number")]
    NoNumber,
    /// Nobody of the project is named so.
    #[error("the project has no such agent")]
    UnknownAgent,
    /// Nobody who could talk (SP-09).
    #[error(transparent)]
    Nobody(#[from] NoDialling),
    /// No exchange listens.
    #[error("no exchange watches for wishes to call, and no callback API is configured")]
    NoExchange,
    /// The platform refuses.
    #[error("the telephone platform refuses: {0}")]
    Refused(String),
    /// The platform cannot be reached.
    #[error("the telephone platform cannot be reached")]
    Unreachable,
    /// The platform did not say what it did.
    #[error("the telephone platform did not answer in time: the call may come")]
    Unclear,
    /// Too many wishes at once.
    #[error("too many wishes to call are being kept")]
    TooMany,
}

impl NotDialled {
    /// The stable word, for programs and metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Off => "not_allowed",
            Self::NoNumber => "phone_unreadable",
            Self::UnknownAgent => "unknown_agent",
            Self::Nobody(NoDialling::NobodyOnline) => "nobody_online",
            Self::Nobody(NoDialling::AgentOffline) => "agent_offline",
            Self::Nobody(NoDialling::AgentTalking) => "agent_talking",
            Self::Nobody(NoDialling::NoPlace) => "agent_without_place",
            Self::NoExchange => "no_exchange",
            Self::Refused(_) => "platform_refused",
            Self::Unreachable => "platform_unreachable",
            Self::Unclear => "platform_silent",
            Self::TooMany => "too_many",
        }
    }
}

/// What became of a wish so far; `None`: nobody was rung, a repeat may try.
pub(crate) type Fate = Option<Result<Dialled, NotDialled>>;

/// One wish.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: String,
    until: Timestamp,
    /// Held while the wish is carried out, so that a second click waits for the first.
    pub(crate) fate: Arc<tokio::sync::Mutex<Fate>>,
}

/// Everything a wish is known by.
#[derive(Clone, Copy)]
pub(crate) struct Mark<'a> {
    /// What makes it this wish and no other.
    pub(crate) key: &'a str,
    /// What the id is made of besides; empty where the key never comes again.
    pub(crate) salt: &'a str,
    /// Until when a repeat is known as one.
    pub(crate) until: Timestamp,
}

/// The wishes of every project, and how many there were of each outcome.
#[derive(Debug, Default)]
pub struct Wishes {
    kept: Mutex<BTreeMap<ProjectId, BTreeMap<String, Kept>>>,
    counted: Mutex<BTreeMap<(ProjectId, &'static str), u64>>,
}

impl Wishes {
    /// The wish of this mark: a new one, or the one that was there. `None` when too many are kept.
    pub(crate) fn keep(&self, project: &ProjectId, mark: Mark<'_>, now: Timestamp) -> Option<Kept> {
        let mut projects = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let wishes = projects.entry(project.clone()).or_default();
        wishes.retain(|_, kept| kept.until > now);
        // Keys name clients; what is kept does not.
        let name = id(project, Mark { salt: "", ..mark });
        if let Some(kept) = wishes.get(&name) {
            return Some(kept.clone());
        }
        if wishes.len() >= KEPT_MAX {
            return None;
        }
        let kept = Kept { id: id(project, mark), until: mark.until, fate: Arc::default() };
        wishes.insert(name, kept.clone());
        Some(kept)
    }

    /// Forgets the wishes of a project, and how many there were.
    pub(crate) fn remove(&self, project: &ProjectId) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(project);
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| of != project);
    }

    /// Counts a wish by what became of it.
    pub fn count(&self, project: &ProjectId, outcome: &'static str) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        *counted.entry((project.clone(), outcome)).or_default() += 1;
    }

    /// How many wishes there were of each outcome.
    #[must_use]
    pub fn counted(&self) -> BTreeMap<(ProjectId, &'static str), u64> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn id(project: &ProjectId, mark: Mark<'_>) -> String {
    let text = [project.as_str(), mark.key, mark.salt].join("\n");
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    format!("dial-{}", link::hex(digest.as_ref().iter().take(ID_BYTES)))
}

#[cfg(test)]
mod tests {
    use tieline_engine::jiff::SignedDuration;

    use super::*;

    fn mark(key: &str, until: Timestamp) -> Mark<'_> {
        Mark { key, salt: "", until }
    }

    #[test]
    fn a_wish_is_the_same_within_its_life_and_in_its_project_only() {
        let (wishes, now) = (Wishes::default(), Timestamp::UNIX_EPOCH);
        let until = now + SignedDuration::from_secs(10);
        let id = |project: &str, key: &str, now| {
            wishes.keep(&ProjectId::new(project), mark(key, until), now).map(|kept| kept.id)
        };
        let first = id("shop", "a", now);
        assert_eq!(first, id("shop", "a", now));
        assert_ne!(id("shop", "a", now), id("shop", "b", now));
        assert_ne!(id("shop", "a", now), id("other", "a", now));
        let again = Mark { salt: "later", ..mark("a", until) };
        let kept = wishes.keep(&ProjectId::new("shop"), again, until).map(|kept| kept.id);
        assert_ne!(kept, first, "after its life it is a new one");
    }

    #[test]
    fn no_crowd_of_wishes_fills_the_memory_and_old_ones_make_room() {
        let (wishes, project, now) = (Wishes::default(), ProjectId::new("shop"), Timestamp::UNIX_EPOCH);
        let until = now + SignedDuration::from_secs(10);
        for nr in 0..KEPT_MAX {
            assert!(wishes.keep(&project, mark(&nr.to_string(), until), now).is_some());
        }
        assert!(wishes.keep(&project, mark("one more", until), now).is_none());
        assert!(wishes.keep(&project, mark("0", until), now).is_some(), "a repeat is known still");
        assert!(wishes.keep(&project, mark("one more", until + SignedDuration::from_secs(1)), until).is_some());
    }
}

//! What a look-up says to a ringing phone: who calls, and where to ring. It is worked out once and kept with the look-up,
//! as a caller who rings again is the usual case.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use tieline_crm::dialect::Dialect;
use tieline_engine::{
    client::ClientKey,
    facts::{Facts, Found, Target},
    ids::RecordId,
    matching, next,
    record::{Kind, Record},
    redact::Private,
    routing::{self, Caller, Route},
    scenario::ClientIs,
};

use crate::{driver::connection::Connection, store::OwnOf};

/// Who calls, and where to ring.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Where to ring.
    pub route: Route,
    /// The client's records, when they were looked up.
    pub target: Option<Target>,
    /// The client's name, when known.
    pub name: Option<Private>,
    /// Links for a person.
    pub links: Vec<(Kind, RecordId, Option<String>)>,
}

impl Judged {
    /// From what the CRM has of a caller and what our own work shows of them.
    pub(crate) fn of(connection: &Connection, key: &ClientKey, found: &Found, own: &OwnOf) -> Self {
        let facts = Facts { own: own.records.clone(), ..Facts::default() };
        let (target, _) = matching::target(key, None, &connection.policy(), &facts, found);
        let known = Some(target.client == ClientIs::Known);
        let caller = Caller { known, owner: target.owner.clone(), last_talk: own.last_talk.clone() };
        let (name, links) = (name(&found.records, &target), links(connection, &target));
        Self { target: Some(target), name, links, ..Self::not_looked_up(connection, &caller) }
    }

    /// Without the CRM's word, from what is known of a caller otherwise.
    pub(crate) fn not_looked_up(connection: &Connection, caller: &Caller) -> Self {
        let policy = connection.policy();
        let route = routing::route(&policy.routing, &policy.agents, caller);
        Self { route, target: None, name: None, links: Vec::new() }
    }
}

/// A look-up's answer.
#[derive(Default)]
pub struct Looked {
    /// What the CRM has.
    pub found: Found,
    judged: Mutex<Option<Kept>>,
}

/// What was made of an answer, and from what besides. Weak, as it is there to tell whether these are still the same, and
/// must not keep them. Whenever the CRM is learned the dialect is another one; the policy changes with it at most.
struct Kept {
    learned: Weak<dyn Dialect>,
    own: Weak<OwnOf>,
    judged: Arc<Judged>,
}

impl Looked {
    pub(super) fn new(found: Found) -> Self {
        Self { found, judged: Mutex::new(None) }
    }

    /// What it says, by what is learned of the CRM at present and by our own work for the caller.
    pub(crate) fn judged(&self, connection: &Connection, key: &ClientKey, own: &Arc<OwnOf>) -> Arc<Judged> {
        let learned = connection.dialect();
        let mut kept = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of = |kept: &&Kept| is(&kept.learned, &learned) && is(&kept.own, own);
        if let Some(kept) = kept.as_ref().filter(is_of) {
            return Arc::clone(&kept.judged);
        }
        let judged = Arc::new(Judged::of(connection, key, &self.found, own));
        let (learned, own) = (Arc::downgrade(&learned), Arc::downgrade(own));
        *kept = Some(Kept { learned, own, judged: Arc::clone(&judged) });
        judged
    }
}

/// A place that is still pointed at is given to nobody else.
fn is<T: ?Sized>(kept: &Weak<T>, present: &Arc<T>) -> bool {
    std::ptr::addr_eq(kept.as_ptr(), Arc::as_ptr(present))
}

/// The name of the client's contact, else of the lead.
pub(crate) fn name(records: &[Record], target: &Target) -> Option<Private> {
    let chosen = [(Kind::Contact, &target.contact), (Kind::Lead, &target.lead)];
    chosen.into_iter().find_map(|(kind, id)| {
        let id = id.as_ref()?;
        records.iter().find(|record| record.kind == kind && record.id == *id)?.name.clone()
    })
}

/// The client's records with links for a person.
pub(crate) fn links(connection: &Connection, target: &Target) -> Vec<(Kind, RecordId, Option<String>)> {
    let dialect = connection.dialect();
    let chosen = next::PEOPLE.into_iter().filter_map(|kind| Some((kind, target.record(kind)?.clone())));
    chosen.map(|(kind, id)| (kind, id.clone(), dialect.link(kind, &id))).collect()
}

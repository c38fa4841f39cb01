//! SendPulse CRM. A contact, a deal and a task are what they are called; there are no leads.
//!
//! The CRM lets nobody outside write into its list of calls (sendpulse.md 3.5), so a call is a comment on the
//! contact and, where the project makes deals, on the deal. Nothing takes a key of ours, so what may have been
//! written is found by what it holds: a contact by its number, a comment or a task by the mark at the end of its
//! text. Contact fields are written by their ids only: a name nobody made beforehand would make a new field, which
//! SP-12 forbids. Request shapes are those of sendpulse.md; what that page could not find out is a setting (README.md).

mod answers;
mod attributes;
mod auth;
mod inspect;
mod lookup;
mod marks;
mod posts;
mod records;
mod reference;
mod refusals;
mod scenario;
mod settings;
mod values;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tieline_engine::{
    facts::Found,
    ids::RecordId,
    jiff::tz::TimeZone,
    lookup::LookUp,
    phone::MAX_SPELLINGS,
    record::{Abilities, CrmField, CrmUser, Kind},
    scenario::Scenario,
    step::Step,
};

use crate::{
    dialect::{Answer, Budget, Connect, Counts, Dialect, Fault, Finding, Grant, Meter, Quota, Session},
    transport::{BoxFuture, Response, Transport},
    trouble::Trouble,
};

use attributes::Attribute;
use settings::{ContactPath, PhoneSearch, Settings};

/// Requests a second an account may send, over all products of the vendor (sendpulse.md 3.1).
const PER_SECOND: u32 = 10;

/// A connection's dialect from its settings; README.md lists them.
///
/// # Errors
/// Every fault of the settings at once.
pub fn connect(connect: &Connect) -> Result<Box<dyn Dialect>, Vec<Fault>> {
    let settings = Settings::parse(connect)?;
    let abilities = abilities(&settings);
    Ok(Box::new(Sendpulse { settings, abilities, attributes: None }))
}

/// The dialect of one account.
#[derive(Clone, Debug)]
struct Sendpulse {
    settings: Settings,
    abilities: Abilities,
    /// The contact fields there are; `None` until they were read.
    attributes: Option<Vec<Attribute>>,
}

impl Sendpulse {
    /// The zone of times without one: the one set, else the project's (sendpulse.md 3.4: no source tells it).
    fn zone<'a>(&'a self, session: &'a Session<'_>) -> &'a TimeZone {
        self.settings.zone.as_ref().unwrap_or(session.zone)
    }
}

fn abilities(settings: &Settings) -> Abilities {
    Abilities {
        notes_on: BTreeSet::from([Kind::Contact, Kind::Deal]),
        search_lag_seconds: settings.search_lag_seconds,
        spellings_max: match settings.phone_search {
            PhoneSearch::In => MAX_SPELLINGS,
            PhoneSearch::Phone => lookup::REQUESTS_MAX,
        },
        makes_contacts_bare: settings.contact_path == ContactPath::Steps,
        // The CRM takes a deal without a contact, but nothing would lead from a number to it.
        needs_contact: BTreeSet::from([Kind::Deal]),
        tasks_need_board: true,
        seeks_notes_by_client: true,
        closes_tasks: settings.task_done_step.is_some(),
        ..Abilities::new([Kind::Contact, Kind::Deal, Kind::Task, Kind::Note])
    }
}

impl Dialect for Sendpulse {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn hosts(&self) -> Vec<String> {
        vec![self.settings.base.clone()]
    }

    fn quota(&self) -> Quota {
        // No limit of concurrency is known: a second's worth of requests may be under way.
        let per_second = PER_SECOND;
        let day = Budget::per_day("requests", self.settings.requests_per_day, Counts::Requests);
        Quota { per_second, telephony_per_second: per_second, concurrency: per_second, budgets: vec![day] }
    }

    fn meter(&self, response: &Response) -> Meter {
        answers::meter(response)
    }

    fn default_scenario(&self) -> Scenario {
        scenario::default(&self.settings)
    }

    fn grant<'a>(&'a self, net: &'a dyn Transport) -> BoxFuture<'a, Result<Option<Grant>, Trouble>> {
        Box::pin(auth::grant(&self.settings, net))
    }

    fn look_up<'a>(&'a self, session: &'a Session<'a>, ask: &'a LookUp) -> BoxFuture<'a, Result<Found, Trouble>> {
        Box::pin(lookup::look_up(self, session, ask))
    }

    /// Every write is one record's.
    fn bundle(&self, steps: &[Step]) -> usize {
        steps.len().min(1)
    }

    fn perform<'a>(&'a self, session: &'a Session<'a>, steps: &'a [Step]) -> BoxFuture<'a, Result<Answer, Trouble>> {
        Box::pin(async move {
            let Some(step) = steps.first() else {
                return Ok(Answer::default());
            };
            let result = write::perform(self, session, step).await?;
            Ok(Answer { results: BTreeMap::from([(step.key.clone(), result)]) })
        })
    }

    fn users<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<CrmUser>, Trouble>> {
        Box::pin(reference::users(self, session))
    }

    fn fields<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<CrmField>, Trouble>> {
        Box::pin(reference::fields(self, session))
    }

    fn learn<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Box<dyn Dialect>, Trouble>> {
        Box::pin(async move {
            let attributes = Some(attributes::read(self, session).await?);
            let knowing: Box<dyn Dialect> = Box::new(Self { attributes, ..self.clone() });
            Ok(knowing)
        })
    }

    fn link(&self, kind: Kind, id: &RecordId) -> Option<String> {
        let links = &self.settings.links;
        match kind {
            Kind::Contact => filled(links.contact.as_deref()?, id),
            Kind::Deal => filled(links.deal.as_deref()?, id),
            Kind::Lead | Kind::Task | Kind::CallRecord | Kind::Note => None,
        }
    }

    fn new_deal_link(&self, contact: &RecordId) -> Option<String> {
        filled(self.settings.links.new_deal.as_deref()?, contact)
    }

    fn inspect<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<Finding>, Trouble>> {
        Box::pin(inspect::inspect(self, session))
    }
}

/// A link from its template.
fn filled(template: &str, id: &RecordId) -> Option<String> {
    Some(template.replace(settings::ID, &in_path(id.as_str())))
}

/// A piece of a path.
fn in_path(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');
    utf8_percent_encode(text, KEPT).to_string()
}

//! RetailCRM (Simla), API v5. A contact is a customer, a deal is an order; there are no leads.
//!
//! Entities travel as JSON text in one field of a form and answer `success` beside any status. Everything we make
//! can be found again: customers and orders by their external id, calls by theirs (a repeat is reported as a
//! duplicate), tasks and notes by a mark at the end of their text. Request shapes are those of retailcrm.md; what
//! that page could not find out is a setting (README.md).

mod activities;
mod answers;
mod auth;
mod inspect;
mod lookup;
mod marks;
mod posts;
mod records;
mod reference;
mod refusals;
mod register;
mod rights;
mod scenario;
mod settings;
mod values;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use tieline_engine::{
    facts::Found,
    ids::RecordId,
    jiff::tz::TimeZone,
    lookup::LookUp,
    record::{Abilities, CrmField, CrmUser, Kind},
    scenario::Scenario,
    step::Step,
};

use crate::{
    dialect::{Answer, Connect, Dialect, Exchange, Fault, Finding, Grant, Meter, Quota, Registered, Session},
    transport::{BoxFuture, Response, Transport},
    trouble::Trouble,
};

use activities::Clock;
use reference::Learned;
use settings::{CONTACT, Settings};

/// Requests a second the CRM takes by key, and of its telephony endpoints (retailcrm.md 1.1).
const PER_SECOND: u32 = 10;
const TELEPHONY_PER_SECOND: u32 = 40;
/// Spellings the engine hands over: both international forms and the national one.
const SPELLINGS_MAX: usize = 3;

/// A connection's dialect from its settings; README.md lists them.
///
/// # Errors
/// Every fault of the settings at once.
pub fn connect(connect: &Connect) -> Result<Box<dyn Dialect>, Vec<Fault>> {
    let settings = Settings::parse(connect)?;
    let abilities = abilities(&settings);
    Ok(Box::new(Retailcrm { settings, abilities, learned: Learned::default() }))
}

/// The dialect of one account.
#[derive(Clone, Debug)]
struct Retailcrm {
    settings: Settings,
    abilities: Abilities,
    learned: Learned,
}

impl Retailcrm {
    /// The zone of times without one: the account's where it is known, else the project's.
    fn zone<'a>(&'a self, session: &Session<'a>) -> &'a TimeZone {
        self.learned.zone.as_ref().unwrap_or(session.zone)
    }

    fn clock<'a>(&'a self, session: &Session<'a>) -> Clock<'a> {
        Clock { now: session.now, account: self.zone(session), texts: session.zone }
    }
}

fn abilities(settings: &Settings) -> Abilities {
    let mut kinds = BTreeSet::from([Kind::Contact, Kind::Deal, Kind::Task, Kind::Note]);
    kinds.extend(settings.uploads_calls.then_some(Kind::CallRecord));
    Abilities {
        notes_on: BTreeSet::from([Kind::Contact]),
        task_needs: Some(if settings.task_on_customer { Kind::Contact } else { Kind::Deal }),
        search_lag_seconds: settings.search_lag_seconds,
        spellings_max: SPELLINGS_MAX,
        takes_visits: true,
        logs_unlinked_calls: true,
        closes_tasks: true,
        ..Abilities::new(kinds)
    }
}

impl Dialect for Retailcrm {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn hosts(&self) -> Vec<String> {
        vec![self.settings.base.clone()]
    }

    fn quota(&self) -> Quota {
        // No limit of concurrency is known: a second's worth of requests may be under way.
        let (per_second, telephony_per_second) = (PER_SECOND, TELEPHONY_PER_SECOND);
        Quota { per_second, telephony_per_second, concurrency: per_second, budgets: Vec::new() }
    }

    fn meter(&self, response: &Response) -> Meter {
        answers::meter(response)
    }

    fn default_scenario(&self) -> Scenario {
        scenario::default(&self.settings)
    }

    fn grant<'a>(&'a self, _net: &'a dyn Transport) -> BoxFuture<'a, Result<Option<Grant>, Trouble>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn look_up<'a>(&'a self, session: &'a Session<'a>, ask: &'a LookUp) -> BoxFuture<'a, Result<Found, Trouble>> {
        Box::pin(lookup::look_up(self, session, ask))
    }

    /// Every write is one entity's.
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
            let learned = reference::learn(self, session).await?;
            let knowing: Box<dyn Dialect> = Box::new(Self { learned, ..self.clone() });
            Ok(knowing)
        })
    }

    fn new_deal_link(&self, contact: &RecordId) -> Option<String> {
        let template = self.settings.new_deal_url.as_ref()?;
        let base = if template.starts_with('/') { self.settings.base.as_str() } else { "" };
        Some(format!("{base}{}", template.replace(CONTACT, &lookup::in_path(contact.as_str()))))
    }

    fn inspect<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<Finding>, Trouble>> {
        Box::pin(inspect::inspect(self, session))
    }

    fn register<'a>(
        &'a self,
        session: &'a Session<'a>,
        exchange: &'a Exchange,
    ) -> BoxFuture<'a, Result<Registered, Trouble>> {
        Box::pin(register::register(self, session, exchange))
    }

    fn link(&self, kind: Kind, id: &RecordId) -> Option<String> {
        let id = lookup::in_path(id.as_str());
        match kind {
            Kind::Contact => Some(format!("{}/customers/{id}", self.settings.base)),
            Kind::Deal => Some(format!("{}/orders/{id}/edit", self.settings.base)),
            Kind::Lead | Kind::Task | Kind::CallRecord | Kind::Note => None,
        }
    }
}

//! RemOnline, now RO App. A contact is a client, a lead a request, a deal an order; there is no call list.
//!
//! Three generations of the API are in use (api.rs); the settings choose one. A call is told in the text of what is
//! made for it, and in comments on what exists. What is made carries its step's mark at the end of that text and is
//! found again by it; comments cannot be found again. Request shapes are those of remonline.md; what that page could
//! not find out is a setting (README.md).

mod answers;
mod api;
mod auth;
mod inspect;
mod lists;
mod lookup;
mod marks;
mod posts;
mod reader;
mod records;
mod reference;
mod refusals;
mod scenario;
mod settings;
mod values;
mod write;

use std::collections::BTreeSet;

use tieline_engine::{
    facts::Found,
    ids::RecordId,
    lookup::LookUp,
    record::{Abilities, CrmField, CrmUser, Kind},
    scenario::Scenario,
    step::Step,
};

use crate::{
    dialect::{Answer, Connect, Dialect, Fault, Finding, Grant, Meter, Quota, Session},
    transport::{BoxFuture, Response, Transport},
    trouble::Trouble,
};

use reference::Learned;
use settings::{Leads, Settings};

/// A connection's dialect from its settings; README.md lists them.
///
/// # Errors
/// Every fault of the settings at once.
pub fn connect(connect: &Connect) -> Result<Box<dyn Dialect>, Vec<Fault>> {
    let settings = Settings::parse(connect)?;
    let abilities = abilities(&settings);
    Ok(Box::new(Remonline { settings, abilities, learned: Learned::default() }))
}

/// The dialect of one account.
#[derive(Clone, Debug)]
struct Remonline {
    settings: Settings,
    abilities: Abilities,
    learned: Learned,
}

fn abilities(settings: &Settings) -> Abilities {
    let mut people = BTreeSet::from([Kind::Contact, Kind::Deal]);
    people.extend((settings.leads != Leads::Off).then_some(Kind::Lead));
    let kinds = people.iter().copied().chain([Kind::Task, Kind::Note]);
    Abilities {
        search_lag_seconds: settings.search_lag_seconds,
        spellings_max: settings.search_forms,
        needs_contact: BTreeSet::from([Kind::Deal]),
        notes_in_new_records: true,
        closes_tasks: true,
        ..Abilities { notes_on: people.clone(), ..Abilities::new(kinds) }
    }
}

impl Dialect for Remonline {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn hosts(&self) -> Vec<String> {
        vec![self.settings.base.clone()]
    }

    fn quota(&self) -> Quota {
        let per_second = self.settings.requests_per_second;
        // No limit of concurrency is known: a second's worth of requests may be under way.
        Quota { per_second, telephony_per_second: per_second, concurrency: per_second, budgets: Vec::new() }
    }

    fn meter(&self, response: &Response) -> Meter {
        answers::meter(response)
    }

    fn default_scenario(&self) -> Scenario {
        scenario::default(&self.settings)
    }

    /// The CRM places new orders itself.
    fn grant<'a>(&'a self, net: &'a dyn Transport) -> BoxFuture<'a, Result<Option<Grant>, Trouble>> {
        Box::pin(auth::grant(&self.settings, net))
    }

    fn look_up<'a>(&'a self, session: &'a Session<'a>, ask: &'a LookUp) -> BoxFuture<'a, Result<Found, Trouble>> {
        Box::pin(lookup::look_up(self, session, ask))
    }

    fn bundle(&self, steps: &[Step]) -> usize {
        write::bundle(steps)
    }

    fn perform<'a>(&'a self, session: &'a Session<'a>, steps: &'a [Step]) -> BoxFuture<'a, Result<Answer, Trouble>> {
        Box::pin(write::perform(self, session, steps))
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

    fn inspect<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<Finding>, Trouble>> {
        Box::pin(inspect::inspect(self, session))
    }

    fn link(&self, kind: Kind, id: &RecordId) -> Option<String> {
        self.settings.links.get(&kind).map(|template| filled(template, id))
    }

    fn new_deal_link(&self, contact: &RecordId) -> Option<String> {
        self.settings.new_order_link.as_ref().map(|template| filled(template, contact))
    }
}

fn filled(template: &str, id: &RecordId) -> String {
    template.replace("{id}", &api::in_path(id.as_str()))
}

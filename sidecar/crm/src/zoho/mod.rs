//! Zoho CRM, REST API version 8.
//!
//! Contacts, leads and deals are modules of their own; a lead that was converted lives on as a contact. A call and
//! a task hang on a contact (`Who_Id`) and on one thing more (`What_Id`). Reading goes through COQL, which sees
//! what was just written; writing goes through composite requests, five steps in one, undone as a whole when one
//! fails. Zoho does not mind two records of one number unless a unique field of our own, `Phone_Key`, makes it:
//! its refusal then names the record and its owner, which saves a look-up (zoho.md 0 and 10).

mod activities;
mod answers;
mod auth;
mod checks;
mod coql;
mod inspect;
mod lookup;
mod reference;
mod scenario;
mod schema;
mod settings;
mod values;
mod wire;
mod write;

use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tieline_engine::{
    facts::Found,
    ids::RecordId,
    lookup::LookUp,
    record::{Abilities, CrmField, CrmUser, Kind},
    scenario::Scenario,
    step::Step,
};

use self::{
    schema::Schema,
    settings::{CONTACT, Settings},
};
use crate::{
    dialect::{Answer, Connect, Dialect, Fault, Finding, Grant, Meter, Quota, Session},
    transport::{BoxFuture, Response, Transport},
    trouble::Trouble,
};

/// Zoho has every kind of record.
const KINDS: [Kind; 6] = [Kind::Contact, Kind::Lead, Kind::Deal, Kind::Task, Kind::CallRecord, Kind::Note];
/// Spellings in one condition (zoho.md 3: 50 values in one `in`).
const SPELLINGS_MAX: usize = 50;
/// COQL reads without delay (zoho.md 0.1); this covers a write still under way when its answer was lost.
const LAG_SECONDS: u32 = 5;

/// A Zoho connection from its settings.
///
/// # Errors
/// Every fault of the settings at once.
pub fn connect(connect: &Connect) -> Result<Box<dyn Dialect>, Vec<Fault>> {
    Ok(Box::new(Zoho::new(Arc::new(Settings::read(connect)?), Schema::default())))
}

struct Zoho {
    settings: Arc<Settings>,
    schema: Schema,
    abilities: Abilities,
}

impl Zoho {
    fn new(settings: Arc<Settings>, schema: Schema) -> Self {
        let abilities = Abilities {
            notes_on: [Kind::Contact, Kind::Lead, Kind::Deal].into_iter().collect(),
            amends_call_record: true,
            search_lag_seconds: LAG_SECONDS,
            spellings_max: SPELLINGS_MAX,
            closes_tasks: true,
            // The Google client id goes with the marks into the record itself: no request of its own.
            ..Abilities::new(KINDS)
        };
        Self { settings, schema, abilities }
    }
}

impl Dialect for Zoho {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn hosts(&self) -> Vec<String> {
        self.settings.hosts()
    }

    fn quota(&self) -> Quota {
        self.settings.quota.clone()
    }

    fn meter(&self, response: &Response) -> Meter {
        answers::meter(response)
    }

    fn default_scenario(&self) -> Scenario {
        scenario::default()
    }

    fn grant<'a>(&'a self, net: &'a dyn Transport) -> BoxFuture<'a, Result<Option<Grant>, Trouble>> {
        Box::pin(async move { auth::grant(&self.settings, net).await.map(Some) })
    }

    fn look_up<'a>(&'a self, session: &'a Session<'a>, ask: &'a LookUp) -> BoxFuture<'a, Result<Found, Trouble>> {
        Box::pin(lookup::look_up(&self.settings, &self.schema, session, ask))
    }

    fn bundle(&self, steps: &[Step]) -> usize {
        write::bundle(&self.settings, steps)
    }

    fn perform<'a>(&'a self, session: &'a Session<'a>, steps: &'a [Step]) -> BoxFuture<'a, Result<Answer, Trouble>> {
        Box::pin(write::perform(&self.settings, &self.schema, session, steps))
    }

    fn users<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<CrmUser>, Trouble>> {
        Box::pin(reference::users(&self.settings, session))
    }

    fn fields<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<CrmField>, Trouble>> {
        Box::pin(reference::fields(&self.settings, session))
    }

    fn learn<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Box<dyn Dialect>, Trouble>> {
        Box::pin(async move {
            let schema = reference::learn(&self.settings, session).await?;
            let learned: Box<dyn Dialect> = Box::new(Self::new(Arc::clone(&self.settings), schema));
            Ok(learned)
        })
    }

    fn new_deal_link(&self, contact: &RecordId) -> Option<String> {
        let template = self.settings.new_deal_url.as_ref()?;
        let base = if template.starts_with('/') { self.settings.web_url.as_str() } else { "" };
        let id = utf8_percent_encode(contact.as_str(), NON_ALPHANUMERIC).to_string();
        Some(format!("{base}{}", template.replace(CONTACT, &id)))
    }

    fn inspect<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<Finding>, Trouble>> {
        Box::pin(inspect::inspect(&self.settings, session))
    }

    fn link(&self, kind: Kind, id: &RecordId) -> Option<String> {
        // The paths of the user interface; deals go by their old name there (zoho.md 6).
        let tab = match kind {
            Kind::Contact => "Contacts",
            Kind::Lead => "Leads",
            Kind::Deal => "Potentials",
            Kind::Task | Kind::CallRecord | Kind::Note => return None,
        };
        let id = utf8_percent_encode(id.as_str(), NON_ALPHANUMERIC);
        Some(format!("{}/crm/tab/{tab}/{id}", self.settings.web_url))
    }
}

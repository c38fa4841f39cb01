//! SMART CRM: Microsoft Dataverse and its Web API, version 9.2.
//!
//! A contact is a contact and a call a phone call activity; there are no leads, deals, tasks or notes of ours. What we
//! make has an id we choose, so that making it twice is refused and finding it again is one question by id. A call is
//! born open and finished by a change of its own, after which it is read-only; contact, call and change travel in one
//! change set. In production SMART CRM writes its own rows from webhooks: the mode `webhook_provider` sends those
//! instead (`webhooks.rs`). Request shapes are those of dataverse.md; what that page could not find out is a setting.

mod answers;
mod auth;
mod batch;
mod drafts;
mod guid;
mod inspect;
mod lookup;
mod reader;
mod reference;
mod repair;
mod scenario;
mod settings;
mod template;
mod text;
mod values;
mod webhooks;
mod wire;
mod write;

use std::sync::Arc;

use tieline_engine::{
    facts::Found,
    ids::RecordId,
    lookup::LookUp,
    phone::MAX_SPELLINGS,
    record::{Abilities, CrmField, CrmUser, Kind},
    scenario::Scenario,
    step::Step,
};

use self::{
    guid::Guid,
    lookup::in_query,
    settings::{App, Settings},
    wire::Wire,
};
use crate::{
    dialect::{Answer, Connect, Dialect, Fault, Finding, Grant, Meter, Quota, Session},
    transport::{BoxFuture, Response, Transport},
    trouble::Trouble,
};

/// A connection's dialect from its settings; README.md lists them.
///
/// # Errors
/// Every fault of the settings at once.
pub fn connect(connect: &Connect) -> Result<Box<dyn Dialect>, Vec<Fault>> {
    match connect.settings.get("mode").map_or("native", |mode| mode.trim()) {
        "" | "native" => Ok(Box::new(Dataverse::new(Arc::new(Settings::read(connect)?)))),
        "webhook_provider" => webhooks::connect(connect),
        _ => Err(vec![Fault::setting("mode", "write one of native, webhook_provider")]),
    }
}

/// The dialect of one environment.
struct Dataverse {
    settings: Arc<Settings>,
    abilities: Abilities,
}

impl Dataverse {
    fn new(settings: Arc<Settings>) -> Self {
        let abilities = Abilities {
            amends_call_record: true,
            search_lag_seconds: settings.lag_seconds,
            spellings_max: MAX_SPELLINGS,
            // An unknown party stands by its number.
            logs_unlinked_calls: true,
            completes_call_record: true,
            leaves_contacts_unnamed: true,
            ..Abilities::new([Kind::Contact, Kind::CallRecord])
        };
        Self { settings, abilities }
    }

    fn wire<'a>(&'a self, session: &'a Session<'a>) -> Wire<'a> {
        Wire { settings: &self.settings, session }
    }
}

impl Dialect for Dataverse {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn hosts(&self) -> Vec<String> {
        vec![self.settings.base.clone(), self.settings.login.clone()]
    }

    fn quota(&self) -> Quota {
        self.settings.quota.clone()
    }

    fn meter(&self, response: &Response) -> Meter {
        answers::meter(response)
    }

    fn default_scenario(&self) -> Scenario {
        scenario::native()
    }

    fn grant<'a>(&'a self, net: &'a dyn Transport) -> BoxFuture<'a, Result<Option<Grant>, Trouble>> {
        Box::pin(async move { auth::grant(&self.settings, net).await.map(Some) })
    }

    fn look_up<'a>(&'a self, session: &'a Session<'a>, ask: &'a LookUp) -> BoxFuture<'a, Result<Found, Trouble>> {
        Box::pin(async move { lookup::look_up(&self.wire(session), ask).await })
    }

    fn bundle(&self, steps: &[Step]) -> usize {
        write::bundle(steps)
    }

    fn perform<'a>(&'a self, session: &'a Session<'a>, steps: &'a [Step]) -> BoxFuture<'a, Result<Answer, Trouble>> {
        Box::pin(async move { write::perform(&self.wire(session), steps).await })
    }

    fn users<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<CrmUser>, Trouble>> {
        Box::pin(async move { reference::users(&self.wire(session)).await })
    }

    fn fields<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<CrmField>, Trouble>> {
        Box::pin(async move { reference::fields(&self.wire(session)).await })
    }

    /// Look-ups depend on nothing but the settings; that token, environment and application user fit together is
    /// seen here, before a call has to find it out.
    fn learn<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Box<dyn Dialect>, Trouble>> {
        Box::pin(async move {
            reference::who_am_i(&self.wire(session)).await?;
            let same: Box<dyn Dialect> = Box::new(Self::new(Arc::clone(&self.settings)));
            Ok(same)
        })
    }

    /// The form of a row (dataverse.md 6). The CRM still asks who may see it.
    fn link(&self, kind: Kind, id: &RecordId) -> Option<String> {
        let table = match kind {
            Kind::Contact => "contact",
            Kind::CallRecord => "phonecall",
            Kind::Lead | Kind::Deal | Kind::Task | Kind::Note => return None,
        };
        let app = match &self.settings.app {
            Some(App::Id(id)) => format!("appid={}&", in_query(id)),
            Some(App::Name(name)) => format!("appname={}&", in_query(name)),
            None => String::new(),
        };
        let id = Guid::parse(id.as_str())?;
        Some(format!("{}/main.aspx?{app}etn={table}&pagetype=entityrecord&id=%7B{id}%7D", self.settings.web))
    }

    fn inspect<'a>(&'a self, session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<Finding>, Trouble>> {
        Box::pin(async move { inspect::inspect(&self.wire(session)).await })
    }
}

//! RetailCRM (Simla) API v5, written from the wire reference.

mod account;
mod answers;
mod customer_shelf;
mod customers;
mod forms;
mod gate;
mod notes;
mod order_search;
mod orders;
mod params;
mod reference;
mod refusal;
mod report;
mod settings;
mod shelf;
mod tasks;
mod telephony;
mod uploads;
mod users;
mod world;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::Value;

use crate::{
    audit::Audit,
    faults::FaultName,
    rate::Window,
    simulator::{BadInput, Handled, Route, Simulator, Strikes, merged, not_there},
    wire::{SimAnswer, SimRequest},
};
use customer_shelf::Customers;
use params::Params;
use reference::{Reference, SITE};
use settings::{Settings, SiteAccess};
use shelf::Shelf;
use uploads::Batch;
use users::User;
pub use world::{SANDBOX_API_KEY, SANDBOX_TELEPHONY_MODULE};

/// Requests per second and key, and those for telephony (retailcrm.md 1.1).
const GENERAL_RATE: usize = 10;
const TELEPHONY_RATE: usize = 40;

/// One account.
pub(crate) struct RetailCrm {
    settings: Settings,
    general: Window,
    telephony: Window,
    reference: Reference,
    customers: Customers,
    orders: Shelf,
    /// Which orders a customer ever had: what it offers is checked again.
    orders_of: BTreeMap<u64, Vec<u64>>,
    tasks: Shelf,
    notes: Shelf,
    calls: Shelf,
    events: Shelf,
    client_id_log: Shelf,
    users: Vec<User>,
    modules: BTreeMap<String, Value>,
    zone: TimeZone,
    base_url: String,
}

/// What the handlers of one request share.
#[derive(Clone, Debug)]
struct Ctx {
    now: Timestamp,
    /// How far filtered lists are behind.
    lag_ms: u64,
    /// An entity and a field that has become mandatory.
    required: Option<(String, String)>,
    /// The second half of a batch is to fail.
    partial: bool,
}

impl Ctx {
    fn plain(now: Timestamp) -> Self {
        Self { now, lag_ms: 0, required: None, partial: false }
    }

    fn struck(now: Timestamp, strikes: &Strikes) -> Self {
        let required = strikes.get(FaultName::MissingRequiredField);
        Self {
            now,
            lag_ms: strikes.ms(FaultName::SearchLag),
            required: required.and_then(|spec| spec.module.clone().zip(spec.field.clone())),
            partial: strikes.has(FaultName::PartialFailure),
        }
    }

    /// The fields that have become mandatory for an entity.
    fn required(&self, entity: &str) -> Vec<&str> {
        let field = self.required.iter().filter(|(module, _)| module == entity);
        field.map(|(_, field)| field.as_str()).collect()
    }
}

impl RetailCrm {
    /// Nothing here is left to chance, so the seed changes nothing.
    pub(crate) fn new(_seed: u64) -> Self {
        let second = SignedDuration::from_secs(1);
        Self {
            settings: Settings::default(),
            general: Window::new(GENERAL_RATE, second),
            telephony: Window::new(TELEPHONY_RATE, second),
            reference: Reference,
            customers: Customers::default(),
            orders: Shelf::default(),
            orders_of: BTreeMap::new(),
            tasks: Shelf::default(),
            notes: Shelf::default(),
            calls: Shelf::default(),
            events: Shelf::default(),
            client_id_log: Shelf::default(),
            users: users::users(),
            modules: world::modules(),
            zone: TimeZone::get(world::TIME_ZONE).unwrap_or(TimeZone::UTC),
            base_url: world::DEFAULT_BASE_URL.to_owned(),
        }
    }

    /// Carries out a request that is let in; `path` is what stands behind `/api/v5`.
    fn route(&mut self, ctx: &Ctx, method: &str, path: &[&str], params: &Params) -> Result<SimAnswer, SimAnswer> {
        if method == "GET" { self.read(ctx, path, params) } else { self.write(ctx, path, params) }
    }

    fn read(&self, ctx: &Ctx, path: &[&str], params: &Params) -> Result<SimAnswer, SimAnswer> {
        match path {
            ["customers"] => self.customer_list(ctx, params),
            ["customers", "notes"] => self.note_list(ctx, params),
            ["customers", id] => self.customer_get(id, params),
            ["orders"] => self.order_list(ctx, params),
            ["orders", "statuses"] => self.order_statuses(params),
            ["orders", id] => self.order_get(id, params),
            ["tasks"] => self.task_list(ctx, params),
            ["tasks", id] => self.task_get(id),
            ["tasks", id, "comments"] => self.task_comments(id, params),
            ["users"] => self.user_list(params),
            ["users", id] => self.user_get(id),
            ["user-groups"] => self.user_groups(params),
            ["reference", what] => self.reference.answer(what).ok_or_else(gate::unknown_method),
            ["custom-fields"] => self.reference.custom_fields(params),
            ["integration-modules", code] => self.module_get(code),
            ["credentials"] => Ok(self.credentials()),
            ["settings"] => Ok(self.account_settings()),
            ["telephony", "manager"] => self.routing(ctx, params),
            _ => Err(gate::unknown_method()),
        }
    }

    fn write(&mut self, ctx: &Ctx, path: &[&str], params: &Params) -> Result<SimAnswer, SimAnswer> {
        match path {
            ["customers", "create"] => self.customer_create(ctx, params),
            ["customers", "upload"] => self.upload(ctx, Batch::Customers, params),
            ["customers", "notes", "create"] => self.note_create(ctx, params),
            ["customers", id, "edit"] => self.customer_edit(ctx, id, params),
            ["orders", "create"] => self.order_create(ctx, params),
            ["orders", "upload"] => self.upload(ctx, Batch::Orders, params),
            ["orders", id, "edit"] => self.order_edit(ctx, id, params),
            ["tasks", "create"] => self.task_create(ctx, params),
            ["tasks", id, "edit"] => self.task_edit(ctx, id, params),
            ["users", id, "status"] => self.user_status(id, params),
            ["integration-modules", code, "edit"] => self.module_edit(code, params),
            ["telephony", "call", "event"] => self.call_event(ctx, params),
            ["telephony", "calls", "upload"] => self.calls_upload(ctx, params),
            ["web-analytics", "client-ids", "upload"] => self.client_ids(ctx, params),
            _ => Err(gate::unknown_method()),
        }
    }

    /// The shop a request is about; needed when the key sees several.
    fn site(&self, params: &Params) -> Result<String, SimAnswer> {
        match params.one("site").filter(|site| !site.is_empty()) {
            Some(SITE) => Ok(SITE.to_owned()),
            Some(_) => Err(answers::input_error("site", "The value you selected is not a valid choice.")),
            None if self.settings.site_access == SiteAccess::AccessSelective => Err(answers::missing("site")),
            None => Ok(SITE.to_owned()),
        }
    }

    /// A time in the account's zone, without its offset.
    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

impl Simulator for RetailCrm {
    fn classify(&self, request: &SimRequest) -> Route {
        gate::classify(request)
    }

    fn handle(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes, _busy_ms: u64) -> Handled {
        self.let_in(now, request, strikes)
    }

    fn outage_page(&self) -> SimAnswer {
        SimAnswer::html(503, "503 Service Temporarily Unavailable")
    }

    fn listing(&self) -> Value {
        self.list()
    }

    fn audit(&self) -> Audit {
        self.audit_world()
    }

    fn seed(&mut self, now: Timestamp, records: &Value) -> Result<Value, BadInput> {
        self.seed_world(now, records)
    }

    fn remove(&mut self, entity: &str, id: &str) -> Result<(), BadInput> {
        let shelf = match entity {
            "customers" => &mut self.customers.shelf,
            "orders" => &mut self.orders,
            _ => return Err(not_there(entity, id)),
        };
        let removed = id.parse().is_ok_and(|id| shelf.remove(id));
        removed.then_some(()).ok_or_else(|| not_there(entity, id))
    }

    fn settings(&self) -> Value {
        serde_json::json!(self.settings)
    }

    fn configure(&mut self, settings: &Value) -> Result<(), BadInput> {
        self.settings = merged(&self.settings, settings)?;
        Ok(())
    }

    fn set_base_url(&mut self, url: &str) {
        self.base_url = url.to_owned();
    }
}

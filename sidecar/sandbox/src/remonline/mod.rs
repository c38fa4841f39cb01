//! RemOnline / RO App, written from the wire reference: its three generations over one world.

mod answers;
mod body;
mod client_view;
mod clients;
mod comments;
mod dictionaries;
mod forms;
mod gate;
mod leads;
mod merge;
mod order_view;
mod orders;
mod params;
mod report;
mod seed;
mod settings;
mod shelf;
mod tasks;
mod tokens;
mod world;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::{
    audit::Audit,
    faults::FaultName,
    rate::Window,
    simulator::{BadInput, Handled, Route, Simulator, Strikes, not_there},
    wire::{SimAnswer, SimRequest},
};
use clients::Who;
use comments::On;
use dictionaries::Kind;
use params::Params;
use settings::{Generation, Settings};
use shelf::Shelf;
pub use world::SANDBOX_API_KEY;

/// One account.
pub(crate) struct RemOnline {
    settings: Settings,
    window: Window,
    tokens: tokens::Tokens,
    employees: Vec<Map<String, Value>>,
    clients: Shelf,
    leads: Shelf,
    orders: Shelf,
    tasks: Shelf,
    comments: Shelf,
}

/// What the handlers of one request share.
#[derive(Clone, Debug)]
struct Ctx {
    now: Timestamp,
    /// In whose words to answer.
    generation: Generation,
    /// How far searches are behind.
    lag_ms: u64,
    /// An entity and a field that has become mandatory.
    required: Option<(String, String)>,
}

impl Ctx {
    fn struck(now: Timestamp, generation: Generation, strikes: &Strikes) -> Self {
        let required = strikes.get(FaultName::MissingRequiredField);
        Self {
            now,
            generation,
            lag_ms: strikes.ms(FaultName::SearchLag),
            required: required.and_then(|spec| spec.module.clone().zip(spec.field.clone())),
        }
    }

    /// The mandatory fields of an entity with those that have become so.
    fn required<'a>(&'a self, entity: &str, always: &[&'a str]) -> Vec<&'a str> {
        let more = self.required.iter().filter(|(module, _)| module == entity).map(|(_, field)| field.as_str());
        always.iter().copied().chain(more).collect()
    }

    /// How far a list is behind: one asked for ids reads records, it does not search.
    fn lag(&self, params: &Params) -> u64 {
        if params.list("ids").is_some() { 0 } else { self.lag_ms }
    }
}

/// What is asked.
#[derive(Clone, Debug)]
struct Ask {
    params: Params,
    body: Map<String, Value>,
}

impl RemOnline {
    /// The seed decides the tokens and nothing else.
    pub(crate) fn new(seed: u64) -> Self {
        let settings = Settings::default();
        Self {
            window: window(&settings),
            settings,
            tokens: tokens::Tokens::new(seed),
            employees: world::employees(),
            clients: Shelf::new(world::FIRST_CLIENT),
            leads: Shelf::new(world::FIRST_LEAD),
            orders: Shelf::new(world::FIRST_ORDER),
            tasks: Shelf::new(world::FIRST_TASK),
            comments: Shelf::new(world::FIRST_COMMENT),
        }
    }

    /// Carries out a request that is let in; `path` is what stands behind `/v2`, if that is there.
    fn route(&mut self, ctx: &Ctx, method: &str, path: &[&str], ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        match ctx.generation {
            Generation::A => self.route_old(ctx, method, path, ask),
            Generation::B | Generation::C => self.route_new(ctx, method, path, ask),
        }
    }

    fn route_old(&mut self, ctx: &Ctx, method: &str, path: &[&str], ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        match (method, path) {
            ("GET", ["clients"]) => self.client_list(ctx, Who::Anyone, &ask.params),
            ("GET", ["clients", id]) => self.client_get(ctx, Who::Anyone, id),
            ("POST", ["clients"]) => self.client_create(ctx, Who::Anyone, ask),
            ("PUT", ["clients"]) => self.client_put(ctx, ask),
            ("POST", ["clients", "merge"]) => self.merge_listed(ctx, ask),
            ("POST", ["clients", id, "comments"]) => self.comment(ctx, On::Client, id, ask),
            ("GET", ["order"]) => self.order_list(ctx, &ask.params),
            ("POST", ["order"]) => self.order_create(ctx, ask),
            ("POST", ["order", "status"]) => self.order_status(ctx, None, ask),
            ("POST", ["order", id, "comments"]) => self.comment(ctx, On::Order, id, ask),
            ("GET", ["lead"]) => self.lead_list(ctx, &ask.params),
            ("POST", ["lead"]) => self.lead_create(ctx, ask),
            ("PUT", ["lead"]) => self.lead_edit(ctx, ask),
            ("POST", ["lead", "status"]) => self.lead_status(ctx, ask),
            ("POST", ["lead", id, "comments"]) => self.comment(ctx, On::Lead, id, ask),
            ("GET", ["tasks"]) => self.task_list(ctx, &ask.params),
            ("POST", ["tasks"]) => self.task_create(ctx, ask),
            ("GET", ["tasks", id]) => self.task_get(id),
            ("PUT", ["tasks", id]) => self.task_edit(ctx, id, ask),
            ("POST", ["tasks", id, "close"]) => self.task_close(ctx, id, true),
            ("POST", ["tasks", id, "reopen"]) => self.task_close(ctx, id, false),
            ("POST", ["tasks", id, "comments"]) => self.comment(ctx, On::Task, id, ask),
            ("GET", path) => self.shared_dictionary(ctx, path, &ask.params),
            _ => Err(answers::not_found()),
        }
    }

    fn route_new(&mut self, ctx: &Ctx, method: &str, path: &[&str], ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let v2 = ctx.generation == Generation::C;
        match (method, path) {
            (method, ["contacts", "people", rest @ ..]) => self.contacts(ctx, Who::People, method, rest, ask),
            (method, ["contacts", "organizations", rest @ ..]) => {
                self.contacts(ctx, Who::Organizations, method, rest, ask)
            }
            ("GET", ["orders"]) => self.order_list(ctx, &ask.params),
            ("GET", ["orders", "statuses"]) if v2 => Ok(self.listed(ctx, Kind::OrderStatuses)),
            ("GET", ["orders", id]) => self.order_get(ctx, id),
            ("POST", ["orders"]) => self.order_create(ctx, ask),
            ("PATCH", ["orders", id]) => self.order_edit(ctx, id, ask),
            ("POST", ["orders", id, "status"]) => self.order_status(ctx, Some(id), ask),
            ("POST", ["orders", id, "comments"]) => self.comment(ctx, On::Order, id, ask),
            ("GET", ["company", "employees"]) if v2 => Ok(self.listed(ctx, Kind::Employees)),
            ("GET", ["company", "locations"]) if v2 => Ok(self.listed(ctx, Kind::Branches)),
            _ => Err(answers::not_found()),
        }
    }

    fn contacts(
        &mut self,
        ctx: &Ctx,
        who: Who,
        method: &str,
        rest: &[&str],
        ask: &Ask,
    ) -> Result<SimAnswer, SimAnswer> {
        match (method, rest) {
            ("GET", []) => self.client_list(ctx, who, &ask.params),
            ("GET", [id]) => self.client_get(ctx, who, id),
            ("POST", []) => self.client_create(ctx, who, ask),
            ("PATCH", [id]) => self.client_patch(ctx, who, id, ask),
            ("POST", [id, "comments"]) => self.comment(ctx, On::Client, id, ask),
            ("POST", [id, "merge"]) => self.merge_into(ctx, who, id, ask),
            _ => Err(answers::not_found()),
        }
    }
}

fn window(settings: &Settings) -> Window {
    Window::new(settings.rate, SignedDuration::from_secs(1))
}

impl Simulator for RemOnline {
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
            "clients" => &mut self.clients,
            "orders" => &mut self.orders,
            _ => return Err(not_there(entity, id)),
        };
        let known = id.parse().ok().filter(|id| shelf.get(*id).is_some());
        known.map(|id| shelf.remove(id)).ok_or_else(|| not_there(entity, id))
    }

    fn settings(&self) -> Value {
        serde_json::json!(self.settings)
    }

    fn configure(&mut self, settings: &Value) -> Result<(), BadInput> {
        let next = self.settings.with(settings)?;
        if next.rate != self.settings.rate {
            self.window = window(&next);
        }
        self.settings = next;
        Ok(())
    }

    /// No reply of this CRM names its URL.
    fn set_base_url(&mut self, _url: &str) {}
}

//! SendPulse CRM API v1, written from the wire reference.

mod answers;
mod attributes;
mod calls;
mod comments;
mod conditions;
mod contact_search;
mod contact_shelf;
mod contact_view;
mod contacts;
mod deal_search;
mod deals;
mod form;
mod gate;
mod reference;
mod report;
mod seed;
mod settings;
mod shelf;
mod task_forms;
mod tasks;
mod tokens;
mod world;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::{
    audit::Audit,
    faults::FaultName,
    rate::Window,
    rng::Rng,
    simulator::{BadInput, Handled, Route, Simulator, Strikes, not_there},
    wire::{SimAnswer, SimRequest},
};
use answers::{Done, Refusal};
use calls::Call;
use comments::{Comment, Target};
use contact_shelf::Contacts;
use deals::Deal;
use settings::{SHARED_RATE, Settings};
use shelf::Shelf;
use tasks::Task;
use tokens::Tokens;
use world::{Attribute, Lane, User};
pub use world::{
    SANDBOX_API_KEY, SANDBOX_BOARD_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, SANDBOX_OWNER_ID, SANDBOX_PIPELINE_ID,
};

/// One account.
pub(crate) struct SendPulse {
    settings: Settings,
    rate: Window,
    rng: Rng,
    tokens: Tokens,
    users: Vec<User>,
    attributes: Vec<Attribute>,
    pipelines: Vec<Lane>,
    boards: Vec<Lane>,
    contacts: Contacts,
    deals: Shelf<Deal>,
    tasks: Shelf<Task>,
    comments: Shelf<Comment>,
    calls: Shelf<Call>,
}

/// What the handlers of one request share.
#[derive(Clone, Debug)]
struct Ctx {
    now: Timestamp,
    /// How far searches are behind.
    lag_ms: u64,
    /// An entity and a field that has become mandatory.
    required: Option<(String, String)>,
    /// The second half of a batch is to fail.
    partial: bool,
}

impl Ctx {
    fn struck(now: Timestamp, strikes: &Strikes) -> Self {
        let required = strikes.get(FaultName::MissingRequiredField);
        Self {
            now,
            lag_ms: strikes.ms(FaultName::SearchLag),
            required: required.and_then(|spec| spec.module.clone().zip(spec.field.clone())),
            partial: strikes.has(FaultName::PartialFailure),
        }
    }

    /// The field that has become mandatory for an entity.
    fn required(&self, entity: &str) -> Option<&str> {
        self.required.as_ref().filter(|(module, _)| module == entity).map(|(_, field)| field.as_str())
    }
}

impl SendPulse {
    /// Tokens come from the seed; nothing else is left to chance.
    pub(crate) fn new(seed: u64) -> Self {
        let settings = Settings::default();
        Self {
            rate: rate(&settings),
            settings,
            rng: Rng::new(seed),
            tokens: Tokens::default(),
            users: world::users(),
            attributes: world::attributes(),
            pipelines: world::pipelines(),
            boards: world::boards(),
            contacts: Contacts::new(),
            deals: Shelf::from(world::FIRST_DEAL),
            tasks: Shelf::from(world::FIRST_TASK),
            comments: Shelf::from(world::FIRST_COMMENT),
            calls: Shelf::from(world::FIRST_CALL),
        }
    }

    /// Carries out a request that is let in; `path` is what stands behind `/crm/v1`.
    fn route(&mut self, ctx: &Ctx, method: &str, path: &[&str], body: &Map<String, Value>) -> Done {
        match path {
            ["contacts", rest @ ..] => self.contact_route(ctx, method, rest, body),
            ["deals", rest @ ..] => self.deal_route(ctx, method, rest, body),
            ["tasks", rest @ ..] => self.task_route(ctx, method, rest, body),
            ["telephony", "calls", "get-list"] => posted(method).and_then(|()| self.call_list(ctx, body)),
            _ => self.reference_route(method, path),
        }
    }

    fn contact_route(&mut self, ctx: &Ctx, method: &str, path: &[&str], body: &Map<String, Value>) -> Done {
        match (method, path) {
            ("POST", []) => self.contact_make(ctx, body),
            ("POST", ["create"]) => self.contact_create(ctx, body),
            ("POST", ["get-list"]) => self.contact_list(ctx, body),
            ("GET", ["attributes"]) => Ok(self.attribute_list()),
            ("POST", ["attributes"]) => self.attribute_add(body),
            ("GET", ["external", external]) => self.contact_external(external),
            ("GET", [id]) => self.contact_get(id),
            ("PUT", [id]) => self.contact_edit(ctx, id, body),
            ("GET", [id, "deals"]) => self.contact_deals(id),
            ("POST", [id, "phones"]) => self.phone_add(ctx, id, body),
            ("POST", [id, "attributes"]) => self.attribute_set(ctx, id, body),
            ("POST", [id, "attributes", "batch"]) => self.attribute_batch(ctx, id, body),
            ("POST", [id, "comments"]) => self.comment_add(ctx, Target::Contact(self.contact_id(id)?), body),
            ("POST", [id, "get-calls"]) => self.calls_of(Target::Contact(self.contact_id(id)?), body),
            (
                _,
                []
                | [_]
                | ["external", _]
                | [_, "deals" | "phones" | "attributes" | "comments" | "get-calls"]
                | [_, "attributes", "batch"],
            ) => Err(Refusal::NoMethod),
            _ => Err(Refusal::NoPath),
        }
    }

    fn deal_route(&mut self, ctx: &Ctx, method: &str, path: &[&str], body: &Map<String, Value>) -> Done {
        match (method, path) {
            ("POST", []) => self.deal_make(ctx, body),
            ("POST", ["get-list"]) => self.deal_list(ctx, body),
            ("GET", [id]) => self.deal_get(id),
            ("POST", [id, "comments"]) => self.comment_add(ctx, Target::Deal(self.deal_id(id)?), body),
            ("POST", [id, "contacts", contact]) => self.deal_link(ctx, id, contact),
            ("POST", [id, "get-calls"]) => self.calls_of(Target::Deal(self.deal_id(id)?), body),
            ("POST", [id, "attach-call"]) => self.call_attach(ctx, id, body),
            (_, [] | [_] | [_, "comments" | "get-calls" | "attach-call"] | [_, "contacts", _]) => {
                Err(Refusal::NoMethod)
            }
            _ => Err(Refusal::NoPath),
        }
    }

    fn task_route(&mut self, ctx: &Ctx, method: &str, path: &[&str], body: &Map<String, Value>) -> Done {
        match (method, path) {
            ("POST", []) => self.task_make(ctx, body),
            ("POST", ["list"]) => self.task_list(ctx, body),
            ("GET", [id]) => self.task_get(id),
            ("PUT", [id]) => self.task_edit(ctx, id, body),
            ("DELETE", [id]) => self.task_delete(id),
            ("POST", [id, "entity-attach"]) => self.task_attach(ctx, id, body),
            (_, [] | [_] | [_, "entity-attach"]) => Err(Refusal::NoMethod),
            _ => Err(Refusal::NoPath),
        }
    }
}

fn posted(method: &str) -> Result<(), Refusal> {
    if method == "POST" { Ok(()) } else { Err(Refusal::NoMethod) }
}

fn rate(settings: &Settings) -> Window {
    let own = SHARED_RATE.saturating_sub(settings.other_products_per_second);
    Window::new(own as usize, SignedDuration::from_secs(1))
}

impl Simulator for SendPulse {
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
        let known = id.parse().ok().filter(|_| entity == "contacts");
        let removed = known.and_then(|id| self.contacts.shelf.remove(id));
        removed.map(|_| ()).ok_or_else(|| not_there(entity, id))
    }

    fn settings(&self) -> Value {
        serde_json::json!(self.settings)
    }

    fn configure(&mut self, settings: &Value) -> Result<(), BadInput> {
        let next = self.settings.with(settings)?;
        if next.other_products_per_second != self.settings.other_products_per_second {
            self.rate = rate(&next);
        }
        self.settings = next;
        Ok(())
    }

    /// No reply names the account's URL.
    fn set_base_url(&mut self, _url: &str) {}
}

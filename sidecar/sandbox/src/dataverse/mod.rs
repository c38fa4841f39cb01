//! SMART CRM: the Microsoft Dataverse Web API and the hooks of a telephony provider,
//! written from the wire reference.

mod batch;
mod columns;
mod filter;
mod gate;
mod keys;
mod limits;
mod links;
mod metadata;
mod oauth;
mod provider;
mod query;
mod read;
mod refusal;
mod report;
mod schema;
mod seed;
mod settings;
mod status;
mod store;
mod target;
mod world;
mod write;

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    audit::Audit,
    faults::FaultName,
    rng::Rng,
    simulator::{BadInput, Handled, Route, Simulator, Strikes, merged, not_there},
    wire::{SimAnswer, SimRequest},
};
use limits::Limits;
use oauth::Oauth;
use provider::Provider;
use refusal::{Refusal, Reply, bad_method, bad_query, no_resource};
use schema::Set;
use settings::Settings;
use store::Store;
use target::Target;
pub use world::{SANDBOX_APP_USER, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, SANDBOX_TENANT, SANDBOX_USERS};

/// One org with its tenant's token server.
pub(crate) struct Dataverse {
    settings: Settings,
    oauth: Oauth,
    limits: Limits,
    store: Store,
    provider: Provider,
    rng: Rng,
    base_url: String,
}

/// What the handlers of one request share.
#[derive(Clone, Debug)]
struct Ctx {
    now: Timestamp,
    /// Who acts and owns what is created without an owner.
    caller: String,
    /// The application user, when it acts for another.
    on_behalf_by: Option<String>,
    /// How far searches are behind.
    lag_ms: u64,
    /// A table and a column that has become mandatory.
    required: Option<(String, String)>,
    /// The last operation of a batch is to fail.
    partial: bool,
}

impl Ctx {
    fn struck(now: Timestamp, strikes: &Strikes) -> Self {
        let required = strikes.get(FaultName::MissingRequiredField);
        Self {
            now,
            caller: SANDBOX_APP_USER.to_owned(),
            on_behalf_by: None,
            lag_ms: strikes.ms(FaultName::SearchLag),
            required: required.and_then(|spec| spec.module.clone().zip(spec.field.clone())),
            partial: strikes.has(FaultName::PartialFailure),
        }
    }
}

impl Dataverse {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            settings: Settings::default(),
            oauth: Oauth::default(),
            limits: Limits::default(),
            store: world::store(),
            provider: Provider::default(),
            rng: Rng::new(seed ^ 0xDA7A),
            base_url: world::DEFAULT_BASE_URL.to_owned(),
        }
    }

    /// Carries out one operation; its path is what stands behind `/api/data/v9.x/`.
    fn route(&mut self, ctx: &Ctx, request: &SimRequest) -> Result<Reply, Refusal> {
        let segments = request.segments();
        let Some((first, rest)) = segments.split_first() else {
            return Err(bad_query("Bad Request - Error in query syntax."));
        };
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let method = request.method.as_str();
        let target = Target::parse(first)?;
        match target.name.as_str() {
            "WhoAmI" if method == "GET" => return Ok(self.who_am_i(ctx)),
            "EntityDefinitions" if method == "GET" => return self.definitions(&target, &rest, request),
            "WhoAmI" | "EntityDefinitions" => return Err(bad_method(method)),
            _ => {}
        }
        let set = Set::parse(&target.name).ok_or_else(|| no_resource(&target.name))?;
        match (method, &target.key, rest.as_slice()) {
            ("GET", None, []) => self.get_rows(ctx, set, request),
            ("GET", Some(key), []) => self.get_row(set, key, request),
            ("GET", Some(key), [collection]) => self.get_collection(set, key, collection, request),
            ("POST", None, []) => self.post(ctx, set, request),
            ("PATCH", Some(key), []) => self.patch(ctx, set, key, request),
            ("DELETE", Some(key), []) => self.delete(set, key, request),
            (_, _, [other, ..]) => Err(no_resource(other)),
            _ => Err(bad_method(method)),
        }
    }

    fn service_root(&self) -> String {
        format!("{}/api/data/v9.2", self.base_url)
    }
}

impl Simulator for Dataverse {
    fn classify(&self, request: &SimRequest) -> Route {
        gate::classify(request)
    }

    fn handle(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes, busy_ms: u64) -> Handled {
        self.let_in(now, request, strikes, busy_ms)
    }

    fn outage_page(&self) -> SimAnswer {
        SimAnswer::html(503, "503 Service Unavailable")
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
        let set = Set::parse(entity).filter(|set| self.store.get(*set, id).is_some());
        set.map(|set| self.store.remove(set, id)).ok_or_else(|| not_there(entity, id))
    }

    fn settings(&self) -> Value {
        serde_json::json!(self.settings)
    }

    fn configure(&mut self, settings: &Value) -> Result<(), BadInput> {
        self.settings = merged(&self.settings, settings)?.checked()?;
        Ok(())
    }

    fn set_base_url(&mut self, url: &str) {
        self.base_url = url.to_owned();
    }
}

/// A random GUID.
fn guid(rng: &mut Rng) -> String {
    let hex = rng.hex32();
    let mut out = String::with_capacity(36);
    for (at, digit) in hex.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        // Version and variant as a random GUID has them.
        out.push(match at {
            12 => '4',
            16 => 'a',
            _ => digit,
        });
    }
    out
}

//! Zoho CRM REST API v8 with its token server, written from the wire reference.

mod calls;
mod composite;
mod coql;
mod criteria;
mod deals;
mod gate;
mod limits;
mod metadata;
mod modules;
mod oauth;
mod read;
mod records;
mod reply;
mod report;
mod schema;
mod search;
mod seed;
mod settings;
mod store;
mod unique;
mod upsert;
mod validate;
mod world;

use jiff::{Timestamp, tz::TimeZone};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::{
    audit::Audit,
    rng::Rng,
    simulator::{BadInput, Handled, Route, Simulator, Strikes, not_there},
    wire::{SimAnswer, SimRequest},
};
use limits::Limits;
use oauth::Oauth;
use reply::{Refusal, Reply, unknown_url};
use schema::Schema;
use settings::Settings;
use store::Store;
use world::User;
pub use world::{SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, SANDBOX_GRANT_CODE, SANDBOX_REFRESH_TOKEN};

/// The API host named in token answers until a server says where it is.
const DEFAULT_API_DOMAIN: &str = "https://www.zohoapis.eu";

/// One organisation.
pub(crate) struct Zoho {
    rng: Rng,
    settings: Settings,
    oauth: Oauth,
    limits: Limits,
    schema: Schema,
    store: Store,
    users: Vec<User>,
    zone: TimeZone,
    api_domain: String,
}

/// What the handlers of one request share.
#[derive(Clone, Debug)]
struct Ctx {
    now: Timestamp,
    /// How far the search index is behind.
    lag_ms: u64,
    /// A module and a field that has become mandatory.
    required: Option<(String, String)>,
    /// The second half of a batch is to fail.
    partial: bool,
    /// This one item is to fail.
    fail_item: bool,
    composite: bool,
}

/// A request to the API: whole, or part of a composite.
#[derive(Clone, Debug)]
struct Call {
    method: String,
    /// The path behind `/crm/v8`.
    segments: Vec<String>,
    params: Vec<(String, String)>,
    body: Value,
    unmodified_since: Option<Timestamp>,
}

impl Call {
    /// Reads a method and a URI; `None` when it does not lead into the API.
    fn parse(method: &str, uri: &str, body: Value) -> Option<Self> {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let mut segments = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned());
        if segments.next()? != "crm" {
            return None;
        }
        segments
            .next()
            .filter(|version| version.strip_prefix('v').is_some_and(|number| number.parse::<u8>().is_ok()))?;
        Some(Self {
            method: method.to_ascii_uppercase(),
            segments: segments.collect(),
            params: serde_urlencoded::from_str(query).unwrap_or_default(),
            body,
            unmodified_since: None,
        })
    }

    fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Zoho {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::new(seed ^ 0x2080),
            settings: Settings::default(),
            oauth: Oauth::new(),
            limits: Limits::default(),
            schema: Schema::new(),
            store: Store::default(),
            users: world::users(),
            zone: TimeZone::get(world::TIME_ZONE).unwrap_or(TimeZone::UTC),
            api_domain: DEFAULT_API_DOMAIN.to_owned(),
        }
    }

    /// Carries out a request that is let in.
    fn api(&mut self, ctx: &Ctx, call: &Call) -> Reply {
        let status = |refusal: &Refusal| match refusal.code {
            "INVALID_URL_PATTERN" => 404,
            _ => 400,
        };
        self.route(ctx, call).unwrap_or_else(|refusal| refusal.reply(status(&refusal)))
    }

    fn route(&mut self, ctx: &Ctx, call: &Call) -> Result<Reply, Refusal> {
        let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        match (call.method.as_str(), segments.as_slice()) {
            ("POST", ["coql"]) => self.coql(ctx, call),
            ("POST", ["__composite_requests"]) => self.composite(ctx, call),
            ("GET", ["users"]) => self.user_list(ctx, call),
            (_, ["settings", what]) => self.metadata(what, call),
            (_, [module, rest @ ..]) => {
                let module = self.schema.module(module).ok_or_else(Refusal::invalid_module)?;
                self.module_route(ctx, module, rest, call)
            }
            _ => Err(unknown_url()),
        }
    }

    fn module_route(&mut self, ctx: &Ctx, module: &'static str, rest: &[&str], call: &Call) -> Result<Reply, Refusal> {
        match (call.method.as_str(), rest) {
            ("POST", []) => self.insert(ctx, module, call),
            ("PUT", []) => self.update(ctx, module, call),
            ("POST", ["upsert"]) => self.upsert(ctx, module, call),
            ("GET", ["search"]) => self.search(ctx, module, call),
            ("GET", [id]) => self.get_one(module, id),
            ("PUT", [id]) => self.update_one(ctx, module, id, call),
            ("DELETE", [id]) => self.delete_one(module, id),
            ("GET", [id, "Notes"]) => Ok(self.notes_of(id)),
            ("POST", [id, "Notes"]) => self.insert(ctx, "Notes", &note_call(module, id, call)),
            (_, [] | [_]) => {
                let message = "The http request method type is not a valid one";
                Err(Refusal::new("INVALID_REQUEST_METHOD", message, json!({})))
            }
            _ => Err(unknown_url()),
        }
    }

    fn notes_of(&self, id: &str) -> Reply {
        let notes = self.store.all("Notes").filter(|note| note.lookup("Parent_Id") == Some(id));
        let notes: Vec<Value> = notes.map(|note| self.full("Notes", note)).collect();
        if notes.is_empty() {
            return Reply::no_content();
        }
        let info = json!({"per_page": 200, "count": notes.len(), "page": 1, "more_records": false});
        Reply::new(200, json!({"data": notes, "info": info}))
    }

    /// A time with the organisation's offset and without fractions.
    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// The user whose token the API is used with.
    fn api_user(&self) -> String {
        self.users.first().map(|user| user.id.clone()).unwrap_or_default()
    }
}

/// A note posted under its parent's path gets the parent into its fields.
fn note_call(module: &str, id: &str, call: &Call) -> Call {
    let mut call = call.clone();
    let items = call.body.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten();
    for item in items.filter_map(Value::as_object_mut) {
        item.insert("Parent_Id".to_owned(), json!({"module": {"api_name": module}, "id": id}));
    }
    call
}

impl Simulator for Zoho {
    fn classify(&self, request: &SimRequest) -> Route {
        gate::classify(request)
    }

    fn handle(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes, busy_ms: u64) -> Handled {
        self.let_in(now, request, strikes, busy_ms)
    }

    fn outage_page(&self) -> SimAnswer {
        let message = "Service is temporarily unavailable";
        Refusal::new("SERVICE_UNAVAILABLE", message, json!({})).reply(503).into_answer()
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
        let module = self.schema.module(entity);
        let removed = module.is_some_and(|module| self.store.delete(module, id));
        removed.then_some(()).ok_or_else(|| not_there(entity, id))
    }

    fn settings(&self) -> Value {
        json!(self.settings)
    }

    fn configure(&mut self, settings: &Value) -> Result<(), BadInput> {
        self.settings = self.settings.with(settings)?;
        self.schema.set_phone_key_unique(self.settings.unique_phone_key);
        Ok(())
    }

    fn set_base_url(&mut self, url: &str) {
        self.api_domain = url.to_owned();
    }
}

//! The mode `webhook_provider`: SMART CRM's telephony provider gives addresses for three events and writes its own
//! rows (SM-13, dataverse.md 7). Nothing is read; a call is known by its id, so that its event may come again.

use std::{collections::BTreeMap, sync::Arc};

use secrecy::SecretString;
use serde_json::{Map, Value};
use tieline_engine::{
    call::Direction,
    facts::Found,
    ids::RecordId,
    lookup::LookUp,
    record::{Abilities, CrmField, CrmUser, Kind},
    scenario::Scenario,
    step::{Action, CallEntry, Step, StepResult},
};

use super::{
    drafts::refusal,
    reader::Reader,
    scenario,
    template::{self, Template, Values},
};
use crate::{
    dialect::{Answer, Connect, Dialect, Fault, Finding, Grant, Limit, Meter, Quota, Session},
    transport::{BoxFuture, Method, Request, Response, Transport},
    trouble::Trouble,
};

/// Every plain setting there is; parameters are further ones, as `param.<name>`.
const KEYS: &[&str] = &[
    "mode",
    "before_call_url",
    "after_call_url",
    "after_outgoing_url",
    "method",
    "body",
    "template",
    "secret_header",
    "per_second",
    "concurrency",
];
const PARAMETER: &str = "param.";
/// The secret's key.
const SECRET: &str = "secret";
/// Requests a second and at once; nothing is known of the receiver, so little is asked of it.
const PER_SECOND: u32 = 10;
const CONCURRENCY: u32 = 5;

/// A webhook connection from its settings.
///
/// # Errors
/// Every fault of the settings at once.
pub(super) fn connect(connect: &Connect) -> Result<Box<dyn Dialect>, Vec<Fault>> {
    let settings = read(connect)?;
    let abilities = Abilities {
        amends_call_record: true,
        logs_unlinked_calls: true,
        announces_ringing: settings.before_call.is_some(),
        ..Abilities::new([Kind::CallRecord])
    };
    Ok(Box::new(Webhooks { settings: Arc::new(settings), abilities }))
}

struct Settings {
    before_call: Option<String>,
    after_call: Option<String>,
    after_outgoing: Option<String>,
    shape: Shape,
    template: Template,
    secret: Option<(&'static str, SecretString)>,
    quota: Quota,
}

/// How parameters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Query,
    Form,
    Json,
}

fn read(connect: &Connect) -> Result<Settings, Vec<Fault>> {
    let mut reader = Reader::new(connect);
    reader.known_keys_only(KEYS, Some(PARAMETER));
    let url = |reader: &mut Reader<'_>, key| reader.text(key).is_some().then(|| reader.url(key, None));
    let per_second = reader.number("per_second", PER_SECOND, 1..=100);
    let settings = Settings {
        before_call: url(&mut reader, "before_call_url"),
        after_call: url(&mut reader, "after_call_url"),
        after_outgoing: url(&mut reader, "after_outgoing_url"),
        shape: shape(&mut reader),
        template: template(&mut reader),
        secret: secret(&mut reader),
        quota: Quota {
            per_second,
            telephony_per_second: per_second,
            concurrency: reader.number("concurrency", CONCURRENCY, 1..=100),
            budgets: Vec::new(),
        },
    };
    if settings.before_call.is_none() && settings.after_call.is_none() && settings.after_outgoing.is_none() {
        let text = "give at least one of before_call_url, after_call_url, after_outgoing_url; \
                    SMART CRM shows them in the settings of its telephony provider";
        reader.fault("after_call_url", text);
    }
    if reader.faults.is_empty() { Ok(settings) } else { Err(reader.faults) }
}

fn shape(reader: &mut Reader<'_>) -> Shape {
    let is_get = reader.choice("method", [("post", false), ("get", true)]).unwrap_or(false);
    let body = reader.choice("body", [("json", Shape::Json), ("form", Shape::Form)]).unwrap_or(Shape::Json);
    if is_get { Shape::Query } else { body }
}

/// One text of pairs, single settings, or both; they must not name a parameter twice.
fn template(reader: &mut Reader<'_>) -> Template {
    let settings = reader.settings;
    let single = settings.iter().filter_map(|(key, text)| Some((key.strip_prefix(PARAMETER)?, text.as_str())));
    let single: Vec<(&str, &str)> = single.collect();
    let text = reader.text("template").or(single.is_empty().then_some(template::DEFAULT)).unwrap_or_default();
    let pairs = text.split('&').filter(|pair| !pair.trim().is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    Template::read(pairs.chain(single)).unwrap_or_else(|text| {
        reader.fault("template", text);
        Template::default()
    })
}

fn secret(reader: &mut Reader<'_>) -> Option<(&'static str, SecretString)> {
    let headers =
        [("authorization", "authorization"), ("x-api-key", "x-api-key"), ("x-webhook-secret", "x-webhook-secret")];
    let header = reader.choice("secret_header", headers)?;
    reader.secret(SECRET).map(|secret| (header, secret))
}

struct Webhooks {
    settings: Arc<Settings>,
    abilities: Abilities,
}

impl Webhooks {
    async fn perform_one(&self, session: &Session<'_>, step: &Step) -> Result<StepResult, Trouble> {
        let (url, values, record) = match &step.action {
            Action::Announce(ringing) => {
                let url = self.settings.before_call.as_ref().filter(|_| ringing.direction != Direction::Outgoing);
                (url, template::of_ringing("before_call", ringing), None)
            }
            Action::LogCall(entry) | Action::AmendCall { entry, .. } => {
                let (event, url) = self.event_of(entry);
                (url, template::of_call(event, entry), Some(RecordId::new(entry.call.as_str())))
            }
            _ => return Ok(refusal("not_supported", "SMART CRM's webhooks take calls only")),
        };
        let done = StepResult::Done { record };
        let Some(url) = url else { return Ok(done) };
        let request = self.request(url, &values)?;
        let name = request.name;
        let response = session.net.send(request).await?;
        judge(name, &response).map(|refused| refused.unwrap_or(done))
    }

    /// The event that tells of a call, and where it goes; an event nobody gave an address for is not told.
    fn event_of(&self, entry: &CallEntry) -> (&'static str, Option<&String>) {
        match entry.direction {
            Direction::Outgoing => ("after_outgoing", self.settings.after_outgoing.as_ref()),
            Direction::Incoming | Direction::Internal => ("after_call", self.settings.after_call.as_ref()),
        }
    }

    fn request(&self, url: &str, values: &Values) -> Result<Request, Trouble> {
        let name = "dataverse.webhook";
        let parameters = self.settings.template.fill(values);
        let malformed = |_| Trouble::Malformed(format!("{name}: the parameters cannot be written"));
        let request = match self.settings.shape {
            Shape::Query => {
                let query = serde_urlencoded::to_string(&parameters).map_err(malformed)?;
                let joint = if url.contains('?') { '&' } else { '?' };
                Request::new(Method::Get, name, format!("{url}{joint}{query}"))
            }
            Shape::Form => {
                let body = serde_urlencoded::to_string(&parameters).map_err(malformed)?;
                let request = Request::new(Method::Post, name, url.to_owned());
                request.with_body("application/x-www-form-urlencoded", body.into_bytes())
            }
            Shape::Json => {
                let pairs = parameters.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text)));
                let body = Value::Object(pairs.collect::<Map<String, Value>>()).to_string();
                Request::new(Method::Post, name, url.to_owned()).with_body("application/json", body.into_bytes())
            }
        };
        Ok(match &self.settings.secret {
            Some((header, secret)) => request.authorized(header, "", secret),
            None => request,
        })
    }
}

/// Whether the receiver took an event; `Some` when it never will. An event is safe to repeat, by its call's id.
fn judge(name: &str, response: &Response) -> Result<Option<StepResult>, Trouble> {
    let status = response.status;
    match status {
        200..=299 => Ok(None),
        401 | 403 => Err(Trouble::CredentialsDead(format!("HTTP {status} at {name}; check the secret"))),
        300..=399 | 404 | 405 | 410 => {
            Err(Trouble::NotAllowed(format!("HTTP {status} at {name}; copy the webhooks' addresses again")))
        }
        429 => Err(Trouble::RateLimited { retry_after: response.retry_after() }),
        503 if response.retry_after().is_some() => Err(Trouble::RateLimited { retry_after: response.retry_after() }),
        503 => Err(Trouble::Unavailable(format!("HTTP 503 at {name}"))),
        400..=499 if status != 408 => {
            Ok(Some(refusal(&format!("http_{status}"), "the receiver does not take the event")))
        }
        _ => Err(Trouble::Uncertain(format!("HTTP {status} at {name}"))),
    }
}

impl Dialect for Webhooks {
    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn hosts(&self) -> Vec<String> {
        let settings = &self.settings;
        [&settings.before_call, &settings.after_call, &settings.after_outgoing].into_iter().flatten().cloned().collect()
    }

    fn quota(&self) -> Quota {
        self.settings.quota.clone()
    }

    fn meter(&self, response: &Response) -> Meter {
        let is_refusal = response.status == 429 || (response.status == 503 && response.retry_after().is_some());
        if is_refusal { Meter::refused(Limit::Unknown, response) } else { Meter::default() }
    }

    fn default_scenario(&self) -> Scenario {
        scenario::webhooks()
    }

    fn grant<'a>(&'a self, _net: &'a dyn Transport) -> BoxFuture<'a, Result<Option<Grant>, Trouble>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// There is nobody to ask: every client is new, and no event is known to have arrived.
    fn look_up<'a>(&'a self, session: &'a Session<'a>, ask: &'a LookUp) -> BoxFuture<'a, Result<Found, Trouble>> {
        let asked = ask.marks.iter().map(|sought| sought.mark.clone()).collect();
        Box::pin(std::future::ready(Ok(Found { at: session.now, asked, ..Found::default() })))
    }

    fn bundle(&self, steps: &[Step]) -> usize {
        steps.len().min(1)
    }

    fn perform<'a>(&'a self, session: &'a Session<'a>, steps: &'a [Step]) -> BoxFuture<'a, Result<Answer, Trouble>> {
        Box::pin(async move {
            let Some(step) = steps.first() else { return Ok(Answer::default()) };
            let result = self.perform_one(session, step).await?;
            Ok(Answer { results: BTreeMap::from([(step.key.clone(), result)]) })
        })
    }

    fn users<'a>(&'a self, _session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<CrmUser>, Trouble>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn fields<'a>(&'a self, _session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<CrmField>, Trouble>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn learn<'a>(&'a self, _session: &'a Session<'a>) -> BoxFuture<'a, Result<Box<dyn Dialect>, Trouble>> {
        let (settings, abilities) = (Arc::clone(&self.settings), self.abilities.clone());
        let same: Box<dyn Dialect> = Box::new(Self { settings, abilities });
        Box::pin(std::future::ready(Ok(same)))
    }

    fn link(&self, _kind: Kind, _id: &RecordId) -> Option<String> {
        None
    }

    /// A webhook has nothing to read: which events have an address is all there is to say.
    fn inspect<'a>(&'a self, _session: &'a Session<'a>) -> BoxFuture<'a, Result<Vec<Finding>, Trouble>> {
        let events = [
            ("before call", &self.settings.before_call),
            ("after call", &self.settings.after_call),
            ("after outgoing call", &self.settings.after_outgoing),
        ];
        let text = |url: &Option<String>| if url.is_some() { "is told" } else { "has no address and is not told" };
        let finding = |(event, url): (&str, &Option<String>)| Finding {
            about: format!("event {event}"),
            holds: url.is_some(),
            text: format!("the event {event} {}", text(url)),
        };
        Box::pin(std::future::ready(Ok(events.map(finding).into())))
    }
}

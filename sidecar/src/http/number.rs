//! The webhook number: the exchange asks over HTTP where a ringing call goes, for platforms without gRPC (RT-04).
//!
//! `/route/{project}/{form}` or `/route/{project}/{secret}/{form}`, by GET, POST or PUT, with the parameters of a
//! before-call webhook. `form` is how the platform wants the answer: `plain` (the body is the destination), `json`
//! (the value under the key the query's `key` names, `destination` without one) or `json-rpc` (the result). An empty
//! destination lets the scheme go on with its next block; it is also the answer when the CRM is slow (RT-05).

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
    routing::any,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tieline_engine::{ids::ProjectId, phone::Phone, routing::Stop};

use super::secret::{Presented, TurnedAway};
use crate::{
    intake::{self, BODY_MAX, Delivery, Event, IntakeError},
    project::Project,
    sidecar::{RouteAsk, Sidecar},
};

/// JSON-RPC 2.0: invalid method parameters.
const INVALID_PARAMS: i32 = -32602;

/// The routes of the webhook number.
pub fn router(sidecar: Sidecar) -> Router {
    Router::new()
        .route("/route/{project}/{form}", any(without_secret))
        .route("/route/{project}/{secret}/{form}", any(with_secret))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(sidecar)
}

/// How the platform wants the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    Plain,
    Json,
    JsonRpc,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default = "usual_key")]
    key: String,
}

fn usual_key() -> String {
    "destination".to_owned()
}

async fn without_secret(
    State(sidecar): State<Sidecar>,
    Path((project, form)): Path<(String, Form)>,
    wanted: Query<Wanted>,
    turned_away: Option<Extension<TurnedAway>>,
    asked: (Uri, HeaderMap, Bytes),
) -> Response {
    if turned_away.is_some() {
        return stranger();
    }
    answer(&sidecar, &project, None, form, &wanted.key, &asked).await
}

async fn with_secret(
    State(sidecar): State<Sidecar>,
    Path((project, secret, form)): Path<(String, String, Form)>,
    wanted: Query<Wanted>,
    turned_away: Option<Extension<TurnedAway>>,
    asked: (Uri, HeaderMap, Bytes),
) -> Response {
    if turned_away.is_some() {
        return stranger();
    }
    answer(&sidecar, &project, Some(&secret), form, &wanted.key, &asked).await
}

async fn answer(
    sidecar: &Sidecar,
    project: &str,
    secret: Option<&str>,
    form: Form,
    key: &str,
    (uri, headers, body): &(Uri, HeaderMap, Bytes),
) -> Response {
    let presented = Presented { secret, headers, turned_away: false };
    let known = sidecar.connection(&ProjectId::new(project)).ok();
    let Some(connection) = known.filter(|known| presented.opens(&known.project.intake)) else { return stranger() };
    let envelope = Envelope::of(form, body);
    match ask(&connection.project, uri, headers, &envelope.parameters) {
        Ok(ask) => {
            let place = sidecar
                .route(&ask, None)
                .await
                .map(|routed| first_place(&routed.judged.route.stops))
                .unwrap_or_default();
            told(form, key, &place, &envelope.id)
        }
        Err(error) => refused(form, &error, &envelope.id),
    }
}

fn stranger() -> Response {
    (StatusCode::UNAUTHORIZED, "the project or its secret is wrong\n").into_response()
}

/// The request's parameters, taken out of the JSON-RPC envelope where there is one.
struct Envelope {
    id: Value,
    parameters: Bytes,
}

impl Envelope {
    fn of(form: Form, body: &Bytes) -> Self {
        let bare = Self { id: Value::Null, parameters: body.clone() };
        if form != Form::JsonRpc {
            return bare;
        }
        let Ok(Value::Object(mut request)) = serde_json::from_slice(body) else { return bare };
        let id = request.remove("id").unwrap_or_default();
        let parameters = match request.remove("params") {
            Some(Value::Array(list)) => list.into_iter().next().unwrap_or_default(),
            Some(parameters) => parameters,
            None => Value::Object(request),
        };
        Self { id, parameters: Bytes::from(parameters.to_string()) }
    }
}

fn ask(project: &Project, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Result<RouteAsk, IntakeError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let delivery = Delivery { event: Event::BeforeCall, content_type, query: uri.query(), body };
    let call = intake::read(&delivery, project)?.into_iter().next().ok_or(IntakeError::Empty)?;
    // A number that was withheld is one that cannot be read.
    let client = call.client.phone.unwrap_or_else(|| Phone::new(""));
    Ok(RouteAsk { project: call.project, call: call.id, client, line: call.line })
}

/// The first place to ring; a voicemail block is the scheme's own business.
fn first_place(stops: &[Stop]) -> String {
    let places = stops.iter().find_map(|stop| match stop {
        Stop::Ring(places) => places.first().cloned(),
        Stop::Voicemail => None,
    });
    places.unwrap_or_default()
}

fn told(form: Form, key: &str, place: &str, id: &Value) -> Response {
    match form {
        Form::Plain => place.to_owned().into_response(),
        Form::Json => json_answer(StatusCode::OK, &json!({ key: place })),
        Form::JsonRpc => json_answer(StatusCode::OK, &json!({ "jsonrpc": "2.0", "result": place, "id": id })),
    }
}

fn refused(form: Form, error: &IntakeError, id: &Value) -> Response {
    let text = error.to_string();
    match form {
        Form::Plain => (StatusCode::BAD_REQUEST, format!("{text}\n")).into_response(),
        Form::Json => {
            let body = json!({ "error": text, "field": error.field(), "hint": error.hint() });
            json_answer(StatusCode::BAD_REQUEST, &body)
        }
        Form::JsonRpc => {
            let error = json!({ "code": INVALID_PARAMS, "message": text, "data": { "hint": error.hint() } });
            json_answer(StatusCode::OK, &json!({ "jsonrpc": "2.0", "error": error, "id": id }))
        }
    }
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}

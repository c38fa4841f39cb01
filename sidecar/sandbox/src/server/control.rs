//! The endpoints under `/sandbox`: look, count, reset, seed, switch faults and settings.

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::shell::Shared;
use crate::{
    faults::{FaultName, FaultSpec, catalogue},
    sim::Sim,
};

/// Setting the clock further than this is a slip of the keyboard.
const FURTHEST_ADVANCE_SECONDS: u32 = 366 * 86_400;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(index))
        .route("/faults", get(async || Json(catalogue())))
        .route("/clock", post(advance))
        .route("/{crm}", get(listing))
        .route("/{crm}/text", get(text))
        .route("/{crm}/counts", get(counts))
        .route("/{crm}/audit", get(audit))
        .route("/{crm}/reset", post(reset))
        .route("/{crm}/seed", post(seed))
        .route("/{crm}/settings", get(settings).put(configure))
        .route("/{crm}/faults", get(faults).put(replace_faults).post(add_faults).delete(clear_faults))
        .route("/{crm}/faults/{name}", delete(clear_fault))
}

/// Which CRMs are simulated and what time it is for them.
pub(super) async fn index(State(shared): State<Shared>) -> Json<Value> {
    Json(json!({"crms": shared.kinds(), "now": shared.now().to_string()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

async fn advance(State(shared): State<Shared>, Json(by): Json<Advance>) -> Response {
    if by.advance_seconds > FURTHEST_ADVANCE_SECONDS {
        return refuse("advance_seconds is at most a year");
    }
    shared.advance(i64::from(by.advance_seconds) * 1_000);
    Json(json!({"now": shared.now().to_string()})).into_response()
}

async fn listing(State(shared): State<Shared>, Path(crm): Path<String>) -> Response {
    with(&shared, &crm, |sim| Json(sim.listing()).into_response())
}

async fn text(State(shared): State<Shared>, Path(crm): Path<String>) -> Response {
    with(&shared, &crm, |sim| sim.listing_text().into_response())
}

async fn counts(State(shared): State<Shared>, Path(crm): Path<String>) -> Response {
    with(&shared, &crm, |sim| Json(sim.counts()).into_response())
}

async fn audit(State(shared): State<Shared>, Path(crm): Path<String>) -> Response {
    with(&shared, &crm, |sim| Json(sim.audit()).into_response())
}

async fn reset(State(shared): State<Shared>, Path(crm): Path<String>) -> Response {
    with(&shared, &crm, |sim| {
        sim.reset();
        StatusCode::NO_CONTENT.into_response()
    })
}

async fn seed(State(shared): State<Shared>, Path(crm): Path<String>, Json(records): Json<Value>) -> Response {
    let now = shared.now();
    with(&shared, &crm, |sim| match sim.seed(now, &records) {
        Ok(made) => (StatusCode::CREATED, Json(made)).into_response(),
        Err(error) => refuse(&error.to_string()),
    })
}

async fn settings(State(shared): State<Shared>, Path(crm): Path<String>) -> Response {
    with(&shared, &crm, |sim| Json(sim.settings()).into_response())
}

async fn configure(State(shared): State<Shared>, Path(crm): Path<String>, Json(changes): Json<Value>) -> Response {
    with(&shared, &crm, |sim| match sim.configure(&changes) {
        Ok(()) => Json(sim.settings()).into_response(),
        Err(error) => refuse(&error.to_string()),
    })
}

async fn faults(State(shared): State<Shared>, Path(crm): Path<String>) -> Response {
    with(&shared, &crm, |sim| Json(sim.faults()).into_response())
}

async fn replace_faults(
    State(shared): State<Shared>,
    Path(crm): Path<String>,
    Json(specs): Json<Vec<FaultSpec>>,
) -> Response {
    let now = shared.now();
    with(&shared, &crm, |sim| match sim.set_faults(now, specs) {
        Ok(()) => Json(sim.faults()).into_response(),
        Err(error) => refuse(&error.to_string()),
    })
}

async fn add_faults(
    State(shared): State<Shared>,
    Path(crm): Path<String>,
    Json(specs): Json<Vec<FaultSpec>>,
) -> Response {
    let now = shared.now();
    with(&shared, &crm, |sim| match specs.into_iter().try_for_each(|spec| sim.set_fault(now, spec)) {
        Ok(()) => Json(sim.faults()).into_response(),
        Err(error) => refuse(&error.to_string()),
    })
}

async fn clear_faults(State(shared): State<Shared>, Path(crm): Path<String>) -> Response {
    with(&shared, &crm, |sim| {
        sim.clear_faults();
        StatusCode::NO_CONTENT.into_response()
    })
}

async fn clear_fault(State(shared): State<Shared>, Path((crm, name)): Path<(String, String)>) -> Response {
    let Some(name) = FaultName::parse(&name) else {
        return refuse(&format!("no fault is called {name:?}"));
    };
    with(&shared, &crm, |sim| {
        sim.clear_fault(name);
        StatusCode::NO_CONTENT.into_response()
    })
}

fn with(shared: &Shared, crm: &str, act: impl FnOnce(&mut Sim) -> Response) -> Response {
    match shared.sim(crm) {
        Some(mut sim) => act(&mut sim),
        None => {
            (StatusCode::NOT_FOUND, Json(json!({"error": format!("no CRM {crm:?} is simulated here")}))).into_response()
        }
    }
}

fn refuse(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": why}))).into_response()
}

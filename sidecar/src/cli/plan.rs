//! `tieline plan`: what would be done for a call, asked of the real CRM, without doing it and without a sidecar.

use std::{path::PathBuf, sync::Arc};

use serde_json::{Value, json};
use tieline_engine::{
    call::Call,
    next::{End, Verdict},
    reason::Reason,
    step::{Action, Step},
};

use super::{Failure, Out, load, project_of};
use crate::{
    clock::SystemClock,
    intake::{self, Delivery, Event},
    net::HttpTransport,
    project::Project,
    server,
    sidecar::{Plan, PlannedLookUp, Sidecar},
    store::sqlite::SqliteStore,
};

/// What to plan.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The project the call belongs to.
    #[arg(long, value_name = "PROJECT")]
    project: String,
    /// What the webhook would be configured for; without it, the call's parameters tell.
    #[arg(long, value_name = "EVENT", value_parser = event, default_value = "unknown")]
    event: Event,
    /// One JSON object for each call.
    #[arg(long)]
    json: bool,
    /// A file with the call as the telephone platform would post it: a JSON object, or a list of them.
    call_file: PathBuf,
}

/// Plans every call of the file.
///
/// # Errors
/// The configuration or the file has faults, or the CRM cannot be asked.
pub async fn run(args: Args) -> Result<(), Failure> {
    let config = load(&args.config)?;
    let project = project_of(config, &args.project)?;
    let calls = calls(&args, &project)?;
    let sidecar = sidecar(project).await?;
    let mut out = Out::new();
    for call in calls {
        let plan = sidecar.plan(call.clone()).await.map_err(Failure::of)?;
        if args.json {
            out.line(as_json(&call, &plan))?;
        } else {
            tell(&mut out, &call, &plan)?;
        }
        out.flush()?;
        if let Some(trouble) = plan.trouble {
            return Err(Failure::of(trouble));
        }
    }
    Ok(())
}

fn event(name: &str) -> Result<Event, String> {
    let names = || intake::EVENT_NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    Event::parse(name).ok_or_else(|| format!("there are: {}", names()))
}

/// The calls of the file; rows of one call are joined.
fn calls(args: &Args, project: &Project) -> Result<Vec<Call>, Failure> {
    let name = args.call_file.display();
    let body = std::fs::read(&args.call_file).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    let delivery = Delivery { event: args.event, content_type: Some("application/json"), query: None, body: &body };
    let read = intake::read(&delivery, project);
    let read = read.map_err(|error| Failure::Usage(format!("{name}: {error}; {}", error.hint())))?;
    let mut calls: Vec<Call> = Vec::new();
    for piece in read {
        match calls.iter_mut().find(|call| call.id == piece.id) {
            Some(call) => call.amend(piece),
            None => calls.push(piece),
        }
    }
    Ok(calls)
}

/// A sidecar that remembers nothing, and has learned the CRM.
pub(super) async fn sidecar(project: Project) -> Result<Sidecar, Failure> {
    let store = Arc::new(SqliteStore::in_memory().map_err(Failure::of)?);
    let transport = Arc::new(HttpTransport::new().map_err(Failure::of)?);
    let assembled = server::assemble(vec![project], store, Arc::new(SystemClock), transport).await;
    let sidecar = assembled.map_err(Failure::of)?;
    for connection in &sidecar.driver().connections() {
        connection.learn().await.map_err(Failure::of)?;
    }
    Ok(sidecar)
}

fn tell(out: &mut Out, call: &Call, plan: &Plan) -> Result<(), Failure> {
    out.line(format_args!("call {}", call.id))?;
    for look_up in &plan.look_ups {
        out.line(format_args!("  look-up: {}", found(look_up)))?;
    }
    for orders in &plan.orders {
        for reason in &orders.reasons {
            out.line(format_args!("  because: {}", reason.render()))?;
        }
        for step in &orders.steps {
            out.line(format_args!("  step:    {}: {}", step.key, step.reason.render()))?;
            for (name, value) in written(step) {
                out.line(format_args!("             {name} = {value}"))?;
            }
        }
    }
    if let Some(wait) = &plan.wait {
        out.line(format_args!("  waits until {}: {}", wait.until, wait.reason.render()))?;
    }
    if let Some(verdict) = &plan.verdict {
        out.line(format_args!("  verdict: {}", how(verdict)))?;
        for reason in &verdict.reasons {
            out.line(format_args!("    {}", reason.render()))?;
        }
    }
    Ok(())
}

fn found(look_up: &PlannedLookUp) -> String {
    let records = look_up.found.records.iter().map(|record| format!("{} {}", record.kind, record.id));
    let records: Vec<String> = records.collect();
    let found = if records.is_empty() { "nobody found".to_owned() } else { format!("found {}", records.join(", ")) };
    format!("{}: {found} ({} ms)", look_up.ask.reason.render(), look_up.took.as_millis())
}

/// What a step writes into a contact, lead or deal.
fn written(step: &Step) -> Vec<(String, String)> {
    let (Action::Create { fields, .. } | Action::Update { fields, .. }) = &step.action else { return Vec::new() };
    let place = fields.place.as_ref().map(|place| place.stage.clone());
    let known = [
        ("name", fields.name.as_ref().map(|name| name.expose().to_owned())),
        ("phone", fields.phone.as_ref().map(|key| key.as_str().to_owned())),
        ("phone", fields.phone_text.as_ref().map(|phone| phone.raw().to_owned())),
        ("owner", fields.owner.as_ref().map(|owner| owner.as_str().to_owned())),
        ("stage", place),
        ("source", fields.source.clone()),
        ("chat", fields.chat.clone()),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let more = fields.marks.iter().chain(&fields.custom).map(|(name, value)| (name.clone(), value.clone()));
    known.chain(more).collect()
}

fn how(verdict: &Verdict) -> String {
    match verdict.end {
        End::Written => "written".to_owned(),
        End::Skipped(code) => format!("skipped ({})", code.as_str()),
        End::Failed => "failed".to_owned(),
    }
}

fn as_json(call: &Call, plan: &Plan) -> Value {
    let look_up = |look_up: &PlannedLookUp| {
        json!({
            "ask": look_up.ask,
            "found": look_up.found,
            "took_ms": u64::try_from(look_up.took.as_millis()).unwrap_or(u64::MAX),
        })
    };
    let steps: Vec<&Step> = plan.orders.iter().flat_map(|orders| &orders.steps).collect();
    let reasons: Vec<&Reason> = plan.orders.iter().flat_map(|orders| &orders.reasons).collect();
    json!({
        "call": call.id,
        "look_ups": plan.look_ups.iter().map(look_up).collect::<Vec<_>>(),
        "steps": steps,
        "reasons": reasons,
        "wait": plan.wait,
        "verdict": plan.verdict,
        "trouble": plan.trouble.as_ref().map(ToString::to_string),
    })
}

//! `tieline check --live`: what the CRMs say to a configuration, without a sidecar and without a write.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    super::{Failure, Out, load},
    Args,
};
use crate::{
    clock::SystemClock,
    driver::connection::Connection,
    inspection::{self, Finding, Inspection, Severity},
    net::HttpTransport,
    server,
    sidecar::Sidecar,
    store::sqlite::SqliteStore,
};

/// Exit code when something is not as it should be; it has been told by then.
const DOES_NOT_HOLD: u8 = 1;

/// Asks the CRM of every project, one after the other.
///
/// # Errors
/// The configuration has faults, something is not as it should be, or the output cannot be written.
pub async fn run(args: Args) -> Result<(), Failure> {
    let sidecar = sidecar(&args).await?;
    let (mut out, mut shown, mut all_hold) = (Out::new(), Vec::new(), true);
    for connection in &sidecar.driver().connections() {
        let found = inspection::inspect(connection).await;
        all_hold &= found.worst() == Severity::Ok;
        if args.json {
            shown.push(as_json(connection, &found));
        } else {
            tell(&mut out, connection, &found)?;
            out.flush()?;
        }
    }
    if args.json {
        out.line(json!({ "holds": all_hold, "connections": shown }))?;
        out.flush()?;
    }
    if all_hold { Ok(()) } else { Err(Failure::Told(DOES_NOT_HOLD)) }
}

/// A sidecar that remembers nothing and delivers nothing.
async fn sidecar(args: &Args) -> Result<Sidecar, Failure> {
    let config = load(&args.config)?;
    let store = Arc::new(SqliteStore::in_memory().map_err(Failure::of)?);
    let transport = Arc::new(HttpTransport::new().map_err(Failure::of)?);
    server::assemble(config.projects, store, Arc::new(SystemClock), transport).await.map_err(Failure::of)
}

fn tell(out: &mut Out, connection: &Connection, found: &Inspection) -> Result<(), Failure> {
    let project = &connection.project;
    let (id, crm) = (&project.connection.id, project.connection.crm.name());
    out.line(format_args!("project {}, connection {id} ({crm})", project.id))?;
    let width = found.findings.iter().map(|finding| finding.about.chars().count()).max().unwrap_or(0);
    for Finding { about, severity, text, .. } in &found.findings {
        out.line(format_args!("  {:7}  {about:width$}  {text}", word(*severity)))?;
    }
    let lacking = found.findings.iter().filter(|finding| finding.severity > Severity::Ok).count();
    let verdict = match lacking {
        0 => "  everything is as it should be".to_owned(),
        lacking => format!("  to be put right: {lacking} of {}, named first", found.findings.len()),
    };
    out.line(verdict)?;
    Ok(())
}

fn as_json(connection: &Connection, found: &Inspection) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "code": finding.code(),
            "about": finding.about,
            "severity": word(finding.severity),
            "text": finding.text,
        })
    };
    json!({
        "project": connection.project.id,
        "connection": connection.project.connection.id,
        "crm": connection.project.connection.crm.name(),
        "holds": found.worst() == Severity::Ok,
        "findings": found.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Ok => "ok",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

//! What the administrator does, and the questions a person asks.

use std::time::Duration;

use tieline_engine::jiff::civil::Date;
use tieline_proto::v1::{
    ActivateConnectionRequest, CheckConnectionRequest, CheckSeverity, Connection, ConnectionState,
    DeactivateConnectionRequest, Destination, DestinationKind, ListConnectionsRequest, PlanCallRequest,
    ResendBacklogRequest, RouteBasis, RouteCallRequest, SetKeepDataRequest,
};
use tokio::time::{Instant, sleep};

use super::{
    calls,
    house::House,
    refused,
    screen::Screen,
    story::{CallScene, Order, Project, Ringing},
};
use crate::cli::Failure;

/// A dead token is noticed by then.
const NOTICED_WITHIN: Duration = Duration::from_secs(10);

/// Carries an order out and tells what came of it.
pub(super) async fn carry_out(house: &House, day: Date, screen: &mut Screen, order: &Order) -> Result<(), Failure> {
    match order {
        Order::Check(project) => check(house, screen, *project).await,
        Order::Plan(call) => plan(house, day, screen, call).await,
        Order::Suspended(project) => suspended(house, screen, *project).await,
        Order::KeepData(project, keep) => keep_data(house, screen, *project, *keep).await,
        Order::Deactivate(project, keep) => deactivate(house, screen, *project, *keep).await,
        Order::Activate(project) => activate(house, screen, *project).await,
        Order::Resend(project) => resend(house, screen, *project).await,
        Order::Explain(project, id) => explain(house, screen, *project, id).await,
    }
}

/// Asks where a ringing phone goes.
pub(super) async fn ring(house: &House, screen: &mut Screen, ringing: &Ringing) -> Result<(), Failure> {
    let request = RouteCallRequest {
        project: ringing.project.id().to_owned(),
        client_number: ringing.client.to_owned(),
        ..RouteCallRequest::default()
    };
    let begun = Instant::now();
    let answer = house.sync.clone().route_call(request).await.map_err(|status| refused(&status))?.into_inner();
    let places: Vec<&str> = answer.destinations.iter().map(place).collect();
    let basis = match answer.basis() {
        RouteBasis::Fresh => "asked the CRM",
        RouteBasis::Cached => "known from before",
        RouteBasis::Fallback | RouteBasis::Unspecified => "the CRM did not answer",
    };
    let code = answer.reason.as_ref().map_or("", |reason| reason.code.as_str());
    let told = format!("RouteCall {}: {}", ringing.client, ringing.told);
    let came = format!("ring {} ({code}; {basis}, {} ms)", places.join(", then "), begun.elapsed().as_millis());
    screen.event(ringing.at, ringing.project.id(), &told, came)
}

/// The voicemail has no address of its own.
fn place(destination: &Destination) -> &str {
    if destination.kind() == DestinationKind::Voicemail { "the voicemail" } else { &destination.value }
}

async fn check(house: &House, screen: &mut Screen, project: Project) -> Result<(), Failure> {
    let request = CheckConnectionRequest { project: project.id().to_owned(), ..CheckConnectionRequest::default() };
    let answer = house.admin.clone().check_connection(request).await.map_err(|status| refused(&status))?.into_inner();
    let usable = if answer.usable { "usable" } else { "not usable" };
    let looked_at: Vec<&str> = answer.findings.iter().map(|finding| finding.code.as_str()).collect();
    screen.event("", project.id(), "CheckConnection", format_args!("{usable}: {}", looked_at.join(", ")))?;
    for finding in answer.findings.iter().filter(|finding| finding.severity() != CheckSeverity::Ok) {
        screen.came(format_args!("{}: {}", finding.code, finding.text))?;
    }
    Ok(())
}

async fn plan(house: &House, day: Date, screen: &mut Screen, call: &CallScene) -> Result<(), Failure> {
    let request = PlanCallRequest { call: Some(calls::of(day, call)?) };
    let answer = house.sync.clone().plan_call(request).await.map_err(|status| refused(&status))?.into_inner();
    let told = format!("PlanCall {}: what would a call from here do?", call.client);
    screen.event(
        call.at,
        call.project.id(),
        &told,
        format_args!("{} look-ups, {} steps:", answer.lookups.len(), answer.steps.len()),
    )?;
    for step in answer.steps {
        let one_line = |value: &str| value.replace('\n', "; ");
        let fields = step.fields.iter().map(|field| format!("{} {}", field.key, one_line(&field.value)));
        screen.came(format_args!("{}: {}", calls::kind(step.kind()), fields.collect::<Vec<_>>().join(", ")))?;
    }
    Ok(())
}

async fn suspended(house: &House, screen: &mut Screen, project: Project) -> Result<(), Failure> {
    let begun = Instant::now();
    let connection = loop {
        let connection = connection(house, project).await?;
        if connection.state() == ConnectionState::Suspended || begun.elapsed() > NOTICED_WITHIN {
            break connection;
        }
        sleep(Duration::from_millis(30)).await;
    };
    screen.event("", project.id(), "ListConnections", state(&connection))
}

async fn connection(house: &House, project: Project) -> Result<Connection, Failure> {
    let request = ListConnectionsRequest { project: project.id().to_owned(), ..ListConnectionsRequest::default() };
    let answer = house.admin.clone().list_connections(request).await.map_err(|status| refused(&status))?;
    Ok(answer.into_inner().connections.into_iter().next().unwrap_or_default())
}

fn state(connection: &Connection) -> String {
    let name = match connection.state() {
        ConnectionState::Active => "active",
        ConnectionState::Inactive => "inactive",
        ConnectionState::Suspended => "suspended",
        ConnectionState::Unspecified => "unknown",
    };
    let why = connection.suspended_by.as_ref();
    let why = why.map_or_else(String::new, |why| format!(" for {}: {}", why.reason().as_str_name(), why.text));
    let keep = if connection.keep_data { "" } else { ", kept calls will be left out" };
    format!("{name}{why}; {} kept{keep}", connection.backlog)
}

async fn keep_data(house: &House, screen: &mut Screen, project: Project, keep_data: bool) -> Result<(), Failure> {
    let request = SetKeepDataRequest { project: project.id().to_owned(), keep_data, ..SetKeepDataRequest::default() };
    let answer = house.admin.clone().set_keep_data(request).await.map_err(|status| refused(&status))?.into_inner();
    let told = format!("SetKeepData {keep_data}");
    screen.event("", project.id(), &told, state(&answer.connection.unwrap_or_default()))
}

async fn deactivate(house: &House, screen: &mut Screen, project: Project, keep: bool) -> Result<(), Failure> {
    let request = DeactivateConnectionRequest {
        project: project.id().to_owned(),
        keep_data: Some(keep),
        ..DeactivateConnectionRequest::default()
    };
    let answer = house.admin.clone().deactivate_connection(request).await.map_err(|status| refused(&status))?;
    let connection = answer.into_inner().connection.unwrap_or_default();
    screen.event("", project.id(), "DeactivateConnection", state(&connection))
}

async fn activate(house: &House, screen: &mut Screen, project: Project) -> Result<(), Failure> {
    let request =
        ActivateConnectionRequest { project: project.id().to_owned(), ..ActivateConnectionRequest::default() };
    let answer =
        house.admin.clone().activate_connection(request).await.map_err(|status| refused(&status))?.into_inner();
    let came = format!("active; {} kept calls are sent, {} are left out", answer.resent, answer.left_out);
    screen.event("", project.id(), "ActivateConnection", came)
}

async fn resend(house: &House, screen: &mut Screen, project: Project) -> Result<(), Failure> {
    screen.line(format_args!("         {:6}  ResendBacklog", project.id()))?;
    let request = ResendBacklogRequest { project: project.id().to_owned(), ..ResendBacklogRequest::default() };
    let answer = house.sync.clone().resend_backlog(request).await.map_err(|status| refused(&status))?;
    let mut stream = answer.into_inner();
    while let Some(progress) = stream.message().await.map_err(|status| refused(&status))? {
        let end = if progress.finished { "; finished" } else { "" };
        screen.came(format_args!(
            "{} chosen: {} sent, {} skipped, {} failed, {} waiting{end}",
            progress.total, progress.sent, progress.skipped, progress.failed, progress.waiting
        ))?;
    }
    Ok(())
}

async fn explain(house: &House, screen: &mut Screen, project: Project, id: &str) -> Result<(), Failure> {
    let report = calls::get(house, project, id).await?;
    screen.event("", project.id(), &format!("GetCall {id}: why?"), calls::told(&report))?;
    for decision in report.explanation {
        screen.came(decision.text)?;
    }
    Ok(())
}

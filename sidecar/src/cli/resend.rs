//! `tieline resend`: lets a running sidecar send kept calls again, and shows how far it is; cancels a resending, lets it
//! go on, and watches one that was begun before.

use std::{collections::BTreeMap, time::SystemTime};

use indicatif::{ProgressBar, ProgressStyle};
use tieline_engine::jiff::Timestamp;
use tieline_proto::v1::{
    CallDirection, CallState, CancelResendRequest, ErrorReason, ResendBacklogRequest, ResendBacklogResponse,
    ResendState, ResumeResendRequest, sync_service_client::SyncServiceClient,
};
use tonic::{service::interceptor::InterceptedService, transport::Channel};

use super::{
    Failure, Out,
    door::{Door, refused},
    out::confirm,
    shown::Token,
};

/// What to send again, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    door: Door,
    /// The project.
    #[arg(long, value_name = "PROJECT")]
    project: String,
    #[command(flatten)]
    which: Which,
    /// Only count.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before sending.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    begun: Begun,
}

/// Which calls; every one of these narrows.
#[derive(Debug, clap::Args)]
struct Which {
    /// Only calls begun at or after this moment, such as 2026-03-29T08:00:00+03:00.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only calls begun before this moment.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Calendar days to go back, today included; the project's own window when left out.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=366))]
    window_days: Option<u32>,
    /// Only waiting or only failed calls.
    #[arg(long, value_name = "STATE", value_parser = ["waiting", "failed"])]
    state: Option<String>,
    /// Only calls in this direction.
    #[arg(long, value_name = "DIRECTION", value_parser = ["incoming", "outgoing"])]
    direction: Option<String>,
    /// Only incoming calls that nobody answered.
    #[arg(long)]
    missed: bool,
    /// Only calls of clients for whom nothing was made in the CRM yet.
    #[arg(long)]
    new_clients: bool,
    /// Only calls whose last trouble was this, such as CRM_REJECTED_DATA.
    #[arg(long, value_name = "REASON", value_parser = reason)]
    reason: Option<ErrorReason>,
    /// Only these calls, whenever they were.
    #[arg(long = "call", value_name = "CALL_ID")]
    calls: Vec<String>,
}

/// A resending that was begun before: "latest", where no id is given.
#[derive(Debug, clap::Args)]
#[group(multiple = false, conflicts_with_all = ["Which", "dry_run"])]
struct Begun {
    /// Watch a resending that was begun before: its id, or the latest one.
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "latest")]
    watch: Option<String>,
    /// Stop a resending; what was not begun goes back to where it was.
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "latest")]
    cancel: Option<String>,
    /// Go on with a resending that was stopped, and watch it.
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "latest")]
    resume: Option<String>,
}

type Client = SyncServiceClient<InterceptedService<Channel, Token>>;

/// Counts, asks, sends and watches; or does what is asked of a resending that was begun before.
///
/// # Errors
/// The sidecar cannot be reached or refuses, nobody said yes, or calls failed.
pub async fn run(args: Args) -> Result<(), Failure> {
    let mut client = SyncServiceClient::new(args.door.open().await?);
    let mut out = Out::new();
    let project = args.project.clone();
    let joined = |resend_id: String| {
        let project = args.project.clone();
        ResendBacklogRequest { project, resend_id, ..ResendBacklogRequest::default() }
    };
    if let Some(resend_id) = args.begun.cancel.clone() {
        let request = CancelResendRequest { project, resend_id };
        let id = client.cancel_resend(request).await.map_err(|status| refused(&status))?.into_inner().resend_id;
        out.line(format_args!("resending {id} is cancelled; --resume {id} lets it go on"))?;
        return out.flush();
    }
    if let Some(resend_id) = args.begun.resume.clone() {
        let request = ResumeResendRequest { project, resend_id };
        let id = client.resume_resend(request).await.map_err(|status| refused(&status))?.into_inner().resend_id;
        return watch(&mut client, joined(id), &mut out).await;
    }
    if let Some(id) = args.begun.watch.clone() {
        return watch(&mut client, joined(id), &mut out).await;
    }
    let counted = count(&mut client, &args, &mut out).await?;
    if args.dry_run || counted == 0 {
        return Ok(());
    }
    if !args.yes && !confirm(&format!("Send {counted} calls to the CRM of {project}?"))? {
        return Err(Failure::Usage("nothing was sent: nobody said yes; --yes says it beforehand".to_owned()));
    }
    watch(&mut client, request(&args, false), &mut out).await
}

/// How many calls would be sent.
async fn count(client: &mut Client, args: &Args, out: &mut Out) -> Result<u64, Failure> {
    let mut stream = client.resend_backlog(request(args, true)).await.map_err(|status| refused(&status))?.into_inner();
    let counted = stream.message().await.map_err(|status| refused(&status))?;
    let counted = counted.ok_or_else(|| Failure::Failed("the sidecar counted nothing".to_owned()))?;
    out.line(format_args!("{} calls would be sent, {} are left out", counted.waiting, counted.skipped))?;
    if let Some(worth) = counted.by_worth.filter(|_| counted.waiting > 0) {
        let classes = [
            (worth.missed_new, "missed calls of new clients"),
            (worth.asked, "missed calls of known clients and messenger requests"),
            (worth.talked_new, "answered calls of new clients"),
            (worth.rest, "others"),
        ];
        for (calls, what) in classes.into_iter().filter(|(calls, _)| *calls > 0) {
            out.line(format_args!("  {calls} {what}"))?;
        }
    }
    out.flush()?;
    Ok(counted.waiting)
}

/// Shows progress on standard error where a person looks at it, and how it ended.
async fn watch(client: &mut Client, request: ResendBacklogRequest, out: &mut Out) -> Result<(), Failure> {
    let mut stream = client.resend_backlog(request).await.map_err(|status| refused(&status))?.into_inner();
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let mut last = ResendBacklogResponse::default();
    while let Some(progress) = stream.message().await.map_err(|status| refused(&status))? {
        bar.set_length(progress.total);
        bar.set_position(progress.total.saturating_sub(progress.waiting));
        bar.set_message(told(&progress));
        last = progress;
    }
    bar.finish();
    out.line(format_args!("{} sent, {} skipped, {} failed", last.sent, last.skipped, last.failed))?;
    out.flush()?;
    let id = &last.resend_id;
    match last.state() {
        ResendState::Cancelled => Err(Failure::Failed(format!(
            "resending {id} was cancelled with {} calls to do; --resume {id} lets it go on",
            last.waiting
        ))),
        ResendState::Finished if last.failed > 0 => {
            Err(Failure::Failed("some calls failed; the administration lists them with the reasons".to_owned()))
        }
        ResendState::Finished => Ok(()),
        ResendState::Unspecified | ResendState::Choosing | ResendState::Running | ResendState::Resting => {
            Err(Failure::Failed(format!("the sidecar stopped telling; the sending goes on: --watch {id}")))
        }
    }
}

fn told(progress: &ResendBacklogResponse) -> String {
    let left = progress.eta_seconds.map_or_else(String::new, |seconds| format!(", {seconds} s left"));
    let (id, rate) = (&progress.resend_id, progress.rate_per_second);
    let doing = match progress.state() {
        ResendState::Choosing => "is choosing",
        ResendState::Resting => "rests until the CRM's budget has recovered",
        _ => "sends",
    };
    format!(
        "resending {id} {doing}: {} sent, {} skipped, {} failed, {rate:.1} a second{left}",
        progress.sent, progress.skipped, progress.failed
    )
}

fn request(args: &Args, dry_run: bool) -> ResendBacklogRequest {
    let which = &args.which;
    let states = BTreeMap::from([("waiting", CallState::Waiting), ("failed", CallState::Failed)]);
    let directions = BTreeMap::from([("incoming", CallDirection::Incoming), ("outgoing", CallDirection::Outgoing)]);
    let state = which.state.as_deref().and_then(|word| states.get(word).copied());
    let direction = which.direction.as_deref().and_then(|word| directions.get(word).copied());
    ResendBacklogRequest {
        project: args.project.clone(),
        window_days: which.window_days,
        since: which.since.map(|at| SystemTime::from(at).into()),
        until: which.until.map(|at| SystemTime::from(at).into()),
        states: state.map(i32::from).into_iter().collect(),
        dry_run,
        direction: direction.unwrap_or_default().into(),
        missed_only: which.missed,
        new_clients_only: which.new_clients,
        reason: which.reason.unwrap_or_default().into(),
        call_ids: which.calls.clone(),
        resend_id: String::new(),
    }
}

fn reason(word: &str) -> Result<ErrorReason, String> {
    ErrorReason::from_reason(word).ok_or_else(|| "is no reason of the contract, such as CRM_REJECTED_DATA".to_owned())
}

//! `tieline resend`: lets a running sidecar send kept calls again, and shows how far it is.

use std::time::SystemTime;

use indicatif::{ProgressBar, ProgressStyle};
use tieline_engine::jiff::Timestamp;
use tieline_proto::v1::{ResendBacklogRequest, ResendBacklogResponse, sync_service_client::SyncServiceClient};
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
    /// Only calls begun at or after this moment, such as 2026-03-29T08:00:00+03:00.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only calls begun before this moment.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Calendar days to go back, today included; the project's own window when left out.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=366))]
    window_days: Option<u32>,
    /// Only count.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before sending.
    #[arg(long)]
    yes: bool,
}

type Client = SyncServiceClient<InterceptedService<Channel, Token>>;

/// Counts, asks, sends and watches.
///
/// # Errors
/// The sidecar cannot be reached or refuses, nobody said yes, or calls failed.
pub async fn run(args: Args) -> Result<(), Failure> {
    let mut client = SyncServiceClient::new(args.door.open().await?);
    let mut out = Out::new();
    let counted = count(&mut client, &args).await?;
    out.line(format_args!("{} calls would be sent, {} are left out", counted.waiting, counted.skipped))?;
    out.flush()?;
    if args.dry_run || counted.waiting == 0 {
        return Ok(());
    }
    if !args.yes && !confirm(&format!("Send {} calls to the CRM of {}?", counted.waiting, args.project))? {
        return Err(Failure::Usage("nothing was sent: nobody said yes; --yes says it beforehand".to_owned()));
    }
    let last = watch(&mut client, &args).await?;
    out.line(format_args!("{} sent, {} skipped, {} failed", last.sent, last.skipped, last.failed))?;
    out.flush()?;
    match last {
        ResendBacklogResponse { finished: false, .. } => {
            Err(Failure::Failed("the sidecar stopped telling; the sending goes on".to_owned()))
        }
        ResendBacklogResponse { failed: 1.., .. } => {
            Err(Failure::Failed("some calls failed; the administration lists them with the reasons".to_owned()))
        }
        _ => Ok(()),
    }
}

async fn count(client: &mut Client, args: &Args) -> Result<ResendBacklogResponse, Failure> {
    let mut stream = client.resend_backlog(request(args, true)).await.map_err(|status| refused(&status))?.into_inner();
    let counted = stream.message().await.map_err(|status| refused(&status))?;
    counted.ok_or_else(|| Failure::Failed("the sidecar counted nothing".to_owned()))
}

/// Shows progress on standard error where a person looks at it.
async fn watch(client: &mut Client, args: &Args) -> Result<ResendBacklogResponse, Failure> {
    let mut stream = client.resend_backlog(request(args, false)).await.map_err(|status| refused(&status))?.into_inner();
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
    Ok(last)
}

fn told(progress: &ResendBacklogResponse) -> String {
    let left = progress.eta_seconds.map_or_else(String::new, |seconds| format!(", {seconds} s left"));
    format!("{} sent, {} skipped, {} failed{left}", progress.sent, progress.skipped, progress.failed)
}

fn request(args: &Args, dry_run: bool) -> ResendBacklogRequest {
    ResendBacklogRequest {
        project: args.project.clone(),
        window_days: args.window_days,
        since: args.since.map(|at| SystemTime::from(at).into()),
        until: args.until.map(|at| SystemTime::from(at).into()),
        states: Vec::new(),
        dry_run,
    }
}

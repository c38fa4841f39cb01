//! `tieline demo`: a working day with five simulated CRMs, played through the sidecar's own ports, and its balance.
//!
//! | what | file |
//! | --- | --- |
//! | the day as data | `story.rs`, `day.rs`, `day/` |
//! | configuration, secrets, clients that are known before | `config.rs`, `projects/`, `world.rs` |
//! | what runs | `house.rs`, `sandbox.rs` |
//! | the exchange: webhooks and gRPC | `exchange.rs`, `calls.rs` |
//! | the administrator | `office.rs` |
//! | playing, showing, checking | `play.rs`, `screen.rs`, `tables.rs`, `tables/`, `check.rs` |

mod calls;
mod check;
mod config;
mod day;
mod exchange;
mod house;
mod office;
mod play;
mod sandbox;
mod screen;
mod story;
mod tables;
mod world;

use tieline_engine::jiff::{Timestamp, ToSpan as _, civil::Date};
use tonic::Status;
use tonic_types::StatusExt as _;

use self::{house::House, screen::Screen, story::Project};
use super::Failure;
use crate::server::signals;

/// Exit code of what a person ended by Ctrl-C: 128 and the signal's number, as shells have it.
const INTERRUPTED: u8 = 130;

/// How to show it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Go on running when everything was shown.
    #[arg(long)]
    pub keep: bool,
    /// Where all chance of the simulated CRMs comes from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Plays the day and shows what came of it.
///
/// # Errors
/// A port cannot be opened, the output not written, or the day does not balance.
pub async fn run(args: Args) -> Result<(), Failure> {
    let house = House::open(args.seed).await?;
    let mut screen = Screen::new(day::scenes());
    let stop = signals::watch().map_err(Failure::of)?;
    let shown = tokio::select! {
        shown = show(&house, &mut screen) => shown,
        () = signals::told(stop.clone()) => return Err(Failure::Told(INTERRUPTED)),
    };
    for what in shown.iter().flatten() {
        screen.line(format_args!("OFF: {what}"))?;
    }
    let well = shown.as_ref().is_ok_and(Vec::is_empty);
    if args.keep && shown.is_ok() {
        invite(&house, &mut screen)?;
        signals::told(stop).await;
    }
    let kept = house.dir.path().display().to_string();
    house.close(!well).await?;
    match shown {
        Ok(_) if well => Ok(()),
        Ok(_) => Err(Failure::Failed(format!("the day does not balance; store and log are kept in {kept}"))),
        Err(Failure::Failed(why)) => Err(Failure::Failed(format!("{why}; store and log are kept in {kept}"))),
        Err(failure) => Err(failure),
    }
}

/// Answers what is off.
async fn show(house: &House, screen: &mut Screen) -> Result<Vec<String>, Failure> {
    let day = yesterday()?;
    let (calls, requests) = day::happenings();
    screen.line(format_args!(
        "Tieline between a telephone exchange and five CRMs: {calls} calls, {requests} messenger requests."
    ))?;
    let houses = Project::ALL.map(|project| format!("{} on {}", project.id(), project.crm_title()));
    screen.line(format_args!("{}: the CRMs are simulated, everything else is real.", houses.join(", ")))?;
    world::seed(&house.crms).await?;
    let sent = play::play(house, day, screen).await?;
    screen.end();
    tables::show(house, screen).await?;
    check::balance(house, day, &sent, screen).await
}

/// The day that is played: over for certain, and young enough to be resent.
fn yesterday() -> Result<Date, Failure> {
    let now = Timestamp::now().in_tz("Europe/Kyiv").map_err(Failure::of)?;
    now.date().checked_sub(1.day()).map_err(Failure::of)
}

/// What a person may do while everything goes on running.
fn invite(house: &House, screen: &mut Screen) -> Result<(), Failure> {
    let (grpc, http) = (house.sidecar.grpc_addr, house.sidecar.http_addr);
    let dir = house.dir.path();
    screen.line(format_args!("\nEverything goes on running; Ctrl-C ends it and removes {}.", dir.display()))?;
    screen.line(format_args!("  gRPC           {grpc} (with reflection)"))?;
    screen.line(format_args!("  webhooks       http://{http}/hooks/studio/{}/after_call", config::WEBHOOK_SECRET))?;
    screen.line(format_args!("  configuration  {}", dir.join(config::FILE).display()))?;
    screen.line(format_args!("  log            {}", dir.join(house::LOG).display()))?;
    screen.line(format_args!("  sandbox        {}/sandbox/", house.sandbox_url()))?;
    screen.line("Worth trying:")?;
    for project in Project::ALL {
        screen.line(format_args!("  curl {}/text", house.crms.url(project)))?;
    }
    screen.line(format_args!("  curl http://{http}/metrics"))?;
    screen.line(format_args!("  tieline resend --address {grpc} --project studio --dry-run"))
}

/// A refusal of the sidecar.
fn refused(status: &Status) -> Failure {
    let reason = status.get_details_error_info().map_or_else(String::new, |info| format!(" ({})", info.reason));
    Failure::Failed(format!("the sidecar refuses: {}{reason}", status.message()))
}

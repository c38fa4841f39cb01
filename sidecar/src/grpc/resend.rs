//! `ResendBacklog`: which calls, and the stream of progress. The stream only watches.

use std::pin::Pin;

use futures::{Stream, stream};
use tieline_engine::{backlog::BacklogPolicy, ids::ProjectId, jiff::Timestamp};
use tieline_proto::v1::{CallState, ResendBacklogRequest, ResendBacklogResponse};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tonic::Status;

use super::{
    asked::Asked,
    convert,
    desk::{Desk, note, shutting_down},
    sync::active,
};
use crate::{
    driver::connection::Connection,
    server::signals,
    sidecar::{Progress, Resend, Selection},
    store::StateIs,
};

/// Longest window that can be asked for (resend_backlog.proto).
const WINDOW_DAYS_MAX: u32 = 366;
/// States that can be asked for at once (resend_backlog.proto).
const STATES_MAX: usize = 3;

type Told = Pin<Box<dyn Stream<Item = Result<ResendBacklogResponse, Status>> + Send>>;

/// Begins a resending, or only counts.
pub(super) async fn begin(desk: &Desk, request: ResendBacklogRequest) -> Result<Told, Status> {
    let wanted = Wanted::read(request)?;
    let connection = desk.sidecar.connection(&wanted.project)?;
    note(&wanted.project, None);
    active(&connection)?;
    desk.still_open()?;
    let (window, earlier) = wanted.selections(&connection);
    if wanted.dry_run {
        let counted = count(desk, &wanted.project, &window, &earlier, connection.now()).await?;
        return Ok(Box::pin(stream::iter([Ok(counted)])));
    }
    let place = desk.watch()?;
    let resend = desk.sidecar.resend(&wanted.project, &window).await?;
    let watch = Watch { resend, stopping: desk.stopping(), over: false, _place: place };
    Ok(Box::pin(stream::unfold(watch, Watch::next)))
}

/// What is asked, checked.
struct Wanted {
    project: ProjectId,
    window_days: Option<u16>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    states: Vec<StateIs>,
    dry_run: bool,
}

impl Wanted {
    fn read(request: ResendBacklogRequest) -> Result<Self, Status> {
        let mut asked = Asked::default();
        let project = asked.project(&request.project);
        let window_days = request.window_days.map(|days| {
            if !(1..=WINDOW_DAYS_MAX).contains(&days) {
                asked.fault("window_days", format!("is not between 1 and {WINDOW_DAYS_MAX}"));
            }
            u16::try_from(days).unwrap_or(u16::MAX)
        });
        let (since, until) = asked.span(("since", "until"), request.since, request.until);
        let states = states(&mut asked, &request.states);
        asked.done()?;
        Ok(Self { project, window_days, since, until, states, dry_run: request.dry_run })
    }

    /// What is sent, and what is left out because it lies before the window.
    fn selections(&self, connection: &Connection) -> (Selection, Selection) {
        let policy = &connection.project.policy;
        let days_before = self.window_days.map(|days| days.saturating_sub(1));
        let window = days_before.map_or(policy.backlog, |days_before| BacklogPolicy { days_before });
        let opens_at = window.opens_at(connection.now(), &policy.zone);
        let closes_at = self.until.map_or(opens_at, |until| until.min(opens_at));
        let within = |since, until| Selection { since, until, states: self.states.clone() };
        (within(self.since.max(Some(opens_at)), self.until), within(self.since, Some(closes_at)))
    }
}

/// Kept calls of every kind when nothing is said: waiting, failed, and left out by an earlier activation.
fn states(asked: &mut Asked, states: &[i32]) -> Vec<StateIs> {
    if states.len() > STATES_MAX {
        asked.fault("states", format!("are more than {STATES_MAX}"));
    }
    if states.is_empty() {
        return vec![StateIs::Waiting, StateIs::Failed, StateIs::Skipped];
    }
    let mut wanted = Vec::new();
    for (index, state) in states.iter().take(STATES_MAX).enumerate() {
        let state = match CallState::try_from(*state) {
            Ok(CallState::Waiting | CallState::Held) => StateIs::Waiting,
            Ok(CallState::Failed) => StateIs::Failed,
            Ok(CallState::Unspecified | CallState::Written | CallState::Skipped) | Err(_) => {
                asked.fault(&format!("states[{index}]"), "is not one of waiting, held and failed");
                continue;
            }
        };
        if !wanted.contains(&state) {
            wanted.push(state);
        }
    }
    wanted
}

async fn count(
    desk: &Desk,
    project: &ProjectId,
    window: &Selection,
    earlier: &Selection,
    at: Timestamp,
) -> Result<ResendBacklogResponse, Status> {
    let waiting = desk.sidecar.count_resend(project, window).await?;
    let skipped = if earlier.since.zip(earlier.until).is_some_and(|(since, until)| since >= until) {
        0
    } else {
        desk.sidecar.count_resend(project, earlier).await?
    };
    Ok(ResendBacklogResponse {
        total: waiting + skipped,
        waiting,
        skipped,
        finished: true,
        at: Some(convert::moment(at)),
        ..ResendBacklogResponse::default()
    })
}

/// Somebody who watches a resending.
struct Watch {
    resend: Resend,
    stopping: watch::Receiver<bool>,
    over: bool,
    _place: OwnedSemaphorePermit,
}

impl Watch {
    async fn next(mut self) -> Option<(Result<ResendBacklogResponse, Status>, Self)> {
        if self.over {
            return None;
        }
        let told = tokio::select! {
            told = self.resend.next() => told.map_err(Status::from),
            () = signals::told(self.stopping.clone()) => Err(shutting_down()),
        };
        self.over = told.is_err();
        let progress = told.transpose()?;
        Some((progress.map(|progress| told_as(&progress)), self))
    }
}

fn told_as(progress: &Progress) -> ResendBacklogResponse {
    ResendBacklogResponse {
        total: progress.total,
        sent: progress.sent,
        skipped: progress.skipped,
        failed: progress.failed,
        waiting: progress.waiting,
        rate_per_second: progress.rate_per_second,
        eta_seconds: progress.eta_seconds,
        finished: progress.finished,
        at: Some(convert::moment(progress.at)),
    }
}

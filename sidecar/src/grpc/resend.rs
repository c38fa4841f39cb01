//! `ResendBacklog`, `CancelResend`, `ResumeResend`: which calls, and the stream of progress. The stream only watches.

use std::pin::Pin;

use futures::{Stream, stream};
use tieline_engine::{
    backlog::BacklogPolicy,
    call::Direction,
    ids::{CallId, ProjectId},
    jiff::Timestamp,
};
use tieline_proto::v1::{
    CallDirection, CallState, CancelResendRequest, CancelResendResponse, ErrorReason, ResendBacklogRequest,
    ResendBacklogResponse, ResendState, ResendWorth, ResumeResendRequest, ResumeResendResponse,
};
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
    sidecar::{Progress, Resend, Stage},
    store::{
        StateIs,
        resend::{Selection, Survey},
    },
};

/// Longest window that can be asked for (resend_backlog.proto).
const WINDOW_DAYS_MAX: u32 = 366;
/// States and ids that can be asked for at once (resend_backlog.proto).
const STATES_MAX: usize = 3;
const IDS_MAX: usize = 1000;
/// Longest id of a resending, and the word for the latest one (resend_backlog.proto).
const RESEND_ID_BYTES_MAX: usize = 64;
const LATEST: &str = "latest";

type Told = Pin<Box<dyn Stream<Item = Result<ResendBacklogResponse, Status>> + Send>>;

/// Begins a resending, joins one, or only counts.
pub(super) async fn begin(desk: &Desk, request: ResendBacklogRequest) -> Result<Told, Status> {
    let wanted = Wanted::read(request)?;
    let connection = desk.sidecar.connection(&wanted.project)?;
    note(&wanted.project, None);
    if let Some(id) = wanted.joins {
        let place = desk.watch()?;
        return Ok(watched(desk, desk.sidecar.watch_resend(&wanted.project, id).await?, place));
    }
    active(&connection)?;
    desk.still_open()?;
    let (window, earlier) = wanted.selections(&connection);
    if wanted.dry_run {
        let (desk, project, at) = (desk.clone(), wanted.project, connection.now());
        // Not before the stream: a million calls take longer than a request may.
        let counted = async move { count(&desk, &project, &window, earlier.as_ref(), at).await };
        return Ok(Box::pin(stream::once(counted)));
    }
    let place = desk.watch()?;
    Ok(watched(desk, desk.sidecar.resend(&wanted.project, window).await?, place))
}

/// Stops one.
pub(super) async fn cancel(desk: &Desk, request: &CancelResendRequest) -> Result<CancelResendResponse, Status> {
    let (project, id) = named(&request.project, &request.resend_id)?;
    let id = desk.sidecar.order_resend(&project, id, true).await?;
    Ok(CancelResendResponse { resend_id: id.to_string() })
}

/// Lets one go on.
pub(super) async fn resume(desk: &Desk, request: &ResumeResendRequest) -> Result<ResumeResendResponse, Status> {
    let (project, id) = named(&request.project, &request.resend_id)?;
    let connection = desk.sidecar.connection(&project)?;
    active(&connection)?;
    let id = desk.sidecar.order_resend(&project, id, false).await?;
    Ok(ResumeResendResponse { resend_id: id.to_string() })
}

fn named(project: &str, id: &str) -> Result<(ProjectId, Option<u64>), Status> {
    let mut asked = Asked::default();
    let (project, id) = (asked.project(project), resend_id(&mut asked, id));
    asked.done()?;
    note(&project, None);
    Ok((project, id))
}

/// Which resending; `None` is the latest.
fn resend_id(asked: &mut Asked, text: &str) -> Option<u64> {
    let text = asked.needed("resend_id", text, RESEND_ID_BYTES_MAX);
    let id = text.parse().ok();
    if id.is_none() && !text.is_empty() && text != LATEST {
        asked.fault("resend_id", format!("is neither a resending's id nor \"{LATEST}\""));
    }
    id
}

/// What is asked, checked.
struct Wanted {
    project: ProjectId,
    /// A resending to be watched: this one, or the latest.
    joins: Option<Option<u64>>,
    window_days: Option<u16>,
    selection: Selection,
    dry_run: bool,
}

impl Wanted {
    fn read(request: ResendBacklogRequest) -> Result<Self, Status> {
        let mut asked = Asked::default();
        let project = asked.project(&request.project);
        let alone = ResendBacklogRequest {
            project: request.project.clone(),
            resend_id: request.resend_id.clone(),
            ..ResendBacklogRequest::default()
        };
        let joins = (!request.resend_id.is_empty()).then(|| resend_id(&mut asked, &request.resend_id));
        if joins.is_some() && request != alone {
            asked.fault("resend_id", "is set, so nothing else may be chosen");
        }
        let window_days = request.window_days.map(|days| {
            if !(1..=WINDOW_DAYS_MAX).contains(&days) {
                asked.fault("window_days", format!("is not between 1 and {WINDOW_DAYS_MAX}"));
            }
            u16::try_from(days).unwrap_or(u16::MAX)
        });
        let dry_run = request.dry_run;
        let selection = selection(&mut asked, request);
        asked.done()?;
        Ok(Self { project, joins, window_days, selection, dry_run })
    }

    /// What is sent, and what is left out because it lies before the window. Calls that are named are sent whenever they
    /// were.
    fn selections(&self, connection: &Connection) -> (Selection, Option<Selection>) {
        let chosen = &self.selection;
        if chosen.ids.is_some() {
            return (chosen.clone(), None);
        }
        let policy = &connection.project.policy;
        let days_before = self.window_days.map(|days| days.saturating_sub(1));
        let window = days_before.map_or(policy.backlog, |days_before| BacklogPolicy { days_before });
        let opens_at = window.opens_at(connection.now(), &policy.zone);
        let closes_at = chosen.until.map_or(opens_at, |until| until.min(opens_at));
        let within = Selection { since: chosen.since.max(Some(opens_at)), ..chosen.clone() };
        let earlier = Selection { until: Some(closes_at), ..chosen.clone() };
        (within, Some(earlier).filter(|earlier| earlier.since.is_none_or(|since| since < closes_at)))
    }
}

fn selection(asked: &mut Asked, request: ResendBacklogRequest) -> Selection {
    let (since, until) = asked.span(("since", "until"), request.since, request.until);
    let states = states(asked, &request.states);
    let direction = direction(asked, request.direction);
    if request.missed_only && direction.is_some_and(|direction| direction != Direction::Incoming) {
        asked.fault("missed_only", "is set, and only incoming calls are missed");
    }
    let reason = ErrorReason::try_from(request.reason);
    if reason.is_err() {
        asked.fault("reason", "is no reason of this contract");
    }
    let named = reason.ok().filter(|reason| *reason != ErrorReason::Unspecified);
    let selection = Selection {
        states,
        since,
        until,
        trouble: named.map(|reason| reason.reason().to_owned()),
        ids: None,
        direction,
        missed_only: request.missed_only,
        new_clients_only: request.new_clients_only,
    };
    if request.call_ids.is_empty() {
        return selection;
    }
    let only_states = Selection { states: selection.states.clone(), ..Selection::default() };
    if selection != only_states || request.window_days.is_some() {
        asked.fault("call_ids", "name the calls, so that nothing but states may narrow them");
    }
    if request.call_ids.len() > IDS_MAX {
        asked.fault("call_ids", format!("are more than {IDS_MAX}"));
    }
    let taken = request.call_ids.iter().take(IDS_MAX).enumerate();
    let mut ids: Vec<CallId> = taken.map(|(index, id)| asked.call(&format!("call_ids[{index}]"), id)).collect();
    ids.sort();
    ids.dedup();
    Selection { ids: Some(ids), ..selection }
}

fn direction(asked: &mut Asked, direction: i32) -> Option<Direction> {
    match CallDirection::try_from(direction) {
        Ok(CallDirection::Unspecified) => None,
        Ok(CallDirection::Incoming) => Some(Direction::Incoming),
        Ok(CallDirection::Outgoing) => Some(Direction::Outgoing),
        Ok(CallDirection::Internal) => {
            asked.fault("direction", "is internal, and internal calls are never sent");
            None
        }
        Err(_) => {
            asked.fault("direction", "is no direction of this contract");
            None
        }
    }
}

/// Kept calls of every kind when nothing is said.
fn states(asked: &mut Asked, states: &[i32]) -> Vec<StateIs> {
    if states.len() > STATES_MAX {
        asked.fault("states", format!("are more than {STATES_MAX}"));
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
    earlier: Option<&Selection>,
    at: Timestamp,
) -> Result<ResendBacklogResponse, Status> {
    let found = desk.sidecar.survey(project, window).await?;
    let skipped = match earlier {
        Some(earlier) => desk.sidecar.survey(project, earlier).await?.total(),
        None => 0,
    };
    Ok(ResendBacklogResponse {
        total: found.total() + skipped,
        waiting: found.total(),
        skipped,
        finished: true,
        at: Some(convert::moment(at)),
        by_worth: Some(by_worth(&found)),
        ..ResendBacklogResponse::default()
    })
}

fn by_worth(survey: &Survey) -> ResendWorth {
    let [missed_new, asked, talked_new, rest] = survey.by_worth;
    ResendWorth { missed_new, asked, talked_new, rest }
}

fn watched(desk: &Desk, resend: Resend, place: OwnedSemaphorePermit) -> Told {
    let watch = Watch { resend, stopping: desk.stopping(), over: false, _place: place };
    Box::pin(stream::unfold(watch, Watch::next))
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
    let state = match progress.stage {
        Stage::Choosing => ResendState::Choosing,
        Stage::Running => ResendState::Running,
        Stage::Resting => ResendState::Resting,
        Stage::Cancelled => ResendState::Cancelled,
        Stage::Finished => ResendState::Finished,
    };
    ResendBacklogResponse {
        total: progress.total,
        sent: progress.sent,
        skipped: progress.skipped,
        failed: progress.failed,
        waiting: progress.waiting,
        rate_per_second: progress.rate_per_second,
        eta_seconds: progress.eta_seconds,
        finished: progress.stage == Stage::Finished,
        at: Some(convert::moment(progress.at)),
        resend_id: progress.id.to_string(),
        state: state.into(),
        by_worth: None,
    }
}

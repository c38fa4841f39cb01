//! Failed calls: listing them, trying them again, giving them up.

use tieline_engine::ids::{CallId, ProjectId};
use tieline_proto::v1::{
    CallIds, DropCallsRequest, DropCallsResponse, ErrorReason, FailedFilter, ListFailedCallsRequest,
    ListFailedCallsResponse, RefusedCall, RetryCallsRequest, RetryCallsResponse, drop_calls_request,
    retry_calls_request,
};
use tonic::Status;

use crate::{
    grpc::{
        asked::Asked,
        convert,
        desk::{Desk, note},
    },
    store::{Filter, State, StateIs},
};

/// Ids of one request (failed_calls.proto).
const IDS_MAX: usize = 1000;
/// Longest reason for giving calls up (failed_calls.proto).
const REASON_BYTES_MAX: usize = 512;

pub(super) async fn list_failed(
    desk: &Desk,
    request: ListFailedCallsRequest,
) -> Result<ListFailedCallsResponse, Status> {
    let mut asked = Asked::default();
    let project = asked.project(&request.project);
    let filter = failed(&mut asked, "filter", request.filter.unwrap_or_default());
    let size = asked.page_size(request.page_size);
    let token = asked.token(&request.page_token);
    let after = if token.is_empty() { Some(0) } else { token.parse().ok() };
    if after.is_none() {
        asked.fault("page_token", "is none that was given out");
    }
    asked.done()?;
    desk.sidecar.connection(&project)?;
    note(&project, None);
    let store = &desk.sidecar.driver().store;
    let mut stored = store.list(&project, filter, after.unwrap_or(0), size + 1).await?;
    let is_more = stored.len() > size;
    stored.truncate(size);
    let last = stored.last().map(|call| call.seq.to_string());
    let next_page_token = last.filter(|_| is_more).unwrap_or_default();
    Ok(ListFailedCallsResponse { calls: stored.iter().map(convert::failed_call).collect(), next_page_token })
}

pub(super) async fn retry(desk: &Desk, request: RetryCallsRequest) -> Result<RetryCallsResponse, Status> {
    let mut asked = Asked::default();
    let project = asked.project(&request.project);
    let selection = request.selection.map(|selection| match selection {
        retry_calls_request::Selection::Ids(ids) => Which::Ids(ids),
        retry_calls_request::Selection::Failed(filter) => Which::Failed(filter),
    });
    let which = chosen(&mut asked, selection);
    asked.done()?;
    let (filter, refused) = filter(desk, &project, which).await?;
    let retried = match filter {
        Some(filter) => desk.sidecar.retry_failed(&project, filter).await?,
        None => 0,
    };
    Ok(RetryCallsResponse { retried, refused })
}

pub(super) async fn drop(desk: &Desk, request: DropCallsRequest) -> Result<DropCallsResponse, Status> {
    let mut asked = Asked::default();
    let project = asked.project(&request.project);
    let selection = request.selection.map(|selection| match selection {
        drop_calls_request::Selection::Ids(ids) => Which::Ids(ids),
        drop_calls_request::Selection::Failed(filter) => Which::Failed(filter),
    });
    let which = chosen(&mut asked, selection);
    let why = asked.needed("reason", &request.reason, REASON_BYTES_MAX);
    asked.done()?;
    let (filter, refused) = filter(desk, &project, which).await?;
    let dropped = match filter {
        Some(filter) => {
            let dropped = desk.sidecar.drop_failed(&project, filter, why).await;
            dropped?
        }
        None => 0,
    };
    Ok(DropCallsResponse { dropped, refused })
}

/// Which failed calls are meant, as sent.
enum Which {
    Ids(CallIds),
    Failed(FailedFilter),
}

/// Which failed calls are meant, checked.
enum Chosen {
    Ids(Vec<CallId>),
    Failed(Filter),
}

fn chosen(asked: &mut Asked, which: Option<Which>) -> Chosen {
    match which {
        Some(Which::Ids(ids)) => {
            if ids.call_ids.is_empty() || ids.call_ids.len() > IDS_MAX {
                asked.fault("ids.call_ids", format!("are not between 1 and {IDS_MAX}"));
            }
            let taken = ids.call_ids.iter().take(IDS_MAX).enumerate();
            let mut ids: Vec<CallId> =
                taken.map(|(index, id)| asked.call(&format!("ids.call_ids[{index}]"), id)).collect();
            ids.sort();
            ids.dedup();
            Chosen::Ids(ids)
        }
        Some(Which::Failed(filter)) => Chosen::Failed(failed(asked, "failed", filter)),
        None => {
            asked.fault("selection", "is required: ids, or failed");
            Chosen::Ids(Vec::new())
        }
    }
}

fn failed(asked: &mut Asked, field: &str, filter: FailedFilter) -> Filter {
    let reason = ErrorReason::try_from(filter.reason);
    if reason.is_err() {
        asked.fault(&format!("{field}.reason"), "is no reason of this contract");
    }
    let names = (format!("{field}.since"), format!("{field}.until"));
    let (since, until) = asked.span((&names.0, &names.1), filter.since, filter.until);
    let named = reason.ok().filter(|reason| *reason != ErrorReason::Unspecified);
    let trouble = named.map(|reason| reason.reason().to_owned());
    Filter { states: vec![StateIs::Failed], trouble, since, until, ..Filter::default() }
}

/// The filter for what is chosen, and the ids that are left as they are; no filter when nothing is left to do.
async fn filter(
    desk: &Desk,
    project: &ProjectId,
    chosen: Chosen,
) -> Result<(Option<Filter>, Vec<RefusedCall>), Status> {
    desk.sidecar.connection(project)?;
    note(project, None);
    let ids = match chosen {
        Chosen::Failed(filter) => return Ok((Some(filter), Vec::new())),
        Chosen::Ids(ids) => ids,
    };
    let by_id = Filter { ids: Some(ids.clone()), ..Filter::default() };
    let known = desk.sidecar.driver().store.list(project, by_id, 0, IDS_MAX).await?;
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for id in ids {
        let reason = match known.iter().find(|stored| stored.call.id == id).map(|stored| stored.state) {
            Some(State::Failed) => {
                taken.push(id);
                continue;
            }
            Some(State::Waiting | State::Written | State::Skipped(_)) => ErrorReason::CallNotFailed,
            None => ErrorReason::UnknownCall,
        };
        refused.push(RefusedCall { call_id: id.as_str().to_owned(), reason: reason.into() });
    }
    let filter = (!taken.is_empty()).then(|| Filter { ids: Some(taken), ..Filter::default() });
    Ok((filter, refused))
}

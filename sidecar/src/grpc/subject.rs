//! Which project a request is about: what the desk checks before anything else is done. A message that is no
//! [`Subject`] cannot be answered.

use tieline_proto::v1::{
    ActivateConnectionRequest, CancelResendRequest, CheckConnectionRequest, DeactivateConnectionRequest,
    DeleteProjectRequest, DropCallsRequest, ForgetRequest, GetCallRequest, GetLedgerRequest, GetProjectRequest,
    ListConnectionsRequest, ListFailedCallsRequest, ListProjectsRequest, PlanCallRequest, PushMessengerLeadRequest,
    PutProjectRequest, ReportAgentsRequest, ResendBacklogRequest, ResumeResendRequest, RetryCallsRequest,
    RouteCallRequest, SetKeepDataRequest, SyncCallRequest, WatchRequest,
};

/// A request's message.
pub(super) trait Subject {
    /// The project it names; empty where it names none.
    fn project(&self) -> &str;
}

/// Messages that name their project themselves.
macro_rules! named {
    ($($message:ty),* $(,)?) => {
        $(impl Subject for $message {
            fn project(&self) -> &str {
                &self.project
            }
        })*
    };
}

named!(
    ActivateConnectionRequest,
    CancelResendRequest,
    CheckConnectionRequest,
    DeactivateConnectionRequest,
    DeleteProjectRequest,
    DropCallsRequest,
    ForgetRequest,
    GetCallRequest,
    GetLedgerRequest,
    GetProjectRequest,
    ListConnectionsRequest,
    ListFailedCallsRequest,
    PushMessengerLeadRequest,
    PutProjectRequest,
    ReportAgentsRequest,
    ResendBacklogRequest,
    ResumeResendRequest,
    RetryCallsRequest,
    RouteCallRequest,
    SetKeepDataRequest,
    WatchRequest,
);

/// Messages whose project is named by what they hold.
macro_rules! inside {
    ($($message:ty: $part:ident),* $(,)?) => {
        $(impl Subject for $message {
            fn project(&self) -> &str {
                self.$part.as_ref().map_or("", |part| &part.project)
            }
        })*
    };
}

inside!(PlanCallRequest: call, SyncCallRequest: call);

/// It is about all projects.
impl Subject for ListProjectsRequest {
    fn project(&self) -> &str {
        ""
    }
}

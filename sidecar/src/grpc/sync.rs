//! `tieline.v1.SyncService`: what an exchange needs.

use std::{pin::Pin, time::Duration};

use futures::Stream;
use tieline_engine::{call::Call, routing::Caller};
use tieline_proto::v1::{
    CallReport, CancelResendRequest, CancelResendResponse, ErrorReason, GetCallRequest, GetCallResponse,
    PlanCallRequest, PlanCallResponse, PushMessengerLeadRequest, PushMessengerLeadResponse, ReportAgentsRequest,
    ReportAgentsResponse, ResendBacklogRequest, ResendBacklogResponse, ResumeResendRequest, ResumeResendResponse,
    RouteCallRequest, RouteCallResponse, SyncCallRequest, SyncCallResponse, WatchRequest, WatchResponse,
    sync_service_server::SyncService,
};
use tokio::time;
use tonic::{Request, Response, Status, async_trait};

use super::{
    asked::Asked,
    convert, deadline,
    desk::{Asker, Desk, Places, note},
    planned,
    refused::{self, invalid},
    resend, routed, watch,
};
use crate::{
    driver::{connection::Connection, resting::unless_resting},
    sidecar::{Basis, Refused, Routed},
    store::{self, Accepted, StoredCall},
    telemetry,
};

/// The service over a sidecar.
#[derive(Clone)]
pub struct Sync {
    desk: Desk,
}

impl Sync {
    /// The service at a desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

#[async_trait]
impl SyncService for Sync {
    type ResendBacklogStream = Pin<Box<dyn Stream<Item = Result<ResendBacklogResponse, Status>> + Send>>;
    type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

    async fn route_call(&self, request: Request<RouteCallRequest>) -> Result<Response<RouteCallResponse>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("RouteCall", &asker, Places::Ringing, self.route(request, asker.deadline)).await
    }

    async fn sync_call(&self, request: Request<SyncCallRequest>) -> Result<Response<SyncCallResponse>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("SyncCall", &asker, Places::Usual, self.sync(&request, asker.deadline)).await
    }

    async fn push_messenger_lead(
        &self,
        request: Request<PushMessengerLeadRequest>,
    ) -> Result<Response<PushMessengerLeadResponse>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("PushMessengerLead", &asker, Places::Usual, self.push(request, asker.deadline)).await
    }

    async fn resend_backlog(
        &self,
        request: Request<ResendBacklogRequest>,
    ) -> Result<Response<Self::ResendBacklogStream>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("ResendBacklog", &asker, Places::Usual, resend::begin(&self.desk, request)).await
    }

    async fn cancel_resend(
        &self,
        request: Request<CancelResendRequest>,
    ) -> Result<Response<CancelResendResponse>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("CancelResend", &asker, Places::Usual, resend::cancel(&self.desk, &request)).await
    }

    async fn resume_resend(
        &self,
        request: Request<ResumeResendRequest>,
    ) -> Result<Response<ResumeResendResponse>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("ResumeResend", &asker, Places::Usual, resend::resume(&self.desk, &request)).await
    }

    async fn plan_call(&self, request: Request<PlanCallRequest>) -> Result<Response<PlanCallResponse>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("PlanCall", &asker, Places::Usual, self.plan(request)).await
    }

    async fn get_call(&self, request: Request<GetCallRequest>) -> Result<Response<GetCallResponse>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("GetCall", &asker, Places::Usual, self.get(request)).await
    }

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("Watch", &asker, Places::Usual, async { watch::begin(&self.desk, &request) }).await
    }

    async fn report_agents(
        &self,
        request: Request<ReportAgentsRequest>,
    ) -> Result<Response<ReportAgentsResponse>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("ReportAgents", &asker, Places::Usual, async { self.present(&request) }).await
    }
}

impl Sync {
    /// Where to ring. Neither the CRM nor the store can hold the answer up: when the time is over, it is the one for
    /// a caller nothing is known of.
    async fn route(&self, request: RouteCallRequest, deadline: Option<Duration>) -> Result<RouteCallResponse, Status> {
        let ask = routed::ask(convert::route_call(&request).map_err(invalid)?);
        let sidecar = &self.desk.sidecar;
        let connection = sidecar.connection(&ask.project)?;
        note(&ask.project, Some(&ask.call));
        let bound = deadline::for_answer(deadline, connection.project.route.bound);
        let routed = match time::timeout(bound + bound / 50, sidecar.route(&ask, Some(bound))).await {
            Ok(routed) => routed?,
            Err(_) => nothing_known(&connection),
        };
        Ok(routed::answer(&routed, &connection.policy()))
    }

    async fn sync(&self, request: &SyncCallRequest, deadline: Option<Duration>) -> Result<SyncCallResponse, Status> {
        let (call, wait) = convert::sync_call(request).map_err(invalid)?;
        let taken = self.take(call, wait, deadline).await?;
        Ok(SyncCallResponse { receipt: taken.receipt, state: taken.state, report: taken.report })
    }

    async fn push(
        &self,
        request: PushMessengerLeadRequest,
        deadline: Option<Duration>,
    ) -> Result<PushMessengerLeadResponse, Status> {
        let now = self.desk.sidecar.driver().clock.now();
        let (call, wait) = convert::push_messenger_lead(&request, now)?;
        self.desk.sidecar.messenger_is_available(&call)?;
        let call_id = call.id.as_str().to_owned();
        let taken = self.take(call, wait, deadline).await?;
        Ok(PushMessengerLeadResponse { receipt: taken.receipt, call_id, state: taken.state, report: taken.report })
    }
}

/// What taking a report in did.
struct Taken {
    receipt: i32,
    state: i32,
    report: Option<CallReport>,
}

impl Sync {
    /// Takes a report in, and waits for what becomes of it where that is asked for and can come.
    async fn take(&self, call: Call, wait: Option<Duration>, deadline: Option<Duration>) -> Result<Taken, Status> {
        let sidecar = &self.desk.sidecar;
        let connection = sidecar.connection(&call.project)?;
        note(&call.project, Some(&call.id));
        self.desk.still_open()?;
        let trace = telemetry::traceparent();
        let Some(wait) = wait else {
            let accepted = sidecar.accept(call, None, trace).await?;
            return Ok(Taken::of(accepted, &connection, None));
        };
        // While the connection is off the call is held, and nothing would come of waiting.
        let is_active = connection.state().status == store::Status::Active;
        let wait = if is_active { deadline::for_answer(deadline, wait) } else { Duration::ZERO };
        let work = Box::pin(sidecar.accept_and_wait(call, None, trace, wait));
        let (accepted, stored) = self.desk.unless_stopped(work).await?;
        Ok(Taken::of(accepted, &connection, Some(&stored)))
    }

    async fn plan(&self, request: PlanCallRequest) -> Result<PlanCallResponse, Status> {
        let call = convert::plan_call(&request).map_err(invalid)?;
        let sidecar = &self.desk.sidecar;
        let connection = sidecar.connection(&call.project)?;
        note(&call.project, Some(&call.id));
        active(&connection)?;
        if connection.learned_at().is_none() {
            let learned = unless_resting(&connection, connection.learn()).await;
            learned.and_then(|learned| learned).map_err(|trouble| refused::trouble(&trouble))?;
        }
        let planned = unless_resting(&connection, sidecar.plan(call)).await;
        let plan = planned.map_err(|trouble| refused::trouble(&trouble))??;
        match &plan.trouble {
            Some(trouble) => Err(refused::trouble(trouble)),
            None => Ok(planned::answer(&plan, &connection)),
        }
    }

    async fn get(&self, request: GetCallRequest) -> Result<GetCallResponse, Status> {
        let mut asked = Asked::default();
        let (project, call) = (asked.project(&request.project), asked.call("call_id", &request.call_id));
        asked.done()?;
        let connection = self.desk.sidecar.connection(&project)?;
        note(&project, Some(&call));
        let stored = self.desk.sidecar.report(&project, &call).await?;
        Ok(GetCallResponse { report: Some(convert::report(&stored, Some(&connection.state()))) })
    }

    fn present(&self, request: &ReportAgentsRequest) -> Result<ReportAgentsResponse, Status> {
        let driver = self.desk.sidecar.driver();
        let now = driver.clock.now();
        let (project, report) = convert::report_agents(request, now).map_err(invalid)?;
        let policy = self.desk.sidecar.connection(&project)?.policy();
        note(&project, None);
        let noted = driver.presences.note(&project, &policy.agents, &policy.plan, &report, now);
        Ok(convert::noted(&noted))
    }
}

impl Taken {
    fn of(accepted: Accepted, connection: &Connection, stored: Option<&StoredCall>) -> Self {
        let standing = connection.state();
        let state = stored.map_or(accepted.state, |stored| stored.state);
        Self {
            receipt: convert::receipt(accepted.receipt).into(),
            state: convert::call_state(state, Some(&standing)).into(),
            report: stored.map(|stored| convert::report(stored, Some(&standing))),
        }
    }
}

/// Refuses what needs the CRM while the connection is off.
pub(super) fn active(connection: &Connection) -> Result<(), Status> {
    match connection.state().status {
        store::Status::Active => Ok(()),
        store::Status::Inactive => Err(Refused::ConnectionInactive.into()),
        store::Status::Suspended => {
            let text = "the CRM refuses the credentials; put them right and activate the connection again";
            Err(refused::refuse(ErrorReason::ConnectionSuspended, text))
        }
    }
}

/// The route of a caller nothing is known of.
fn nothing_known(connection: &Connection) -> Routed {
    Routed::not_looked_up(connection, &Caller::default(), Basis::Fallback)
}

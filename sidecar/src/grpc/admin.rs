//! `tieline.v1.AdminService`: what whoever looks after the sidecar needs.

mod calls;
mod check;
mod connections;
mod forget;
mod ledger;
mod projects;

use tieline_proto::v1::{
    ActivateConnectionRequest, ActivateConnectionResponse, CheckConnectionRequest, CheckConnectionResponse,
    DeactivateConnectionRequest, DeactivateConnectionResponse, DeleteProjectRequest, DeleteProjectResponse,
    DropCallsRequest, DropCallsResponse, ForgetRequest, ForgetResponse, GetLedgerRequest, GetLedgerResponse,
    GetProjectRequest, GetProjectResponse, ListConnectionsRequest, ListConnectionsResponse, ListFailedCallsRequest,
    ListFailedCallsResponse, ListProjectsRequest, ListProjectsResponse, PutProjectRequest, PutProjectResponse,
    RetryCallsRequest, RetryCallsResponse, SetKeepDataRequest, SetKeepDataResponse, admin_service_server::AdminService,
};
use tonic::{Request, Response, Status, async_trait};

use super::desk::{Asker, Desk, Places};

/// The service over a sidecar.
#[derive(Clone)]
pub struct Admin {
    desk: Desk,
}

impl Admin {
    /// The service at a desk.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

/// A method: the request apart from its sender, answered at the desk.
macro_rules! answer {
    ($service:expr, $request:expr, $method:literal, $work:path) => {{
        let (asker, request) = Asker::of($request);
        $service.desk.answer($method, &asker, Places::Usual, $work(&$service.desk, request)).await
    }};
}

#[async_trait]
impl AdminService for Admin {
    async fn list_connections(
        &self,
        request: Request<ListConnectionsRequest>,
    ) -> Result<Response<ListConnectionsResponse>, Status> {
        let (asker, request) = Asker::of(request);
        let listed = connections::list(&self.desk, &asker, request);
        self.desk.answer("ListConnections", &asker, Places::Usual, listed).await
    }

    async fn activate_connection(
        &self,
        request: Request<ActivateConnectionRequest>,
    ) -> Result<Response<ActivateConnectionResponse>, Status> {
        answer!(self, request, "ActivateConnection", connections::activate)
    }

    async fn deactivate_connection(
        &self,
        request: Request<DeactivateConnectionRequest>,
    ) -> Result<Response<DeactivateConnectionResponse>, Status> {
        answer!(self, request, "DeactivateConnection", connections::deactivate)
    }

    async fn set_keep_data(
        &self,
        request: Request<SetKeepDataRequest>,
    ) -> Result<Response<SetKeepDataResponse>, Status> {
        answer!(self, request, "SetKeepData", connections::set_keep_data)
    }

    async fn check_connection(
        &self,
        request: Request<CheckConnectionRequest>,
    ) -> Result<Response<CheckConnectionResponse>, Status> {
        answer!(self, request, "CheckConnection", check::check)
    }

    async fn list_failed_calls(
        &self,
        request: Request<ListFailedCallsRequest>,
    ) -> Result<Response<ListFailedCallsResponse>, Status> {
        answer!(self, request, "ListFailedCalls", calls::list_failed)
    }

    async fn retry_calls(&self, request: Request<RetryCallsRequest>) -> Result<Response<RetryCallsResponse>, Status> {
        answer!(self, request, "RetryCalls", calls::retry)
    }

    async fn drop_calls(&self, request: Request<DropCallsRequest>) -> Result<Response<DropCallsResponse>, Status> {
        answer!(self, request, "DropCalls", calls::drop)
    }

    async fn get_ledger(&self, request: Request<GetLedgerRequest>) -> Result<Response<GetLedgerResponse>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("GetLedger", &asker, Places::Usual, ledger::get(&self.desk, &asker, request)).await
    }

    async fn forget(&self, request: Request<ForgetRequest>) -> Result<Response<ForgetResponse>, Status> {
        answer!(self, request, "Forget", forget::forget)
    }

    async fn put_project(&self, request: Request<PutProjectRequest>) -> Result<Response<PutProjectResponse>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("PutProject", &asker, Places::Usual, projects::put(&self.desk, &asker, request)).await
    }

    async fn get_project(&self, request: Request<GetProjectRequest>) -> Result<Response<GetProjectResponse>, Status> {
        answer!(self, request, "GetProject", projects::get)
    }

    async fn list_projects(
        &self,
        request: Request<ListProjectsRequest>,
    ) -> Result<Response<ListProjectsResponse>, Status> {
        let (asker, request) = Asker::of(request);
        let listed = async { projects::list(&self.desk, &asker, request) };
        self.desk.answer("ListProjects", &asker, Places::Usual, listed).await
    }

    async fn delete_project(
        &self,
        request: Request<DeleteProjectRequest>,
    ) -> Result<Response<DeleteProjectResponse>, Status> {
        let (asker, request) = Asker::of(request);
        self.desk.answer("DeleteProject", &asker, Places::Usual, projects::delete(&self.desk, &asker, request)).await
    }
}

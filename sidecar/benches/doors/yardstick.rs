//! The least a tonic server could do for the same answers.

use std::{pin::Pin, time::Duration};

use futures::future::BoxFuture;
use prost::Message as _;
use tieline_proto::v1::{
    CancelResendRequest, CancelResendResponse, GetCallRequest, GetCallResponse, PlanCallRequest, PlanCallResponse,
    PushMessengerLeadRequest, PushMessengerLeadResponse, Receipt, ReportAgentsRequest, ReportAgentsResponse,
    ResendBacklogRequest, ResendBacklogResponse, ResumeResendRequest, ResumeResendResponse, RouteCallRequest,
    RouteCallResponse, SyncCallRequest, SyncCallResponse, WatchRequest, WatchResponse,
    sync_service_server::{SyncService, SyncServiceServer},
};
use tokio::{net::TcpListener, sync::oneshot};
use tokio_stream::Stream;
use tonic::{
    Request, Response, Status, async_trait,
    transport::{Server, server::TcpIncoming},
};

use super::{duel::Client, house};

/// A bare server and its client.
pub(crate) struct Yardstick {
    pub(crate) client: Client,
}

impl Yardstick {
    /// Listens; `routed` is what every `RouteCall` is answered, and what `SyncCall` brings is appended.
    pub(crate) async fn open(routed: RouteCallResponse, appends: Appends) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let service = SyncServiceServer::new(Bare { routed, appends }).max_decoding_message_size(256 * 1024);
        // The bounds of the sidecar's own server.
        let server = Server::builder()
            .max_concurrent_streams(256)
            .http2_max_header_list_size(16 * 1024)
            .http2_keepalive_interval(Some(Duration::from_secs(30)))
            .http2_keepalive_timeout(Some(Duration::from_secs(10)))
            .timeout(Duration::from_secs(90))
            .add_service(service);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        tokio::spawn(server.serve_with_incoming(incoming));
        Self { client: house::connect(address).await }
    }
}

/// A record to append, and who waits for the commit.
pub(crate) type Append = (Vec<u8>, oneshot::Sender<()>);

/// Where records are kept: answers when one is on disk, and whether it is.
pub(crate) type Appends = Box<dyn Fn(Vec<u8>) -> BoxFuture<'static, bool> + Send + Sync>;

/// Records kept by a writer that is handed them; `hand` says whether it has room.
pub(crate) fn handed(hand: impl Fn(Append) -> bool + Send + Sync + 'static) -> Appends {
    Box::new(move |body| {
        let (answer, committed) = oneshot::channel();
        let has_room = hand((body, answer));
        Box::pin(async move { has_room && committed.await.is_ok() })
    })
}

struct Bare {
    routed: RouteCallResponse,
    appends: Appends,
}

#[async_trait]
impl SyncService for Bare {
    type ResendBacklogStream = Pin<Box<dyn Stream<Item = Result<ResendBacklogResponse, Status>> + Send>>;
    type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

    async fn route_call(&self, _: Request<RouteCallRequest>) -> Result<Response<RouteCallResponse>, Status> {
        Ok(Response::new(self.routed.clone()))
    }

    async fn sync_call(&self, request: Request<SyncCallRequest>) -> Result<Response<SyncCallResponse>, Status> {
        if !(self.appends)(request.into_inner().encode_to_vec()).await {
            return Err(Status::resource_exhausted("no room"));
        }
        let receipt = Receipt::Accepted.into();
        Ok(Response::new(SyncCallResponse { receipt, state: house::TAKEN_AS.into(), report: None }))
    }

    async fn push_messenger_lead(
        &self,
        _: Request<PushMessengerLeadRequest>,
    ) -> Result<Response<PushMessengerLeadResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn resend_backlog(
        &self,
        _: Request<ResendBacklogRequest>,
    ) -> Result<Response<Self::ResendBacklogStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn cancel_resend(&self, _: Request<CancelResendRequest>) -> Result<Response<CancelResendResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn resume_resend(&self, _: Request<ResumeResendRequest>) -> Result<Response<ResumeResendResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn plan_call(&self, _: Request<PlanCallRequest>) -> Result<Response<PlanCallResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_call(&self, _: Request<GetCallRequest>) -> Result<Response<GetCallResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn watch(&self, _: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn report_agents(&self, _: Request<ReportAgentsRequest>) -> Result<Response<ReportAgentsResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

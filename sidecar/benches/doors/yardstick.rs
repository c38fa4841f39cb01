//! The least a tonic server could do for the same answers.

use std::{
    pin::Pin,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use prost::Message as _;
use rusqlite::Connection;
use tempfile::TempDir;
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

/// Records per commit at most, as in the sidecar's own writer.
const BATCH: usize = 256;

/// A bare server and its client.
pub(crate) struct Yardstick {
    pub(crate) client: Client,
    _dir: TempDir,
}

impl Yardstick {
    /// Listens; `routed` is what every `RouteCall` is answered.
    pub(crate) async fn open(routed: RouteCallResponse) -> Self {
        let dir = house::directory();
        let appends = start_writer(&dir);
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
        Self { client: house::connect(address).await, _dir: dir }
    }
}

/// A record to append, and who waits for the commit.
type Append = (Vec<u8>, oneshot::Sender<()>);

/// One thread, one table, one flush for all that waits.
fn start_writer(dir: &TempDir) -> SyncSender<Append> {
    let conn = Connection::open(dir.path().join("bare.db")).expect("a database");
    conn.pragma_update(None, "journal_mode", "wal").expect("a write-ahead log");
    conn.pragma_update(None, "synchronous", "full").expect("a flush per commit");
    conn.pragma_update(None, "wal_autocheckpoint", 4_000).expect("the sidecar's own checkpoints");
    conn.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)", []).expect("a table");
    let (appends, queue) = sync_channel(4_096);
    thread::spawn(move || write(&conn, &queue));
    appends
}

fn write(conn: &Connection, queue: &Receiver<Append>) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        batch.extend(queue.try_iter().take(BATCH - 1));
        let run = |sql| conn.prepare_cached(sql).expect("a statement");
        run("BEGIN IMMEDIATE").execute([]).expect("a transaction");
        for (body, _) in &batch {
            run("INSERT INTO log (body) VALUES (?1)").execute([body]).expect("a row");
        }
        run("COMMIT").execute([]).expect("a commit");
        for (_, answer) in batch {
            answer.send(()).expect("somebody waits");
        }
    }
}

struct Bare {
    routed: RouteCallResponse,
    appends: SyncSender<Append>,
}

#[async_trait]
impl SyncService for Bare {
    type ResendBacklogStream = Pin<Box<dyn Stream<Item = Result<ResendBacklogResponse, Status>> + Send>>;
    type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

    async fn route_call(&self, _: Request<RouteCallRequest>) -> Result<Response<RouteCallResponse>, Status> {
        Ok(Response::new(self.routed.clone()))
    }

    async fn sync_call(&self, request: Request<SyncCallRequest>) -> Result<Response<SyncCallResponse>, Status> {
        let (answer, committed) = oneshot::channel();
        let body = request.into_inner().encode_to_vec();
        self.appends.try_send((body, answer)).map_err(|error| Status::resource_exhausted(error.to_string()))?;
        committed.await.map_err(|error| Status::internal(error.to_string()))?;
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

//! The gRPC door: services, health, reflection, and the bounds of a connection.

use std::{sync::Arc, time::Duration};

use futures::Stream;
use tieline_proto::{
    FILE_DESCRIPTOR_SET,
    v1::{admin_service_server::AdminServiceServer, sync_service_server::SyncServiceServer},
};
use tokio::net::{TcpListener, UnixListener};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{
    service::Routes,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::server::health_reporter;
use tonic_reflection::server::Builder;

use super::{House, Parts, ServeError, signals};
use crate::grpc::{admin::Admin, desk::Desk, sync::Sync};

/// Largest request read (sync_service.proto: "A request is at most 256 KiB").
const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Streams of one connection; with the bound above, memory a connection may take.
const STREAMS_MAX: u32 = 256;
/// Metadata of one request: a traceparent, a token and a name or two.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// A connection whose other end is gone is noticed within these two together.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(30);
/// See above.
const KEEPALIVE_BOUND: Duration = Duration::from_secs(10);
/// Ends what a handler's own bound did not end.
const REQUEST_BOUND: Duration = Duration::from_secs(90);

/// Answers on the port and the socket file until the sidecar stops.
pub(super) async fn open(
    house: &House,
    tcp: TcpListener,
    unix: Option<UnixListener>,
    parts: &mut Parts,
) -> Result<(), ServeError> {
    let (reporter, health) = health_reporter();
    house.health.tell(&reporter).await;
    parts.spawn(house.health.clone().report(reporter));
    let desk = Desk::new(house.sidecar.clone(), Arc::clone(&house.requests), house.stopping.clone());
    let sync = SyncServiceServer::new(Sync::new(desk.clone())).max_decoding_message_size(REQUEST_BYTES_MAX);
    let admin = AdminServiceServer::new(Admin::new(desk)).max_decoding_message_size(REQUEST_BYTES_MAX);
    let v1 = Builder::configure().register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET).build_v1()?;
    let alpha = Builder::configure().register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET).build_v1alpha()?;
    let mut routes = Routes::builder();
    routes.add_service(health).add_service(v1).add_service(alpha).add_service(sync).add_service(admin);
    let routes = routes.routes();
    let incoming = TcpIncoming::from(tcp).with_nodelay(Some(true));
    parts.spawn(answer(routes.clone(), incoming, signals::told(house.stopping.clone())));
    if let Some(unix) = unix {
        let incoming = UnixListenerStream::new(unix);
        parts.spawn(answer(routes, incoming, signals::told(house.stopping.clone())));
    }
    Ok(())
}

async fn answer<I, C, E>(routes: Routes, incoming: I, stop: impl Future<Output = ()>) -> Result<(), ServeError>
where
    I: Stream<Item = Result<C, E>>,
    C: tokio::io::AsyncRead + tokio::io::AsyncWrite + tonic::transport::server::Connected + Unpin + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + std::marker::Sync>>,
{
    let router = Server::builder()
        .max_concurrent_streams(STREAMS_MAX)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE_EVERY))
        .http2_keepalive_timeout(Some(KEEPALIVE_BOUND))
        .timeout(REQUEST_BOUND)
        .add_routes(routes);
    Ok(router.serve_with_incoming_shutdown(incoming, stop).await?)
}

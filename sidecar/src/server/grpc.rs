//! The gRPC door: services, health, reflection, and the bounds of a connection.

use std::{sync::Arc, time::Duration};

use tieline_proto::{
    FILE_DESCRIPTOR_SET,
    v1::{admin_service_server::AdminServiceServer, sync_service_server::SyncServiceServer},
};
use tokio::{
    net::{TcpListener, UnixListener},
    sync::watch,
};
use tonic::{service::Routes, transport::Server};
use tonic_health::server::health_reporter;
use tonic_reflection::server::Builder;

use super::{
    House, Parts, ServeError,
    door::{Door, Listener},
    patient::H2_PREFACE_LEN,
    signals,
};
use crate::{
    grpc::{admin::Admin, desk::Desk, gate::Gate, sync::Sync},
    tls::H2,
};

/// Largest request read (sync_service.proto: "A request is at most 256 KiB").
const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Streams of one connection; a connection's window, one MiB, bounds what it holds unread over all of them.
const STREAMS_MAX: u32 = 256;
/// Streams a client opened and reset before they were looked at; more are an attack (CVE-2023-44487), and end the
/// connection.
const RESETS_MAX: usize = 32;
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
    let gate = Gate::new(Arc::clone(&house.access), Arc::clone(&house.requests), house.limits.slow);
    let services = (routes.routes(), gate);
    let certificates = house.certificates("grpc", house.tls.clone(), H2, parts)?;
    let (limits, begin) = (house.limits, H2_PREFACE_LEN);
    let door = Door { name: "grpc", certificates, limits, begin };
    parts.spawn(answer(services.clone(), door, Listener::Tcp(tcp), house.stopping.clone()));
    if let Some(unix) = unix {
        // Nobody reads along inside the machine.
        let door = Door { name: "grpc_unix", certificates: None, limits, begin };
        parts.spawn(answer(services, door, Listener::Unix(unix), house.stopping.clone()));
    }
    Ok(())
}

async fn answer(
    (routes, gate): (Routes, Gate),
    door: Door,
    listener: Listener,
    stopping: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let incoming = door.connections(listener, stopping.clone());
    let stop = signals::told(stopping);
    let router = Server::builder()
        .max_concurrent_streams(STREAMS_MAX)
        .http2_max_pending_accept_reset_streams(Some(RESETS_MAX))
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE_EVERY))
        .http2_keepalive_timeout(Some(KEEPALIVE_BOUND))
        .timeout(REQUEST_BOUND)
        .layer(gate)
        .add_routes(routes);
    Ok(router.serve_with_incoming_shutdown(incoming, stop).await?)
}

//! The addresses listened on, bound before anything else is opened.

use std::{fs, io, net::SocketAddr, os::unix::fs::PermissionsExt as _, path::Path};

use tokio::net::{TcpListener, UnixListener, UnixStream};

use super::ServeError;
use crate::config::Server;

/// Rights of the socket file: to connect is to write.
const SOCKET_MODE: u32 = 0o660;

/// Every door's listener.
pub(super) struct Listeners {
    pub(super) grpc: TcpListener,
    pub(super) grpc_addr: SocketAddr,
    pub(super) http: TcpListener,
    pub(super) http_addr: SocketAddr,
    pub(super) unix: Option<UnixListener>,
}

impl Listeners {
    /// Binds them; port 0 takes a free one.
    pub(super) async fn bind(server: &Server) -> Result<Self, ServeError> {
        let (grpc, grpc_addr) = tcp(server.grpc_listen).await?;
        let (http, http_addr) = tcp(server.http_listen).await?;
        let unix = match &server.grpc_unix_socket {
            Some(path) => {
                let bound = socket(path).await.and_then(|socket| private(path).map(|()| socket));
                Some(bound.map_err(|error| failed(path.display(), error))?)
            }
            None => None,
        };
        Ok(Self { grpc, grpc_addr, http, http_addr, unix })
    }
}

async fn tcp(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let bind = async {
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    bind.await.map_err(|error| failed(address, error))
}

/// A socket file nobody answers on was left by a sidecar that was killed; it is replaced.
async fn socket(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => match UnixStream::connect(path).await {
            Err(left) if left.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path)?;
                UnixListener::bind(path)
            }
            Ok(_) | Err(_) => Err(error),
        },
        bound => bound,
    }
}

/// For the sidecar's user and group, whatever the usual rights of its files are.
fn private(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))
}

fn failed(place: impl ToString, error: io::Error) -> ServeError {
    ServeError::Listen(place.to_string(), error)
}

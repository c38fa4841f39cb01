//! The addresses listened on, bound before anything else is opened.

use std::{io, net::SocketAddr, path::Path};

use tokio::net::{TcpListener, UnixListener, UnixStream};

use super::ServeError;
use crate::config::Server;

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
            Some(path) => Some(socket(path).await.map_err(|error| failed(path.display(), error))?),
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
                std::fs::remove_file(path)?;
                UnixListener::bind(path)
            }
            Ok(_) | Err(_) => Err(error),
        },
        bound => bound,
    }
}

fn failed(place: impl ToString, error: io::Error) -> ServeError {
    ServeError::Listen(place.to_string(), error)
}

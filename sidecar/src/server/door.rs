//! Connections as they come in: so many at once, each through its handshake within a time, with the names of its
//! client's certificate.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{Stream, stream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, UnixListener},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    task::JoinSet,
    time,
};
use tonic::transport::server::Connected;

use super::{certificates::Certificates, patient::Patient, signals};
use crate::{
    access::{Peer, names},
    config::Limits,
};

/// Wait after the system gave no connection: it is out of descriptors, and trying again at once would not help.
const AFTER_TROUBLE: Duration = Duration::from_millis(200);
/// Connections through their handshake that wait to be served.
const READY_MAX: usize = 16;

/// A stream of any kind.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire for S {}

/// A connection that may be served. Its place is free again when it is dropped.
pub(super) struct Connection {
    stream: Patient<Box<dyn Wire>>,
    peer: Peer,
    _place: OwnedSemaphorePermit,
}

/// A port or a socket file.
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    async fn accept(&self) -> io::Result<Box<dyn Wire>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Self::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}

/// How connections of a door are taken.
pub(super) struct Door {
    /// The door's name in logs.
    pub(super) name: &'static str,
    /// For handshakes; none where the door speaks plain text.
    pub(super) certificates: Option<Certificates>,
    /// How many, and how slow.
    pub(super) limits: Limits,
    /// Bytes a connection must begin with in time.
    pub(super) begin: usize,
}

impl Door {
    /// Connections that are ready to be served, until the sidecar stops. Handshakes go on side by side; a connection
    /// beyond the most there may be is closed at once.
    pub(super) fn connections(
        self,
        listener: Listener,
        stopping: watch::Receiver<bool>,
    ) -> impl Stream<Item = io::Result<Connection>> {
        let (ready, connections) = mpsc::channel(READY_MAX);
        let accepting = tokio::spawn(self.accept(listener, ready, stopping));
        stream::unfold((connections, AbortOnDrop(accepting)), async |(mut connections, accepting)| {
            let connection = connections.recv().await?;
            Some((Ok(connection), (connections, accepting)))
        })
    }

    async fn accept(self, listener: Listener, ready: mpsc::Sender<Connection>, stopping: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(self.limits.connections_max));
        let mut handshakes = JoinSet::new();
        let mut stopped = std::pin::pin!(signals::told(stopping));
        loop {
            let accepted = tokio::select! {
                () = &mut stopped => return,
                () = ready.closed() => return,
                accepted = listener.accept() => accepted,
            };
            while handshakes.try_join_next().is_some() {}
            let stream = match accepted {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!(door = self.name, %error, "a connection could not be accepted");
                    time::sleep(AFTER_TROUBLE).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                tracing::debug!(door = self.name, "a connection beyond the most there may be was closed");
                continue;
            };
            let handshake = shake(stream, self.certificates.clone(), self.limits.slow);
            let (ready, begin, slow, name) = (ready.clone(), self.begin, self.limits.slow, self.name);
            handshakes.spawn(async move {
                match handshake.await {
                    Ok((stream, peer)) => {
                        let connection = Connection { stream: Patient::new(stream, begin, slow), peer, _place: place };
                        // Nobody takes connections any more only when the door is closed.
                        drop(ready.send(connection).await);
                    }
                    Err(error) => tracing::debug!(door = name, %error, "a connection ended in its handshake"),
                }
            });
        }
    }
}

/// A TLS handshake where the door has a certificate.
async fn shake(
    stream: Box<dyn Wire>,
    certificates: Option<Certificates>,
    bound: Duration,
) -> io::Result<(Box<dyn Wire>, Peer)> {
    let Some(certificates) = certificates else { return Ok((stream, Peer::default())) };
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long");
    let stream = time::timeout(bound, certificates.acceptor().accept(stream)).await.map_err(late)??;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let cert_names = shown.map(names::of).unwrap_or_default().into();
    Ok((Box::new(stream), Peer { cert_names }))
}

impl Connection {
    /// Who is at the other end.
    pub(super) fn peer(&self) -> Peer {
        self.peer.clone()
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Ends a task when nobody wants it any more.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

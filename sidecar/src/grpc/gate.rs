//! What every gRPC request passes before its body is read: who asks, and whether their role may call the method. The
//! project it names is checked at the desk, which reads it.

use std::{
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::Either;
use http::{Request, Response, header};
use tieline_proto::v1::ErrorReason;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

use super::{
    desk::word,
    refused,
    rights::{self, Right},
};
use crate::{
    access::{Access, Identity, Peer, Shown, Stranger, secret::bearer},
    server::{
        patience::Timed,
        requests::{Door, Requests},
    },
};

/// Health is told to whoever asks: probes have no token, and it says up or down only.
const HEALTH: &str = "/grpc.health.v1.Health/";
/// The contract's package.
const CONTRACT: &str = "/tieline.";

/// What the gate knows.
#[derive(Clone)]
pub struct Gate {
    access: Arc<Access>,
    requests: Arc<Requests>,
    slow: Duration,
}

/// Somebody who was let in to a method.
#[derive(Clone, Debug)]
pub struct Granted {
    /// Who it is.
    pub(super) identity: Identity,
    /// What they may do.
    pub(super) right: &'static Right,
}

impl Granted {
    /// Lets a request in that comes by no port: whoever holds the service itself may do everything.
    #[must_use]
    pub fn to_holder<T>(mut request: tonic::Request<T>, right: &'static Right) -> tonic::Request<T> {
        request.extensions_mut().insert(Self { identity: Identity::everybody(), right });
        request
    }
}

impl Gate {
    /// A gate for those who have access. A request's message must arrive within `slow`.
    #[must_use]
    pub fn new(access: Arc<Access>, requests: Arc<Requests>, slow: Duration) -> Self {
        Self { access, requests, slow }
    }

    fn admit<B>(&self, request: &mut Request<B>) -> Result<(), Status> {
        let path = request.uri().path();
        if path.starts_with(HEALTH) {
            return Ok(());
        }
        let right = rights::at(path);
        let is_ours = path.starts_with(CONTRACT);
        let identity = self.identify(request)?;
        let Some(right) = right else {
            // Reflection is for everybody who is known: the contract is public, a list of services is no secret.
            return if is_ours { Err(Status::unimplemented("there is no such method")) } else { Ok(()) };
        };
        if !identity.may(right.roles) {
            let text = "the token's role may not call this method; use one whose role may";
            return Err(refused::refuse(ErrorReason::RoleNotAllowed, text));
        }
        request.extensions_mut().insert(Granted { identity, right });
        Ok(())
    }

    fn identify<B>(&self, request: &Request<B>) -> Result<Identity, Status> {
        let header = request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes());
        let peer = request.extensions().get::<Peer>();
        let cert_names = peer.map_or(&[][..], |peer| &peer.cert_names);
        let shown = Shown { bearer: header.and_then(bearer), cert_names };
        self.access.identify(shown).map_err(|stranger| match stranger {
            Stranger::Missing => {
                let text = "no token came with the request; send it as \"authorization: Bearer …\"";
                refused::refuse(ErrorReason::TokenMissing, text)
            }
            Stranger::Unknown => {
                let text = "the token is none of those configured, or its certificate is missing";
                refused::refuse(ErrorReason::TokenUnknown, text)
            }
        })
    }

    /// The answer to whoever is not let in.
    fn refuse(&self, path: &str, status: Status) -> Response<Body> {
        let method = rights::at(path).map_or("unknown", |right| right.method);
        self.requests.count(Door::Grpc, method, word(status.code()), Duration::ZERO);
        if status.code() != Code::Unimplemented {
            tracing::warn!(method, code = word(status.code()), "a request was not let in");
        }
        status.into_http()
    }
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { gate: self.clone(), inner }
    }
}

/// Services behind a gate.
#[derive(Clone)]
pub struct Gated<S> {
    gate: Gate,
    inner: S,
}

impl<S> Service<Request<Body>> for Gated<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<S::Response, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    /// Lets a request in, or answers it without reading its body.
    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Err(status) = self.gate.admit(&mut request) {
            return Either::Right(ready(Ok(self.gate.refuse(request.uri().path(), status))));
        }
        if request.extensions().get::<Granted>().is_some() {
            // Each method of the contract takes one message; other services take streams.
            let slow = || Status::deadline_exceeded("the request's message did not arrive in time").into();
            request = request.map(|body| Body::new(Timed::new(body, self.gate.slow, slow)));
        }
        Either::Left(self.inner.call(request))
    }
}

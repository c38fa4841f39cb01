//! What every gRPC request passes before its body is read: who asks, and whether their role may call the method. The
//! project it names is checked at the desk, which reads it.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::header;
use tieline_proto::v1::ErrorReason;
use tonic::{Code, Status};

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

    fn admit(&self, request: &mut Request) -> Result<(), Status> {
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

    fn identify(&self, request: &Request) -> Result<Identity, Status> {
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
}

/// Lets a request in, or answers it without reading its body.
pub async fn enter(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    match gate.admit(&mut request) {
        Ok(()) if request.extensions().get::<Granted>().is_some() => {
            // Each method of the contract takes one message; other services take streams.
            let slow = || Status::deadline_exceeded("the request's message did not arrive in time").into();
            next.run(request.map(|body| Body::new(Timed::new(body, gate.slow, slow)))).await
        }
        Ok(()) => next.run(request).await,
        Err(status) => {
            let method = rights::at(request.uri().path()).map_or("unknown", |right| right.method);
            gate.requests.count(Door::Grpc, method, word(status.code()), Duration::ZERO);
            if status.code() != Code::Unimplemented {
                tracing::warn!(method, code = word(status.code()), "a request was not let in");
            }
            status.into_http::<tonic::body::Body>().map(Body::new)
        }
    }
}

//! Simulated CRMs without a network.

use std::sync::Mutex;

use secrecy::ExposeSecret as _;
use tieline::clock::{Clock as _, SystemClock};
use tieline_crm::transport::{BoxFuture, Method, Request, Response, SendError, Transport};
use tieline_sandbox::{CrmKind, Sim, SimReply, SimRequest, retailcrm};

/// The key it takes.
pub(crate) const API_KEY: &str = retailcrm::SANDBOX_API_KEY;

/// Answers from memory: one project as a CRM that remembers, the others each time as one that was never asked.
pub(crate) struct Answers {
    host: String,
    remembers: Mutex<Sim>,
}

impl Answers {
    /// The CRM of a host remembers.
    pub(crate) fn new(host: String) -> Self {
        Self { host, remembers: Mutex::new(sim()) }
    }
}

fn sim() -> Sim {
    Sim::new(CrmKind::RetailCrm, 1)
}

impl Transport for Answers {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        let reply = match self.remembers.lock() {
            Ok(mut sim) if request.url.starts_with(&self.host) => sim.handle(SystemClock.now(), &translated(request)),
            _ => sim().handle(SystemClock.now(), &translated(request)),
        };
        Box::pin(async move {
            match reply {
                SimReply::Answer(answer) => {
                    Ok(Response { status: answer.status, headers: answer.headers, body: answer.body.to_vec() })
                }
                SimReply::Dropped { .. } => Err(SendError::NoAnswer("the connection was cut".to_owned())),
            }
        })
    }
}

fn translated(request: Request) -> SimRequest {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    };
    // What stands behind the host: "https://", the host, and then the path.
    let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
    let mut translated = SimRequest::new(method, format!("/{path}").as_str());
    for (name, value) in &request.headers {
        translated = translated.header(name, value);
    }
    if let Some((name, value)) = &request.authorization {
        translated = translated.header(name, value.expose_secret());
    }
    translated.body = request.body.into();
    translated
}

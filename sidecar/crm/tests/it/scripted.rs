//! A transport that answers from a script and keeps what was sent.

use std::{collections::VecDeque, sync::Mutex};

use tieline_crm::transport::{BoxFuture, Method, Request, Response, SendError, Transport};

/// Answers in the order of the script; a request beyond it fails the test.
pub(crate) struct Scripted {
    answers: Mutex<VecDeque<Result<Response, SendError>>>,
    sent: Mutex<Vec<Sent>>,
}

/// One request as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) name: &'static str,
    pub(crate) url: String,
    pub(crate) body: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) authorization: Option<String>,
    pub(crate) weight: u32,
}

impl Scripted {
    /// A script of statuses and bodies.
    pub(crate) fn new<const N: usize>(answers: [(u16, &str); N]) -> Self {
        let reply =
            |(status, body): (u16, &str)| Ok(Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() });
        Self { answers: Mutex::new(answers.map(reply).into()), sent: Mutex::default() }
    }

    /// A script of one lost or refused request.
    pub(crate) fn failing(error: SendError) -> Self {
        Self { answers: Mutex::new(VecDeque::from([Err(error)])), sent: Mutex::default() }
    }

    /// Everything sent so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
}

impl Transport for Scripted {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        use secrecy::ExposeSecret as _;
        let authorization = request.authorization.map(|(name, value)| format!("{name}: {}", value.expose_secret()));
        self.sent.lock().unwrap().push(Sent {
            method: request.method,
            name: request.name,
            url: request.url,
            body: String::from_utf8(request.body).unwrap(),
            headers: request.headers,
            authorization,
            weight: request.weight,
        });
        let answer = self.answers.lock().unwrap().pop_front().expect("no answer is left in the script");
        Box::pin(std::future::ready(answer))
    }
}

//! The way to the network, injected: dialects say what to send and read what came back.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};

/// A boxed future, so that transports and dialects can be trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends one request and reads its whole answer, within the sender's own bounds of time and size.
pub trait Transport: Send + Sync {
    /// Sends a request.
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, SendError>>;
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are HTTP's")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Which of the CRM's budgets a request counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The ordinary budget.
    General,
    /// The budget of telephony endpoints, where the CRM has one (retailcrm.md 1.1).
    Telephony,
    /// Token requests: no quota of records, limits of their own.
    Token,
}

/// One request. `Debug` shows neither headers nor body: both may hold secrets and personal data.
pub struct Request {
    /// Method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// Headers besides authorisation.
    pub headers: Vec<(&'static str, String)>,
    /// The authorisation header's name and value.
    pub authorization: Option<(&'static str, SecretString)>,
    /// The body, empty for none.
    pub body: Vec<u8>,
    /// A short stable name for spans and counters: `zoho.coql`, `retailcrm.orders.create`.
    pub name: &'static str,
    /// Which budget it counts against.
    pub class: Class,
    /// Units of the CRM's concurrency limit it takes (zoho.md 0.5: a composite takes 5).
    pub weight: u32,
    /// What it costs of a budget that does not count requests (zoho.md 3: credits).
    pub cost: u32,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method.as_str(), self.name)
    }
}

impl Request {
    /// A request without headers or body.
    #[must_use]
    pub fn new(method: Method, name: &'static str, url: String) -> Self {
        let (headers, body) = (Vec::new(), Vec::new());
        Self { method, url, headers, authorization: None, body, name, class: Class::General, weight: 1, cost: 1 }
    }

    /// Adds the authorisation header.
    #[must_use]
    pub fn authorized(mut self, header: &'static str, prefix: &str, secret: &SecretString) -> Self {
        let value = SecretString::from(format!("{prefix}{}", secret.expose_secret()));
        self.authorization = Some((header, value));
        self
    }

    /// Sets a body and its content type.
    #[must_use]
    pub fn with_body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.headers.push(("content-type", content_type.to_owned()));
        self.body = body;
        self
    }

    /// Counts it against another budget.
    #[must_use]
    pub fn in_class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// Costs more than one unit of a budget that does not count requests.
    #[must_use]
    pub fn costing(mut self, cost: u32) -> Self {
        self.cost = cost;
        self
    }

    /// Takes more than one unit of the concurrency limit.
    #[must_use]
    pub fn weighing(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }
}

/// One answer. `Debug` shows the status only.
#[derive(Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({})", self.status)
    }
}

impl Response {
    /// A header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// `Retry-After` in seconds, where it is given so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }
}

/// A request that got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// It was certainly not processed: no connection, name not found.
    NotSent(String),
    /// It may have been processed: cut or timed out after sending.
    NoAnswer(String),
}

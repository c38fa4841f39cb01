//! Requests and replies as plain values.

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// An HTTP request without a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SimRequest {
    /// Upper case: `GET`, `POST` …
    pub method: String,
    /// The path inside the CRM, still percent-encoded: `/crm/v8/Contacts`.
    pub path: String,
    /// The query without its question mark, still percent-encoded.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: Bytes,
}

impl SimRequest {
    /// A request for `target`: a path with, if need be, a query after `?`.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self { method: method.to_ascii_uppercase(), path: path.to_owned(), query: query.to_owned(), ..Self::default() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// Sets a JSON body and its content type.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = Bytes::from(body.to_string());
        self.header("content-type", "application/json")
    }

    /// Sets a form body and its content type.
    #[must_use]
    pub fn form(mut self, pairs: &[(&str, &str)]) -> Self {
        self.body = Bytes::from(serde_urlencoded::to_string(pairs).unwrap_or_default());
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// The first header of that name (lower case).
    #[must_use]
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The path cut at its slashes, percent-decoded, without empty parts.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect()
    }

    /// The query as decoded pairs in the order sent.
    pub(crate) fn query_pairs(&self) -> Vec<(String, String)> {
        serde_urlencoded::from_str(&self.query).unwrap_or_default()
    }

    /// The body as form pairs; none when the content type is not a form's.
    pub(crate) fn form_pairs(&self) -> Vec<(String, String)> {
        let form =
            self.header_value("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !form {
            return Vec::new();
        }
        serde_urlencoded::from_bytes(&self.body).unwrap_or_default()
    }

    /// The query parameter of that name.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        self.query_pairs().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// An HTTP answer without a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SimAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, possibly empty.
    pub body: Bytes,
    /// How long the CRM takes, in milliseconds; whoever owns the clock applies it.
    pub delay_ms: u64,
}

impl SimAnswer {
    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json;charset=UTF-8".to_owned())],
            body: Bytes::from(body.to_string()),
            delay_ms: 0,
        }
    }

    /// An HTML page, as a proxy in front of a CRM sends it.
    #[must_use]
    pub fn html(status: u16, title: &str) -> Self {
        let page = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
        );
        Self {
            status,
            headers: vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())],
            body: Bytes::from(page),
            delay_ms: 0,
        }
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The body as JSON; `Null` when it is not.
    #[must_use]
    pub fn body_json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// What the sender of a request gets to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SimReply {
    /// The CRM answers.
    Answer(SimAnswer),
    /// The connection is cut and no byte of an answer arrives.
    Dropped {
        /// Whether the CRM had carried the request out before.
        committed: bool,
        /// How long the sender waits before it learns of the cut, in milliseconds.
        delay_ms: u64,
    },
}

impl SimReply {
    /// The answer, if there is one.
    #[must_use]
    pub fn answer(self) -> Option<SimAnswer> {
        match self {
            Self::Answer(answer) => Some(answer),
            Self::Dropped { .. } => None,
        }
    }

    /// The time the CRM takes, in milliseconds.
    #[must_use]
    pub fn delay_ms(&self) -> u64 {
        match self {
            Self::Answer(answer) => answer.delay_ms,
            Self::Dropped { delay_ms, .. } => *delay_ms,
        }
    }
}

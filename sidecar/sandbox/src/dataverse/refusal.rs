//! Replies and refusals in Dataverse's words (dataverse.md 5).

use bytes::Bytes;
use serde_json::{Value, json};

use crate::wire::SimAnswer;

/// The content type of every JSON body.
const JSON: &str = "application/json; odata.metadata=minimal";

/// What one operation answers, alone or as a part of a batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Value>,
}

impl Reply {
    pub(super) fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Some(body) }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All headers with those every reply has.
    pub(super) fn all_headers(&self) -> Vec<(String, String)> {
        let mut all = vec![("odata-version".to_owned(), "4.0".to_owned())];
        if self.body.is_some() {
            all.push(("content-type".to_owned(), JSON.to_owned()));
        }
        all.extend(self.headers.iter().cloned());
        all
    }

    pub(super) fn into_answer(self) -> SimAnswer {
        let body = self.body.as_ref().map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        SimAnswer { status: self.status, headers: self.all_headers(), body, delay_ms: 0 }
    }
}

/// A refused operation.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// Often empty.
    pub(super) code: String,
    pub(super) message: String,
    pub(super) headers: Vec<(String, String)>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), headers: Vec::new() }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn into_reply(self) -> Reply {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        Reply { status: self.status, headers: self.headers, body: Some(body) }
    }
}

/// A URL or query option that cannot be read [I].
pub(super) fn bad_query(why: &str) -> Refusal {
    Refusal::new(400, "0x80060888", why)
}

/// A body that cannot be read or names what is not there [I].
pub(super) fn bad_payload(why: &str) -> Refusal {
    Refusal::new(400, "0x80048d19", format!("Error identified in Payload provided by the user: {why}"))
}

/// A value outside what its column takes (dataverse.md 2, 5).
pub(super) fn invalid(why: impl Into<String>) -> Refusal {
    Refusal::new(400, "0x80044331", why)
}

/// An undeclared path.
pub(super) fn no_resource(segment: &str) -> Refusal {
    Refusal::new(404, "0x80060888", format!("Resource not found for the segment '{segment}'."))
}

pub(super) fn bad_method(method: &str) -> Refusal {
    Refusal::new(405, "", format!("The requested resource does not support http method '{method}'."))
}

/// The security role lacks a privilege (dataverse.md 5).
pub(super) fn no_privilege(privilege: &str) -> Refusal {
    Refusal::new(403, "0x80040220", format!("Principal user is missing {privilege} privilege"))
}

/// A user is disabled, whether as the caller or as an owner (dataverse.md 5).
pub(super) fn user_disabled(id: &str) -> Refusal {
    Refusal::new(403, "0x80040225", format!("The specified user(Id = {id}) is disabled. Consider enabling this user."))
}

/// The token's app or the impersonated user has no user here (dataverse.md 5).
pub(super) fn no_member() -> Refusal {
    Refusal::new(403, "0x80072560", "The user is not a member of the organization.")
}

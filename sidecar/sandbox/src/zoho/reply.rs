//! Answers and refusals in Zoho's words (zoho.md 2, 5).

use serde_json::{Value, json};

use crate::wire::SimAnswer;

/// An answer before it becomes bytes, so that a composite can hold it.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) credits: u64,
}

impl Reply {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), credits: 1 }
    }

    pub(super) fn no_content() -> Self {
        Self { status: 204, body: None, credits: 1 }
    }

    pub(super) fn costing(mut self, credits: u64) -> Self {
        self.credits = credits;
        self
    }

    pub(super) fn into_answer(self) -> SimAnswer {
        match self.body {
            Some(body) => SimAnswer::json(self.status, &body),
            None => SimAnswer::empty(self.status),
        }
    }
}

/// Why Zoho refuses a record or a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) details: Value,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: &str, details: Value) -> Self {
        Self { code, message: message.to_owned(), details }
    }

    pub(super) fn invalid_module() -> Self {
        Self::new("INVALID_MODULE", "the module name given seems to be invalid", json!({"resource_path_index": 0}))
    }

    pub(super) fn limit(by: &str, limit: u64) -> Self {
        Self::new("LIMIT_EXCEEDED", "limit exceeded", json!({"by": by, "limit": limit}))
    }

    pub(super) fn missing_param(name: &str) -> Self {
        Self::new("REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", json!({"param_name": name}))
    }

    /// As an item of `data[]` or the whole body of an answer.
    pub(super) fn to_json(&self) -> Value {
        json!({"code": self.code, "details": self.details, "message": self.message, "status": "error"})
    }

    pub(super) fn reply(&self, status: u16) -> Reply {
        Reply::new(status, self.to_json())
    }
}

/// 404 for a path Zoho does not know.
pub(super) fn unknown_url() -> Refusal {
    Refusal::new("INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one", json!({}))
}

/// 401 for a token that is not, or no longer, valid.
pub(super) fn invalid_token() -> Refusal {
    Refusal::new("INVALID_TOKEN", "invalid oauth token", json!({}))
}

/// 401 for a request without a token in the expected form.
pub(super) fn unauthenticated() -> Refusal {
    Refusal::new("AUTHENTICATION_FAILURE", "Authentication failed", json!({}))
}

/// 401 for a token without the scope.
pub(super) fn scope_mismatch() -> Refusal {
    Refusal::new("OAUTH_SCOPE_MISMATCH", "Unauthorized", json!({}))
}

/// 403 for a user without the right.
pub(super) fn no_permission(module: &str) -> Refusal {
    let permission = format!("Crm_Implied_View_{module}");
    Refusal::new("NO_PERMISSION", "Permission denied", json!({"permissions": [permission]}))
}

/// 429: credits gone, too many at once, or a fault; the wire does not tell which.
pub(super) fn too_many() -> Refusal {
    Refusal::new("TOO_MANY_REQUESTS", "Too many requests. Please try again later.", json!({}))
}

/// 500.
pub(super) fn internal_error() -> Refusal {
    Refusal::new("INTERNAL_ERROR", "Internal Server Error", json!({}))
}

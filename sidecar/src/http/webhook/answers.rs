//! What a webhook's sender is answered.

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use thiserror::Error;

use crate::{
    intake::{EVENT_NAMES, IntakeError},
    store::StoreError,
};

/// When what could not be stored is worth a repeat.
const RETRY: Duration = Duration::from_secs(5);

/// Why a webhook was not taken.
#[derive(Debug, Error)]
pub(super) enum Refused {
    #[error("only GET, POST and PUT bring webhooks")]
    Method,
    #[error("the project or its secret is wrong")]
    Stranger,
    #[error("the project cannot be read now")]
    Unreadable,
    #[error("the address names no event")]
    Event,
    #[error("the body did not arrive in time")]
    Slow,
    #[error("the body could not be read")]
    Body(StatusCode),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the store took too long")]
    StoreSlow,
}

/// Everything is on disk.
pub(super) fn accepted(calls: usize) -> Response {
    json_answer(StatusCode::OK, &json!({ "accepted": calls }))
}

impl Refused {
    /// Status, reason, parameter and advice.
    pub(super) fn answer(&self) -> Response {
        let field = if let Self::Intake(error) = self { error.field() } else { None };
        let body = json!({ "error": self.text(), "field": field, "hint": self.hint() });
        let mut response = json_answer(self.status(), &body);
        let headers = response.headers_mut();
        match self.status() {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"webhooks\""));
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST, PUT"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY.as_secs()));
            }
            _ => {}
        }
        response
    }

    /// What a broken store says names files of this machine: that is for its log.
    fn text(&self) -> String {
        match self {
            Self::Store(StoreError::Broken(_) | StoreError::Unreadable(_) | StoreError::Away(_)) => {
                "the store is not available".to_owned()
            }
            other => other.to_string(),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Stranger => StatusCode::UNAUTHORIZED,
            Self::Event => StatusCode::NOT_FOUND,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Body(status) => *status,
            Self::Intake(IntakeError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Intake(IntakeError::UnsupportedType(_)) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Intake(_) => StatusCode::BAD_REQUEST,
            Self::Unreadable | Self::Store(_) | Self::StoreSlow => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn hint(&self) -> String {
        let text = match self {
            Self::Method => "choose one of these methods in the settings of the webhook",
            Self::Stranger => {
                "compare the address with the project's id and its secrets in projects.intake, or with those of \
                 access.tokens"
            }
            Self::Event => {
                let names: Vec<&str> = EVENT_NAMES.iter().map(|(name, _)| *name).collect();
                return format!("end the address with one of {}", names.join(", "));
            }
            Self::Slow => "send it again",
            Self::Body(StatusCode::PAYLOAD_TOO_LARGE) => IntakeError::TooLarge.hint(),
            Self::Body(_) => "send it again, whole",
            Self::Intake(error) => error.hint(),
            Self::Unreadable => "send it again later; the administrator's list of projects says why",
            Self::Store(_) | Self::StoreSlow => "send it again later: a repeat is harmless",
        };
        text.to_owned()
    }
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}

//! Why a request did not work out, typed by who must act.

use std::time::Duration;

use thiserror::Error;

use crate::transport::SendError;

/// Why a request did not work out. Texts hold no personal data and no secrets.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Trouble {
    /// The CRM asks to slow down; repeat later unchanged. Nothing was done.
    #[error("the CRM limits the rate of requests")]
    RateLimited {
        /// How long the CRM asks to wait, where it says.
        retry_after: Option<Duration>,
    },
    /// The CRM is away; repeat later unchanged. Nothing was done.
    #[error("the CRM is not available: {0}")]
    Unavailable(String),
    /// No readable answer came: what was asked may have been done. Look before repeating.
    #[error("the CRM's answer was lost: {0}")]
    Uncertain(String),
    /// The access token is no longer taken; get a new one and repeat once.
    #[error("the access token has expired")]
    TokenExpired,
    /// The credentials are dead; an administrator must connect again. Everything waits.
    #[error("the CRM refuses the credentials: {0}")]
    CredentialsDead(String),
    /// The credentials lack a right, or the account a feature; an administrator must act. Everything waits.
    #[error("the CRM account does not allow this: {0}")]
    NotAllowed(String),
    /// The CRM does not understand us: a fault of this dialect or of its configuration.
    #[error("the CRM rejects the request as malformed: {0}")]
    Malformed(String),
}

impl From<SendError> for Trouble {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotSent(text) => Self::Unavailable(text),
            SendError::NoAnswer(text) => Self::Uncertain(text),
        }
    }
}

//! What somebody who clicked is answered: a program reads `reason`, a person `error` and `hint`.

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use thiserror::Error;
use tieline_engine::dialing::NoDialling;

use crate::dialing::{Dialled, NotDialled};

/// When another click may succeed.
const RETRY: Duration = Duration::from_secs(10);

/// Why nobody is rung.
#[derive(Debug, Error)]
pub(super) enum Refused {
    #[error("only GET and POST make calls")]
    Method,
    #[error("the address was fetched ahead; nobody is rung until somebody clicks")]
    FetchedAhead,
    #[error("the request could not be read")]
    Unreadable,
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is too long")]
    TooLong(&'static str),
    #[error("expires is no moment in seconds since 1970")]
    Expiry,
    #[error("the project, the key or the signature is wrong")]
    Stranger,
    #[error("the link has expired")]
    Expired,
    #[error("the link lives longer than the project allows")]
    LivesTooLong,
    #[error(transparent)]
    Not(#[from] NotDialled),
}

pub(super) fn answer(done: Result<Dialled, Refused>) -> Response {
    match done {
        Ok(dialled) => {
            let body = json!({
                "id": dialled.id,
                "agent": dialled.agent,
                "client_first": dialled.client_first,
                "repeated": dialled.repeated,
            });
            json_answer(StatusCode::OK, &body)
        }
        Err(refused) => refused.answer(),
    }
}

impl Refused {
    fn answer(&self) -> Response {
        let body = json!({ "error": self.to_string(), "reason": self.reason(), "hint": self.hint() });
        let mut response = json_answer(self.status(), &body);
        match self.status() {
            StatusCode::METHOD_NOT_ALLOWED => {
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY.as_secs()));
            }
            _ => {}
        }
        response
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Stranger | Self::Not(NotDialled::Off) => StatusCode::FORBIDDEN,
            Self::Expired => StatusCode::GONE,
            Self::Not(NotDialled::UnknownAgent) => StatusCode::NOT_FOUND,
            Self::Not(NotDialled::TooMany) => StatusCode::TOO_MANY_REQUESTS,
            Self::Not(NotDialled::Refused(_)) => StatusCode::BAD_GATEWAY,
            Self::Not(NotDialled::Unclear) => StatusCode::GATEWAY_TIMEOUT,
            Self::Not(
                NotDialled::Nobody(NoDialling::NobodyOnline) | NotDialled::NoExchange | NotDialled::Unreachable,
            ) => StatusCode::SERVICE_UNAVAILABLE,
            Self::FetchedAhead | Self::Not(NotDialled::Nobody(_)) => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::FetchedAhead => "fetched_ahead",
            Self::Unreadable => "unreadable",
            Self::Missing(_) => "parameter_missing",
            Self::TooLong(_) => "parameter_too_long",
            Self::Expiry => "expiry_unreadable",
            Self::Stranger => "not_allowed",
            Self::Expired => "link_expired",
            Self::LivesTooLong => "link_lives_too_long",
            Self::Not(not) => not.as_str(),
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Method => "send it by GET or POST",
            Self::FetchedAhead => "click",
            Self::Unreadable => "send short parameters in the query, as a form or as a JSON object",
            Self::Missing(_) | Self::TooLong(_) | Self::Expiry => "correct the page that made the address",
            Self::Stranger | Self::Not(NotDialled::Off) => {
                "compare the address with what tieline dial-link or tieline register makes of the project"
            }
            Self::Expired => "load the page with the link again",
            Self::LivesTooLong => "let it expire earlier, or raise projects.click_to_call.link_minutes_max",
            Self::Not(not) => hint(not),
        }
    }
}

fn hint(not: &NotDialled) -> &'static str {
    match not {
        NotDialled::Off => "configure projects.click_to_call",
        NotDialled::NoNumber => "correct the number in the CRM",
        NotDialled::UnknownAgent => "add the agent to [[projects.agents]], with crm_user or an extension",
        NotDialled::Nobody(NoDialling::NobodyOnline) => "sign a telephone in; the exchange tells by ReportAgents",
        NotDialled::Nobody(NoDialling::AgentOffline) => "sign your telephone in, then click again",
        NotDialled::Nobody(NoDialling::AgentTalking) => "end your call, then click again",
        NotDialled::Nobody(NoDialling::NoPlace) => "give the agent a SIP login, number or extension",
        NotDialled::NoExchange => "ask whoever looks after the exchange: it must keep Watch open",
        NotDialled::Refused(_) => "ask whoever looks after the telephone platform's settings",
        NotDialled::Unreachable => "click again in a while: nobody was rung",
        NotDialled::Unclear => "wait for the call before you dial by hand: another click rings nobody",
        NotDialled::TooMany => "click again in a while",
    }
}

/// What is answered once must not be answered again from a memory on the way: the click would ring nobody.
fn json_answer(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, format!("{body}\n")).into_response()
}

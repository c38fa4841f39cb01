//! Answers in SendPulse's words (sendpulse.md 3.1).

use serde_json::{Map, Value, json};

use super::settings::{Envelope, ValidationBody};
use crate::wire::SimAnswer;

/// The code of "not found" inside the CRM.
const NOT_FOUND_CODE: u64 = 213;
/// The code of a refusal for too many requests.
const TOO_MANY_CODE: u64 = 2_020_202_020;

/// What a method comes to.
pub(super) type Done = Result<SimAnswer, Refusal>;

/// Why a method does nothing.
#[derive(Debug)]
pub(super) enum Refusal {
    /// What is wrong, by field.
    Invalid(Vec<(String, String)>),
    /// The record named in the path is not there.
    NotFound(&'static str),
    /// The body is not a JSON object.
    NotJson,
    /// There is no such path.
    NoPath,
    /// The path is there, under another method.
    NoMethod,
}

impl Refusal {
    pub(super) fn invalid(field: &str, text: &str) -> Self {
        Self::Invalid(vec![(field.to_owned(), text.to_owned())])
    }

    pub(super) fn answer(&self, shape: ValidationBody) -> SimAnswer {
        match self {
            Self::Invalid(errors) => validation(errors, shape),
            Self::NotFound(what) => in_data(404, NOT_FOUND_CODE, &format!("{what} not found")),
            Self::NotJson => flat(400, "Request body is not valid JSON", 400),
            Self::NoPath => flat(404, "Not Found", 404),
            Self::NoMethod => flat(405, "Method Not Allowed", 405),
        }
    }
}

fn validation(errors: &[(String, String)], shape: ValidationBody) -> SimAnswer {
    let first = errors.first().map_or("The given data was invalid.", |(_, text)| text.as_str());
    match shape {
        ValidationBody::Flat => flat(422, first, 422),
        ValidationBody::Data => in_data(422, 422, first),
        ValidationBody::Errors => {
            let mut fields: Map<String, Value> = Map::new();
            for (name, text) in errors {
                let texts = fields.entry(name.clone()).or_insert_with(|| json!([]));
                if let Some(texts) = texts.as_array_mut() {
                    texts.push(text.as_str().into());
                }
            }
            SimAnswer::json(422, &json!({"message": "The given data was invalid.", "errors": fields}))
        }
    }
}

/// `{"message":…,"error_code":…}`, as the gateway words it.
pub(super) fn flat(status: u16, message: &str, code: u64) -> SimAnswer {
    SimAnswer::json(status, &json!({"message": message, "error_code": code}))
}

/// `{"data":{"code":…,"message":…}}`, as the CRM behind it does.
fn in_data(status: u16, code: u64, message: &str) -> SimAnswer {
    SimAnswer::json(status, &json!({"data": {"code": code, "message": message}}))
}

/// 401 of the gateway.
pub(super) fn unauthorized() -> SimAnswer {
    flat(401, "Unauthorized!", 401)
}

/// 429; neither the limit nor a time to wait is told.
pub(super) fn too_many() -> SimAnswer {
    flat(429, "Too many requests", TOO_MANY_CODE)
}

/// `{"data":…}`
pub(super) fn data(status: u16, value: Value) -> SimAnswer {
    SimAnswer::json(status, &json!({"data": value}))
}

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paging {
    /// `None`: all of it.
    pub(super) limit: Option<usize>,
    pub(super) offset: usize,
}

/// One page of a list, in its envelope.
pub(super) fn page(envelope: Envelope, rows: Vec<Value>, paging: Paging) -> SimAnswer {
    let total = rows.len();
    let shown: Vec<Value> = rows.into_iter().skip(paging.offset).take(paging.limit.unwrap_or(usize::MAX)).collect();
    let body = match envelope {
        Envelope::Plain => json!({"data": shown}),
        Envelope::List => json!({"data": {"list": shown, "total": total}}),
        Envelope::Meta => {
            json!({"data": shown, "meta": {"total": total, "limit": paging.limit, "offset": paging.offset}})
        }
    };
    SimAnswer::json(200, &body)
}

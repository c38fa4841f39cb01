//! What can be mended in refused values, once: texts that are too long, optional columns that are not there.

use serde_json::{Map, Value};
use tieline_engine::step::Step;

use super::{
    answers::{Refusal, Why},
    drafts::Draft,
    settings::Settings,
    text,
};

/// The party's name, which a solution adds to the stock table (dataverse.md 2).
const PARTY_NAME: &str = "unresolvedpartyname";
const PARTIES: &str = "phonecall_activity_parties";
/// The column that is cut when the CRM names none: all others are short.
const LONG_TEXT: &str = "description";

/// Mends the values a refusal is about. Answers whether anything is different now.
pub(super) fn repair(settings: &Settings, sending: &mut [(&Step, Draft)], refused: &Refusal) -> bool {
    let mut bodies: Vec<&mut Map<String, Value>> =
        sending.iter_mut().flat_map(|(_, draft)| draft.operations.iter_mut().map(|op| &mut op.body)).collect();
    let named = bodies.iter().flat_map(|body| body.keys()).find(|column| refused.names(column)).cloned();
    let too_long = named.as_deref().unwrap_or(LONG_TEXT);
    let mut mended = false;
    for body in &mut bodies {
        mended |= match refused.why {
            Why::TooLong => cut(body, too_long, refused.length_max()) || drop_optional(settings, body, refused),
            Why::Bad => drop_optional(settings, body, refused),
            Why::Exists | Why::Duplicate | Why::Gone => false,
        };
    }
    mended
}

/// Cuts a text to the length the CRM names, else to half.
fn cut(body: &mut Map<String, Value>, column: &str, max: Option<usize>) -> bool {
    let Some(Value::String(value)) = body.get_mut(column) else { return false };
    let shorter = text::fit(value, max.unwrap_or(value.chars().count() / 2));
    if shorter == *value {
        return false;
    }
    *value = shorter;
    true
}

/// Takes out columns of a connection's own choice, and names of parties. What they say stands in the text too.
fn drop_optional(settings: &Settings, body: &mut Map<String, Value>, refused: &Refusal) -> bool {
    let optional = [&settings.recording_field, &settings.mark_field, &settings.chat_field];
    let mut dropped = false;
    for column in optional.into_iter().flatten().filter(|column| refused.names(column)) {
        dropped |= body.remove(column).is_some();
    }
    dropped | (refused.names(PARTY_NAME) && drop_named_parties(body))
}

fn drop_named_parties(body: &mut Map<String, Value>) -> bool {
    let Some(Value::Array(parties)) = body.get_mut(PARTIES) else { return false };
    let before = parties.len();
    parties.retain(|party| party.get(PARTY_NAME).is_none());
    let dropped = parties.len() < before;
    if parties.is_empty() {
        body.remove(PARTIES);
    }
    dropped
}

//! Contact fields: which there are, and which values go into them.
//!
//! They are written by id. By name the CRM would make a field that is not there (sendpulse.md 3.2), and only fields
//! the owner made beforehand may be written (SP-12).

use std::borrow::Cow;

use serde_json::Value;
use tieline_engine::step::{Fields, Mark, StepResult};

use crate::{dialect::Session, trouble::Trouble};

use super::{
    Sendpulse, answers,
    answers::{id_of, number_of, text_of},
    auth,
    settings::{CHAT, GOOGLE_CLIENT_ID, MARK},
};

/// The type of a field with one line of text (sendpulse.md 3.2).
const TEXT: u64 = 0;
/// The longest value in characters (sendpulse.md 3.2).
pub(super) const LENGTH_MAX: usize = 5500;

/// A contact field of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) id: String,
    pub(super) name: String,
    /// Takes one line of text.
    pub(super) is_text: bool,
    /// Made by the account's people, not by the vendor.
    pub(super) is_custom: bool,
}

/// A value on its way into a contact field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filled {
    /// What the engine calls it: a mapped field, or one of the data of a visit.
    pub(super) name: String,
    /// The field's id and name.
    pub(super) id: String,
    pub(super) attribute: String,
    pub(super) value: String,
}

/// Reads the contact fields of the account.
pub(super) async fn read(crm: &Sendpulse, session: &Session<'_>) -> Result<Vec<Attribute>, Trouble> {
    let request = auth::get(&crm.settings, session, "sendpulse.contacts.attributes", "/contacts/attributes")?;
    let answer = answers::read_there(crm, session, request).await?;
    Ok(answers::list(&answer).into_iter().filter_map(attribute).collect())
}

fn attribute(value: &Value) -> Option<Attribute> {
    let has_options = value.get("options").and_then(Value::as_array).is_some_and(|options| !options.is_empty());
    let is_text = value.get("type").and_then(number_of).map_or(!has_options, |kind| kind == TEXT);
    let is_custom = !value.get("default").and_then(Value::as_bool).unwrap_or(false);
    Some(Attribute { id: id_of(value)?, name: text_of(value.get("name")?)?, is_text, is_custom })
}

/// The contact fields as learned, else as the account has them now.
pub(super) async fn known<'a>(crm: &'a Sendpulse, session: &Session<'_>) -> Result<Cow<'a, [Attribute]>, Trouble> {
    match &crm.attributes {
        Some(attributes) => Ok(Cow::Borrowed(attributes)),
        None => Ok(Cow::Owned(read(crm, session).await?)),
    }
}

/// The field that holds one kind of data, where one was chosen and is there.
pub(super) fn chosen<'a>(crm: &Sendpulse, attributes: &'a [Attribute], data: &str) -> Option<&'a Attribute> {
    by_name(attributes, crm.settings.contact_fields.get(data)?)
}

/// A field by the name people gave it.
pub(super) fn by_name<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.name == name)
}

/// Values for contact fields: mapped ones, and data of the visit in the fields chosen for them. A chosen field that
/// is not there is left out (`inspect` tells it); a mapped one is refused, so that the engine knows.
pub(super) async fn fill(
    crm: &Sendpulse,
    session: &Session<'_>,
    fields: &Fields,
    mark: Option<&Mark>,
) -> Result<Result<Vec<Filled>, StepResult>, Trouble> {
    let data = data(crm, fields, mark);
    if data.is_empty() && fields.custom.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let attributes = known(crm, session).await?;
    if let Some(missing) = fields.custom.keys().find(|name| by_name(&attributes, name).is_none()) {
        let text = "the account has no such contact field".to_owned();
        return Ok(Err(StepResult::FieldRefused { field: missing.clone(), text }));
    }
    let mapped = fields.custom.iter().map(|(name, value)| (name.as_str(), name.as_str(), value.as_str()));
    let mut filled: Vec<Filled> = Vec::new();
    for (name, field, value) in mapped.chain(data) {
        let Some(attribute) = by_name(&attributes, field) else { continue };
        let value: String = value.chars().take(LENGTH_MAX).collect();
        // A mapping and a chosen field may meet in one field; the mapping was made for it.
        if !filled.iter().any(|other| other.id == attribute.id) {
            let (id, attribute) = (attribute.id.clone(), attribute.name.clone());
            filled.push(Filled { name: name.to_owned(), id, attribute, value });
        }
    }
    Ok(Ok(filled))
}

/// Data of the visit that have a chosen field: name, field, value.
fn data<'a>(crm: &'a Sendpulse, fields: &'a Fields, mark: Option<&'a Mark>) -> Vec<(&'a str, &'a str, &'a str)> {
    let value = |name: &str| match name {
        CHAT => fields.chat.as_deref(),
        GOOGLE_CLIENT_ID => fields.google_client_id.as_deref(),
        MARK => mark.map(Mark::as_str),
        other => fields.marks.get(other).map(String::as_str),
    };
    let chosen = crm.settings.contact_fields.iter();
    chosen.filter_map(|(name, field)| Some((*name, field.as_str(), value(name)?))).collect()
}

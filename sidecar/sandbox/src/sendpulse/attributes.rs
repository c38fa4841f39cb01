//! Custom fields of contacts and their values (sendpulse.md 3.2).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Ctx, SendPulse,
    answers::{Done, Refusal, data},
    conditions::plain,
    form::{Form, number},
    settings::UnknownAttribute,
    world::{Attribute, FIRST_ATTRIBUTE},
};
use crate::wire::SimAnswer;

/// Characters of a value (sendpulse.md 3.2).
const LONGEST_VALUE: usize = 5_500;
/// Characters of an attribute's name [I].
const LONGEST_NAME: usize = 255;
/// The type whose values are numbers, and the last type there is.
const NUMBER: u64 = 1;
const LAST_TYPE: u64 = 5;
/// Attributes an account may have, a bound only.
const MOST: usize = 500;

/// A value with the attribute it is for.
pub(super) enum Given {
    Known(u64, Value),
    /// An attribute to be made first: its name and type.
    New(String, u64, Value),
}

impl SendPulse {
    pub(super) fn attribute(&self, id: u64) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.id == id)
    }

    pub(super) fn attribute_named(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// `GET /contacts/attributes`
    pub(super) fn attribute_list(&self) -> SimAnswer {
        data(200, self.attributes.iter().map(attribute_json).collect())
    }

    /// `POST /contacts/attributes`
    pub(super) fn attribute_add(&mut self, body: &Map<String, Value>) -> Done {
        let mut form = Form::new(body);
        form.only(&["name", "type"], self.settings.unknown_fields);
        form.need(&["name"]);
        let name = form.text("name", LONGEST_NAME).unwrap_or_default();
        let kind = form.within("type", &(0..=LAST_TYPE)).unwrap_or(0);
        if self.attribute_named(&name).is_some() {
            form.error("name", "The name has already been taken.".to_owned());
        }
        if self.attributes.len() >= MOST {
            form.error("name", "The limit of attributes is reached.".to_owned());
        }
        form.done()?;
        let id = self.attribute_new(&name, kind);
        Ok(data(200, self.attribute(id).map(attribute_json).unwrap_or_default()))
    }

    pub(super) fn attribute_new(&mut self, name: &str, kind: u64) -> u64 {
        let id = self.attributes.last().map_or(FIRST_ATTRIBUTE, |last| last.id + 1);
        self.attributes.push(Attribute { id, name: name.to_owned(), kind });
        id
    }

    /// The values in `attributes` of a new contact: each by `attributeId` or by `name`.
    pub(super) fn attributes_given(&self, form: &mut Form<'_>) -> Vec<Given> {
        let mut given = Vec::new();
        for item in form.list("attributes") {
            match self.attribute_given(item) {
                Ok(Some(value)) => given.push(value),
                Ok(None) => {}
                Err(text) => form.error("attributes", text),
            }
        }
        given
    }

    fn attribute_given(&self, item: &Value) -> Result<Option<Given>, String> {
        let value = item.get("value").cloned().unwrap_or_default();
        if let Some(id) = item.get("attributeId").filter(|id| !id.is_null()) {
            let id = number(id).filter(|id| self.attribute(*id).is_some());
            let id = id.ok_or("The selected attributeId is invalid.")?;
            return self.checked(id, value).map(Some);
        }
        let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
        if let Some(attribute) = self.attribute_named(name) {
            return self.checked(attribute.id, value).map(Some);
        }
        let kind = item.get("type").map_or(Some(0), number).filter(|kind| *kind <= LAST_TYPE);
        match (self.settings.unknown_attribute_name, kind) {
            _ if name.is_empty() => Err("The attributeId field is required.".to_owned()),
            (UnknownAttribute::Ignore, _) => Ok(None),
            (UnknownAttribute::Create, Some(kind)) if self.attributes.len() < MOST => {
                Ok(Some(Given::New(name.to_owned(), kind, value)))
            }
            _ => Err("The selected attribute is invalid.".to_owned()),
        }
    }

    /// A value the attribute can hold.
    fn checked(&self, id: u64, value: Value) -> Result<Given, String> {
        let text = plain(&value).unwrap_or_default();
        let kind = self.attribute(id).map_or(0, |attribute| attribute.kind);
        if value.is_null() || text.chars().count() > LONGEST_VALUE {
            return Err(format!("The value must hold 1 to {LONGEST_VALUE} characters."));
        }
        if self.settings.strict_attribute_types && kind == NUMBER && text.parse::<f64>().is_err() {
            return Err("The value must be a number.".to_owned());
        }
        Ok(Given::Known(id, value))
    }

    /// The values by attribute, after making the attributes that are new.
    pub(super) fn attributes_kept(&mut self, given: Vec<Given>) -> BTreeMap<u64, Value> {
        let mut kept = BTreeMap::new();
        for value in given {
            let (id, value) = match value {
                Given::Known(id, value) => (id, value),
                Given::New(name, kind, value) => {
                    let known = self.attribute_named(&name).map(|attribute| attribute.id);
                    (known.unwrap_or_else(|| self.attribute_new(&name, kind)), value)
                }
            };
            kept.insert(id, value);
        }
        kept
    }

    /// Whether no value for the attribute of that name was sent.
    pub(super) fn lacks_attribute(&self, body: &Map<String, Value>, name: &str) -> bool {
        let id = self.attribute_named(name).map(|attribute| attribute.id);
        let items = body.get("attributes").and_then(Value::as_array).into_iter().flatten();
        let means = |item: &Value| {
            let by_id = id.is_some() && item.get("attributeId").and_then(number) == id;
            by_id || item.get("name").and_then(Value::as_str) == Some(name)
        };
        !items.filter(|item| means(item)).any(|item| item.get("value").is_some_and(|value| value != ""))
    }

    /// `POST /contacts/{id}/attributes`
    pub(super) fn attribute_set(&mut self, ctx: &Ctx, id: &str, body: &Map<String, Value>) -> Done {
        let id = self.contact_id(id)?;
        let mut form = Form::new(body);
        form.only(&["attributeId", "value"], self.settings.unknown_fields);
        form.need(&["attributeId", "value"]);
        form.done()?;
        let item = Value::Object(body.clone());
        let given = self.attribute_given(&item).map_err(|text| Refusal::invalid("attributeId", &text))?;
        let stored = self.store(ctx, id, given.into_iter().collect());
        Ok(data(200, stored.into_iter().next().unwrap_or_default()))
    }

    /// `POST /contacts/{id}/attributes/batch`
    pub(super) fn attribute_batch(&mut self, ctx: &Ctx, id: &str, body: &Map<String, Value>) -> Done {
        let id = self.contact_id(id)?;
        let mut form = Form::new(body);
        form.only(&["attributesValues"], self.settings.unknown_fields);
        form.need(&["attributesValues"]);
        let items = form.list("attributesValues");
        form.done()?;
        let failing_from = if ctx.partial { items.len() / 2 } else { items.len() };
        let (mut good, mut wrong) = (Vec::new(), None);
        for (index, item) in items.iter().enumerate() {
            if index >= failing_from {
                wrong = wrong.or(Some("The value was not saved.".to_owned()));
                continue;
            }
            match self.batched(item) {
                Ok(given) => good.push(given),
                Err(text) => wrong = wrong.or(Some(text)),
            }
        }
        if wrong.is_none() || ctx.partial || !self.settings.batch_atomic {
            let stored = self.store(ctx, id, good);
            return wrong.map_or_else(
                || Ok(data(201, stored.into_iter().collect())),
                |text| Err(Refusal::invalid("attributesValues", &text)),
            );
        }
        Err(Refusal::invalid("attributesValues", &wrong.unwrap_or_default()))
    }

    /// A batch names attributes by id only.
    fn batched(&self, item: &Value) -> Result<Given, String> {
        let id = item.get("attributeId").and_then(number).filter(|id| self.attribute(*id).is_some());
        let id = id.ok_or("The selected attributeId is invalid.")?;
        self.checked(id, item.get("value").cloned().unwrap_or_default())
    }

    fn store(&mut self, ctx: &Ctx, contact: u64, given: Vec<Given>) -> Vec<Value> {
        let kept = self.attributes_kept(given);
        let rows = kept.iter().map(|(id, value)| json!({"contactId": contact, "attributeId": id, "value": value}));
        let rows = rows.collect();
        if let Some(row) = self.contacts.shelf.touch(contact, ctx.now) {
            row.data.attributes.extend(kept);
        }
        rows
    }
}

fn attribute_json(attribute: &Attribute) -> Value {
    json!({"id": attribute.id, "name": attribute.name, "type": attribute.kind})
}

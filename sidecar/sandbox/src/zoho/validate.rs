//! Whether a record may be written (zoho.md 5, 6).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Ctx, Zoho, calls,
    reply::Refusal,
    schema::{Field, Kind},
    settings::UnknownFields,
    store::Record,
};

/// Where in a request a record stands, for `json_path`.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) module: &'static str,
    pub(super) index: usize,
}

impl Place {
    /// A refusal that points at one field.
    pub(super) fn refuse(self, code: &'static str, message: &str, field: &str, more: &Value) -> Refusal {
        let mut details = json!({"api_name": field, "json_path": format!("$.data[{}].{field}", self.index)});
        if let (Some(details), Some(more)) = (details.as_object_mut(), more.as_object()) {
            details.extend(more.clone());
        }
        Refusal::new(code, message, details)
    }

    pub(super) fn invalid(self, field: &str, more: &Value) -> Refusal {
        self.refuse("INVALID_DATA", "invalid data", field, more)
    }

    pub(super) fn mandatory(self, field: &str) -> Refusal {
        self.refuse("MANDATORY_NOT_FOUND", "required field not found", field, &json!({}))
    }
}

impl Zoho {
    /// The fields to store for an item, or why it is refused. `before` is the record
    /// an update changes.
    pub(super) fn check(
        &self,
        ctx: &Ctx,
        place: Place,
        item: &Map<String, Value>,
        before: Option<&Record>,
    ) -> Result<Map<String, Value>, Refusal> {
        let mut refusals = Vec::new();
        if before.is_none() {
            refusals.extend(self.missing(ctx, place, item));
        }
        let mut fields = Map::new();
        for (name, value) in item {
            match self.field_value(place, item, name, value) {
                Ok(Some(value)) => drop(fields.insert(name.clone(), value)),
                Ok(None) => {}
                Err(refusal) => refusals.push(refusal),
            }
        }
        let whole = whole(before, &fields);
        if refusals.is_empty() {
            refusals.extend(self.cross_field(place, item, &whole, &mut fields));
        }
        if refusals.is_empty() {
            refusals.extend(self.duplicates(place, &fields, before.map(|record| record.id.as_str())));
        }
        merge(refusals).map_or(Ok(fields), Err)
    }

    fn missing(&self, ctx: &Ctx, place: Place, item: &Map<String, Value>) -> Vec<Refusal> {
        let empty = |name: &str| item.get(name).is_none_or(|value| value.is_null() || value == "");
        let added = ctx.required.as_ref().filter(|(module, _)| module == place.module).map(|(_, field)| field.as_str());
        self.schema
            .fields(place.module)
            .iter()
            .filter(|field| field.mandatory)
            .map(|field| field.name.as_str())
            .chain(added)
            .filter(|name| empty(name))
            .map(|name| place.mandatory(name))
            .collect()
    }

    /// The value as stored; `None` for what is left out without a word.
    fn field_value(
        &self,
        place: Place,
        item: &Map<String, Value>,
        name: &str,
        value: &Value,
    ) -> Result<Option<Value>, Refusal> {
        if name.starts_with('$') || name == "id" {
            return Ok(None);
        }
        let field = self.schema.field(place.module, name).filter(|field| field.writable);
        let Some(field) = field else {
            return match self.settings.unknown_fields {
                UnknownFields::Ignore => Ok(None),
                UnknownFields::Reject => Err(place.invalid(name, &json!({}))),
            };
        };
        if value.is_null() {
            return Ok(Some(Value::Null));
        }
        if field.kind.is_lookup() {
            return self.lookup(place, item, field, value).map(Some);
        }
        self.plain(place, field, value).map(Some)
    }

    fn plain(&self, place: Place, field: &Field, value: &Value) -> Result<Value, Refusal> {
        let (_, json_type) = field.kind.names();
        let wrong = || place.invalid(&field.name, &json!({"expected_data_type": json_type}));
        match field.kind {
            Kind::Boolean => value.is_boolean().then(|| value.clone()).ok_or_else(wrong),
            Kind::Integer => value.is_i64().then(|| value.clone()).ok_or_else(wrong),
            Kind::Double => value.is_number().then(|| value.clone()).ok_or_else(wrong),
            Kind::Json => Ok(value.clone()),
            _ => {
                let text = value.as_str().ok_or_else(wrong)?;
                if text.chars().count() > field.length {
                    return Err(place.invalid(&field.name, &json!({"maximum_length": field.length})));
                }
                self.text(place, field, text)
            }
        }
    }

    fn text(&self, place: Place, field: &Field, text: &str) -> Result<Value, Refusal> {
        let expected = |kind: &str| place.invalid(&field.name, &json!({"expected_data_type": kind}));
        let fine = match field.kind {
            Kind::Phone => text.chars().all(phone_character),
            Kind::Email => text.contains('@') && !text.contains(' '),
            Kind::Website => text.contains('.') && !text.contains(' '),
            Kind::Date => text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10,
            Kind::DateTime => {
                return self.date_time(text).map(Value::from).ok_or_else(|| expected("datetime"));
            }
            // The stage is checked against its pipeline, under another code.
            Kind::Picklist if field.name == "Stage" || field.name == "Pipeline" => true,
            Kind::Picklist => !self.settings.strict_picklists || field.picks.contains(&text),
            _ => true,
        };
        if fine { Ok(Value::from(text)) } else { Err(expected(field.kind.names().0)) }
    }

    /// `yyyy-MM-ddTHH:mm:ss±HH:mm` without fractions, as the organisation's zone writes it.
    fn date_time(&self, text: &str) -> Option<String> {
        let offset = text.get(19..)?;
        let shaped =
            text.len() == 25 && text.get(10..11)? == "T" && (offset.starts_with('+') || offset.starts_with('-'));
        let at: Timestamp = text.parse().ok()?;
        shaped.then(|| self.time(at))
    }

    fn lookup(&self, place: Place, item: &Map<String, Value>, field: &Field, value: &Value) -> Result<Value, Refusal> {
        let id = value.get("id").and_then(Value::as_str).or_else(|| value.as_str());
        let expected = json!({"expected_data_type": "jsonobject"});
        let id = id.ok_or_else(|| place.invalid(&field.name, &expected))?;
        let module = match field.kind {
            Kind::User if self.users.iter().any(|user| user.id == id && user.active) => {
                return Ok(json!({"id": id}));
            }
            Kind::User => return Err(place.invalid(&field.name, &json!({}))),
            Kind::Lookup(module) => Some(module),
            Kind::Parent => self.related(value.pointer("/module/api_name")),
            _ if item.contains_key("$se_module") => self.related(item.get("$se_module")),
            _ => return Err(place.mandatory("$se_module")),
        };
        if module.is_none_or(|module| self.store.get(module, id).is_none()) {
            let message = "the related id given seems to be invalid";
            return Err(place.refuse("INVALID_DATA", message, &field.name, &json!({})));
        }
        Ok(json!({"id": id, "module": module}))
    }

    fn related(&self, name: Option<&Value>) -> Option<&'static str> {
        self.schema.module(name?.as_str()?)
    }

    fn cross_field(
        &self,
        place: Place,
        item: &Map<String, Value>,
        whole: &Map<String, Value>,
        fields: &mut Map<String, Value>,
    ) -> Option<Refusal> {
        match place.module {
            "Deals" if item.contains_key("Stage") || item.contains_key("Pipeline") => self.stage(place, whole, fields),
            "Calls" if item.contains_key("Call_Type") || item.contains_key("Call_Duration") => {
                calls::check(place, whole, fields)
            }
            _ => None,
        }
    }
}

/// What Zoho's phone fields accept (zoho.md 3).
fn phone_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+ .-();,#".contains(c)
}

fn whole(before: Option<&Record>, fields: &Map<String, Value>) -> Map<String, Value> {
    let mut whole = before.map(|record| record.fields.clone()).unwrap_or_default();
    whole.extend(fields.clone());
    whole
}

fn merge(mut refusals: Vec<Refusal>) -> Option<Refusal> {
    if refusals.len() < 2 {
        return refusals.pop();
    }
    let errors: Vec<Value> = refusals.iter().map(Refusal::to_json).collect();
    Some(Refusal::new("MULTIPLE_OR_MULTI_ERRORS", "Multiple errors in the request", json!({"errors": errors})))
}

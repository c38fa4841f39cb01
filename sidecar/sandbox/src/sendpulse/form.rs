//! The fields of a request's body, read with what is wrong with them.

use std::ops::RangeInclusive;

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::{Map, Value};

use super::{
    answers::{Paging, Refusal},
    settings::UnknownFields,
};
use crate::wire::SimRequest;

/// Rows of one page (sendpulse.md 3.2).
const MOST_ROWS: u64 = 100;
/// Rows of a page when none are asked for (sendpulse.md 3.3; for the other lists [I]).
const USUAL_ROWS: u64 = 10;
/// Ids in one list, a bound only.
const MOST_IDS: usize = 1_000;

/// The JSON object of a body; an empty body is an empty object, and so is one that is not
/// declared as JSON [I].
pub(super) fn object(request: &SimRequest) -> Result<Map<String, Value>, Refusal> {
    let declared = request.header_value("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    if request.body.is_empty() || !declared {
        return Ok(Map::new());
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(map)) => Ok(map),
        // PHP writes an empty object as an empty array.
        Ok(Value::Array(items)) if items.is_empty() => Ok(Map::new()),
        _ => Err(Refusal::NotJson),
    }
}

/// Reads fields and gathers errors; a field that is null counts as absent.
pub(super) struct Form<'a> {
    given: &'a Map<String, Value>,
    errors: Vec<(String, String)>,
}

impl<'a> Form<'a> {
    pub(super) fn new(given: &'a Map<String, Value>) -> Self {
        Self { given, errors: Vec::new() }
    }

    /// Refuses other fields when the account is set to.
    pub(super) fn only(&mut self, known: &[&str], unknown: UnknownFields) {
        let strangers = self.given.keys().filter(|name| !known.contains(&name.as_str()));
        if unknown == UnknownFields::Reject {
            self.errors.extend(strangers.map(|name| (name.clone(), format!("The {name} field is not allowed."))));
        }
    }

    pub(super) fn error(&mut self, name: &str, text: String) {
        self.errors.push((name.to_owned(), text));
    }

    pub(super) fn wrong(&mut self, name: &str) {
        self.error(name, format!("The selected {name} is invalid."));
    }

    /// Refuses fields that are absent or empty.
    pub(super) fn need(&mut self, names: &[&str]) {
        for name in names {
            let blank = self.value(name).is_none_or(|value| value == "" || value.as_array().is_some_and(Vec::is_empty));
            if blank {
                self.error(name, format!("The {name} field is required."));
            }
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.given.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &str, longest: usize) -> Option<String> {
        let value = self.value(name)?;
        self.read_text(name, value, longest)
    }

    fn read_text(&mut self, name: &str, value: &Value, longest: usize) -> Option<String> {
        let Some(text) = value.as_str() else {
            self.error(name, format!("The {name} must be a string."));
            return None;
        };
        if text.chars().count() > longest {
            self.error(name, format!("The {name} may not be greater than {longest} characters."));
            return None;
        }
        Some(text.to_owned())
    }

    /// A list of non-empty texts.
    pub(super) fn texts(&mut self, name: &str, longest: usize) -> Vec<String> {
        let items = self.list(name);
        items.iter().filter_map(|item| self.read_text(name, item, longest)).filter(|text| !text.is_empty()).collect()
    }

    /// The members of an array.
    pub(super) fn list(&mut self, name: &str) -> &'a [Value] {
        match self.value(name) {
            None => &[],
            Some(Value::Array(items)) if items.len() <= MOST_IDS => items,
            Some(_) => {
                self.error(name, format!("The {name} must be an array."));
                &[]
            }
        }
    }

    pub(super) fn id(&mut self, name: &str) -> Option<u64> {
        let value = self.value(name)?;
        let id = number(value);
        if id.is_none() && value != "" {
            self.error(name, format!("The {name} must be an integer."));
        }
        id
    }

    pub(super) fn ids(&mut self, name: &str) -> Vec<u64> {
        let items = self.list(name);
        let ids: Vec<u64> = items.iter().filter_map(number).collect();
        if ids.len() != items.len() {
            self.error(name, format!("The {name} must hold integers."));
        }
        ids
    }

    pub(super) fn within(&mut self, name: &str, range: &RangeInclusive<u64>) -> Option<u64> {
        let number = self.id(name)?;
        if !range.contains(&number) {
            self.error(name, format!("The {name} must be between {} and {}.", range.start(), range.end()));
        }
        Some(number)
    }

    pub(super) fn time(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.text(name, 40).filter(|text| !text.is_empty())?;
        let at = instant(&text);
        if at.is_none() {
            self.error(name, format!("The {name} is not a valid date."));
        }
        at
    }

    pub(super) fn paging(&mut self) -> Paging {
        let limit = self.within("limit", &(1..=MOST_ROWS)).unwrap_or(USUAL_ROWS);
        let offset = self.id("offset").unwrap_or(0);
        Paging { limit: usize::try_from(limit).ok(), offset: usize::try_from(offset).unwrap_or(usize::MAX) }
    }

    /// What is wrong, if anything.
    pub(super) fn done(self) -> Result<(), Refusal> {
        if self.errors.is_empty() { Ok(()) } else { Err(Refusal::Invalid(self.errors)) }
    }
}

/// A whole number, also when it is written as text.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// A point in time; without an offset it is read as UTC [I].
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
    let civil = formats.iter().find_map(|format| civil::DateTime::strptime(format, text).ok());
    let civil = civil.or_else(|| Some(civil::Date::strptime("%Y-%m-%d", text).ok()?.at(0, 0, 0, 0)))?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// A point in time as replies hold it [I].
pub(super) fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

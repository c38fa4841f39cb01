//! One row's parameters as typed values.

use std::collections::BTreeMap;

use tieline_engine::jiff::{Timestamp, tz::TimeZone};

use super::{
    IntakeError,
    body::Row,
    names::{self, Param},
    when,
};

/// Longest name.
const NAME_MAX: usize = 128;
/// Longest value.
const VALUE_MAX: usize = 4 * 1024;
/// Names the free parameters that were too long to keep.
const LEFT_OUT: &str = "left_out_params";

/// One row's parameters.
pub(super) struct Params {
    row: Option<usize>,
    known: BTreeMap<Param, Vec<Value>>,
    /// What intake does not understand, by the platform's names where the project gives them.
    pub(super) free: BTreeMap<String, String>,
}

/// One value of a known parameter.
struct Value {
    /// Depth, then how telling its name is: the lowest counts.
    order: (u8, usize),
    name: String,
    text: String,
}

impl Params {
    /// Sorts a row's values by what they mean. Empty ones say nothing. A value too long to keep is refused where
    /// intake needs it and otherwise left out and named: a long address of a page must not cost a call.
    pub(super) fn of(row: Row, index: Option<usize>, own: &BTreeMap<String, String>) -> Result<Self, IntakeError> {
        let mut params = Self { row: index, known: BTreeMap::new(), free: BTreeMap::new() };
        let mut left_out = Vec::new();
        for given in row.values {
            if given.value.trim().is_empty() {
                continue;
            }
            let fits = given.value.len() <= VALUE_MAX && given.name.len() <= NAME_MAX;
            match names::find(&given.name, own) {
                Some(_) if !fits => {
                    return Err(params.bad(&given.name, "is longer than 4096 bytes", "send only the value itself"));
                }
                Some((param, rank)) => {
                    let value = Value { order: (given.depth, rank), name: given.name, text: given.value };
                    params.known.entry(param).or_default().push(value);
                }
                None if !fits => left_out.push(given.name.chars().take(NAME_MAX / 4).collect::<String>()),
                None => {
                    let name = names::platform_name(&given.name, own).to_owned();
                    params.free.entry(name).or_insert(given.value);
                }
            }
        }
        params.known.values_mut().for_each(|values| values.sort_by_key(|value| value.order));
        if !left_out.is_empty() {
            params.free.insert(LEFT_OUT.to_owned(), left_out.join(" ").chars().take(VALUE_MAX).collect());
        }
        Ok(params)
    }

    /// Every value of a parameter, the one that counts first.
    pub(super) fn all(&self, param: Param) -> impl Iterator<Item = &str> {
        self.known.get(&param).into_iter().flatten().map(|value| value.text.trim())
    }

    /// The value that counts.
    pub(super) fn text(&self, param: Param) -> Option<&str> {
        self.all(param).next()
    }

    /// The value that counts, for keeping.
    pub(super) fn owned(&self, param: Param) -> Option<String> {
        self.text(param).map(str::to_owned)
    }

    /// A whole number not below zero; the platform's -1 means none.
    pub(super) fn count(&self, param: Param) -> Result<Option<u32>, IntakeError> {
        let Some(text) = self.text(param) else {
            return Ok(None);
        };
        match text.parse::<f64>() {
            Ok(number) if number < 0.0 => Ok(None),
            // Truncation is meant; a float to integer cast saturates, and the bound keeps it exact.
            Ok(number) if number <= f64::from(u32::MAX) => Ok(Some(number as u32)),
            _ => Err(self.refuse(param, "is not a number", "send whole seconds (duration_ms: milliseconds)")),
        }
    }

    /// Yes or no.
    pub(super) fn flag(&self, param: Param) -> Option<bool> {
        match self.text(param)?.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" => Some(true),
            "0" | "false" | "no" => Some(false),
            _ => None,
        }
    }

    /// A moment; without a zone of its own it is in the project's (G-11).
    pub(super) fn moment(&self, param: Param, zone: &TimeZone) -> Result<Option<Timestamp>, IntakeError> {
        let Some(text) = self.text(param) else {
            return Ok(None);
        };
        let hint = "choose YYYY-MM-DD HH:MM:SS, or ISO 8601 with a zone, in the settings of the webhook";
        when::read(text, zone).map(Some).ok_or_else(|| self.refuse(param, "is not a date and time", hint))
    }

    /// The value that counts is refused.
    pub(super) fn refuse(&self, param: Param, problem: &'static str, hint: &'static str) -> IntakeError {
        let value = self.known.get(&param).and_then(|values| values.first());
        self.bad(value.map_or("", |value| value.name.as_str()), problem, hint)
    }

    /// There is no id.
    pub(super) fn without_id(&self) -> IntakeError {
        IntakeError::MissingCallId { row: self.row }
    }

    fn bad(&self, name: &str, problem: &'static str, hint: &'static str) -> IntakeError {
        IntakeError::BadValue { row: self.row, name: name.chars().take(NAME_MAX).collect(), problem, hint }
    }
}

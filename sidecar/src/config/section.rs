//! One table of the document: values are taken out by name and kind, every fault is noted, nothing stops.
//!
//! The names that were asked for are the accepted ones, so the list a misspelt key is answered with is always true.

use std::{collections::BTreeMap, ops::RangeInclusive};

use serde::{Deserialize as _, de::DeserializeOwned};
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::fault::Journal;

/// A value with its place in the document.
pub(super) type Value<'s> = Spanned<DeValue<'s>>;

/// A table being read. Values that are missing or wrong are noted and replaced, for the reader to go on.
pub(super) struct Section<'s> {
    journal: &'s Journal,
    path: String,
    at: Option<usize>,
    table: Option<&'s DeTable<'s>>,
    /// A table was expected and something else was there: what is missing inside says nothing new.
    broken: bool,
    asked: Vec<&'static str>,
    refused: Vec<&'static str>,
}

impl<'s> Section<'s> {
    /// The document itself.
    pub(super) fn root(journal: &'s Journal, table: &'s DeTable<'s>) -> Self {
        let (path, at, table) = (String::new(), None, Some(table));
        Self { journal, path, at, table, broken: false, asked: Vec::new(), refused: Vec::new() }
    }

    /// Notes a fault of a key, or of the section when the key is empty.
    pub(super) fn fault(&self, key: &str, text: impl Into<String>) {
        let at = self.peek(key).map(|value| value.span().start).or(self.at);
        self.journal.note(at, self.path_of(key), text);
    }

    /// Notes a fault of an element of a list.
    pub(super) fn fault_in(&self, key: &str, index: usize, text: impl Into<String>) {
        let element = self.peek(key).and_then(|list| list.get_ref().as_array()?.get(index));
        let at = element.map(|value| value.span().start).or(self.at);
        self.journal.note(at, format!("{}[{index}]", self.path_of(key)), text);
    }

    /// Notes a fault of a key that is not accepted, instead of what is said of any unknown key.
    pub(super) fn refuse(&mut self, key: &'static str, text: impl Into<String>) {
        self.fault(key, text);
        self.refused.push(key);
    }

    /// The value of a key, without counting the key as accepted.
    pub(super) fn peek(&self, key: &str) -> Option<&'s Value<'s>> {
        self.table?.get(key)
    }

    /// A text; `None` when left out. Blank ones are faults.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.take(key)?;
        self.text_of(value, &self.path_of(key))
    }

    /// A text that must be there; `hint` says what to write.
    pub(super) fn needed(&mut self, key: &'static str, hint: &str) -> String {
        if self.peek(key).is_none() && !self.broken {
            self.fault(key, format!("is missing; {hint}"));
        }
        self.text(key).unwrap_or_default()
    }

    /// Texts; none when left out.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<String> {
        let elements = self.elements(key);
        elements.into_iter().filter_map(|(path, value)| self.text_of(value, &path)).collect()
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        self.optional_flag(key).unwrap_or(default)
    }

    /// True, false, or left out.
    pub(super) fn optional_flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(value, &self.path_of(key), "true or false, without quotes");
        }
        flag
    }

    /// A whole number within bounds.
    pub(super) fn number<N: TryFrom<i64>>(&mut self, key: &'static str, default: N, bounds: RangeInclusive<i64>) -> N {
        self.optional_number(key, bounds).unwrap_or(default)
    }

    /// A whole number within bounds, or left out.
    pub(super) fn optional_number<N: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<i64>,
    ) -> Option<N> {
        let value = self.take(key)?;
        let wanted = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        if !value.get_ref().is_integer() {
            self.wrong(value, &self.path_of(key), &wanted);
            return None;
        }
        let number = i64::deserialize(ValueDeserializer::from(value.clone())).ok();
        let fitting = number.filter(|number| bounds.contains(number)).and_then(|number| N::try_from(number).ok());
        if fitting.is_none() {
            self.fault(key, format!("is out of bounds; write {wanted}"));
        }
        fitting
    }

    /// A value of a type that reads itself: words of a fixed list and the like, nothing personal.
    pub(super) fn read<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let value = self.take(key)?;
        self.read_value(value, &self.path_of(key))
    }

    /// A list of such values; `None` when left out. Wrong elements are left out, empty lists are faults.
    pub(super) fn read_list<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<Vec<T>> {
        self.peek(key)?;
        let elements = self.elements(key);
        if self.peek(key).and_then(|list| list.get_ref().as_array()).is_some_and(|list| list.is_empty()) {
            self.fault(key, "is an empty list; name at least one, or leave the key out for the default");
        }
        Some(elements.into_iter().filter_map(|(path, value)| self.read_value(value, &path)).collect())
    }

    /// A table inside; an empty one when left out.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let value = self.take(key);
        self.inside(self.path_of(key), value)
    }

    /// Tables inside, as many as there are.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Self> {
        let elements = self.elements(key);
        elements.into_iter().map(|(path, value)| self.inside(path, Some(value))).collect()
    }

    /// The elements of a list, with their paths.
    pub(super) fn values(&mut self, key: &'static str) -> Vec<(String, &'s Value<'s>)> {
        self.elements(key)
    }

    /// Every key of a table whose names are free, with its path and value.
    pub(super) fn free(&self) -> impl Iterator<Item = (String, String, &'s Value<'s>)> {
        let entries = self.table.into_iter().flat_map(|table| table.iter());
        entries.map(|(key, value)| (key.get_ref().to_string(), self.path_of(key.get_ref()), value))
    }

    /// The values of a table whose names are free, as texts; numbers and true or false are taken as they are written.
    pub(super) fn free_texts(&self) -> BTreeMap<String, String> {
        let text = |path: &str, value: &'s Value<'s>| match value.get_ref() {
            DeValue::Boolean(flag) => Some(flag.to_string()),
            DeValue::Integer(_) => self.read_value::<i64>(value, path).map(|number| number.to_string()),
            _ => self.text_of(value, path),
        };
        self.free().filter_map(|(key, path, value)| Some((key, text(&path, value)?))).collect()
    }

    /// Ends the reading of a section: what was not asked for is unknown.
    pub(super) fn close(&self) {
        for (key, _) in self.table.into_iter().flat_map(|table| table.iter()) {
            let name: &str = key.get_ref();
            if !self.asked.contains(&name) && !self.refused.contains(&name) {
                let text = format!("there is no such key; accepted here: {}", self.asked.join(", "));
                self.journal.note(Some(key.span().start), self.path_of(name), text);
            }
        }
    }

    /// A section for a value, to which its path was worked out already.
    pub(super) fn inside(&self, path: String, value: Option<&'s Value<'s>>) -> Self {
        let table = value.and_then(|value| value.get_ref().as_table());
        if let Some(value) = value.filter(|_| table.is_none()) {
            self.wrong(value, &path, "a table");
        }
        let broken = self.broken || (table.is_none() && value.is_some());
        let at = value.map(|value| value.span().start).or(self.at);
        Self { journal: self.journal, path, at, table, broken, asked: Vec::new(), refused: Vec::new() }
    }

    /// Notes a fault of a value.
    pub(super) fn fault_of(&self, value: &Value<'_>, path: &str, text: impl Into<String>) {
        self.journal.note(Some(value.span().start), path, text);
    }

    /// A table was expected and something else was there.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// The value of a key, which counts as accepted from now on.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'s Value<'s>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.peek(key)
    }

    /// The path of a key; of the section itself when the key is empty.
    pub(super) fn path_of(&self, key: &str) -> String {
        let dot = if self.path.is_empty() || key.is_empty() { "" } else { "." };
        format!("{}{dot}{key}", self.path)
    }

    fn elements(&mut self, key: &'static str) -> Vec<(String, &'s Value<'s>)> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let path = self.path_of(key);
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(value, &path, "a list");
            return Vec::new();
        };
        list.iter().enumerate().map(|(index, value)| (format!("{path}[{index}]"), value)).collect()
    }

    fn text_of(&self, value: &Value<'_>, path: &str) -> Option<String> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(value, path, "a text in quotes");
            return None;
        };
        if text.trim().is_empty() {
            self.fault_of(value, path, "is empty; write something or leave it out");
            return None;
        }
        Some(text.trim().to_owned())
    }

    fn read_value<T: DeserializeOwned>(&self, value: &Value<'_>, path: &str) -> Option<T> {
        match serde_path_to_error::deserialize(ValueDeserializer::from(value.clone())) {
            Ok(read) => Some(read),
            Err(error) => {
                let below = error.path().to_string();
                let dot = if below.starts_with('[') { "" } else { "." };
                let path = if below == "." { path.to_owned() } else { format!("{path}{dot}{below}") };
                let at = error.inner().span().map_or(value.span().start, |span| span.start);
                self.journal.note(Some(at), path, advice(error.inner().message()));
                None
            }
        }
    }

    fn wrong(&self, value: &Value<'_>, path: &str, wanted: &str) {
        let kind = value.get_ref().type_str();
        let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
        self.fault_of(value, path, format!("is {article} {kind}; write {wanted}"));
    }
}

/// What a type says of a value it refuses, without repeating a value of another kind: it may be anybody's number.
fn advice(message: &str) -> String {
    match message.split_once(", expected ") {
        Some((refused, expected)) if refused.starts_with("invalid") => format!("is of another kind; write {expected}"),
        _ => format!("{message}; correct it"),
    }
}

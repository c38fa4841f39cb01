//! Checks of single fields; what is wrong is collected, not thrown.

use std::{collections::BTreeMap, time::Duration};

use tieline_engine::jiff::Timestamp;

/// Longest link (call.proto).
pub(super) const LINK_MAX: usize = 2048;
/// Longest time an answer is held back, in milliseconds (sync_call.proto).
const WAIT_MAX: u32 = 30_000;
/// Most free parameters, longest name and longest value (call.proto).
const PARAMS_MAX: (usize, usize, usize) = (64, 64, 1024);

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its path in the request: `call.legs[2].agent`.
    pub field: String,
    /// What is wrong and what would be right. Never repeats the value.
    pub description: String,
}

/// What was found wrong so far, and where in the request the next field stands.
#[derive(Default)]
pub(super) struct Check {
    path: String,
    found: Vec<Violation>,
}

impl Check {
    /// Checks fields of a message that stands in a field of this one.
    pub(super) fn within<T>(&mut self, name: &str, inner: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.path.len();
        self.path.push_str(name);
        self.path.push('.');
        let value = inner(self);
        self.path.truncate(outer);
        value
    }

    /// The value, or everything that is wrong.
    pub(super) fn done<T>(self, value: T) -> Result<T, Vec<Violation>> {
        if self.found.is_empty() { Ok(value) } else { Err(self.found) }
    }

    /// Reports a field.
    pub(super) fn wrong(&mut self, field: &str, description: impl Into<String>) {
        self.found.push(Violation { field: format!("{}{field}", self.path), description: description.into() });
    }

    /// How long the answer is to be held back; `None` when it is not.
    pub(super) fn wait(&mut self, wait_ms: Option<u32>) -> Option<Duration> {
        let millis = wait_ms.filter(|millis| *millis > 0)?;
        if millis > WAIT_MAX {
            self.wrong("wait_ms", format!("is over {WAIT_MAX}"));
        }
        Some(Duration::from_millis(millis.into()))
    }

    /// A text of at most so many bytes; an empty one says nothing.
    pub(super) fn text(&mut self, field: &str, value: &str, max: usize) -> Option<String> {
        if value.len() > max {
            self.wrong(field, format!("is longer than {max} bytes"));
        }
        (!value.trim().is_empty()).then(|| value.to_owned())
    }

    /// A text that must be there. What is returned for a missing one is never used: the check fails.
    pub(super) fn required(&mut self, field: &str, value: &str, max: usize) -> String {
        if value.trim().is_empty() {
            self.wrong(field, "is required");
        }
        self.text(field, value, max).unwrap_or_default()
    }

    /// An id that must be there: printable ASCII without spaces.
    pub(super) fn id(&mut self, field: &str, value: &str, max: usize) -> String {
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.wrong(field, "holds something else than printable ASCII without spaces");
        }
        self.required(field, value, max)
    }

    /// An address of a page or recording.
    pub(super) fn link(&mut self, field: &str, value: &str) -> Option<String> {
        let link = self.text(field, value, LINK_MAX)?;
        if !(link.starts_with("https://") || link.starts_with("http://")) {
            self.wrong(field, "is not an http or https address");
        }
        Some(link)
    }

    /// A moment.
    pub(super) fn moment(&mut self, field: &str, value: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
        let value = value?;
        let in_second = (0..1_000_000_000).contains(&value.nanos);
        let moment = Timestamp::new(value.seconds, value.nanos).ok().filter(|_| in_second);
        if moment.is_none() {
            self.wrong(field, "is not a moment between the years 1 and 9999");
        }
        moment
    }

    /// A value of an enumeration.
    pub(super) fn one_of<E: TryFrom<i32> + Default>(&mut self, field: &str, number: i32) -> E {
        E::try_from(number).unwrap_or_else(|_| {
            self.wrong(field, format!("{number} is none of its values"));
            E::default()
        })
    }

    /// Free parameters.
    pub(super) fn params(&mut self, field: &str, params: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let (entries, name_max, value_max) = PARAMS_MAX;
        if params.len() > entries {
            self.wrong(field, format!("has more than {entries} entries"));
        }
        for (name, value) in params.iter().take(entries) {
            // A name over the bound would make the report itself too long.
            let shown: String = name.chars().take(name_max).collect();
            if name.trim().is_empty() || name.len() > name_max {
                self.wrong(&format!("{field}[{shown}]"), format!("has a name that is not 1 to {name_max} bytes long"));
            }
            if value.len() > value_max {
                self.wrong(&format!("{field}[{shown}]"), format!("is longer than {value_max} bytes"));
            }
        }
        params
            .iter()
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

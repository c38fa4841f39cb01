//! Personal data that redacts itself: names and links never reach a log by accident.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text about a person (a name, a chat title) or a signed link. `Debug` shows only that it is there.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private(String);

impl Private {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that must write it out.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Nothing but blanks.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_blank() { "Private()" } else { "Private(…)" })
    }
}

impl From<&str> for Private {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Private {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

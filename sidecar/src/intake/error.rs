//! Why a webhook was not taken, and what to do about it.

use thiserror::Error;

use super::BODY_MAX;

/// Why a webhook was not taken. Names parameters, never their values: those are about people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IntakeError {
    /// The body or the query is over its bound.
    #[error("the body or query is longer than {BODY_MAX} bytes")]
    TooLarge,
    /// The body is of a kind that is not read.
    #[error("a body of the type {0:?} is not read")]
    UnsupportedType(String),
    /// The body cannot be parsed as what it says it is.
    #[error("the body is not valid {kind}: {problem}")]
    Malformed {
        /// JSON or form.
        kind: &'static str,
        /// Where parsing stopped.
        problem: String,
    },
    /// Neither body nor query holds a parameter.
    #[error("the request holds no parameters")]
    Empty,
    /// A list holds something else than objects.
    #[error("row {row} is not an object")]
    NotARow {
        /// From 0.
        row: usize,
    },
    /// More rows than one request may hold.
    #[error("there are more than {max} rows")]
    TooManyRows {
        /// The bound.
        max: usize,
    },
    /// More parameters than one row may hold.
    #[error("there are more than {max} parameters")]
    TooManyParams {
        /// Which row, when there are several.
        row: Option<usize>,
        /// The bound.
        max: usize,
    },
    /// A parameter's value cannot be used.
    #[error("the parameter {name:?} {problem}")]
    BadValue {
        /// Which row, when there are several.
        row: Option<usize>,
        /// The parameter as it was sent.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// No id and nothing to derive one from.
    #[error("there is no call id, and none can be derived")]
    MissingCallId {
        /// Which row, when there are several.
        row: Option<usize>,
    },
}

impl IntakeError {
    /// The parameter it is about, with its row when there are several: `[3].calldate`.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        let (row, name) = match self {
            Self::BadValue { row, name, .. } => (*row, name.as_str()),
            Self::MissingCallId { row } => (*row, "uniqueid"),
            Self::NotARow { row } => return Some(format!("[{row}]")),
            Self::TooManyParams { row, .. } => return row.map(|row| format!("[{row}]")),
            Self::TooLarge
            | Self::UnsupportedType(_)
            | Self::Malformed { .. }
            | Self::Empty
            | Self::TooManyRows { .. } => return None,
        };
        Some(row.map_or_else(|| name.to_owned(), |row| format!("[{row}].{name}")))
    }

    /// What whoever sets the webhook up can do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooLarge => "choose fewer parameters, or send fewer rows in one request",
            Self::UnsupportedType(_) => "choose JSON or form parameters in the settings of the webhook",
            Self::Malformed { .. } => "check that the body and its Content-Type agree",
            Self::Empty => "choose parameters in the settings of the webhook; the call id is needed at least",
            Self::NotARow { .. } => "send a JSON object for one call, or a list of objects",
            Self::TooManyRows { .. } => "send fewer rows in one request",
            Self::TooManyParams { .. } => "choose fewer parameters in the settings of the webhook",
            Self::BadValue { hint, .. } => hint,
            Self::MissingCallId { .. } => {
                "add the parameter uniqueid to the webhook, or name yours in the project's `names`; \
                 without it, client or dialled number and calldate are needed to derive one"
            }
        }
    }
}

//! Why a customer or an order is not made.

use serde_json::{Map, Value};

use super::{
    RetailCrm,
    answers::{entity_errors, failure},
    shelf::Shelf,
};
use crate::wire::SimAnswer;

/// Why an entity is not made.
#[derive(Debug)]
pub(super) enum Refusal {
    /// What is wrong, by field.
    Fields(Map<String, Value>),
    /// The external id belongs to another.
    Taken(String),
    /// Nothing is wrong with it.
    Failed,
}

impl Refusal {
    pub(super) fn answer(&self, entity: &str) -> SimAnswer {
        match self {
            Self::Fields(errors) => entity_errors(errors),
            Self::Taken(text) => failure(400, text),
            Self::Failed => failure(500, &format!("{entity} is not loaded")),
        }
    }

    /// The text for the list of errors of an upload.
    pub(super) fn text(&self, entity: &str) -> String {
        match self {
            Self::Fields(errors) => {
                let texts: Vec<String> = errors
                    .iter()
                    .map(|(name, text)| format!("{name}: {}", text.as_str().unwrap_or_default()))
                    .collect();
                texts.join("; ")
            }
            Self::Taken(text) => text.clone(),
            Self::Failed => format!("{entity} is not loaded"),
        }
    }
}

impl RetailCrm {
    /// External ids are unique; the text is the vendor's (retailcrm api-client-php, pull request 231).
    pub(super) fn taken(
        &self,
        shelf: &Shelf,
        entity: &str,
        given: &Map<String, Value>,
        own: Option<u64>,
    ) -> Result<(), Refusal> {
        let external = given.get("externalId").and_then(Value::as_str).filter(|text| !text.is_empty());
        match external.and_then(|external| Some((external, shelf.by_external(external)?.id))) {
            Some((external, id)) if Some(id) != own => {
                Err(Refusal::Taken(format!("{entity} with externalId={external} already exists")))
            }
            _ => Ok(()),
        }
    }
}

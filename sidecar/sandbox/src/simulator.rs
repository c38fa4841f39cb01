//! What every simulated CRM offers.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    audit::Audit,
    faults::FaultName,
    wire::{SimAnswer, SimRequest},
};

/// What a request does, so that faults can be aimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Obtains or withdraws a token.
    Auth,
    /// Changes nothing.
    Read,
    /// May create or change records.
    Write,
}

/// Where a request belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Method and path with ids replaced: `PUT /crm/v8/Contacts/{id}`.
    pub pattern: String,
    /// What it does.
    pub class: Class,
}

/// A reply with what it cost.
#[derive(Clone, Debug)]
pub struct Handled {
    /// What goes back.
    pub answer: SimAnswer,
    /// Credits spent by kind, for [`crate::Counts`].
    pub credits: Vec<(&'static str, u64)>,
}

impl From<SimAnswer> for Handled {
    fn from(answer: SimAnswer) -> Self {
        Self { answer, credits: Vec::new() }
    }
}

/// The faults that hit one request.
#[derive(Clone, Debug, Default)]
pub struct Strikes {
    pub(crate) names: BTreeMap<FaultName, crate::faults::FaultSpec>,
}

impl Strikes {
    /// Whether the named fault hits this request.
    #[must_use]
    pub fn has(&self, name: FaultName) -> bool {
        self.names.contains_key(&name)
    }

    /// The fault as it was switched on, when it hits this request.
    #[must_use]
    pub fn get(&self, name: FaultName) -> Option<&crate::faults::FaultSpec> {
        self.names.get(&name)
    }

    /// The milliseconds of a fault that delays something; 0 when it does not hit.
    #[must_use]
    pub fn ms(&self, name: FaultName) -> u64 {
        self.get(name).map_or(0, crate::faults::FaultSpec::delay_ms)
    }
}

/// A setting or a record that cannot be taken as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadInput(pub String);

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadInput {}

/// One simulated CRM: a state machine over requests.
///
/// Time comes in with each call and never goes back. Connection cuts and delays are
/// applied around it by [`crate::Sim`]; the machine answers as the CRM would, including
/// the faults only a CRM can word (`strikes`).
pub trait Simulator: Send {
    /// Where a request belongs, whether or not it would be accepted.
    fn classify(&self, request: &SimRequest) -> Route;

    /// Carries a request out and answers it. `busy_ms` is how long it occupies the CRM.
    fn handle(&mut self, now: Timestamp, request: &SimRequest, strikes: &Strikes, busy_ms: u64) -> Handled;

    /// The CRM's own page for being out of service.
    fn outage_page(&self) -> SimAnswer;

    /// Everything held, by entity, in the order of creation.
    fn listing(&self) -> Value;

    /// Doubled clients, calls and tasks.
    fn audit(&self) -> Audit;

    /// Puts records in directly, as a person working in the CRM would have.
    ///
    /// # Errors
    /// When the shape is not one the CRM knows; nothing is inserted then.
    fn seed(&mut self, now: Timestamp, records: &Value) -> Result<Value, BadInput>;

    /// Takes a record out, as a person who deletes it would; `entity` as the listing names it.
    ///
    /// # Errors
    /// When there is no such record, or records of the entity cannot be deleted here.
    fn remove(&mut self, entity: &str, id: &str) -> Result<(), BadInput>;

    /// The settings with their present values.
    fn settings(&self) -> Value;

    /// Changes the settings named in an object and leaves the others.
    ///
    /// # Errors
    /// When a name or value is unknown; nothing is changed then.
    fn configure(&mut self, settings: &Value) -> Result<(), BadInput>;

    /// Tells the CRM under which URL it is reached, for the replies that name it.
    fn set_base_url(&mut self, url: &str);
}

/// The refusal of [`Simulator::remove`].
pub(crate) fn not_there(entity: &str, id: &str) -> BadInput {
    BadInput(format!("there is no {id} of {entity} that could be removed"))
}

/// A copy of settings with the members of an object put over them.
pub(crate) fn merged<T>(settings: &T, changes: &Value) -> Result<T, BadInput>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let mut whole = serde_json::to_value(settings).map_err(|error| BadInput(error.to_string()))?;
    let (Some(whole_map), Some(changes)) = (whole.as_object_mut(), changes.as_object()) else {
        return Err(BadInput("settings are a JSON object".to_owned()));
    };
    whole_map.extend(changes.clone());
    serde_json::from_value(whole).map_err(|error| BadInput(error.to_string()))
}

//! States and status reasons, and what a closed row still takes (dataverse.md 2).

use serde_json::{Map, Value};

use super::{Dataverse, refusal::Refusal, schema::Set, settings::Policy, store::Row};

const STATE: &str = "statecode";
const REASON: &str = "statuscode";

impl Dataverse {
    /// Puts a new row into its first state. A reason of another state is refused or ignored.
    pub(super) fn first_state(&self, set: Set, fields: &mut Map<String, Value>) -> Result<(), Refusal> {
        let Some((state, reasons)) = set.states().first() else {
            return Ok(());
        };
        let sent = fields.get(REASON).and_then(Value::as_i64);
        let reason = match sent {
            Some(reason) if reasons.contains(&reason) => reason,
            Some(reason) if self.settings.create_statuscode == Policy::Reject => {
                return Err(mismatch(set, reason, *state));
            }
            _ => reasons.first().copied().unwrap_or_default(),
        };
        fields.insert(STATE.to_owned(), (*state).into());
        fields.insert(REASON.to_owned(), reason.into());
        Ok(())
    }

    /// Completes the state and reason of a change: a state alone takes its default reason,
    /// a reason has to belong to the state.
    pub(super) fn next_state(&self, set: Set, row: &Row, fields: &mut Map<String, Value>) -> Result<(), Refusal> {
        if set.states().is_empty() || !(fields.contains_key(STATE) || fields.contains_key(REASON)) {
            return Ok(());
        }
        let asked = |name: &str| fields.get(name).and_then(Value::as_i64);
        let state = asked(STATE).or_else(|| row.number(STATE)).unwrap_or_default();
        let reasons =
            set.states().iter().find(|(known, _)| *known == state).map_or(&[] as &[i64], |(_, reasons)| reasons);
        let reason = match asked(REASON) {
            Some(reason) => reason,
            None => reasons.first().copied().unwrap_or_default(),
        };
        if !reasons.contains(&reason) {
            return Err(mismatch(set, reason, state));
        }
        fields.insert(STATE.to_owned(), state.into());
        fields.insert(REASON.to_owned(), reason.into());
        Ok(())
    }

    /// Refuses any change of a closed row but one of its state alone.
    pub(super) fn changeable(
        &self,
        set: Set,
        row: &Row,
        fields: &Map<String, Value>,
        parties: bool,
    ) -> Result<(), Refusal> {
        let closed = row.number(STATE).is_some_and(|state| state != 0);
        let guarded = match set {
            Set::PhoneCalls => self.settings.read_only_completed,
            Set::Contacts => self.settings.read_only_inactive,
            _ => false,
        };
        let more = parties || fields.keys().any(|name| name != STATE && name != REASON);
        if closed && guarded && more {
            let text = format!("The {} With Id = {} is read-only in its present state.", set.entity(), row.id);
            return Err(Refusal::new(400, "0x80040203", text));
        }
        Ok(())
    }
}

fn mismatch(set: Set, reason: i64, state: i64) -> Refusal {
    let text = format!("{reason} is not a valid status code for state code {state} of {}", set.entity());
    Refusal::new(400, "0x80048408", text)
}

//! The stop list: project numbers for which nothing is written (Z-23 … Z-26).

use serde::{Deserialize, Serialize};

use crate::{
    call::Call,
    phone::{self, NumberPlan, Phone},
};

/// The project's own numbers, and those for which nothing is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StopList {
    /// Numbers of the project with the SIP login each is connected by.
    pub lines: Vec<Line>,
    /// SIP logins and numbers on the list.
    pub entries: Vec<String>,
}

/// A number of the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The number as the PBX writes it.
    pub number: Phone,
    /// The SIP login it is connected by; fixed-mobile numbers are listed by it (Z-24).
    #[serde(default)]
    pub sip: Option<String>,
}

impl StopList {
    /// The entry that stops a call, when one does: the call's line, or the SIP login its line is connected by.
    /// Numbers that share a SIP login are all stopped by it (Z-26).
    #[must_use]
    pub fn stops(&self, call: &Call, plan: &NumberPlan) -> Option<&str> {
        let sip_of_line = call.line.as_ref().and_then(|number| self.sip_of(number, plan));
        let hit = |entry: &&String| {
            let is_entry = |sip: &str| sip.trim().eq_ignore_ascii_case(entry.trim());
            call.line_sip.as_deref().is_some_and(is_entry)
                || sip_of_line.is_some_and(is_entry)
                || call.line.as_ref().is_some_and(|number| same_number(number, entry, plan))
        };
        self.entries.iter().find(hit).map(String::as_str)
    }

    /// Whether a number is one of the project's own lines.
    #[must_use]
    pub fn is_own_line(&self, number: &Phone, plan: &NumberPlan) -> bool {
        self.lines.iter().any(|line| same_number(number, line.number.raw(), plan))
    }

    fn sip_of(&self, number: &Phone, plan: &NumberPlan) -> Option<&str> {
        self.lines.iter().find(|line| same_number(number, line.number.raw(), plan))?.sip.as_deref()
    }
}

fn same_number(number: &Phone, other: &str, plan: &NumberPlan) -> bool {
    number.raw().trim() == other.trim() || phone::same_client(number.raw(), other, plan)
}

//! Stage rules: where a new deal is placed. Ordered; the first match wins (Z-08, RC-02).

use serde::{Deserialize, Serialize};

use crate::{
    call::Call,
    phone::{self, NumberPlan},
    step::Place,
};

/// One rule: when a parameter of the call has a value, new deals go to a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRule {
    /// A name for explanations.
    pub name: String,
    /// The call's parameter, by the names of [`Call::param`].
    pub param: String,
    /// The value it must equal, case and outer blanks apart; numbers are compared by phone key.
    pub equals: String,
    /// Where the deal goes.
    pub place: Place,
}

/// The first rule that matches a call.
#[must_use]
pub fn placing<'r>(rules: &'r [StageRule], call: &Call, plan: &NumberPlan) -> Option<&'r StageRule> {
    rules.iter().find(|rule| rule.matches(call, plan))
}

impl StageRule {
    fn matches(&self, call: &Call, plan: &NumberPlan) -> bool {
        let Some(value) = call.param(&self.param) else { return false };
        let same_text = value.trim().to_lowercase() == self.equals.trim().to_lowercase();
        let is_number = matches!(self.param.as_str(), "dst" | "project_number" | "phone" | "client_phone");
        same_text || (is_number && phone::same_client(&value, &self.equals, plan))
    }
}

//! How one project wants its calls handled: configuration as the engine sees it.

use jiff::tz::TimeZone;

use crate::{
    agents::Agents, backlog::BacklogPolicy, mapping::Mapping, matching::MatchPolicy, phone::NumberPlan,
    record::Abilities, routing::RoutePolicy, rules::StageRule, scenario::Scenario, stop_list::StopList,
};

/// Everything a decision may depend on besides the call and the facts.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How the telephone side writes numbers.
    pub plan: NumberPlan,
    /// How the CRM's users write numbers.
    pub crm_plan: NumberPlan,
    /// The project's time zone: day boundaries, local times in texts.
    pub zone: TimeZone,
    /// Who works here, and who stands in.
    pub agents: Agents,
    /// The project's own numbers and those for which nothing is written.
    pub stop_list: StopList,
    /// Situations and what they make.
    pub scenario: Scenario,
    /// Which record counts when several fit.
    pub matching: MatchPolicy,
    /// Where new deals are placed: the first rule that fits (Z-08, RC-02).
    pub stage_rules: Vec<StageRule>,
    /// Call parameters that go to fields of their own.
    pub mappings: Vec<Mapping>,
    /// Blocks a ringing call is led through.
    pub routing: RoutePolicy,
    /// What is resent after a break.
    pub backlog: BacklogPolicy,
    /// What the CRM can do.
    pub abilities: Abilities,
    /// Times the engine waits for.
    pub patience: Patience,
    /// Texts for names and subjects.
    pub texts: Texts,
}

impl Policy {
    /// The policy of a project that configures nothing but where it is at home, what its CRM can do and what is to
    /// be made: no agents, no stop list, no rules or mappings, and the CRM's users write numbers as the telephone
    /// side does. Change the fields to say more.
    #[must_use]
    pub fn new(plan: NumberPlan, zone: TimeZone, abilities: Abilities, scenario: Scenario) -> Self {
        Self {
            crm_plan: plan.clone(),
            plan,
            zone,
            agents: Agents::default(),
            stop_list: StopList::default(),
            scenario,
            matching: MatchPolicy::default(),
            stage_rules: Vec::new(),
            mappings: Vec::new(),
            routing: RoutePolicy::default(),
            backlog: BacklogPolicy::default(),
            abilities,
            patience: Patience::default(),
            texts: Texts::default(),
        }
    }
}

/// Times the engine waits for before it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// A call without a final status is settled from what is known after this many seconds (G-04).
    pub not_final_seconds: u32,
    /// In update-only mode, a record made by somebody else is waited for this long after the end (G11, Z-12).
    pub third_party_seconds: u32,
    /// Records read of a client are decided upon for this long.
    pub found_seconds: u32,
    /// That nobody was found is decided upon for this long: somebody may type the client in meanwhile.
    pub nobody_seconds: u32,
}

impl Default for Patience {
    /// Two hours outlast nearly every call; ten seconds cover another integration acting at the same moment; ten
    /// minutes and one keep a look-up made at the ring for the end of a short call.
    fn default() -> Self {
        Self { not_final_seconds: 2 * 60 * 60, third_party_seconds: 10, found_seconds: 600, nobody_seconds: 60 }
    }
}

/// Texts for names and subjects, in the language of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// Written before the number in the name of a new deal.
    pub deal_name_prefix: String,
    /// Value of the source field of new records.
    pub source: String,
}

impl Default for Texts {
    fn default() -> Self {
        Self { deal_name_prefix: "Call".to_owned(), source: "Call".to_owned() }
    }
}

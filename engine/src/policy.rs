//! How one project wants its calls handled: configuration as the engine sees it.

use jiff::tz::TimeZone;

use crate::{
    agents::Agents,
    backlog::BacklogPolicy,
    ids::{AgentId, UserId},
    mapping::Mapping,
    matching::MatchPolicy,
    phone::NumberPlan,
    record::Abilities,
    routing::RoutePolicy,
    rules::StageRule,
    scenario::Scenario,
    step::Place,
    stop_list::StopList,
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
    /// How tasks for missed calls look, and when they become needless.
    pub missed_task: MissedTask,
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
            missed_task: MissedTask::default(),
            backlog: BacklogPolicy::default(),
            abilities,
            patience: Patience::default(),
            texts: Texts::default(),
        }
    }
}

/// How tasks for missed calls look, and when they become needless. What is not set here is as the scenario's row and
/// the dialect have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissedTask {
    /// Its name.
    pub name: Option<String>,
    /// Board (as pipeline) and step.
    pub board: Option<Place>,
    /// Whose it is, whoever the row names: a CRM user.
    pub owner: Option<UserId>,
    /// The same as an agent of the list; counts where no CRM user is set.
    pub agent: Option<AgentId>,
    /// Minutes until it is due.
    pub due_minutes: Option<u32>,
    /// An agent's later talk with the client of at least these seconds closes the task.
    pub closed_by_talk_seconds: Option<u32>,
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
    /// A call record that can hardly be changed once finished waits this long after the end for the recording.
    pub recording_seconds: u32,
    /// That nobody was found is decided upon for this long: somebody may type the client in meanwhile.
    pub nobody_seconds: u32,
}

impl Default for Patience {
    /// Two hours outlast nearly every call; ten seconds cover another integration acting at the same moment; ten
    /// minutes and one keep a look-up made at the ring for the end of a short call; recordings come within ten minutes
    /// or hours later.
    fn default() -> Self {
        Self {
            not_final_seconds: 2 * 60 * 60,
            third_party_seconds: 10,
            found_seconds: 600,
            recording_seconds: 600,
            nobody_seconds: 60,
        }
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

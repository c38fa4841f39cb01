//! A project for tests of what stands at the door.

use std::collections::BTreeMap;

use tieline::{
    driver::quota::Courtesy,
    project::{ConnectionConfig, IntakeConfig, MessengerConfig, Project, RouteConfig},
};
use tieline_crm::{Connect, CrmKind};
use tieline_engine::{
    agents::{Agent, Agents},
    backlog::BacklogPolicy,
    ids::ProjectId,
    jiff::tz::TimeZone,
    matching::MatchPolicy,
    phone::{NumberPlan, Phone, Region},
    policy::{MissedTask, Patience, Policy, Texts},
    record::{Abilities, Kind},
    retry::RetryPolicy,
    routing::RoutePolicy,
    scenario::Scenario,
    stop_list::{Line, StopList},
};

/// A Ukrainian company: one line, one agent.
pub(crate) fn project() -> Project {
    Project {
        id: ProjectId::new("acme"),
        policy: policy().into(),
        connection: ConnectionConfig {
            id: "main".to_owned(),
            crm: CrmKind::ALL[0],
            connect: Connect::default(),
            starts_active: true,
            keep_data: false,
            retry: RetryPolicy::default(),
            courtesy: Courtesy::default(),
        },
        intake: IntakeConfig::default(),
        messenger: MessengerConfig::default(),
        route: RouteConfig::default(),
        smart_phone: None,
        click_to_call: None,
        tokens: Vec::new(),
    }
}

/// The same with names the customer chose.
pub(crate) fn project_naming(names: &[(&str, &str)]) -> Project {
    let mut project = project();
    let owned = |(theirs, platforms): &(&str, &str)| ((*theirs).to_owned(), (*platforms).to_owned());
    project.intake.names = names.iter().map(owned).collect::<BTreeMap<_, _>>();
    project
}

fn policy() -> Policy {
    let plan = NumberPlan::new(Region::parse("UA").expect("a region"));
    let agent = Agent {
        id: "olha".to_owned(),
        sips: vec!["testsitecom_manager1".to_owned()],
        numbers: vec![Phone::new("380671110001")],
        ..Agent::default()
    };
    Policy {
        crm_plan: plan.clone(),
        plan,
        zone: TimeZone::get("Europe/Kyiv").expect("a zone"),
        agents: Agents::new(vec![agent], None, None),
        stop_list: StopList {
            lines: vec![Line { number: Phone::new("380443330000"), sip: None }],
            entries: Vec::new(),
        },
        scenario: Scenario::default(),
        matching: MatchPolicy::default(),
        stage_rules: Vec::new(),
        mappings: Vec::new(),
        routing: RoutePolicy::default(),
        missed_task: MissedTask::default(),
        backlog: BacklogPolicy::default(),
        abilities: Abilities::new([Kind::Contact, Kind::Lead, Kind::Deal]),
        patience: Patience::default(),
        texts: Texts::default(),
    }
}

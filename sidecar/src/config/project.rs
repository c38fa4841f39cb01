//! One `[[projects]]` table.

use std::sync::Arc;

use tieline_engine::{
    backlog::BacklogPolicy,
    ids::ProjectId,
    jiff::tz::TimeZone,
    phone::{NumberForm, NumberPlan, Region},
    policy::Policy,
};

use super::{access, connection, dialing, handling, people, scenario, secret::Sources, section::Section, smart_phone};
use crate::project::Project;

/// Six digits are the shortest subscriber numbers (engine, `phone/plan.rs`); more would swallow clients.
const EXTENSION_DIGITS_MAX: i64 = 8;

/// The project's id: part of webhook addresses and of names of metrics, so its letters are few.
pub(super) fn id(section: &mut Section<'_>) -> Option<ProjectId> {
    let id = section.needed("id", "give the project a name such as shop");
    let fits = id.is_empty() || is_id(&id);
    if !fits {
        section.fault("id", "may have Latin letters, digits, dashes and underscores only, 64 at most");
    }
    (fits && !id.is_empty()).then(|| ProjectId::new(id))
}

/// Whether a text may be a project's id.
pub(super) fn is_id(id: &str) -> bool {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    plain && (1..=64).contains(&id.len())
}

/// The rest of the project. `None` only after a fault was noted.
pub(super) fn read(id: Option<ProjectId>, mut section: Section<'_>, sources: &dyn Sources) -> Option<Project> {
    let zone = zone(&mut section);
    let plans = plans(&mut section);
    let plan = plans.as_ref().map(|(plan, _)| plan);
    let connected = connection::read(&mut section, sources);
    let abilities = connected.as_ref().map(|connected| &connected.abilities);
    let agents = people::agents(&mut section, plan);
    let stop_list = people::stop_list(&mut section, plan);
    let stage_rules = handling::stage_rules(&mut section);
    let mappings = handling::mappings(&mut section, abilities);
    let scenario = scenario::read(&mut section, abilities);
    let matching = handling::matching(section.section("matching"));
    let (routing, route) = handling::routing(section.section("routing"));
    let backlog = backlog(section.section("backlog"));
    let patience = handling::patience(section.section("patience"));
    let missed_task = handling::missed_task(section.section("missed_task"), &agents);
    let texts = handling::texts(section.section("texts"));
    let intake = handling::intake(section.section("intake"), sources);
    let messenger = handling::messenger(section.section("messenger"));
    let crm = connected.as_ref().map(|connected| connected.config.crm.name());
    let smart_phone = smart_phone::read(&mut section, crm, sources);
    let click_to_call = dialing::read(&mut section, &agents, sources);
    let tokens = access::of_project(&mut section, id.as_ref(), sources);
    section.close();

    let (plan, crm_plan) = plans?;
    let connected = connected?;
    let policy = Policy {
        plan,
        crm_plan,
        zone: zone?,
        agents,
        stop_list,
        scenario: scenario.unwrap_or(connected.scenario),
        matching,
        stage_rules,
        mappings,
        routing,
        missed_task,
        backlog,
        abilities: connected.abilities,
        patience,
        texts,
    };
    let connection = connected.config;
    let policy = Arc::new(policy);
    Some(Project { id: id?, policy, connection, intake, messenger, route, smart_phone, click_to_call, tokens })
}

fn zone(section: &mut Section<'_>) -> Option<TimeZone> {
    let name = section.needed("zone", "write the time zone the project works in, such as Europe/Kyiv");
    let zone = TimeZone::get(&name).ok();
    if zone.is_none() && !name.is_empty() {
        section.fault("zone", "is no time zone of the IANA list; write one such as Europe/Kyiv");
    }
    zone
}

/// How the telephone side writes numbers, and how the CRM's users do.
fn plans(section: &mut Section<'_>) -> Option<(NumberPlan, NumberPlan)> {
    if section.peek("region").is_none() {
        section.fault("region", "is missing; write the country whose national numbers are used, such as UA");
    }
    let region = section.read::<Region>("region");
    let also = section.read_list::<Region>("also_regions").unwrap_or_default();
    let form = section.read::<NumberForm>("number_form").unwrap_or_default();
    let digits = section.optional_number("extension_digits_max", 0..=EXTENSION_DIGITS_MAX);
    let crm_region = section.read::<Region>("crm_region");
    let crm_form = section.read::<NumberForm>("crm_number_form").unwrap_or_default();

    let region = region?;
    let plan_of = |region, form| {
        let plan = NumberPlan::new(region).with_form(form).with_also(also.clone());
        NumberPlan { extension_digits_max: digits.unwrap_or(plan.extension_digits_max), ..plan }
    };
    Some((plan_of(region, form), plan_of(crm_region.unwrap_or(region), crm_form)))
}

fn backlog(mut section: Section<'_>) -> BacklogPolicy {
    let default = BacklogPolicy::default();
    let backlog = BacklogPolicy { days_before: section.number("days_before", default.days_before, 0..=366) };
    section.close();
    backlog
}

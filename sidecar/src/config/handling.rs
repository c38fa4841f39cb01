//! The smaller tables of a project: places, mappings, matching, routing, waiting, texts, intake, messengers.

use std::{collections::BTreeSet, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use tieline_engine::{
    agents::Agents,
    ids::{AgentId, UserId},
    mapping::{self, Mapping},
    matching::MatchPolicy,
    policy::{MissedTask, Patience, Texts},
    record::{Abilities, Kind},
    routing::{Block, RoutePolicy},
    rules::StageRule,
    step::Place,
};

use super::{secret::Sources, section::Section};
use crate::project::{IntakeConfig, MessengerConfig, RouteConfig};

/// Shortest secret in a webhook's address, in characters: about 95 bits when they are letters and digits by chance.
const PATH_SECRET_CHARS_MIN: usize = 16;

/// A day, in seconds.
const DAY: i64 = 86_400;

/// Longest time until a task is due: a year.
const DUE_MINUTES_MAX: i64 = 366 * 24 * 60;

/// Most blocks, and most places of one: an answer to RouteCall lists them all (route_call.proto).
const BLOCKS_MAX: usize = 8;
/// See above.
const PLACES_MAX: usize = 8;

/// `[[projects.stage_rules]]`
pub(super) fn stage_rules(project: &mut Section<'_>) -> Vec<StageRule> {
    let mut names = BTreeSet::new();
    let mut read = |mut section: Section<'_>| {
        let name = section.needed("name", "give the rule a name; explanations use it");
        if !name.is_empty() && !names.insert(name.clone()) {
            section.fault("name", "another rule has this name; each needs its own");
        }
        let param = section.needed("param", "name the call's parameter that is looked at, such as pool_name");
        let equals = section.needed("equals", "write the value the parameter must have");
        let pipeline = section.text("pipeline");
        let stage = section.needed("stage", "write the CRM's code of the stage or status");
        section.close();
        StageRule { name, param, equals, place: Place { pipeline, stage } }
    };
    project.sections("stage_rules").into_iter().map(&mut read).collect()
}

/// `[[projects.mappings]]`
pub(super) fn mappings(project: &mut Section<'_>, abilities: Option<&Abilities>) -> Vec<Mapping> {
    let (mut list, mut sections) = (Vec::new(), Vec::new());
    for mut section in project.sections("mappings") {
        if section.peek("entity").is_none() {
            section.fault("entity", "is missing; write contact, lead or deal");
        }
        let entity = section.read("entity");
        let param = section.needed("param", "name the call's parameter that is written, such as utm_source");
        let field = section.needed("field", "write the CRM's name of the field");
        section.close();
        if let Some(entity) = entity {
            list.push(Mapping { entity, param, field, length_max: None });
            sections.push(section);
        }
    }
    for refusal in mapping::check_list(&list) {
        let key = if refusal.why == mapping::RefusedFor::FieldTaken { "field" } else { "entity" };
        if let Some(section) = sections.get(refusal.index) {
            section.fault(key, refusal.why.to_string());
        }
    }
    for (mapping, section) in list.iter().zip(&sections) {
        let is_entity = matches!(mapping.entity, Kind::Contact | Kind::Lead | Kind::Deal);
        if is_entity && abilities.is_some_and(|abilities| !abilities.kinds.contains(&mapping.entity)) {
            section.fault("entity", "the CRM has no such records; choose another entity");
        }
    }
    list
}

/// `[projects.matching]`
pub(super) fn matching(mut section: Section<'_>) -> MatchPolicy {
    let matching = section.read_list("prefer").map_or_else(MatchPolicy::default, |prefer| MatchPolicy { prefer });
    section.close();
    matching
}

/// `[projects.routing]`: the blocks, and the times of answering.
pub(super) fn routing(mut section: Section<'_>) -> (RoutePolicy, RouteConfig) {
    let blocks: Option<Vec<Block>> = section.read_list("blocks");
    for (index, block) in blocks.iter().flatten().enumerate() {
        let is_blank = |place: &String| place.trim().is_empty();
        if matches!(block, Block::Places(places) if places.is_empty() || places.iter().any(is_blank)) {
            section.fault_in("blocks", index, "has no places, or an empty one; name SIP logins, numbers or scheme ids");
        }
        if matches!(block, Block::Places(places) if places.len() > PLACES_MAX) {
            section.fault_in("blocks", index, format!("has more than {PLACES_MAX} places"));
        }
    }
    if blocks.as_ref().is_some_and(|blocks| blocks.len() > BLOCKS_MAX) {
        section.fault("blocks", format!("are more than {BLOCKS_MAX}"));
    }
    let (policy, times) = (RoutePolicy::default(), RouteConfig::default());
    let policy = RoutePolicy {
        blocks: blocks.unwrap_or(policy.blocks),
        responsible: section.read("responsible").unwrap_or(policy.responsible),
    };
    let route = RouteConfig {
        bound: section.optional_number("bound_ms", 50..=30_000).map_or(times.bound, Duration::from_millis),
        keep_found: section
            .optional_number("keep_found_seconds", 0..=DAY)
            .map_or(times.keep_found, Duration::from_secs),
        keep_nobody: section
            .optional_number("keep_nobody_seconds", 0..=DAY)
            .map_or(times.keep_nobody, Duration::from_secs),
    };
    section.close();
    (policy, route)
}

/// `[projects.patience]`. A look-up that is stale at once would be repeated for ever, so five seconds are the least.
pub(super) fn patience(mut section: Section<'_>) -> Patience {
    let default = Patience::default();
    let patience = Patience {
        not_final_seconds: section.number("not_final_seconds", default.not_final_seconds, 60..=7 * DAY),
        third_party_seconds: section.number("third_party_seconds", default.third_party_seconds, 0..=3_600),
        found_seconds: section.number("found_seconds", default.found_seconds, 5..=DAY),
        recording_seconds: section.number("recording_seconds", default.recording_seconds, 0..=DAY),
        nobody_seconds: section.number("nobody_seconds", default.nobody_seconds, 5..=DAY),
    };
    section.close();
    patience
}

/// `[projects.missed_task]`
pub(super) fn missed_task(mut section: Section<'_>, agents: &Agents) -> MissedTask {
    let (board, step) = (section.text("board"), section.text("step"));
    if board.is_some() && step.is_none() {
        section.fault("step", "is missing beside board; write the id of the board's step for new tasks");
    }
    let agent = section.text("owner");
    if agent.as_ref().is_some_and(|agent| agents.list().iter().all(|known| known.id != *agent)) {
        section.fault("owner", "is no agent of [[projects.agents]]; write an agent's id, or use owner_crm_user");
    }
    let task = MissedTask {
        name: section.text("name"),
        board: step.map(|stage| Place { pipeline: board, stage }),
        owner: section.text("owner_crm_user").map(UserId::new),
        agent: agent.map(AgentId::new),
        due_minutes: section.optional_number("due_minutes", 0..=DUE_MINUTES_MAX),
        closed_by_talk_seconds: section.optional_number("closed_by_talk_seconds", 1..=3_600),
    };
    section.close();
    task
}

/// `[projects.texts]`
pub(super) fn texts(mut section: Section<'_>) -> Texts {
    let default = Texts::default();
    let texts = Texts {
        deal_name_prefix: section.text("deal_name_prefix").unwrap_or(default.deal_name_prefix),
        source: section.text("source").unwrap_or(default.source),
    };
    section.close();
    texts
}

/// `[projects.intake]`
pub(super) fn intake(mut section: Section<'_>, sources: &dyn Sources) -> IntakeConfig {
    let path_secret = section.secret("path_secret", sources);
    if path_secret.as_ref().is_some_and(|secret| !fits_a_path(secret)) {
        let text = format!("the secret it names must be {PATH_SECRET_CHARS_MIN} or more Latin letters, digits, - or _");
        section.fault("path_secret", text);
    }
    let user = section.text("basic_user");
    let password = section.secret("basic_password", sources);
    if user.as_ref().is_some_and(|user| user.contains(':')) {
        section.fault("basic_user", "has a colon, which ends the name in HTTP Basic; choose another name");
    }
    for (key, other) in [("basic_user", "basic_password"), ("basic_password", "basic_user")] {
        if section.peek(key).is_none() && section.peek(other).is_some() {
            section.fault(key, format!("is missing beside {other}; give both or neither"));
        }
    }
    let names = section.section("names").free_texts();
    section.close();
    IntakeConfig { path_secret, basic: user.zip(password), names }
}

fn fits_a_path(secret: &SecretString) -> bool {
    let secret = secret.expose_secret();
    let plain = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    plain && secret.len() >= PATH_SECRET_CHARS_MIN
}

/// `[projects.messenger]`
pub(super) fn messenger(mut section: Section<'_>) -> MessengerConfig {
    let sip_account = section.flag("sip_account", false);
    let bots = section.texts("bots").into_iter().collect();
    section.close();
    MessengerConfig { sip_account, bots }
}

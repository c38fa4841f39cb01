//! What fields and stages of an organisation mean for what is written (Z-37; zoho.md 0.3 and 7).

use super::{
    inspect::finding,
    schema::{Module, Schema},
    settings::Settings,
};
use crate::dialect::Finding;

/// Marks by the engine's names.
const MARKS: [&str; 6] = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "google_client_id"];

/// Every check; of modules whose fields could not be read there is none.
pub(super) fn all(settings: &Settings, schema: &Schema) -> Vec<Finding> {
    let mut findings = Vec::new();
    let known = |module: &Module| schema.fields.contains_key(module);
    for module in [Module::Contacts, Module::Leads].into_iter().filter(known) {
        findings.push(phone_key(settings, schema, module));
        findings.push(chat(settings, schema, module));
    }
    let marked = [Module::Contacts, Module::Leads, Module::Deals].into_iter().filter(known);
    findings.extend(marked.map(|module| marks(settings, schema, module)));
    findings.extend(known(&Module::Calls).then(|| recording(schema)));
    findings.extend(known(&Module::Tasks).then(|| done_tasks(schema)));
    findings.push(closed_stages(schema));
    findings.extend(first_stage(settings, schema));
    findings
}

/// Only a unique field makes Zoho refuse a second record of one number (zoho.md 0.3).
fn phone_key(settings: &Settings, schema: &Schema, module: Module) -> Finding {
    let name = &settings.phone_key_field;
    let about = format!("unique number of {}", module.api());
    let risk = "two programs that write at the same moment can make two records of one number";
    match schema.field(module, name) {
        Some(field) if !field.writable => {
            finding(&about, false, format!("{name} may not be written; let the connection's profile edit it"))
        }
        Some(field) if !field.unique => {
            finding(&about, false, format!("{name} takes a value twice; set it to allow no duplicates, else {risk}"))
        }
        Some(_) => finding(&about, true, format!("{name} is there and unique")),
        None => {
            let hint = format!("make the field {name}, a single line without duplicates, else {risk}");
            finding(&about, false, hint)
        }
    }
}

fn chat(settings: &Settings, schema: &Schema, module: Module) -> Finding {
    let (name, about) = (&settings.chat_field, format!("dialogue of {}", module.api()));
    let text = match schema.optional(module, name) {
        Some(_) => format!("{name} is there"),
        None => format!("there is no field {name}; only projects with messengers need it"),
    };
    finding(&about, true, text)
}

/// Z-37: calls go on without the fields, their marks do not.
fn marks(settings: &Settings, schema: &Schema, module: Module) -> Finding {
    let about = format!("fields for marks of {}", module.api());
    let names = MARKS.map(|mark| format!("{}{mark}", settings.mark_prefix));
    let missing: Vec<String> = names.into_iter().filter(|name| schema.optional(module, name).is_none()).collect();
    if missing.is_empty() {
        return finding(&about, true, "all are there");
    }
    let text =
        format!("calls are delivered without these; make them as single lines to have them: {}", missing.join(", "));
    finding(&about, false, text)
}

fn recording(schema: &Schema) -> Finding {
    let about = "recording of calls";
    if schema.optional(Module::Calls, "Voice_Recording__s").is_some() {
        return finding(about, true, "the link has a field of its own");
    }
    finding(about, true, "the call has no field for the link; it stands in the description")
}

fn done_tasks(schema: &Schema) -> Finding {
    let about = "status of done tasks";
    let picks = schema.field(Module::Tasks, "Status").map(|field| field.picks.as_slice()).unwrap_or_default();
    if picks.is_empty() || picks.iter().any(|pick| pick == super::activities::DONE) {
        return finding(about, true, format!("{} is there", super::activities::DONE));
    }
    finding(about, false, format!("tasks have no status {}; add it to their pick list", super::activities::DONE))
}

fn closed_stages(schema: &Schema) -> Finding {
    let about = "closed stages";
    let stages = || schema.pipelines.iter().flat_map(|pipeline| &pipeline.stages);
    if stages().next().is_none() {
        return finding(about, true, "no pipeline is known; a deal is closed at Closed Won and Closed Lost");
    }
    let mut closed: Vec<&str> = stages().filter(|stage| stage.closed).map(|stage| stage.name.shown.as_str()).collect();
    closed.sort_unstable();
    closed.dedup();
    if closed.is_empty() {
        let hint = "no stage closes a deal, so no client ever gets a second one; set forecast types of stages";
        return finding(about, false, hint);
    }
    finding(about, true, format!("a deal is closed at {}", closed.join(", ")))
}

fn first_stage(settings: &Settings, schema: &Schema) -> Option<Finding> {
    let about = "place of new deals";
    let wanted = settings.default_place.clone().unwrap_or_else(|| schema.first_place());
    let place = schema.place(&wanted);
    if schema.pipelines.is_empty() {
        return None;
    }
    let pipeline = schema.pipelines.iter().find(|own| Some(&own.name.actual) == place.pipeline.as_ref());
    let stage = pipeline.and_then(|pipeline| pipeline.stages.iter().find(|stage| stage.name.actual == place.stage));
    Some(match stage {
        Some(stage) if stage.closed => {
            finding(about, false, format!("{} is a closed stage; choose another default_stage", stage.name.shown))
        }
        Some(stage) => finding(about, true, format!("new deals begin at {}", stage.name.shown)),
        None => finding(about, false, format!("no pipeline has the stage {}; correct default_stage", wanted.stage)),
    })
}

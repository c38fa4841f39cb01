//! Writing: how many steps one request carries, sending them, and what became of each.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use tieline_engine::{
    phone::Phone,
    record::{Kind, Record},
    step::{Action, Ref, Step, StepKey, StepResult},
};

use super::{
    answers::{self, Intent, Refusal, Reply, Sub},
    schema::{Module, Schema},
    settings::Settings,
    values::{CHAT, Draft, Drafted, Making},
    wire::{Call, SUBS_MAX, Wire},
};
use crate::{
    dialect::{Answer, Session},
    transport::Method,
    trouble::Trouble,
};

/// How many leading steps go together: a composite takes five, and where it cannot refer to its own earlier
/// results, it ends before the first step that would.
pub(super) fn bundle(settings: &Settings, steps: &[Step]) -> usize {
    if !settings.composite_writes {
        return steps.len().min(1);
    }
    let room = steps.len().min(SUBS_MAX);
    if settings.composite_references {
        return room;
    }
    let refers_inside = |index: &usize| {
        let earlier: Vec<&StepKey> = steps.iter().take(*index).map(|step| &step.key).collect();
        steps.get(*index).is_some_and(|step| made(&step.action).any(|key| earlier.contains(&key)))
    };
    (1..room).find(refers_inside).unwrap_or(room)
}

/// The steps an action refers to.
fn made(action: &Action) -> impl Iterator<Item = &StepKey> {
    let refs: [Option<&Ref>; 3] = match action {
        Action::Create { contact, .. } => [contact.as_ref(), None, None],
        Action::Update { record, .. }
        | Action::AmendCall { record, .. }
        | Action::CompleteCall { record, .. }
        | Action::AddNote { record, .. } => [Some(record), None, None],
        Action::LogCall(entry) => [entry.contact.as_ref(), entry.lead.as_ref(), entry.deal.as_ref()],
        Action::AddTask(task) => [task.contact.as_ref(), task.lead.as_ref(), task.deal.as_ref()],
        Action::LinkVisit { contact, .. } | Action::AddPhone { contact, .. } => [Some(contact), None, None],
        Action::Announce(_) | Action::CloseTask { .. } => [None; 3],
    };
    refs.into_iter().flatten().filter_map(|reference| match reference {
        Ref::Made(key) => Some(key),
        Ref::Known(_) => None,
    })
}

/// Sends one bundle: a single step as it is, several as one composite that is undone as a whole when one fails.
/// Steps with nothing to write are done without a request.
pub(super) async fn perform(
    settings: &Settings,
    schema: &Schema,
    session: &Session<'_>,
    steps: &[Step],
) -> Result<Answer, Trouble> {
    let making = Making { settings, schema, session };
    let mut answer = Answer::default();
    let mut sending: Vec<(&Step, Draft)> = Vec::new();
    for step in steps {
        match making.draft(step)? {
            Drafted::Request(draft) => sending.push((step, draft)),
            Drafted::Settled(result) => drop(answer.results.insert(step.key.clone(), result)),
        }
    }
    let writing = Writing { wire: Wire { settings, session } };
    let results = match sending.as_slice() {
        [] => BTreeMap::new(),
        [one] => writing.one(one).await?,
        several => writing.several(several).await?,
    };
    answer.results.extend(results);
    Ok(answer)
}

struct Writing<'a> {
    wire: Wire<'a>,
}

type Results = BTreeMap<StepKey, StepResult>;

impl Writing<'_> {
    async fn one(&self, (step, draft): &(&Step, Draft)) -> Result<Results, Trouble> {
        let (path, body) = self.request(draft, &BTreeMap::new())?;
        let call = Call { method: draft.method, name: draft.name, path: &path, body: Some(&body) };
        let reply = self.wire.send(Intent::Write, call).await?;
        Ok(BTreeMap::from([(step.key.clone(), result(step, draft, &reply)?)]))
    }

    async fn several(&self, sending: &[(&Step, Draft)]) -> Result<Results, Trouble> {
        let mut names: BTreeMap<StepKey, String> = BTreeMap::new();
        let mut subs = Vec::new();
        for (index, (step, draft)) in sending.iter().enumerate() {
            let (path, body) = self.request(draft, &names)?;
            let name = format!("s{index}");
            let method = draft.method.as_str();
            subs.push(json!({ "sub_request_id": name, "method": method, "uri": path, "body": body }));
            names.insert(step.key.clone(), name);
        }
        let answered = self.wire.composite(Intent::Write, "zoho.composite.write", subs).await?;
        let mut results = Results::new();
        let mut trouble = None;
        for ((step, draft), sub) in sending.iter().zip(&answered) {
            match sub_result(step, draft, sub) {
                Ok(Some(result)) => drop(results.insert(step.key.clone(), result)),
                Ok(None) => {}
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        match trouble {
            // What happened must not be forgotten; the step in trouble comes again alone.
            Some(trouble) if results.is_empty() || matches!(trouble, Trouble::Uncertain(_)) => Err(trouble),
            Some(_) | None => Ok(results),
        }
    }

    /// Address and body of a draft, references put in.
    fn request(&self, draft: &Draft, names: &BTreeMap<StepKey, String>) -> Result<(String, Value), Trouble> {
        let module = draft.module.api();
        let path = match &draft.target {
            None => format!("/crm/v8/{module}"),
            Some(Ref::Known(id)) => {
                format!("/crm/v8/{module}/{}", utf8_percent_encode(id.as_str(), NON_ALPHANUMERIC))
            }
            Some(made) => format!("/crm/v8/{module}/{}", reference(made, names)?),
        };
        let mut data = draft.data.clone();
        for link in &draft.links {
            let id = Value::String(reference(&link.record, names)?);
            match data.get_mut(link.field).and_then(Value::as_object_mut) {
                Some(there) => drop(there.insert("id".to_owned(), id)),
                None => drop(data.insert(link.field.to_owned(), json!({ "id": id }))),
            }
        }
        let mut body = Map::from_iter([("data".to_owned(), json!([data]))]);
        if !self.wire.settings.run_workflows {
            body.insert("trigger".to_owned(), json!([]));
        }
        Ok((path, Value::Object(body)))
    }
}

/// A record's id, or the place in the composite's results where it will be (zoho.md 8).
fn reference(record: &Ref, names: &BTreeMap<StepKey, String>) -> Result<String, Trouble> {
    match record {
        Ref::Known(id) => Ok(id.as_str().to_owned()),
        Ref::Made(key) => match names.get(key) {
            Some(name) => Ok(format!("@{{{name}:$.data[0].details.id}}")),
            None => Err(Trouble::Malformed(format!("the step refers to {key}, which is not in the same request"))),
        },
    }
}

/// What became of a step of a composite; `None` when it was undone or never begun.
fn sub_result(step: &Step, draft: &Draft, sub: &Sub) -> Result<Option<StepResult>, Trouble> {
    if matches!(sub.code.as_str(), "ROLLBACK_PERFORMED" | "PROCESSING_STOPPED") {
        return Ok(None);
    }
    let lost = |text: &str| Intent::Write.lost(format!("{text} at {}", draft.name));
    match &sub.reply {
        Some(reply) if reply.status == 429 => Err(Trouble::RateLimited { retry_after: None }),
        Some(reply) if reply.status >= 500 => Err(lost("a server error")),
        Some(reply) => result(step, draft, reply).map(Some),
        None if matches!(sub.code.as_str(), "" | "SUCCESS" | "REQUEST_TIMEOUT") => Err(lost("an unreadable answer")),
        None => Err(Trouble::Malformed(format!("{} at {}", sub.code, draft.name))),
    }
}

/// What became of a step, from its own answer. Errors come as the item or, for some codes, as the whole body.
fn result(step: &Step, draft: &Draft, reply: &Reply) -> Result<StepResult, Trouble> {
    let item = reply.body.get("data").and_then(|data| data.get(0)).unwrap_or(&reply.body);
    if answers::is_success(item) {
        let record = item.get("details").and_then(|details| answers::record_id(details, "id"));
        return match record {
            None if draft.method == Method::Post => {
                Err(Intent::Write.lost(format!("an answer without an id at {}", draft.name)))
            }
            record => Ok(StepResult::Done { record }),
        };
    }
    let Some(refusal) = Refusal::of(item) else {
        return Err(Intent::Write.lost(format!("unreadable answer at {}, HTTP {}", draft.name, reply.status)));
    };
    refused(step, draft, &refusal)
}

fn refused(step: &Step, draft: &Draft, refusal: &Refusal<'_>) -> Result<StepResult, Trouble> {
    if let Some(trouble) = refusal.trouble(Intent::Write, draft.name) {
        return Err(trouble);
    }
    let several = refusal.details.get("errors").and_then(Value::as_array);
    if let Some(errors) = several.filter(|_| refusal.code == "MULTIPLE_OR_MULTI_ERRORS") {
        return worst(step, draft, errors.iter().filter_map(Refusal::of).collect());
    }
    if let Some(field) = optional_field(draft, refusal) {
        return Ok(StepResult::FieldRefused { field, text: refusal.text() });
    }
    if refusal.code == "DUPLICATE_DATA"
        && let Some(record) = existing(step, draft, refusal)
    {
        return Ok(StepResult::Exists(Box::new(record)));
    }
    if let Some(kind) = gone(draft, refusal) {
        if let Action::CloseTask { task } = &step.action {
            // Nobody has to do a task that was deleted.
            return Ok(StepResult::Done { record: Some(task.clone()) });
        }
        return Ok(StepResult::TargetGone { kind });
    }
    Ok(StepResult::Refused { code: refusal.code.clone(), text: refusal.text() })
}

/// Of several errors the one that decides: a record that exists already, then one that can be helped.
fn worst(step: &Step, draft: &Draft, errors: Vec<Refusal<'_>>) -> Result<StepResult, Trouble> {
    let mut results = errors.iter().map(|error| refused(step, draft, error)).collect::<Result<Vec<_>, _>>()?;
    let rank = |result: &StepResult| match result {
        StepResult::Exists(_) => 0,
        StepResult::TargetGone { .. } => 1,
        StepResult::Refused { .. } => 2,
        StepResult::FieldRefused { .. } => 3,
        StepResult::Done { .. } | StepResult::DoneBefore { .. } => 4,
    };
    results.sort_by_key(rank);
    let none = || StepResult::Refused { code: "MULTIPLE_OR_MULTI_ERRORS".to_owned(), text: "no detail".to_owned() };
    Ok(results.into_iter().next().unwrap_or_else(none))
}

/// The engine's name of an optional field a refusal is about (zoho.md 5, class table). A mapped field that is
/// unique in the CRM says nothing about who the client is; the dialogue of a new record does (G13).
fn optional_field(draft: &Draft, refusal: &Refusal<'_>) -> Option<String> {
    let name = draft.optional.get(&refusal.field()?)?;
    let droppable = match refusal.code.as_str() {
        "INVALID_DATA" | "MAPPING_MISMATCH" => true,
        "DUPLICATE_DATA" => name != CHAT || draft.method != Method::Post,
        _ => false,
    };
    droppable.then(|| name.clone())
}

/// The record that holds the unique value already, with its owner.
fn existing(step: &Step, draft: &Draft, refusal: &Refusal<'_>) -> Option<Record> {
    let Action::Create { fields, .. } = &step.action else { return None };
    let there = refusal.details.get("duplicate_record").unwrap_or(&Value::Null);
    let id = answers::record_id(there, "id").or_else(|| answers::record_id(refusal.details, "id"))?;
    let module = there.get("module").and_then(|module| module.get("api_name")).and_then(Value::as_str);
    let module = module.map_or(Some(draft.module), Module::parse)?;
    let mut record = Record::new(module.kind(), id);
    record.owner = answers::owner(there);
    record.phones.extend(fields.phone.as_ref().map(|key| Phone::new(key.as_str())));
    record.chats.extend(fields.chat.clone());
    Some(record)
}

/// The record a refusal says is not there: the one written to, or one referred to.
fn gone(draft: &Draft, refusal: &Refusal<'_>) -> Option<Kind> {
    if refusal.code != "INVALID_DATA" {
        return None;
    }
    let path = refusal.details.get("json_path").and_then(Value::as_str).unwrap_or_default();
    let field = refusal.field().unwrap_or_default();
    let named = draft.links.iter().find(|link| link.field == field || path.contains(link.field));
    if let Some(link) = named {
        return Some(link.kind);
    }
    let other_field = !matches!(field.as_str(), "" | "id") || path.contains("Owner");
    let speaks_of_id = !other_field && (field == "id" || refusal.message.contains("id given"));
    match (&draft.target, speaks_of_id) {
        // A call that was deleted in the CRM is nobody's target: there is nothing to bring up to date.
        (Some(_), true) => Some(draft.module.kind()).filter(|kind| *kind != Kind::CallRecord),
        (None, true) => draft.links.last().map(|link| link.kind),
        (_, false) => None,
    }
}

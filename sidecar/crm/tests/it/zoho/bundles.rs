//! Which steps go together, and how (zoho.md 8).

use serde_json::json;
use tieline_crm::Trouble;
use tieline_engine::{
    ids::RecordId,
    record::Kind,
    scenario::TaskAbout,
    step::{Action, CallEntry, Fields, Step, StepKey, StepResult},
};

use super::support::{
    add_task, body, composite, create, dialect, entry, executed, known, log_call, made, new_fields, perform, sent,
    step, task, update, written,
};
use crate::scripted::Scripted;

/// Contact, deal, call, task and note of a new client.
fn chain() -> Vec<Step> {
    let mut talk = task(TaskAbout::Talk);
    (talk.contact, talk.deal) = (made(Kind::Contact), made(Kind::Deal));
    let note = Action::AddNote { on: Kind::Deal, record: made(Kind::Deal).unwrap(), parts: Vec::new() };
    vec![
        create(Kind::Contact, new_fields(), None),
        create(Kind::Deal, Fields { owner: None, ..new_fields() }, made(Kind::Contact)),
        log_call(CallEntry { contact: made(Kind::Contact), deal: made(Kind::Deal), ..entry() }),
        add_task(talk),
        step(StepKey::note(Kind::Deal, 0), note),
    ]
}

#[test]
fn a_new_client_is_one_composite_that_refers_to_its_own_results() {
    let steps = chain();
    assert_eq!(dialect(&[]).bundle(&steps), 5);
    let item = |id: u64| executed(201, serde_json::from_str(&written(&id.to_string())).unwrap());
    let answer = composite(&(1..=5).map(item).collect::<Vec<_>>());
    let net = Scripted::new([(200, answer.as_str())]);
    let answer = perform(&*dialect(&[]), &net, &steps).unwrap();
    for (step, id) in steps.iter().zip(1..) {
        let done = StepResult::Done { record: Some(RecordId::new(id.to_string())) };
        assert_eq!(answer.results[&step.key], done);
    }
    let request = &net.sent()[0];
    assert_eq!((request.name, request.weight), ("zoho.composite.write", 5));
    let sent = body(&net, 0);
    assert_eq!((&sent["rollback_on_fail"], &sent["parallel_execution"]), (&json!(true), &json!(false)));
    let subs = sent["__composite_requests"].as_array().unwrap();
    let uris: Vec<&str> = subs.iter().map(|sub| sub["uri"].as_str().unwrap()).collect();
    assert_eq!(uris, ["/crm/v8/Contacts", "/crm/v8/Deals", "/crm/v8/Calls", "/crm/v8/Tasks", "/crm/v8/Notes"]);
    assert_eq!(subs[0]["sub_request_id"], json!("s0"));
    assert_eq!(subs[0]["method"], json!("POST"));
    let data = |index: usize| &subs[index]["body"]["data"][0];
    assert_eq!(data(1)["Contact_Name"], json!({ "id": "@{s0:$.data[0].details.id}" }));
    assert_eq!(data(2)["Who_Id"], json!({ "id": "@{s0:$.data[0].details.id}" }));
    assert_eq!(data(2)["What_Id"], json!({ "id": "@{s1:$.data[0].details.id}" }));
    assert_eq!(data(4)["Parent_Id"]["id"], json!("@{s1:$.data[0].details.id}"));
    assert_eq!(data(4)["Parent_Id"]["module"]["api_name"], json!("Deals"));
}

#[test]
fn a_bundle_holds_five_steps_at_most() {
    let mut steps = chain();
    steps.push(update(Kind::Lead, "58", new_fields()));
    assert_eq!(dialect(&[]).bundle(&steps), 5);
    assert_eq!(dialect(&[]).bundle(&steps[..1]), 1);
    assert_eq!(dialect(&[("composite_writes", "false")]).bundle(&steps), 1);
    assert_eq!(dialect(&[("edition", "free")]).bundle(&steps), 1);
}

#[test]
fn without_references_a_bundle_ends_before_the_first_step_that_needs_one() {
    let dialect = dialect(&[("composite_references", "false")]);
    let steps = chain();
    assert_eq!(dialect.bundle(&steps), 1);
    let apart = [
        update(Kind::Contact, "57", new_fields()),
        log_call(CallEntry { contact: known("57"), ..entry() }),
        add_task(task(TaskAbout::Talk)),
    ];
    assert_eq!(dialect.bundle(&apart), 3);
}

#[test]
fn a_step_that_refers_outside_its_request_is_a_fault_of_ours() {
    let net = Scripted::new([]);
    let steps = [log_call(CallEntry { lead: made(Kind::Lead), ..entry() })];
    assert!(matches!(perform(&*dialect(&[]), &net, &steps).unwrap_err(), Trouble::Malformed(_)));
}

#[test]
fn steps_with_nothing_to_write_take_no_place_in_a_composite() {
    let steps = [update(Kind::Contact, "57", new_fields()), log_call(CallEntry { contact: known("57"), ..entry() })];
    let net = Scripted::new([(201, written("81").as_str())]);
    let answer = perform(&*dialect(&[]), &net, &steps).unwrap();
    assert_eq!(answer.results.len(), 2);
    assert_eq!(net.sent()[0].name, "zoho.calls.create");
}

#[test]
fn workflows_can_be_kept_from_running() {
    let (net, _) = sent(&*dialect(&[("workflows", "skip")]), &log_call(entry()));
    assert_eq!(body(&net, 0)["trigger"], json!([]));
}

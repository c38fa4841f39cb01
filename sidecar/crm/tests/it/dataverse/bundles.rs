//! Several steps in one change set (dataverse.md 4.5), and change sets that were refused.

use std::time::Duration;

use serde_json::json;
use tieline_crm::{SendError, Trouble};
use tieline_engine::{
    record::Kind,
    step::{CallEntry, Ref, Step, StepKey, StepResult},
};

use super::{
    API, CONTACT, all_done, always, asked, complete, create_plain, dialect, done, entry, error, failed, known, log,
    missed, operations, outgoing, perform, row,
};
use crate::scripted::Scripted;

fn made() -> Ref {
    Ref::Made(StepKey::call_record())
}

/// A new client's whole call.
fn whole(entry: CallEntry) -> Vec<Step> {
    let entry = CallEntry { contact: Some(Ref::Made(StepKey::create(Kind::Contact))), ..entry };
    vec![create_plain(), log(entry.clone()), complete(made(), entry)]
}

fn rows() -> (String, String) {
    (row(&StepKey::create(Kind::Contact)), row(&StepKey::call_record()))
}

#[test]
fn a_new_clients_call_is_one_change_set() {
    let (contact, call) = rows();
    let (crm, steps) = (dialect(&[]), whole(entry()));
    assert_eq!(crm.bundle(&steps), 3);
    let answer = all_done(3);
    let net = Scripted::new([(200, &answer)]);
    let results = perform(&*crm, &net, &steps).unwrap();
    let sent = net.sent().remove(0);
    let operations = operations(&sent);
    let lines: Vec<&str> = operations.iter().map(|(line, _)| line.as_str()).collect();
    let on_call = format!("PATCH phonecalls({call})");
    assert_eq!(lines, [&format!("PATCH contacts({contact})"), &on_call, &on_call]);
    let bound = &operations[1].1;
    assert_eq!(bound["regardingobjectid_contact_phonecall@odata.bind"], format!("/contacts({contact})"));
    assert_eq!(operations[2].1, json!({ "statecode": 1, "statuscode": 4 }));
    assert_eq!(results[&StepKey::create(Kind::Contact)], done(&contact));
    assert_eq!(results[&StepKey::call_record()], done(&call));
    assert_eq!(results[&StepKey::complete_call_record()], done(&call));
}

#[test]
fn a_change_set_has_the_shape_of_the_page() {
    let (contact, _) = rows();
    let net = Scripted::new([(200, &all_done(3))]);
    perform(&*dialect(&[]), &net, &whole(entry())).unwrap();
    let sent = net.sent().remove(0);
    assert_eq!(sent.url, format!("{API}$batch"));
    let content_type = format!("multipart/mixed; boundary=\"batch_{contact}\"");
    assert!(sent.headers.contains(&("content-type", content_type)));
    let begin = format!(
        "--batch_{contact}\r\nContent-Type: multipart/mixed; boundary=\"changeset_{contact}\"\r\n\r\n\
         --changeset_{contact}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\
         Content-ID: 1\r\n\r\nPATCH /api/data/v9.2/contacts({contact}) HTTP/1.1\r\n\
         Content-Type: application/json\r\nIf-None-Match: *\r\n\r\n{{\"telephone1\":\"+380671234567\"}}\r\n\
         --changeset_{contact}\r\n"
    );
    assert!(sent.body.starts_with(&begin), "{}", sent.body);
    assert!(sent.body.contains("If-Match: *\r\n\r\n{\"statecode\":1,\"statuscode\":4}\r\n"));
    assert!(sent.body.ends_with(&format!("--changeset_{contact}--\r\n--batch_{contact}--\r\n")));
}

#[test]
fn a_call_is_finished_as_direction_and_setting_have_it() {
    let finished = |setting: &str, entry: CallEntry| {
        let steps = [log(entry.clone()), complete(made(), entry.clone())];
        let is_left_open = setting == "open" && !entry.outcome.is_answered();
        let answer = if is_left_open { String::new() } else { all_done(2) };
        let net = Scripted::new([(200, &answer)]);
        perform(&*dialect(&[("missed_status", setting)]), &net, &steps).unwrap();
        let sent = net.sent().remove(0);
        if sent.name == "dataverse.batch" { operations(&sent).remove(1).1 } else { json!(null) }
    };
    let out = CallEntry { direction: outgoing().direction, ..missed() };
    assert_eq!(finished("canceled", entry()), json!({ "statecode": 1, "statuscode": 4 }));
    assert_eq!(finished("canceled", outgoing()), json!({ "statecode": 1, "statuscode": 2 }));
    assert_eq!(finished("canceled", missed()), json!({ "statecode": 2, "statuscode": 3 }));
    assert_eq!(finished("completed", missed()), json!({ "statecode": 1, "statuscode": 4 }));
    assert_eq!(finished("completed", out), json!({ "statecode": 1, "statuscode": 2 }));
    assert_eq!(finished("open", missed()), json!(null));
}

#[test]
fn steps_of_other_kinds_end_a_bundle() {
    let note = super::step(
        StepKey::note(Kind::Contact, 0),
        tieline_engine::step::Action::AddNote { on: Kind::Contact, record: known(CONTACT), parts: Vec::new() },
    );
    let crm = dialect(&[]);
    assert_eq!(crm.bundle(&[]), 0);
    assert_eq!(crm.bundle(&[log(entry()), note.clone(), create_plain()]), 1);
    assert_eq!(crm.bundle(&[note, log(entry())]), 1);
    assert_eq!(crm.bundle(&vec![create_plain(); 12]), 10);
}

#[test]
fn a_reference_to_a_step_that_is_not_there_is_our_fault() {
    let steps = [complete(made(), entry())];
    assert!(matches!(perform(&*dialect(&[]), &Scripted::new([]), &steps), Err(Trouble::Malformed(_))));
}

#[test]
fn a_repeat_whose_first_answer_was_lost_finds_its_rows() {
    let (contact, call) = rows();
    let exists = failed(412, &error("", "A record with matching key values already exists."));
    let part = |status: &str| format!("--batchresponse_1\r\n\r\nHTTP/1.1 {status}\r\n\r\n{{\"id\":1}}\r\n");
    let both = part("200 OK") + &part("200 OK") + "--batchresponse_1--";
    let net = Scripted::new([(400, exists.as_str()), (200, both.as_str())]);
    let results = perform(&*dialect(&[]), &net, &whole(entry())).unwrap();
    assert_eq!(results[&StepKey::create(Kind::Contact)], done(&contact));
    assert_eq!(results[&StepKey::call_record()], done(&call));
    assert!(!results.contains_key(&StepKey::complete_call_record()));
    assert!(net.sent()[1].body.contains(&format!("GET /api/data/v9.2/phonecalls({call})?$select=activityid")));
}

#[test]
fn only_what_is_there_counts_as_made() {
    let exists = failed(412, &error("", "A record with matching key values already exists."));
    let gone = error("0x80040217", "phonecall With Id = 1 Does Not Exist");
    let parts = format!(
        "--batchresponse_1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{{\"id\":1}}\r\n\
         --batchresponse_1\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n{gone}\r\n--batchresponse_1--"
    );
    let net = Scripted::new([(400, exists.as_str()), (200, parts.as_str())]);
    let results = perform(&*dialect(&[]), &net, &whole(entry())).unwrap();
    assert_eq!(results.keys().collect::<Vec<_>>(), [&StepKey::create(Kind::Contact)]);
}

#[test]
fn a_refusal_nobody_can_place_is_asked_of_the_first_step_alone() {
    let (contact, _) = rows();
    let refused = failed(400, &error("0x80048d19", "Error identified in Payload"));
    let net = Scripted::new([(400, refused.as_str()), (204, "")]);
    let results = perform(&*dialect(&[]), &net, &whole(entry())).unwrap();
    assert_eq!(asked(&net), ["POST $batch".to_owned(), format!("PATCH contacts({contact})")]);
    assert_eq!(results.into_iter().collect::<Vec<_>>(), [(StepKey::create(Kind::Contact), done(&contact))]);
}

#[test]
fn a_contact_that_is_gone_is_found_out_step_by_step() {
    let gone = error("0x80040217", "contact With Id = 22222222-2222-2222-2222-222222222222 Does Not Exist");
    let in_set = failed(404, &gone);
    let net = Scripted::new([(400, in_set.as_str()), (404, gone.as_str())]);
    let steps = [log(entry()), complete(made(), entry())];
    let results = perform(&*dialect(&[]), &net, &steps).unwrap();
    let wanted = (StepKey::call_record(), StepResult::TargetGone { kind: Kind::Contact });
    assert_eq!(results.into_iter().collect::<Vec<_>>(), [wanted]);
}

#[test]
fn a_change_set_without_a_readable_answer_may_have_happened() {
    let steps = whole(entry());
    let outcome = |net: &Scripted| perform(&*dialect(&[]), net, &steps).unwrap_err();
    assert!(matches!(outcome(&Scripted::new([(200, "<html>")])), Trouble::Uncertain(_)));
    assert!(matches!(outcome(&Scripted::new([(200, &all_done(2))])), Trouble::Uncertain(_)));
    assert!(matches!(outcome(&Scripted::new([(502, "")])), Trouble::Uncertain(_)));
    let cut = Scripted::failing(SendError::NoAnswer("cut".to_owned()));
    assert_eq!(outcome(&cut), Trouble::Uncertain("cut".to_owned()));
    let away = Scripted::failing(SendError::NotSent("no connection".to_owned()));
    assert_eq!(outcome(&away), Trouble::Unavailable("no connection".to_owned()));
}

#[test]
fn limits_inside_and_outside_of_a_batch_are_the_same() {
    let limited = Trouble::RateLimited { retry_after: Some(Duration::from_secs(31)) };
    let body = error("0x80072326", "Number of concurrent requests exceeded the limit of 52");
    let inside = failed(429, &body);
    let headers = [("retry-after", "31")];
    for net in [always(429, &headers, &body), always(400, &headers, &inside), always(200, &headers, &inside)] {
        assert_eq!(perform(&*dialect(&[]), &net, &whole(entry())).unwrap_err(), limited);
    }
}

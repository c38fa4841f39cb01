//! Look-ups by COQL (zoho.md 4).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tieline_crm::{SendError, Trouble};
use tieline_engine::{
    call::Chat,
    client::ClientKey,
    ids::{RecordId, UserId},
    lookup::{LookUp, Sought, SoughtMark},
    phone::Phone,
    reason::{Reason, ReasonCode},
    record::Kind,
    scenario::TaskAbout,
    step::StepKey,
};

use super::support::{body, composite, dialect, executed, key, learned, look_up, mark, not_executed, now};
use crate::scripted::Scripted;

fn ask() -> LookUp {
    let client = Sought {
        name: None,
        key: ClientKey::Phone(key()),
        spellings: vec!["+380671234567".to_owned(), "067 123 45 67".to_owned()],
        chat: None,
        kinds: BTreeSet::from([Kind::Contact, Kind::Lead, Kind::Deal]),
    };
    LookUp { client: Some(client), marks: Vec::new(), fresh: true, reason: Reason::new(ReasonCode::LookUpNeeded) }
}

fn ask_marks(keys: &[StepKey]) -> LookUp {
    let marks = keys.iter().map(|key| SoughtMark {
        key: key.clone(),
        kind: key.makes().unwrap(),
        mark: mark(key),
        since: now(),
    });
    LookUp { client: None, marks: marks.collect(), ..ask() }
}

fn queries(net: &Scripted, index: usize) -> Vec<String> {
    let body = body(net, index);
    let subs = body["__composite_requests"].as_array().unwrap();
    subs.iter().map(|sub| sub["body"]["select_query"].as_str().unwrap().to_owned()).collect()
}

fn rows(rows: Value) -> Value {
    executed(200, json!({ "data": rows, "info": { "count": 1, "more_records": false } }))
}

fn nothing() -> Value {
    executed(204, Value::Null)
}

#[test]
fn z_15_contacts_leads_and_deals_are_asked_for_in_one_request() {
    let net = Scripted::new([(200, composite(&[nothing(), nothing(), nothing()]).as_str())]);
    let found = look_up(&*dialect(&[]), &net, &ask()).unwrap();
    assert!(found.records.is_empty());
    assert_eq!(found.at, now());
    let sent = net.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].name, sent[0].weight), ("zoho.composite.read", 5));
    assert_eq!(sent[0].url, "https://www.zohoapis.eu/crm/v8/__composite_requests");
    let body = body(&net, 0);
    assert_eq!((&body["rollback_on_fail"], &body["parallel_execution"]), (&json!(false), &json!(true)));
    let sub = &body["__composite_requests"][0];
    assert_eq!((&sub["method"], &sub["uri"]), (&json!("POST"), &json!("/crm/v8/coql")));
    assert_eq!(
        queries(&net, 0),
        [
            "select id, Full_Name, Owner, Created_Time, Modified_Time, Phone, Mobile from Contacts \
             where (Phone in ('+380671234567','067 123 45 67') or Mobile in ('+380671234567','067 123 45 67')) \
             order by Modified_Time desc limit 25",
            "select id, Full_Name, Owner, Created_Time, Modified_Time, Phone, Mobile from Leads \
             where ((Phone in ('+380671234567','067 123 45 67') or Mobile in ('+380671234567','067 123 45 67')) \
             and Converted__s = false) order by Modified_Time desc limit 25",
            "select id, Deal_Name, Stage, Owner, Contact_Name, Created_Time, Modified_Time, Contact_Name.Phone, \
             Contact_Name.Mobile from Deals where (Contact_Name.Phone in ('+380671234567','067 123 45 67') \
             or Contact_Name.Mobile in ('+380671234567','067 123 45 67')) order by Created_Time desc limit 25",
        ]
    );
}

#[test]
fn z_13_z_14_every_number_of_a_candidate_comes_back_as_it_is_stored() {
    let contact = json!([{
        "id": "57", "Full_Name": "Anna K", "Phone": "067 123 45 67", "Mobile": null,
        "Owner": { "name": "Boyle", "id": "411" }, "Created_Time": "2026-01-20T10:00:01+02:00",
        "Modified_Time": "2026-01-21T10:00:01+02:00",
    }]);
    let deals = json!([
        {
            "id": "71", "Deal_Name": "Roof", "Stage": "Closed Won", "Owner": { "id": "411" },
            "Contact_Name": { "name": "Anna K", "id": "57" }, "Contact_Name.Phone": "067 123 45 67",
        },
        { "id": "72", "Stage": "Qualification", "Contact_Name": { "id": "57", "Mobile": "+380671234567" } },
    ]);
    let answer = composite(&[rows(contact), nothing(), rows(deals)]);
    let found = look_up(&*dialect(&[]), &Scripted::new([(200, answer.as_str())]), &ask()).unwrap();
    let [contact, closed, open] = found.records.as_slice() else { panic!("three records are expected") };
    assert_eq!(contact.kind, Kind::Contact);
    assert_eq!(contact.phones, [Phone::new("067 123 45 67")]);
    assert_eq!(contact.owner, Some(UserId::new("411")));
    assert_eq!(contact.created_at, Some("2026-01-20T08:00:01Z".parse().unwrap()));
    assert_eq!((closed.kind, closed.open), (Kind::Deal, false));
    assert_eq!(closed.contact, Some(RecordId::new("57")));
    assert_eq!(closed.phones, [Phone::new("067 123 45 67")]);
    assert_eq!((open.open, open.phones.as_slice()), (true, &[Phone::new("+380671234567")][..]));
}

#[test]
fn without_composites_each_query_goes_alone() {
    let net = Scripted::new([(204, ""), (200, r#"{"data":[{"id":"5"}],"info":{}}"#), (204, "")]);
    let found = look_up(&*dialect(&[("composite_reads", "false")]), &net, &ask()).unwrap();
    assert_eq!(found.records[0].kind, Kind::Lead);
    let sent = net.sent();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|sent| sent.url.ends_with("/crm/v8/coql") && sent.weight == 1 && sent.name == "zoho.coql"));
    assert!(body(&net, 0)["select_query"].as_str().unwrap().contains("from Contacts"));
}

#[test]
fn an_account_on_the_free_edition_never_sends_a_composite() {
    let net = Scripted::new([(204, ""), (204, ""), (204, "")]);
    look_up(&*dialect(&[("edition", "free")]), &net, &ask()).unwrap();
    assert_eq!(net.sent().len(), 3);
}

#[test]
fn a_refused_join_is_replaced_by_the_ids_of_the_contacts() {
    let refused = executed(
        400,
        json!({ "code": "INVALID_QUERY", "details": { "column_name": "Contact_Name.Phone" },
            "message": "column given seems to be invalid", "status": "error" }),
    );
    let first = composite(&[rows(json!([{ "id": "57", "Phone": "+380671234567" }])), nothing(), refused]);
    let second = r#"{"data":[{"id":"71","Stage":"New","Contact_Name":{"id":"57"}}],"info":{}}"#;
    let net = Scripted::new([(207, first.as_str()), (200, second)]);
    let found = look_up(&*dialect(&[]), &net, &ask()).unwrap();
    assert_eq!(found.records.iter().map(|record| record.kind).collect::<Vec<_>>(), [Kind::Contact, Kind::Deal]);
    let query = body(&net, 1)["select_query"].as_str().unwrap().to_owned();
    assert!(query.contains("from Deals where Contact_Name in ('57') order by Created_Time desc limit 25"), "{query}");
    assert!(!query.contains("Contact_Name.Phone"));
}

#[test]
fn deals_of_nobody_are_not_asked_for() {
    let net = Scripted::new([(200, composite(&[nothing(), nothing()]).as_str())]);
    look_up(&*dialect(&[("deal_lookup", "by_contact")]), &net, &ask()).unwrap();
    assert_eq!(net.sent().len(), 1);
    assert_eq!(queries(&net, 0).len(), 2);
}

#[test]
fn what_was_learnt_widens_the_look_up() {
    let contact = json!([{
        "id": "57", "Phone": null, "Home_Phone": "0671234567", "Phone_Key": "380671234567",
        "Messenger_Chat": "telegram:9",
    }]);
    let deal = json!([{ "id": "71", "Stage": "Won", "Contact_Name": { "id": "57" } }]);
    let answer = composite(&[rows(contact), nothing(), rows(deal)]);
    let net = Scripted::new([(200, answer.as_str())]);
    let found = look_up(&*learned(&[]), &net, &ask()).unwrap();
    assert_eq!(found.records[0].phones, [Phone::new("0671234567"), Phone::new("+380671234567")]);
    assert_eq!(found.records[0].chats, ["telegram:9"]);
    assert!(!found.records[1].open, "the pipeline says that this stage is closed");
    let contacts = &queries(&net, 0)[0];
    assert!(contacts.contains("Phone, Mobile, Home_Phone, Phone_Key, Messenger_Chat from Contacts"), "{contacts}");
    assert!(contacts.contains("or Home_Phone in ("), "{contacts}");
    assert!(contacts.contains("or Phone_Key = '380671234567')"), "{contacts}");
    assert!(!contacts.contains("Fax"), "{contacts}");
}

#[test]
fn z_31_a_dialogue_without_a_number_is_looked_for_by_its_field() {
    let mut ask = ask();
    let chat = Chat { channel: "telegram".to_owned(), id: "o'9".to_owned() };
    let sought = ask.client.as_mut().unwrap();
    sought.chat = Some(chat.joined());
    (sought.key, sought.spellings) = (ClientKey::Chat(chat), Vec::new());
    let net = Scripted::new([(200, composite(&[nothing(), nothing()]).as_str())]);
    look_up(&*learned(&[]), &net, &ask).unwrap();
    let queries = queries(&net, 0);
    assert!(queries[0].contains("from Contacts where Messenger_Chat = 'telegram:o''9' order"), "{}", queries[0]);
    assert!(queries[1].contains("where (Messenger_Chat = 'telegram:o''9' and Converted__s = false)"), "{}", queries[1]);
    let net = Scripted::new([]);
    assert!(look_up(&*dialect(&[]), &net, &ask).unwrap().records.is_empty(), "no field is known to hold dialogues");
}

#[test]
fn marks_of_calls_tasks_and_notes_are_found_again() {
    let (call, talk, review) =
        (StepKey::call_record(), StepKey::task(TaskAbout::Talk), StepKey::task(TaskAbout::Review));
    let note = StepKey::note(Kind::Lead, 0);
    let answer = composite(&[
        rows(json!([{ "id": "81", "Subject": format!("Incoming call [{}]", mark(&call).as_str()) }])),
        rows(json!([{ "id": "82", "Subject": format!("A colleague [{}]", mark(&review).as_str()) }])),
        nothing(),
    ]);
    let net = Scripted::new([(200, answer.as_str())]);
    let asked = [call.clone(), talk.clone(), review.clone(), note.clone()];
    let found = look_up(&*dialect(&[]), &net, &ask_marks(&asked)).unwrap();
    assert_eq!(found.asked, asked.iter().map(mark).collect());
    assert_eq!(found.marks.len(), 2);
    assert_eq!(found.marks[&mark(&call)], RecordId::new("81"));
    assert_eq!(found.marks[&mark(&review)], RecordId::new("82"));
    let queries = queries(&net, 0);
    let expected = format!(
        "select id, Subject from Calls where (Subject like '%{}%' and Created_Time >= '2026-11-22T09:05:00+02:00') \
         limit 25",
        mark(&call).as_str()
    );
    assert_eq!(queries[0], expected);
    assert!(queries[1].contains(&format!("(Subject like '%{}%' or Subject like", mark(&talk).as_str())));
    assert!(queries[2].contains("select id, Note_Title from Notes where (Note_Title like"));
}

#[test]
fn a_mark_of_a_lead_is_not_asked_for() {
    let net = Scripted::new([]);
    let found = look_up(&*dialect(&[]), &net, &ask_marks(&[StepKey::create(Kind::Lead)])).unwrap();
    assert!(found.asked.is_empty());
}

#[test]
fn a_client_and_two_marks_still_take_one_request() {
    let mut all = ask_marks(&[StepKey::call_record(), StepKey::task(TaskAbout::Talk)]);
    all.client = ask().client;
    let net = Scripted::new([(200, composite(&vec![nothing(); 5]).as_str())]);
    look_up(&*dialect(&[]), &net, &all).unwrap();
    assert_eq!(net.sent().len(), 1);
}

#[test]
fn a_failed_query_fails_the_look_up() {
    let failing = |item: Value| {
        let answer = composite(&[item, nothing(), nothing()]);
        look_up(&*dialect(&[]), &Scripted::new([(207, answer.as_str())]), &ask()).unwrap_err()
    };
    let error = |code: &str| json!({ "code": code, "details": {}, "message": "m", "status": "error" });
    assert!(matches!(failing(executed(400, error("INVALID_QUERY"))), Trouble::Malformed(_)));
    assert!(matches!(failing(executed(401, error("OAUTH_SCOPE_MISMATCH"))), Trouble::NotAllowed(_)));
    assert!(matches!(failing(executed(429, Value::Null)), Trouble::RateLimited { .. }));
    assert!(matches!(failing(executed(500, Value::Null)), Trouble::Unavailable(_)));
    assert!(matches!(failing(not_executed("PROCESSING_STOPPED")), Trouble::Unavailable(_)));
}

#[test]
fn only_a_refused_join_is_replaced() {
    let denied = json!({ "code": "NO_PERMISSION", "details": {}, "message": "m", "status": "error" });
    let answer = composite(&[rows(json!([{ "id": "57" }])), nothing(), executed(403, denied)]);
    let net = Scripted::new([(207, answer.as_str())]);
    assert!(matches!(look_up(&*dialect(&[]), &net, &ask()).unwrap_err(), Trouble::NotAllowed(_)));
}

#[test]
fn a_lost_answer_to_a_look_up_harms_nothing() {
    let net = Scripted::failing(SendError::NoAnswer("cut".to_owned()));
    assert!(matches!(look_up(&*dialect(&[]), &net, &ask()).unwrap_err(), Trouble::Unavailable(_)));
    let few = composite(&[nothing()]);
    let net = Scripted::new([(200, few.as_str())]);
    assert!(matches!(look_up(&*dialect(&[]), &net, &ask()).unwrap_err(), Trouble::Unavailable(_)));
}

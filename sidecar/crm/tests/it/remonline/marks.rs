//! Finding again what may have been written.

use serde_json::{Value, json};
use tieline_crm::Dialect;
use tieline_engine::{
    facts::Found,
    ids::RecordId,
    lookup::{Sought, SoughtMark},
    record::Kind,
    scenario::TaskAbout,
    step::{Mark, StepKey},
};

use super::{NOBODY, ask, asked, at, caller, dialect, list, look_up, mark};
use crate::scripted::Scripted;

fn sought(key: StepKey) -> SoughtMark {
    let kind = key.makes().unwrap();
    SoughtMark { mark: mark(&key), kind, key, since: at("2026-01-15T09:59:00Z") }
}

fn find(crm: &dyn Dialect, net: &Scripted, client: Option<Sought>, keys: &[StepKey]) -> Found {
    look_up(crm, net, &ask(client, keys.iter().cloned().map(sought).collect())).unwrap()
}

fn told(marks: &[&Mark]) -> String {
    let marks: Vec<String> = marks.iter().map(|mark| format!("[{}]", mark.as_str())).collect();
    format!("Type: incoming call\n{}", marks.join(" "))
}

fn person(notes: &str) -> Value {
    json!({"id": 5, "phone": ["380671234567"], "notes": notes})
}

#[test]
fn each_kind_carries_its_mark_in_its_own_text() {
    let keys = [Kind::Contact, Kind::Lead, Kind::Deal].map(StepKey::create);
    let marks = keys.each_ref().map(mark);
    let texts = marks.each_ref().map(|mark| told(&[mark]));
    let people = list(&[person(&texts[0])]);
    let leads = list(&[json!({"id": 6, "contact_phone": "380671234567", "description": texts[1]})]);
    let orders = list(&[json!({"id": 8, "client_id": 5}), json!({"id": 9, "client_id": 5, "manager_notes": texts[2]})]);
    let net = Scripted::new([(200, people.as_str()), (200, leads.as_str()), (200, orders.as_str())]);
    let found = find(&*dialect(&[]), &net, Some(caller()), &keys);
    let expected = [("5", &marks[0]), ("6", &marks[1]), ("9", &marks[2])];
    assert_eq!(found.marks, expected.map(|(id, mark)| (mark.clone(), RecordId::new(id))).into());
    assert_eq!(found.asked, marks.into());
    assert_eq!(found.records.len(), 4);
}

#[test]
fn an_absent_mark_was_asked_for_and_is_not_found() {
    let key = StepKey::create(Kind::Lead);
    let leads = list(&[json!({"id": 6, "contact_phone": "380671234567", "description": "tl-somethingelse1"})]);
    let net = Scripted::new([(200, NOBODY), (200, leads.as_str())]);
    let found = find(&*dialect(&[]), &net, Some(caller()), std::slice::from_ref(&key));
    assert_eq!((found.marks.len(), found.asked), (0, [mark(&key)].into()));
}

#[test]
fn a_lost_order_whose_client_does_not_show_is_searched_by_number() {
    let key = StepKey::create(Kind::Deal);
    let text = told(&[&mark(&key)]);
    let orders = list(&[json!({"id": 9, "client": {"id": 5}, "manager_notes": text})]);
    let net = Scripted::new([(200, NOBODY), (200, NOBODY), (200, orders.as_str())]);
    let found = find(&*dialect(&[("search_forms", "1")]), &net, Some(caller()), std::slice::from_ref(&key));
    assert_eq!(found.marks[&mark(&key)], RecordId::new("9"));
    assert_eq!(asked(&net)[2], "/orders?client_phones[]=380671234567");
}

#[test]
fn a_lost_lead_is_looked_for_whatever_the_setting_saves() {
    let key = StepKey::create(Kind::Lead);
    let net = Scripted::new([(200, NOBODY), (200, NOBODY)]);
    let found = find(&*dialect(&[("leads", "of_clients")]), &net, Some(caller()), std::slice::from_ref(&key));
    assert_eq!(found.asked, [mark(&key)].into());
}

#[test]
fn a_note_that_went_along_shares_its_records_fate() {
    let keys = [StepKey::create(Kind::Lead), StepKey::note(Kind::Lead, 0)];
    let marks = keys.each_ref().map(mark);
    let there = list(&[json!({"id": 6, "description": told(&[&marks[0], &marks[1]])})]);
    for repeat in ["true", "false"] {
        let crm = dialect(&[("repeat_lost_comments", repeat)]);
        let net = Scripted::new([(200, NOBODY), (200, there.as_str())]);
        let found = find(&*crm, &net, Some(caller()), &keys);
        assert_eq!(found.marks.keys().collect::<Vec<_>>().len(), 2);
        let net = Scripted::new([(200, NOBODY), (200, NOBODY)]);
        let found = find(&*crm, &net, Some(caller()), &keys);
        assert_eq!((found.marks.len(), found.asked.len()), (0, 2), "repeat_lost_comments = {repeat}");
    }
}

#[test]
fn a_lost_comment_is_repeated_or_believed_as_the_setting_says() {
    let key = StepKey::note(Kind::Deal, 1);
    let ask = |repeat| {
        let net = Scripted::new([]);
        find(&*dialect(&[("repeat_lost_comments", repeat)]), &net, None, std::slice::from_ref(&key))
    };
    let (repeated, believed) = (ask("true"), ask("false"));
    assert_eq!((repeated.marks.len(), repeated.asked), (0, [mark(&key)].into()));
    assert_eq!(believed.marks[&mark(&key)], RecordId::new(mark(&key).as_str()));
}

#[test]
fn a_lost_task_is_found_by_the_mark_in_its_description() {
    let key = StepKey::task(TaskAbout::MissedCall);
    let task = json!({"id": 70, "title": "Missed call", "description": told(&[&mark(&key)])});
    let tasks = list(&[json!({"id": 69, "description": null}), task]);
    let net = Scripted::new([(200, tasks.as_str())]);
    let found = find(&*dialect(&[]), &net, None, std::slice::from_ref(&key));
    assert_eq!(found.marks[&mark(&key)], RecordId::new("70"));
    assert_eq!((asked(&net), found.asked), (vec!["/tasks".to_owned()], [mark(&key)].into()));
}

#[test]
fn many_tasks_are_read_at_both_ends_of_their_list() {
    let page = json!({"data": [{"id": 1}], "count": 5_000, "success": true}).to_string();
    let net = Scripted::new([(200, page.as_str()); 10]);
    find(&*dialect(&[]), &net, None, &[StepKey::task(TaskAbout::MissedCall)]);
    let pages: Vec<String> = asked(&net)[1..].iter().map(|url| url.replace("/tasks?page=", "")).collect();
    assert_eq!(pages, ["2", "3", "4", "5", "96", "97", "98", "99", "100"]);
}

#[test]
fn marks_of_records_nobody_read_are_not_called_asked() {
    let found = find(&*dialect(&[]), &Scripted::new([]), None, &[StepKey::create(Kind::Contact)]);
    assert!(found.asked.is_empty());
}

//! Finding again what may have been written.

use std::slice::from_ref;

use serde_json::{Value, json};
use tieline_engine::{
    facts::Found,
    ids::RecordId,
    lookup::{Sought, SoughtMark},
    record::Kind,
    scenario::TaskAbout,
    step::StepKey,
};

use super::{ask, body, caller, doubtful, learned, look_up, page, person, routes, with};
use crate::scripted::Scripted;

fn find<const N: usize>(
    settings: &[(&str, &str)],
    client: Option<Sought>,
    marks: &[SoughtMark],
    answers: [(u16, &str); N],
) -> (Found, Vec<String>, Scripted) {
    let net = Scripted::new(answers);
    let found = look_up(&*learned(settings), &net, &ask(client, marks.to_vec())).unwrap();
    (found, routes(&net), net)
}

fn comment(id: u64, sought: &SoughtMark) -> Value {
    json!({"id": id, "userId": 1, "text": format!("Status: answered\n[{}]", sought.mark.as_str())})
}

fn commented(comments: Value) -> String {
    page(&[with(person(5), "comments", comments)])
}

const SEARCH: &str = "POST /contacts/get-list";

#[test]
fn a_contact_made_in_one_request_stands_among_the_clients_records() {
    let sought = doubtful(StepKey::create(Kind::Contact));
    let (found, asked, _) = find(&[], Some(caller()), &[sought], [(200, &page(&[person(5)]))]);
    assert_eq!((asked, found.records.len()), (vec![SEARCH.to_owned()], 1));
    assert!(found.asked.is_empty() && found.marks.is_empty());
}

#[test]
fn a_contact_is_found_by_its_mark_where_a_field_holds_it() {
    let settings = [("contact_fields", "mark = Tieline")];
    let sought = doubtful(StepKey::create(Kind::Contact));
    let value = json!([{"id": 74, "value": sought.mark.as_str()}]);
    let marked = page(&[person(4), with(person(5), "attributes", value)]);
    let (found, _, net) = find(&settings, Some(caller()), from_ref(&sought), [(200, &page(&[])), (200, &marked)]);
    assert_eq!(found.marks.get(&sought.mark), Some(&RecordId::new("5")));
    let condition = json!({"id": 74, "expression": "eq", "value": sought.mark.as_str()});
    assert_eq!(body(&net.sent()[1])["attributes"], json!([condition]));
    let nobody = (200, page(&[]));
    let (found, ..) =
        find(&settings, Some(caller()), from_ref(&sought), [(200, &nobody.1), (200, &page(&[person(4)]))]);
    assert!(found.asked.contains(&sought.mark) && found.marks.is_empty());
}

#[test]
fn a_deal_stands_among_the_clients_records() {
    let sought = doubtful(StepKey::create(Kind::Deal));
    let contact = page(&[with(person(5), "dealsQty", json!(1))]);
    let deals = r#"{"data":[{"id":31,"status":1}]}"#;
    let (found, ..) = find(&[], Some(caller()), &[sought], [(200, &contact), (200, deals)]);
    assert!(found.asked.is_empty() && found.marks.is_empty());
    assert_eq!(found.records.len(), 2);
}

#[test]
fn a_comment_is_found_where_the_list_shows_it() {
    let sought = doubtful(StepKey::note(Kind::Contact, 0));
    for comments in [json!([comment(44, &sought)]), json!({"data": [comment(44, &sought)]}), comment(44, &sought)] {
        let (found, asked, _) = find(&[], Some(caller()), from_ref(&sought), [(200, &commented(comments))]);
        assert_eq!(asked, [SEARCH]);
        assert_eq!(found.marks.get(&sought.mark), Some(&RecordId::new("44")));
    }
}

#[test]
fn a_comment_the_list_does_not_show_is_looked_for_on_the_contact() {
    let sought = doubtful(StepKey::note(Kind::Contact, 0));
    let other = json!([{"id": 43, "text": "something else"}]);
    let whole = |comments: Value| json!({"data": with(person(5), "comments", comments)}).to_string();
    let there = whole(json!([comment(44, &sought)]));
    let list = commented(other.clone());
    let (found, asked, _) = find(&[], Some(caller()), from_ref(&sought), [(200, &list), (200, &there)]);
    assert_eq!(asked, [SEARCH, "GET /contacts/5"]);
    assert_eq!(found.marks.get(&sought.mark), Some(&RecordId::new("44")));
    let (found, ..) = find(&[], Some(caller()), from_ref(&sought), [(200, &list), (200, &whole(other))]);
    assert!(found.asked.contains(&sought.mark) && found.marks.is_empty());
}

#[test]
fn a_comment_on_a_deal_is_found_in_the_deal() {
    let sought = doubtful(StepKey::note(Kind::Deal, 0));
    let contact = page(&[with(person(5), "dealsQty", json!(1))]);
    let event = json!([{"id": 45, "eventData": {"text": format!("[{}]", sought.mark.as_str())}}]);
    let listed = json!({"data": [{"id": 31, "status": 1, "comments": event}]}).to_string();
    let (found, ..) = find(&[], Some(caller()), from_ref(&sought), [(200, &contact), (200, &listed)]);
    assert_eq!(found.marks.get(&sought.mark), Some(&RecordId::new("45")));
    let silent = r#"{"data":[{"id":31,"status":1}]}"#;
    let whole = json!({"data": {"id": 31, "comments": event}}).to_string();
    let person = json!({"data": person(5)}).to_string();
    let answers = [(200, contact.as_str()), (200, silent), (200, &person), (200, &whole)];
    let (found, asked, _) = find(&[], Some(caller()), from_ref(&sought), answers);
    assert_eq!(asked[2..], ["GET /contacts/5", "GET /deals/31"]);
    assert_eq!(found.marks.get(&sought.mark), Some(&RecordId::new("45")));
}

#[test]
fn a_comment_on_nobody_named_is_looked_for_among_contacts_changed_since() {
    let sought = doubtful(StepKey::note(Kind::Contact, 0));
    let list = commented(json!([comment(44, &sought)]));
    let (found, _, net) = find(&[], None, from_ref(&sought), [(200, &list)]);
    assert_eq!(found.marks.get(&sought.mark), Some(&RecordId::new("44")));
    assert!(found.records.is_empty());
    let filter = body(&net.sent()[0]);
    assert_eq!((&filter["updateFrom"], &filter["offset"]), (&json!("2026-01-14"), &json!(0)));
}

#[test]
fn the_search_among_changed_contacts_has_an_end() {
    let sought = doubtful(StepKey::note(Kind::Contact, 0));
    let list = json!({"data": {"list": [person(5)], "total": 5000}}).to_string();
    let pages = [(200, list.as_str()), (200, &list), (200, &list)];
    let (found, _, net) = find(&[], None, &[sought], pages);
    let offsets: Vec<Value> = net.sent().iter().map(|sent| body(sent)["offset"].clone()).collect();
    assert_eq!((offsets, found.marks.len()), (vec![json!(0), json!(100), json!(200)], 0));
}

#[test]
fn tasks_are_found_by_the_end_of_their_description_in_one_request() {
    let (missed, review) = (doubtful(StepKey::task(TaskAbout::MissedCall)), doubtful(StepKey::task(TaskAbout::Review)));
    let text = format!("Missed call\n[{}]", missed.mark.as_str());
    for tasks in [
        json!({"data": [{"id": 80}, {"id": 81, "description": text}]}),
        json!({"data": {"id": 81, "description": text}}),
    ] {
        let (found, asked, net) = find(&[], None, &[missed.clone(), review.clone()], [(200, &tasks.to_string())]);
        assert_eq!(asked, ["POST /tasks/list"]);
        assert_eq!(body(&net.sent()[0]), json!({"createdAtFrom": "2026-01-14 09:59"}));
        assert_eq!((found.marks.get(&missed.mark), found.asked.len()), (Some(&RecordId::new("81")), 2));
        assert!(!found.marks.contains_key(&review.mark));
    }
}

#[test]
fn tasks_are_found_without_the_filter_where_the_crm_does_not_know_it() {
    let missed = doubtful(StepKey::task(TaskAbout::MissedCall));
    let tasks = json!({"data": [{"id": 81, "description": format!("[{}]", missed.mark.as_str())}]}).to_string();
    let refused = r#"{"message":"The createdAtFrom field is unknown.","error_code":422}"#;
    let (found, _, net) = find(&[], None, from_ref(&missed), [(422, refused), (200, &tasks)]);
    assert_eq!(body(&net.sent()[1]), json!({"limit": 100}));
    assert_eq!(found.marks.get(&missed.mark), Some(&RecordId::new("81")));
}

//! Finding again what may have been written.

use serde_json::json;
use tieline_engine::{ids::RecordId, lookup::SoughtMark, record::Kind, scenario::TaskAbout, step::StepKey};

use super::{ask, asked, at, dialect, look_up, mark};
use crate::scripted::Scripted;

const NOT_FOUND: &str = r#"{"success":false,"errorMsg":"Not found"}"#;

fn doubtful(key: StepKey) -> SoughtMark {
    let kind = key.makes().unwrap();
    SoughtMark { mark: mark(&key), kind, key, since: at("2026-01-15T09:59:00Z") }
}

/// Where a mark was found, and the one address asked.
fn find(sought: &SoughtMark, status: u16, body: &str) -> (Option<RecordId>, String) {
    let net = Scripted::new([(status, body)]);
    let found = look_up(&*dialect(&[("site", "main")]), &net, &ask(None, vec![sought.clone()])).unwrap();
    assert!(found.asked.contains(&sought.mark) && found.records.is_empty());
    let [url] = &asked(&net)[..] else { panic!("one request") };
    (found.marks.get(&sought.mark).cloned(), url.clone())
}

#[test]
fn a_customer_is_found_by_its_external_id() {
    let sought = doubtful(StepKey::create(Kind::Contact));
    let (id, url) = find(&sought, 200, r#"{"success":true,"customer":{"id":5,"externalId":"x"}}"#);
    assert_eq!(id, Some(RecordId::new("5")));
    assert_eq!(url, format!("/customers/{}?by=externalId&site=main", sought.mark.as_str()));
    assert_eq!(find(&sought, 404, NOT_FOUND).0, None);
}

#[test]
fn an_order_is_found_by_its_external_id() {
    let sought = doubtful(StepKey::create(Kind::Deal));
    let body = json!({"success": true, "orders": [
        {"id": 8, "externalId": "other", "status": "new"},
        {"id": 9, "externalId": sought.mark.as_str(), "status": "new", "group": "new"},
    ]});
    let (id, url) = find(&sought, 200, &body.to_string());
    assert_eq!(id, Some(RecordId::new("9")));
    assert_eq!(url, format!("/orders/statuses?externalIds[]={}", sought.mark.as_str()));
    assert_eq!(find(&sought, 200, r#"{"success":true,"orders":[]}"#).0, None);
}

#[test]
fn tasks_and_notes_are_found_by_the_end_of_their_text() {
    let lists = [
        (doubtful(StepKey::task(TaskAbout::Review)), "tasks", "/tasks"),
        (doubtful(StepKey::note(Kind::Contact, 2)), "notes", "/customers/notes"),
    ];
    for (sought, key, path) in lists {
        let text = format!("Call [{}]", sought.mark.as_str());
        let body = json!({"success": true, key: [{"id": 1, "text": "other"}, {"id": 2, "text": text}]});
        let (id, url) = find(&sought, 200, &body.to_string());
        assert_eq!(id, Some(RecordId::new("2")));
        assert_eq!(url, format!("{path}?filter[text]={}", sought.mark.as_str()));
        let fuzzy = json!({"success": true, key: [{"id": 1, "text": "other"}]});
        assert_eq!(find(&sought, 200, &fuzzy.to_string()).0, None);
    }
}

#[test]
fn an_uploaded_call_may_be_repeated_and_is_not_looked_for() {
    let net = Scripted::new([]);
    let sought = doubtful(StepKey::call_record());
    let found = look_up(&*dialect(&[]), &net, &ask(None, vec![sought.clone()])).unwrap();
    assert!(found.asked.contains(&sought.mark) && found.marks.is_empty());
}

#[test]
fn every_mark_is_answered_in_one_look_up() {
    let all = vec![doubtful(StepKey::create(Kind::Contact)), doubtful(StepKey::create(Kind::Deal))];
    let net =
        Scripted::new([(200, r#"{"success":true,"orders":[]}"#), (200, r#"{"success":true,"customer":{"id":5}}"#)]);
    let found = look_up(&*dialect(&[]), &net, &ask(None, all.clone())).unwrap();
    assert_eq!(found.asked.len(), 2);
    assert_eq!(found.marks.keys().collect::<Vec<_>>(), [&all[0].mark]);
}

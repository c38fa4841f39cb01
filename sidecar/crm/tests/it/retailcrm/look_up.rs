//! Finding the client: which requests, and what is made of the answers.

use futures::executor::block_on;
use serde_json::{Value, json};
use tieline_crm::Dialect;
use tieline_engine::{
    call::Chat,
    client::ClientKey,
    facts::Found,
    ids::{RecordId, UserId},
    lookup::Sought,
    phone::Phone,
    record::Kind,
    redact::Private,
};

use super::{ask, asked, at, caller, dialect, look_up, session, sought};
use crate::scripted::Scripted;

const NOBODY: &str =
    r#"{"success":true,"pagination":{"limit":100,"totalCount":0,"currentPage":1,"totalPageCount":0},"customers":[]}"#;
const NO_ORDERS: &str = r#"{"success":true,"orders":[]}"#;

fn customers(all: &[Value]) -> String {
    json!({"success": true, "customers": all}).to_string()
}

fn orders(all: &[Value]) -> String {
    json!({"success": true, "orders": all}).to_string()
}

fn customer(id: u32, number: &str) -> Value {
    json!({"id": id, "phones": [{"number": number}], "customFields": []})
}

/// A dialect that has learned three statuses.
fn learned(settings: &[(&str, &str)]) -> Box<dyn Dialect> {
    let statuses = json!({"success": true, "statuses": {
        "new": {"code": "new", "group": "new"},
        "paid": {"code": "paid", "group": "complete"},
        "no-call": {"code": "no-call", "group": "cancel"},
    }});
    let groups = r#"{"success":true,"statusGroups":{}}"#;
    let statuses = statuses.to_string();
    let denied = r#"{"success":false,"errorMsg":"Access denied."}"#;
    let net = Scripted::new([(200, statuses.as_str()), (200, groups), (403, denied)]);
    block_on(dialect(settings).learn(&session(&net))).unwrap()
}

fn found(crm: &dyn Dialect, net: &Scripted, client: Sought) -> Found {
    look_up(crm, net, &ask(Some(client), Vec::new())).unwrap()
}

fn ids(found: &Found, kind: Kind) -> Vec<&str> {
    let of_kind = found.records.iter().filter(|record| record.kind == kind);
    of_kind.map(|record| record.id.as_str()).collect()
}

#[test]
fn a_known_client_with_an_open_order_costs_two_reads() {
    let person = json!({
        "id": 5, "firstName": "Olena", "lastName": "Koval", "phones": [{"number": "+380 67 123 45 67"}, {"number": "0441112233"}],
        "managerId": 17, "createdAt": "2026-01-10 12:00:00", "customFields": [],
    });
    let order = json!({
        "id": 9, "number": "9A", "status": "new", "managerId": 18, "customer": {"id": 5}, "phone": "380671234567",
        "createdAt": "2026-01-11 12:00:00", "statusUpdatedAt": "2026-01-12 12:00:00",
    });
    let (person, order) = (customers(&[person]), orders(&[order]));
    let net = Scripted::new([(200, person.as_str()), (200, order.as_str())]);
    let found = found(&*learned(&[]), &net, caller());
    let urls = ["/customers?filter[name]=380671234567&limit=100", "/orders?filter[customerId]=5&limit=100"];
    assert_eq!(asked(&net), urls);
    assert_eq!(net.sent()[0].authorization.as_deref(), Some("X-API-KEY: key-1"));
    assert_eq!(found.at, at("2026-01-15T10:00:00Z"));
    let [contact, deal] = &found.records[..] else { panic!("{found:?}") };
    assert_eq!((contact.kind, contact.id.as_str(), contact.open), (Kind::Contact, "5", true));
    assert_eq!(contact.phones, [Phone::new("+380 67 123 45 67"), Phone::new("0441112233")]);
    assert_eq!(contact.name, Some(Private::new("Olena Koval")));
    assert_eq!(contact.owner, Some(UserId::new("17")));
    assert_eq!(contact.created_at, Some(at("2026-01-10T10:00:00Z")));
    assert_eq!((deal.kind, deal.id.as_str(), deal.open), (Kind::Deal, "9", true));
    assert_eq!(deal.contact, Some(RecordId::new("5")));
    assert_eq!(deal.owner, Some(UserId::new("18")));
    assert_eq!(deal.modified_at, Some(at("2026-01-12T10:00:00Z")));
}

#[test]
fn rc_09_a_client_stored_in_the_national_form_is_found() {
    let stored = customers(&[customer(5, "0671234567")]);
    let net = Scripted::new([(200, NOBODY), (200, stored.as_str()), (200, NO_ORDERS)]);
    let found = found(&*dialect(&[]), &net, caller());
    assert_eq!(ids(&found, Kind::Contact), ["5"]);
    assert_eq!(asked(&net)[1], "/customers?filter[name]=0671234567&limit=100");
}

#[test]
fn rc_07_a_new_caller_costs_one_read_for_each_form_the_settings_allow() {
    let forms = |settings: &[(&str, &str)], answers| {
        let net = Scripted::new::<3>([(200, NOBODY); 3]);
        assert!(found(&*dialect(settings), &net, caller()).records.is_empty());
        assert_eq!(net.sent().len(), answers);
        asked(&net)
    };
    let [own, national, plus] = ["380671234567", "0671234567", "%2B380671234567"]
        .map(|form| format!("/customers?filter[name]={form}&limit=100"));
    assert_eq!(forms(&[("search_forms", "1")], 1), std::slice::from_ref(&own));
    assert_eq!(forms(&[], 2), [own.clone(), national.clone()]);
    assert_eq!(forms(&[("search_forms", "3")], 3), [own.clone(), national.clone(), plus.clone()]);
    assert_eq!(forms(&[("phone_form", "plus"), ("search_forms", "3")], 3), [plus, national, own]);
}

#[test]
fn a_number_of_another_country_has_no_national_form_to_ask_for() {
    let net = Scripted::new([(200, NOBODY), (200, NOBODY)]);
    found(&*dialect(&[]), &net, sought(&["+380671234567", "380671234567"]));
    assert_eq!(asked(&net)[1], "/customers?filter[name]=%2B380671234567&limit=100");
}

#[test]
fn somebody_whose_name_holds_the_digits_does_not_end_the_search() {
    let other = customers(&[customer(4, "380501112233"), json!({"id": 3, "firstName": "380671234567"})]);
    let stored = customers(&[customer(5, "0671234567"), customer(4, "380501112233")]);
    let net = Scripted::new([(200, other.as_str()), (200, stored.as_str()), (200, NO_ORDERS)]);
    let found = found(&*dialect(&[]), &net, caller());
    assert_eq!(ids(&found, Kind::Contact), ["5", "4", "3"]);
    assert_eq!(asked(&net)[2], "/orders?filter[customerId]=5&limit=100");
}

#[test]
fn orders_of_the_three_newest_customers_are_read() {
    let all: Vec<Value> = [7, 30, 9, 8].into_iter().map(|id| customer(id, "380671234567")).collect();
    let all = customers(&all);
    let net = Scripted::new([(200, all.as_str()), (200, NO_ORDERS), (200, NO_ORDERS), (200, NO_ORDERS)]);
    assert_eq!(ids(&found(&*dialect(&[]), &net, caller()), Kind::Contact), ["30", "9", "8", "7"]);
    let owners = ["30", "9", "8"].map(|id| format!("/orders?filter[customerId]={id}&limit=100"));
    assert_eq!(asked(&net)[1..], owners);
}

#[test]
fn orders_are_left_alone_when_no_deal_is_of_use() {
    let person = customers(&[customer(5, "380671234567")]);
    let net = Scripted::new([(200, person.as_str())]);
    found(&*dialect(&[]), &net, Sought { kinds: [Kind::Contact].into(), ..caller() });
    assert_eq!(net.sent().len(), 1);
}

fn open_of(crm: &dyn Dialect, statuses: &[&str], probe: Option<&str>) -> (Vec<bool>, Vec<String>) {
    let person = customers(&[customer(5, "380671234567")]);
    let all: Vec<Value> = statuses.iter().enumerate().map(|(id, status)| json!({"id": id, "status": status})).collect();
    let all = orders(&all);
    let net = Scripted::new([(200, person.as_str()), (200, all.as_str()), (200, probe.unwrap_or(NOBODY))]);
    let found = found(crm, &net, caller());
    let deals = found.records.iter().filter(|record| record.kind == Kind::Deal);
    (deals.map(|deal| deal.open).collect(), asked(&net))
}

#[test]
fn an_order_is_open_by_the_group_of_its_status() {
    let (open, asked) = open_of(&*learned(&[]), &["new", "paid", "no-call"], None);
    assert_eq!((open, asked.len()), (vec![true, false, false], 2));
}

#[test]
fn the_owner_of_the_account_says_which_groups_are_closed() {
    let crm = learned(&[("closed_groups", "cancel, new")]);
    assert_eq!(open_of(&*crm, &["new", "paid", "no-call"], None).0, [false, true, false]);
}

#[test]
fn statuses_that_were_not_learned_are_asked_for_once() {
    let probe = r#"{"success":true,"orders":[{"id":1,"status":"x","group":"cancel"},{"id":2,"status":"y","group":"delivery"}]}"#;
    let (open, asked) = open_of(&*learned(&[]), &["new", "x", "y", "z"], Some(probe));
    assert_eq!(open, [true, false, true, true]);
    assert_eq!(asked[2..], ["/orders/statuses?ids[]=1&ids[]=2&ids[]=3"]);
}

#[test]
fn odd_shapes_are_read_as_far_as_they_go() {
    let odd = r#"{"success":true,"customers":{"a":{"id":"5","phones":{"x":{"number":380671234567},"y":{}},"customFields":[],
        "managerId":null,"createdAt":"soon","firstName":null},"b":{"phones":[]}}}"#;
    let net = Scripted::new([(200, odd), (200, r#"{"success":true}"#)]);
    let found = found(&*dialect(&[]), &net, caller());
    let [contact] = &found.records[..] else { panic!("{found:?}") };
    assert_eq!((contact.id.as_str(), &contact.phones[..]), ("5", &[Phone::new("380671234567")][..]));
    assert_eq!((&contact.owner, contact.created_at, &contact.name), (&None, None, &None));
}

#[test]
fn a_number_without_a_canonical_form_is_searched_as_it_is() {
    let stored = customers(&[customer(5, "0000123")]);
    let net = Scripted::new([(200, stored.as_str()), (200, NO_ORDERS)]);
    let client = Sought { key: ClientKey::Text(Phone::new("0000123")), ..sought(&["0000123"]) };
    assert_eq!(ids(&found(&*dialect(&[]), &net, client), Kind::Contact), ["5"]);
    assert_eq!(asked(&net)[0], "/customers?filter[name]=0000123&limit=100");
}

fn dialogue() -> Sought {
    let chat = Chat { channel: "telegram".to_owned(), id: "77".to_owned() };
    Sought { chat: Some(chat.joined()), key: ClientKey::Chat(chat), ..sought(&[]) }
}

#[test]
fn g13_a_dialogue_is_found_by_the_field_that_holds_it() {
    let person = customers(&[json!({"id": 5, "phones": [], "customFields": {"dialogue": "telegram:77"}})]);
    let net = Scripted::new([(200, person.as_str()), (200, NO_ORDERS)]);
    let found = found(&*dialect(&[("chat_field", "dialogue")]), &net, dialogue());
    let urls =
        ["/customers?filter[customFields][dialogue]=telegram%3A77&limit=100", "/orders?filter[customerId]=5&limit=100"];
    assert_eq!(asked(&net), urls);
    assert_eq!(found.records[0].chats, ["telegram:77"]);
}

#[test]
fn without_a_field_for_dialogues_none_is_asked_for() {
    let net = Scripted::new([]);
    assert!(found(&*dialect(&[]), &net, dialogue()).records.is_empty());
}

//! Who the client is.

use serde_json::{Value, json};
use tieline_crm::Trouble;
use tieline_engine::{
    call::Chat,
    client::ClientKey,
    facts::Found,
    ids::{RecordId, UserId},
    lookup::Sought,
    phone::Phone,
    record::{Kind, Record},
};

use super::{CHOSEN, NOBODY, ask, at, body, caller, dialect, learned, look_up, page, person, routes, with};
use crate::scripted::Scripted;

fn find<const N: usize>(settings: &[(&str, &str)], sought: Sought, answers: [(u16, &str); N]) -> (Found, Scripted) {
    let net = Scripted::new(answers);
    let found = look_up(&*learned(settings), &net, &ask(Some(sought), Vec::new())).unwrap();
    (found, net)
}

fn ids(found: &Found, kind: Kind) -> Vec<&str> {
    found.records.iter().filter(|record| record.kind == kind).map(|record| record.id.as_str()).collect()
}

#[test]
fn one_request_asks_for_every_written_form() {
    let (found, net) = find(&[], caller(), [NOBODY]);
    assert!(found.records.is_empty() && found.at == at("2026-01-15T10:00:00Z"));
    assert_eq!(routes(&net), ["POST /contacts/get-list"]);
    let condition = json!({
        "field": "phones", "expression": "in", "value": ["380671234567", "+380671234567", "0671234567"],
    });
    assert_eq!(body(&net.sent()[0]), json!({"fieldValueConditions": [condition], "limit": 100, "offset": 0}));
}

#[test]
fn sp_02_a_contact_is_read_with_everything_the_engine_needs() {
    let two = json!([{"id": 1, "phone": "380671234567", "isMain": true}, {"id": 2, "phone": "+1 202 555 0100"}]);
    let (found, _) = find(&[], caller(), [(200, &page(&[with(person(5), "phones", two)]))]);
    let expected = Record {
        phones: vec![Phone::new("380671234567"), Phone::new("+1 202 555 0100")],
        name: Some("Ivan Franko".into()),
        owner: Some(UserId::new("17")),
        created_at: Some(at("2026-01-10T08:00:00Z")),
        ..Record::new(Kind::Contact, RecordId::new("5"))
    };
    assert_eq!(found.records, [expected]);
}

#[test]
fn decoding_bears_what_is_odd_or_missing() {
    let odd = [
        json!({"id": "6", "phones": ["380671234567"], "firstName": null, "createdAt": "2026-01-10 10:00:00"}),
        json!({"id": 7, "phones": {"11": {"id": 11, "phone": 380_671_234_567_u64}}, "createdAt": "yesterday"}),
        json!({"firstName": "nobody"}),
    ];
    let (found, _) = find(&[], Sought { kinds: [Kind::Contact].into(), ..caller() }, [(200, &page(&odd))]);
    assert_eq!(ids(&found, Kind::Contact), ["6", "7"]);
    // A time without a zone is in the project's.
    assert_eq!(found.records[0].created_at, Some(at("2026-01-10T08:00:00Z")));
    assert_eq!((found.records[0].name.clone(), found.records[1].created_at), (None, None));
    assert!(found.records.iter().all(|record| record.phones == [Phone::new("380671234567")]));
    for shape in [json!({"data": [person(5)]}), json!({"data": {"list": {"0": person(5)}}})] {
        let (found, _) = find(&[], caller(), [(200, &shape.to_string())]);
        assert_eq!(ids(&found, Kind::Contact), ["5"]);
    }
}

#[test]
fn the_zone_of_times_without_one_can_be_set() {
    let local = with(person(5), "createdAt", json!("2026-01-10 10:00:00"));
    let (found, _) = find(&[("zone", "UTC")], caller(), [(200, &page(&[local]))]);
    assert_eq!(found.records[0].created_at, Some(at("2026-01-10T10:00:00Z")));
}

#[test]
fn without_the_list_condition_each_form_costs_a_request_until_one_fits() {
    let settings = [("phone_search", "phone")];
    let (_, net) = find(&settings, caller(), [NOBODY, NOBODY, NOBODY]);
    let asked: Vec<Value> = net.sent().iter().map(|sent| body(sent)["phone"].clone()).collect();
    assert_eq!(asked, ["380671234567", "+380671234567", "0671234567"]);
    let (found, net) = find(&settings, caller(), [NOBODY, (200, &page(&[person(5)]))]);
    assert_eq!((ids(&found, Kind::Contact), net.sent().len()), (vec!["5"], 2));
}

#[test]
fn a_number_without_a_canonical_form_is_searched_as_it_is() {
    let sought = Sought { key: ClientKey::Text(Phone::new("99887")), spellings: vec!["99887".to_owned()], ..caller() };
    let (_, net) = find(&[], sought, [NOBODY]);
    assert_eq!(body(&net.sent()[0])["fieldValueConditions"][0]["value"], json!(["99887"]));
}

#[test]
fn deals_are_read_of_contacts_that_have_some_and_closed_ones_are_told() {
    let contact = with(person(5), "dealsQty", json!(4));
    let deals = json!({"data": [
        {"id": 31, "status": 1, "responsibleId": 18, "name": "Order", "createdAt": "2026-01-11T08:00:00+00:00"},
        {"id": 32, "status": 2}, {"id": 33, "status": 3}, {"id": 34, "status": 0}, {"id": 35, "status": 7},
    ]});
    let (found, net) = find(&[], caller(), [(200, &page(&[contact])), (200, &deals.to_string())]);
    assert_eq!(routes(&net), ["POST /contacts/get-list", "GET /contacts/5/deals"]);
    let deals: Vec<_> = found.records.iter().filter(|record| record.kind == Kind::Deal).collect();
    let open: Vec<_> = deals.iter().map(|deal| (deal.id.as_str(), deal.open)).collect();
    assert_eq!(open, [("31", true), ("32", false), ("33", false), ("35", true)]);
    assert!(deals.iter().all(|deal| deal.contact == Some(RecordId::new("5"))));
    assert_eq!((&deals[0].owner, &deals[0].name), (&Some(UserId::new("18")), &Some("Order".into())));
}

#[test]
fn a_contact_without_deals_or_with_another_number_costs_no_request() {
    let stranger = with(with(person(6), "phones", json!([{"phone": "380501112233"}])), "dealsQty", json!(2));
    let (found, net) = find(&[], caller(), [(200, &page(&[person(5), stranger]))]);
    assert_eq!((ids(&found, Kind::Contact), net.sent().len()), (vec!["5", "6"], 1));
}

#[test]
fn deals_are_not_read_when_the_scenario_cannot_use_them() {
    let contact = with(person(5), "dealsQty", json!(4));
    let sought = Sought { kinds: [Kind::Contact].into(), ..caller() };
    assert_eq!(find(&[], sought, [(200, &page(&[contact]))]).1.sent().len(), 1);
}

#[test]
fn a_contact_that_vanished_meanwhile_has_no_deals() {
    let contact = with(person(5), "dealsQty", json!(4));
    let gone = r#"{"data":{"code":213,"message":"Contact not found"}}"#;
    let (found, _) = find(&[], caller(), [(200, &page(&[contact])), (404, gone)]);
    assert_eq!(found.records.len(), 1);
}

#[test]
fn a_messenger_client_is_found_by_the_chosen_field() {
    let chat = Chat { channel: "viber".to_owned(), id: "77".to_owned() };
    let joined = chat.joined();
    let sought = Sought { key: ClientKey::Chat(chat), spellings: Vec::new(), chat: Some(joined.clone()), ..caller() };
    for value in [json!(joined), json!({"type": "text", "value": joined})] {
        let contact = with(person(5), "attributes", json!([{"id": 73, "name": "Messenger", "value": value}]));
        let (found, net) = find(&[CHOSEN], sought.clone(), [(200, &page(&[contact]))]);
        assert_eq!(found.records[0].chats, [joined.as_str()]);
        let condition = json!({"id": 73, "expression": "eq", "value": joined});
        assert_eq!(body(&net.sent()[0]), json!({"attributes": [condition], "limit": 100, "offset": 0}));
    }
    let (found, net) = find(&[], sought, []);
    assert!(found.records.is_empty() && net.sent().is_empty());
}

#[test]
fn an_address_without_the_api_is_the_settings_fault() {
    let net = Scripted::new([(404, "")]);
    let result = look_up(&*dialect(&[]), &net, &ask(Some(caller()), Vec::new()));
    assert!(matches!(result, Err(Trouble::Malformed(text)) if text.contains("url")));
}

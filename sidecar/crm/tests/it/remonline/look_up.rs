//! Finding the client: which requests, and what is made of the answers.

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

use super::{NOBODY, ask, asked, at, caller, dialect, list, look_up, sought};
use crate::scripted::Scripted;

fn found(crm: &dyn Dialect, net: &Scripted, client: Sought) -> Found {
    look_up(crm, net, &ask(Some(client), Vec::new())).unwrap()
}

fn ids(found: &Found, kind: Kind) -> Vec<&str> {
    found.records.iter().filter(|record| record.kind == kind).map(|record| record.id.as_str()).collect()
}

fn person() -> Value {
    json!({"id": 5, "first_name": "Olena", "last_name": "Koval", "manager_id": 17, "notes": "",
        "phones": [{"title": "Main", "phone": "+380 (67) 123-45-67"}, {"phone": "0441112233"}],
        "created_at": "2026-01-10T10:00:00Z", "modified_at": "2026-01-11T10:00:00Z"})
}

#[test]
fn a_known_client_costs_three_reads() {
    let lead = json!({"id": 6, "status": {"id": 1, "name": "New", "group": 1}, "client": {"id": 5}, "manager_id": 18});
    let order = json!({"id": 9, "id_label": "A-9", "status": {"id": 2, "group": 2}, "client": {"id": 5},
        "manager_id": 19, "created_at": 1_768_040_000_000_i64, "closed_at": null});
    let (people, leads, orders) = (list(&[person()]), list(&[lead]), list(&[order]));
    let net = Scripted::new([(200, people.as_str()), (200, leads.as_str()), (200, orders.as_str())]);
    let found = found(&*dialect(&[]), &net, caller());
    assert_eq!(
        asked(&net),
        [
            "/contacts/people?phones[]=380671234567&phones[]=0671234567&phones[]=+380671234567",
            "/lead/?client_phones[]=380671234567&client_phones[]=0671234567&client_phones[]=+380671234567",
            "/orders?clients_ids=5",
        ]
    );
    assert_eq!(found.at, at("2026-01-15T10:00:00Z"));
    let [contact, lead, deal] = &found.records[..] else { panic!("{found:?}") };
    assert_eq!((contact.kind, contact.id.as_str(), contact.open), (Kind::Contact, "5", true));
    assert_eq!(contact.phones, [Phone::new("+380 (67) 123-45-67"), Phone::new("0441112233")]);
    assert_eq!(contact.name, Some(Private::new("Olena Koval")));
    assert_eq!(contact.owner, Some(UserId::new("17")));
    assert_eq!(contact.created_at, Some(at("2026-01-10T10:00:00Z")));
    assert_eq!(contact.modified_at, Some(at("2026-01-11T10:00:00Z")));
    assert_eq!((lead.kind, lead.open, lead.contact.clone()), (Kind::Lead, true, Some(RecordId::new("5"))));
    assert_eq!(lead.phones, contact.phones, "a lead without a number has its client's");
    assert_eq!(lead.owner, Some(UserId::new("18")));
    assert_eq!((deal.kind, deal.open, deal.contact.clone()), (Kind::Deal, true, Some(RecordId::new("5"))));
    assert_eq!((deal.owner.clone(), deal.name.clone()), (Some(UserId::new("19")), Some(Private::new("A-9"))));
    assert_eq!(deal.created_at, Some(at("2026-01-10T10:13:20Z")));
}

#[test]
fn the_first_generation_has_its_own_paths_names_and_times() {
    let person = json!({"id": 5, "name": "Olena Koval", "phone": ["380677451909", "380671234567"],
        "created_at": 1_768_040_000_000_i64, "custom_fields": {}});
    let order = json!({"id": 9, "status": {"id": 2, "group": 6}, "client": {"id": 5}, "manager_id": 0,
        "order_type": {"id": 1, "title": "Repair"}});
    let (people, orders) = (list(&[person]), list(&[order]));
    let net = Scripted::new([(200, people.as_str()), (200, NOBODY), (200, orders.as_str())]);
    let found = found(&*dialect(&[("api", "token")]), &net, sought(&["+380671234567"]));
    let expected = [
        "/clients/?phones[]=380671234567&phones[]=+380671234567&token=tok-1",
        "/lead/?client_phones[]=380671234567&client_phones[]=+380671234567&token=tok-1",
        "/order/?clients_ids[]=5&token=tok-1",
    ];
    assert_eq!(asked(&net), expected);
    assert_eq!(found.records[0].phones.len(), 2);
    assert_eq!(found.records[0].created_at, Some(at("2026-01-10T10:13:20Z")));
    assert_eq!((found.records[1].open, found.records[1].owner.clone()), (false, None));
}

#[test]
fn the_last_generation_has_its_paths_below_v2_and_leads_at_the_root() {
    let page = json!({"data": [person()], "paging": {"limit": 50, "page": 1, "total_pages": 1, "count": 1}});
    let order = json!([{"id": 9, "status": {"id": 3, "group": {"type": 6, "name": "Closed"}}, "client_id": 5}]);
    let (page, order) = (page.to_string(), order.to_string());
    let net = Scripted::new([(200, page.as_str()), (200, NOBODY), (200, order.as_str())]);
    let crm = dialect(&[("api", "v2"), ("search_forms", "1")]);
    let found = found(&*crm, &net, caller());
    let expected = [
        "/v2/contacts/people?phones[]=380671234567",
        "/lead/?client_phones[]=380671234567",
        "/v2/orders?clients_ids=5",
    ];
    assert_eq!(asked(&net), expected);
    assert_eq!((ids(&found, Kind::Deal), found.records[1].open), (vec!["9"], false));
    assert_eq!(found.records[1].contact, Some(RecordId::new("5")));
}

#[test]
fn lists_in_queries_are_written_as_configured() {
    let people = list(&[person(), json!({"id": 8, "phone": "0671234567"})]);
    let urls = |settings: &[(&str, &str)]| {
        let net = Scripted::new([(200, people.as_str()), (200, NOBODY), (200, NOBODY)]);
        let all: Vec<_> = settings.iter().copied().chain([("search_forms", "2")]).collect();
        found(&*dialect(&all), &net, caller());
        let asked = asked(&net);
        (asked[0].clone(), asked[2].clone())
    };
    let (first, second) = ("380671234567", "0671234567");
    let brackets = format!("/contacts/people?phones[]={first}&phones[]={second}");
    let repeated = format!("/contacts/people?phones={first}&phones={second}");
    let comma = format!("/contacts/people?phones={first}%2C{second}");
    assert_eq!(urls(&[]), (brackets, "/orders?clients_ids=5&clients_ids=8".to_owned()));
    let both = [("phone_query", "repeated"), ("id_query", "brackets")];
    assert_eq!(urls(&both), (repeated, "/orders?clients_ids[]=5&clients_ids[]=8".to_owned()));
    let both = [("phone_query", "comma"), ("id_query", "comma")];
    assert_eq!(urls(&both), (comma, "/orders?clients_ids=5%2C8".to_owned()));
}

#[test]
fn spellings_may_be_searched_one_after_the_other_until_somebody_shows() {
    let people = list(&[json!({"id": 5, "phone": ["067 123 45 67"]})]);
    let crm = dialect(&[("search", "in_turn"), ("leads", "of_clients"), ("create", "client")]);
    let net = Scripted::new([
        (200, NOBODY),
        (200, people.as_str()),
        (200, NOBODY),
        (200, NOBODY),
        (200, NOBODY),
        (200, NOBODY),
    ]);
    assert_eq!(ids(&found(&*crm, &net, caller()), Kind::Contact), ["5"]);
    let asked = asked(&net);
    assert_eq!(asked[..2], ["/contacts/people?phones[]=380671234567", "/contacts/people?phones[]=0671234567"]);
    assert!(asked[2].starts_with("/lead/"));
    assert_eq!(asked.last().map(String::as_str), Some("/orders?clients_ids=5"));
}

#[test]
fn ro_06_a_lead_without_a_client_is_found_by_its_number() {
    let lead = json!({"id": 6, "contact_phone": "+38 (067) 123-45-67", "contact_name": "Olena", "status": {"id": 1}});
    let leads = list(&[lead]);
    let net = Scripted::new([(200, NOBODY), (200, leads.as_str())]);
    let found = found(&*dialect(&[]), &net, caller());
    assert_eq!((ids(&found, Kind::Lead), asked(&net).len()), (vec!["6"], 2));
    assert_eq!(found.records[0].phones, [Phone::new("+38 (067) 123-45-67")]);
    assert_eq!((found.records[0].open, found.records[0].contact.clone()), (true, None));
}

#[test]
fn leads_of_clients_only_save_a_request_where_clients_are_made() {
    let net = Scripted::new([(200, NOBODY)]);
    found(&*dialect(&[("leads", "of_clients")]), &net, caller());
    assert_eq!(asked(&net).len(), 1);
    let net = Scripted::new([(200, NOBODY), (200, NOBODY)]);
    found(&*dialect(&[("leads", "of_clients"), ("create", "lead")]), &net, caller());
    assert_eq!(asked(&net).len(), 2);
}

#[test]
fn a_client_the_search_misses_is_taken_from_its_lead() {
    let lead = json!({"id": 6, "client": {"id": 5, "name": "Olena", "phone": ["380671234567"]}, "status": {"id": 1}});
    let bare = json!({"id": 7, "client": {"id": 8}, "contact_phone": "0671234567", "status_id": 1});
    let leads = list(&[lead, bare]);
    let net = Scripted::new([(200, NOBODY), (200, leads.as_str()), (200, NOBODY)]);
    let found = found(&*dialect(&[]), &net, caller());
    assert_eq!(ids(&found, Kind::Contact), ["5", "8"]);
    assert!(found.records.iter().all(|record| !record.phones.is_empty()));
    assert_eq!(asked(&net)[2], "/orders?clients_ids=5&clients_ids=8");
}

#[test]
fn strangers_among_the_answers_are_handed_over_and_their_orders_not_read() {
    let people = list(&[json!({"id": 5, "phone": ["380501112233"]})]);
    let net = Scripted::new([(200, people.as_str()), (200, NOBODY)]);
    assert_eq!(ids(&found(&*dialect(&[]), &net, caller()), Kind::Contact), ["5"]);
    assert_eq!(asked(&net).len(), 2);
}

#[test]
fn ro_07_ro_10_closed_is_a_group_a_closing_time_or_a_listed_status_and_never_a_name() {
    let settings = [("closed_groups", "6,7"), ("closed_statuses", "40"), ("closed_lead_statuses", "41")];
    let open = |kind: Kind, row: Value| {
        let mut row = row;
        row["id"] = json!(9);
        row["contact_phone"] = json!("380671234567");
        row["client"] = json!({"id": 5});
        let (people, rows) = (list(&[person()]), list(&[row]));
        let [leads, orders] = if kind == Kind::Lead { [rows.as_str(), NOBODY] } else { [NOBODY, rows.as_str()] };
        let net = Scripted::new([(200, people.as_str()), (200, leads), (200, orders)]);
        let found = found(&*dialect(&settings), &net, caller());
        found.records.iter().find(|record| record.kind == kind).unwrap().open
    };
    for kind in [Kind::Lead, Kind::Deal] {
        assert!(open(kind, json!({"status": {"id": 1, "name": "Закрито", "group": 1}})));
        assert!(!open(kind, json!({"status": {"id": 1, "name": "Renamed", "group": 6}})));
        assert!(!open(kind, json!({"status": {"id": 1, "group": "7"}})));
        assert!(!open(kind, json!({"status": {"id": 1, "group": 1}, "closed_at": "2026-01-10T10:00:00Z"})));
        assert!(!open(kind, json!({"status": {"id": 1, "group": 1}, "closed_at": 1_768_040_000_000_i64})));
        assert!(open(kind, json!({"status": {"id": 1, "group": 1}, "closed_at": 0})));
        assert!(open(kind, json!({})), "what nobody can place is open");
    }
    assert!(!open(Kind::Deal, json!({"status_id": 40})) && open(Kind::Lead, json!({"status_id": 40})));
    assert!(!open(Kind::Lead, json!({"status": 41})) && open(Kind::Deal, json!({"status": 41})));
}

#[test]
fn a_client_with_many_orders_is_read_page_by_page_and_no_order_twice() {
    let order = |id: u32| json!({"id": id, "client_id": 5});
    let page = |ids: std::ops::Range<u32>| {
        let rows: Vec<Value> = ids.map(order).collect();
        json!({"data": rows, "count": 120, "success": true}).to_string()
    };
    let (people, one, two, three) = (list(&[person()]), page(0..50), page(49..99), page(99..120));
    let net = Scripted::new([
        (200, people.as_str()),
        (200, NOBODY),
        (200, one.as_str()),
        (200, two.as_str()),
        (200, three.as_str()),
    ]);
    let found = found(&*dialect(&[]), &net, caller());
    assert_eq!(ids(&found, Kind::Deal).len(), 120);
    assert_eq!(asked(&net)[3..], ["/orders?clients_ids=5&page=2", "/orders?clients_ids=5&page=3"]);
}

#[test]
fn a_very_long_list_is_read_at_both_ends() {
    let page = json!({"data": [{"id": 1, "client_id": 5}], "paging": {"total_pages": 90}}).to_string();
    let people = list(&[person()]);
    let answers = [(200, people.as_str()), (200, NOBODY), (200, &page), (200, &page), (200, &page), (200, &page)];
    let net = Scripted::new(answers);
    found(&*dialect(&[]), &net, caller());
    let pages: Vec<String> = asked(&net)[3..].iter().map(|url| url.rsplit('=').next().unwrap().to_owned()).collect();
    assert_eq!(pages, ["2", "89", "90"]);
}

#[test]
fn a_list_that_does_not_tell_its_length_ends_with_a_page_that_is_not_full() {
    let rows = |ids: std::ops::Range<u32>| ids.map(|id| json!({"id": id, "client_id": 5})).collect::<Vec<_>>();
    let (full, rest) = (json!({"data": rows(0..50)}).to_string(), json!({"data": []}).to_string());
    let people = list(&[person()]);
    let net = Scripted::new([(200, people.as_str()), (200, NOBODY), (200, full.as_str()), (200, rest.as_str())]);
    assert_eq!(ids(&found(&*dialect(&[]), &net, caller()), Kind::Deal).len(), 50);
}

#[test]
fn a_messenger_client_without_a_number_is_found_by_the_dialogue_in_its_name() {
    let chat = Chat { channel: "telegram".to_owned(), id: "77".to_owned() };
    let client =
        Sought { key: ClientKey::Chat(chat), spellings: Vec::new(), chat: Some("telegram:77".to_owned()), ..caller() };
    let people = list(&[json!({"id": 5, "first_name": "Olena", "last_name": "telegram:77", "phones": []})]);
    let lead = list(&[json!({"id": 6, "client": {"id": 5}})]);
    let net = Scripted::new([(200, people.as_str()), (200, lead.as_str()), (200, NOBODY)]);
    let found = found(&*dialect(&[]), &net, client);
    let expected =
        ["/contacts/people?names[]=telegram%3A77", "/lead/?client_names[]=telegram%3A77", "/orders?clients_ids=5"];
    assert_eq!(asked(&net), expected);
    assert_eq!(found.records[0].chats, ["telegram:77"]);
    assert_eq!(found.records[1].chats, ["telegram:77"]);
}

#[test]
fn a_messenger_client_with_a_new_number_is_looked_for_by_the_dialogue_too() {
    let client = Sought { chat: Some("telegram:77".to_owned()), ..caller() };
    let people = list(&[json!({"id": 5, "first_name": "Olena telegram:77"})]);
    let net = Scripted::new([(200, NOBODY), (200, people.as_str()), (200, NOBODY), (200, NOBODY)]);
    assert_eq!(ids(&found(&*dialect(&[]), &net, client), Kind::Contact), ["5"]);
    assert_eq!(asked(&net)[1], "/contacts/people?names[]=telegram%3A77");
}

#[test]
fn a_client_known_by_a_visit_only_costs_no_request() {
    let client = Sought { key: ClientKey::Visit("1.2".to_owned()), spellings: Vec::new(), ..caller() };
    let net = Scripted::new([]);
    assert!(found(&*dialect(&[]), &net, client).records.is_empty());
}

#[test]
fn a_number_without_a_canonical_form_is_searched_as_it_is() {
    let client = Sought { key: ClientKey::Text(Phone::new("12345")), ..sought(&["12345"]) };
    let net = Scripted::new([(200, NOBODY), (200, NOBODY)]);
    found(&*dialect(&[]), &net, client);
    assert_eq!(asked(&net)[0], "/contacts/people?phones[]=12345");
}

#[test]
fn an_account_without_leads_is_read_without() {
    let net = Scripted::new([(200, NOBODY), (404, r#"{"success":false,"message":"Not found"}"#)]);
    assert!(found(&*dialect(&[]), &net, caller()).records.is_empty());
}

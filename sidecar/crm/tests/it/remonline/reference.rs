//! Employees, fields and statuses.

use futures::executor::block_on;
use serde_json::json;
use tieline_crm::Trouble;
use tieline_engine::{ids::UserId, phone::Phone, record::Kind, redact::Private};

use super::{NOBODY, ask, asked, caller, dialect, list, look_up, session, try_connect};
use crate::scripted::Scripted;

#[test]
fn ro_16_employees_have_their_whole_names_and_deleted_ones_do_not_count() {
    let employees = [
        json!({"id": 17, "first_name": "Olena", "last_name": "Koval", "email": "o@example.com",
            "phone": "380501112233", "deleted": false}),
        json!({"id": 18, "first_name": "Taras", "last_name": null, "deleted": true}),
        json!({"first_name": "Nobody"}),
    ];
    let (enveloped, bare) = (list(&employees), json!(employees).to_string());
    for (api, answer, path) in [
        ("bearer", &enveloped, "/employees/"),
        ("token", &enveloped, "/employees/?token=tok-1"),
        ("v2", &bare, "/v2/company/employees"),
    ] {
        let net = Scripted::new([(200, answer.as_str())]);
        let users = block_on(dialect(&[("api", api)]).users(&session(&net))).unwrap();
        assert_eq!(asked(&net), [path]);
        let [olena, taras] = &users[..] else { panic!("{users:?}") };
        assert_eq!((olena.id.clone(), olena.name.clone()), (UserId::new("17"), Private::new("Olena Koval")));
        assert_eq!((olena.email.clone(), olena.active), (Some(Private::new("o@example.com")), true));
        assert_eq!(olena.phones, [Phone::new("380501112233")]);
        assert_eq!((taras.name.clone(), taras.active), (Private::new("Taras"), false));
    }
}

#[test]
fn fields_are_the_listed_ones_of_orders_and_leads_and_the_declared_ones() {
    let orders = list(&[json!({"id": 12, "type": 1}), json!({"id": "f13", "type": 6}), json!({"id": 16, "type": 0})]);
    let leads = list(&[json!({"id": 14, "type": 3})]);
    let net = Scripted::new([(200, orders.as_str()), (200, leads.as_str())]);
    let crm = dialect(&[("custom_fields", "client:15, order:f16")]);
    let fields = block_on(crm.fields(&session(&net))).unwrap();
    assert_eq!(asked(&net), ["/order/custom-fields/", "/lead/custom-fields/?leadtype_id=33"]);
    let told: Vec<_> = fields.iter().map(|field| (field.entity, field.name.as_str(), field.text)).collect();
    let expected = [
        (Kind::Deal, "f12", true),
        (Kind::Deal, "f13", false),
        (Kind::Lead, "f14", true),
        (Kind::Contact, "f15", true),
        (Kind::Deal, "f16", true),
    ];
    assert_eq!(told, expected);
    assert!(fields.iter().all(|field| field.custom));
}

#[test]
fn fields_the_account_does_not_show_leave_the_declared_ones() {
    let net = Scripted::new([(403, "{}")]);
    let crm = try_connect(&[("create", "client"), ("custom_fields", "client:15")], "k").unwrap();
    let fields = block_on(crm.fields(&session(&net))).unwrap();
    assert_eq!(fields.len(), 1);
}

#[test]
fn a_status_that_does_not_show_its_group_is_placed_by_what_was_learned() {
    let paths = [
        ("bearer", ["/statuses/orders/", "/statuses/leads/"]),
        ("v2", ["/v2/orders/statuses", "/statuses/leads/"]),
        ("token", ["/statuses/?token=tok-1", "/statuses/leads/?token=tok-1"]),
    ];
    for (api, expected) in paths {
        let orders = json!([{"id": 40, "name": "Done", "group": {"type": 6, "name": "Closed"}}]).to_string();
        let leads = list(&[json!({"id": 41, "name": "Lost", "group": 6}), json!({"id": 40, "group": 1})]);
        let net = Scripted::new([(200, orders.as_str()), (200, leads.as_str())]);
        let crm = block_on(dialect(&[("api", api)]).learn(&session(&net))).unwrap();
        assert_eq!(asked(&net), expected);
        let people = list(&[json!({"id": 5, "phone": ["380671234567"]})]);
        let row = |id: u32, status: u32| json!({"id": id, "client_id": 5, "status_id": status});
        let rows = list(&[row(8, 40), row(9, 41)]);
        let net = Scripted::new([(200, people.as_str()), (200, rows.as_str()), (200, rows.as_str())]);
        let found = look_up(&*crm, &net, &ask(Some(caller()), Vec::new())).unwrap();
        let open: Vec<_> = found.records[1..].iter().map(|record| (record.kind, record.open)).collect();
        assert_eq!(open, [(Kind::Lead, true), (Kind::Lead, false), (Kind::Deal, false), (Kind::Deal, true)]);
    }
}

#[test]
fn an_account_that_does_not_show_its_statuses_is_learned_without_them() {
    for (status, body) in [(403, "{}"), (404, "{}"), (404, "<html>"), (400, "{}")] {
        let net = Scripted::new([(status, body), (status, body)]);
        assert!(block_on(dialect(&[]).learn(&session(&net))).is_ok(), "{status}");
    }
    let net = Scripted::new([(401, "{}")]);
    assert!(matches!(block_on(dialect(&[]).learn(&session(&net))), Err(Trouble::CredentialsDead(_))));
}

#[test]
fn accounts_without_leads_do_not_learn_their_statuses() {
    let net = Scripted::new([(200, NOBODY)]);
    let crm = try_connect(&[("create", "client"), ("leads", "off")], "k").unwrap();
    block_on(crm.learn(&session(&net))).unwrap();
    assert_eq!(asked(&net), ["/statuses/orders/"]);
}

//! What the account consists of, and what the dialect says of itself.

use futures::executor::block_on;
use serde_json::json;
use tieline_crm::{Dialect, Quota, Trouble};
use tieline_engine::{
    ids::{RecordId, UserId},
    phone::Phone,
    record::{CrmField, Kind},
    redact::Private,
    scenario::TaskAbout,
    step::{Action, StepKey, Task},
};

use super::{ask, asked, at, caller, dialect, entity, known, look_up, perform, session, step};
use crate::scripted::Scripted;

const GROUPS: &str = r#"{"success":true,"statusGroups":{"complete":{"code":"complete","statuses":["paid","given"]}}}"#;
const STATUSES: &str =
    r#"{"success":true,"statuses":{"paid":{"code":"paid"},"late":{"code":"late","group":"cancel"}}}"#;

fn learn(settings: (u16, &str)) -> Box<dyn Dialect> {
    let net = Scripted::new([(200, STATUSES), (200, GROUPS), settings]);
    let learned = block_on(dialect(&[]).learn(&session(&net))).unwrap();
    assert_eq!(asked(&net), ["/reference/statuses", "/reference/status-groups", "/settings"]);
    learned
}

#[test]
fn a_status_belongs_to_the_group_it_names_or_that_lists_it() {
    let crm = learn((403, r#"{"success":false,"errorMsg":"Access denied."}"#));
    let person = r#"{"success":true,"customers":[{"id":5,"phones":[{"number":"380671234567"}]}]}"#;
    let orders =
        r#"{"success":true,"orders":[{"id":1,"status":"paid"},{"id":2,"status":"late"},{"id":3,"status":"given"}]}"#;
    let net = Scripted::new([(200, person), (200, orders)]);
    let found = look_up(&*crm, &net, &ask(Some(caller()), Vec::new())).unwrap();
    assert!(found.records.iter().filter(|record| record.kind == Kind::Deal).all(|deal| !deal.open));
}

fn due(crm: &dyn Dialect) -> String {
    let task = Task {
        about: TaskAbout::Review,
        name: None,
        board: None,
        owner: Some(UserId::new("17")),
        due_at: Some(at("2026-01-15T12:00:00Z")),
        done: false,
        client: None,
        client_text: None,
        unmapped_agent: None,
        contact: None,
        lead: None,
        deal: Some(known("9")),
        parts: Vec::new(),
    };
    let step = step(StepKey::task(TaskAbout::Review), Action::AddTask(Box::new(task)));
    let (_, sent) = perform(crm, &step, 201, r#"{"success":true,"id":1}"#);
    entity(&sent, "task")["datetime"].as_str().unwrap().to_owned()
}

#[test]
fn times_are_in_the_accounts_zone_where_it_can_be_read_and_else_in_the_projects() {
    let moscow = r#"{"success":true,"settings":{"timezone":{"value":"Europe/Moscow"},"work_times":[]}}"#;
    assert_eq!(due(&*learn((200, moscow))), "2026-01-15 15:00");
    let denied = r#"{"success":false,"errorMsg":"Access denied."}"#;
    let others = [
        (403, denied),
        (404, r#"{"success":false,"errorMsg":"API method not found"}"#),
        (500, ""),
        (200, r#"{"success":true,"settings":[]}"#),
    ];
    for other in others {
        assert_eq!(due(&*learn(other)), "2026-01-15 14:00");
    }
}

#[test]
fn what_was_learned_of_the_zone_outlives_a_failed_reading() {
    let moscow = r#"{"success":true,"settings":{"timezone":{"value":"Europe/Moscow"}}}"#;
    let net = Scripted::new([(200, STATUSES), (200, GROUPS), (500, "")]);
    let again = block_on(learn((200, moscow)).learn(&session(&net))).unwrap();
    assert_eq!(due(&*again), "2026-01-15 15:00");
}

#[test]
fn statuses_that_cannot_be_read_stop_the_learning() {
    let net = Scripted::new([(403, r#"{"success":false,"errorMsg":"Access denied."}"#)]);
    let trouble = block_on(dialect(&[]).learn(&session(&net))).err();
    assert!(matches!(trouble, Some(Trouble::NotAllowed(_))));
}

#[test]
fn users_are_read_page_by_page() {
    let page = |number: u32, user| {
        let pagination = json!({"limit": 100, "totalCount": 101, "currentPage": number, "totalPageCount": 2});
        json!({"success": true, "pagination": pagination, "users": [user]}).to_string()
    };
    let first = page(
        1,
        json!({"id": 17, "firstName": "Iryna", "lastName": "Bondar", "email": "i@x.ua", "phone": "101", "active": true}),
    );
    let second = page(2, json!({"id": 18, "firstName": "Taras", "email": "", "active": false}));
    let net = Scripted::new([(200, first.as_str()), (200, second.as_str())]);
    let users = block_on(dialect(&[]).users(&session(&net))).unwrap();
    assert_eq!(asked(&net), ["/users?limit=100&page=1", "/users?limit=100&page=2"]);
    assert_eq!(
        (&users[0].id, &users[0].name, users[0].active),
        (&UserId::new("17"), &Private::new("Iryna Bondar"), true)
    );
    assert_eq!((&users[0].email, &users[0].phones[..]), (&Some(Private::new("i@x.ua")), &[Phone::new("101")][..]));
    assert_eq!((&users[1].name, &users[1].email, users[1].active), (&Private::new("Taras"), &None, false));
    assert!(users[1].phones.is_empty());
}

#[test]
fn z_03_and_z_04_only_custom_fields_of_customers_and_orders_are_offered_and_only_strings_are_text() {
    let body = json!({"success": true, "customFields": [
        {"code": "pool", "entity": "customer", "type": "string"},
        {"code": "scheme", "entity": "order", "type": "dictionary"},
        {"code": "vat", "entity": "customer_corporate", "type": "string"},
    ]});
    let net = Scripted::new([(200, body.to_string().as_str())]);
    let fields = block_on(dialect(&[]).fields(&session(&net))).unwrap();
    let field =
        |entity, name: &str, text| CrmField { entity, name: name.to_owned(), custom: true, text, length_max: None };
    assert_eq!(fields, [field(Kind::Contact, "pool", true), field(Kind::Deal, "scheme", false)]);
    assert_eq!(asked(&net), ["/custom-fields?limit=100&page=1"]);
}

#[test]
fn the_quota_is_that_of_the_page() {
    let expected = Quota { per_second: 10, telephony_per_second: 40, concurrency: 10, budgets: Vec::new() };
    assert_eq!(dialect(&[]).quota(), expected);
}

#[test]
fn the_abilities_are_those_of_the_page() {
    let crm = dialect(&[("search_lag_seconds", "12")]);
    let abilities = crm.abilities();
    assert_eq!(abilities.kinds, [Kind::Contact, Kind::Deal, Kind::Task, Kind::CallRecord, Kind::Note].into());
    assert_eq!(abilities.notes_on, [Kind::Contact].into());
    assert!(!abilities.amends_call_record && abilities.takes_visits);
    assert_eq!((abilities.search_lag_seconds, abilities.spellings_max), (12, 3));
    assert!(!dialect(&[("call_log", "off")]).abilities().kinds.contains(&Kind::CallRecord));
}

#[test]
fn links_lead_to_the_pages_of_customers_and_orders() {
    let crm = dialect(&[]);
    let link = |kind| crm.link(kind, &RecordId::new("5"));
    assert_eq!(link(Kind::Contact).as_deref(), Some("https://demo.retailcrm.pro/customers/5"));
    assert_eq!(link(Kind::Deal).as_deref(), Some("https://demo.retailcrm.pro/orders/5/edit"));
    assert_eq!(link(Kind::Task), None);
}

#[test]
fn the_form_of_a_new_order_is_linked_where_the_project_gives_its_address() {
    let link = |settings: &[(&str, &str)]| dialect(settings).new_deal_link(&RecordId::new("5/6"));
    assert_eq!(link(&[]), None);
    let path = link(&[("new_deal_url", "/orders/add?customerId={contact}")]);
    assert_eq!(path.as_deref(), Some("https://demo.retailcrm.pro/orders/add?customerId=5%2F6"));
    let elsewhere = link(&[("new_deal_url", "https://forms.example/{contact}/order")]);
    assert_eq!(elsewhere.as_deref(), Some("https://forms.example/5%2F6/order"));
}

#[test]
fn the_key_itself_is_sent_so_there_is_no_token_to_get() {
    let net = Scripted::new([]);
    assert!(block_on(dialect(&[]).grant(&net)).unwrap().is_none());
}

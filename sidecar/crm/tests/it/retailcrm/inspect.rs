//! What an administrator is told of an account before the first call.

use futures::executor::block_on;
use serde_json::{Value, json};
use tieline_crm::{Method, Trouble, dialect::Finding};

use super::{BASE, dialect, session};
use crate::scripted::Scripted;

/// The account's answers, in the order they are asked for.
struct Account {
    credentials: (u16, Value),
    sites: Value,
    groups: (u16, Value),
    module: (u16, Value),
    settings: (u16, Value),
}

/// An account in which everything is as it should be.
fn account() -> Account {
    let paths = [
        "/api/customers",
        "/api/customers/{externalId}",
        "/api/customers/create",
        "/api/customers/{externalId}/edit",
        "/api/customers/notes/create",
        "/api/orders",
        "/api/orders/statuses",
        "/api/v5/orders/create",
        "/api/orders/{externalId}/edit",
        "/api/tasks",
        "/api/tasks/create",
        "/api/tasks/{id}/edit",
        "/api/telephony/calls/upload",
        "/api/web-analytics/client-ids/upload",
        "/api/reference/statuses",
        "/api/reference/status-groups",
        "/api/users",
        "/api/custom-fields",
        "/api/integration-modules/{code}",
        "/api/integration-modules/{code}/edit",
    ];
    let group = |code: &str| json!({"code": code, "statuses": []});
    let groups = json!({"new": group("new"), "complete": group("complete"), "cancel": group("cancel")});
    let telephony = json!({"makeCallUrl": "https://x.ua/call", "additionalCodes": [{"userId": "17", "code": "101"}]});
    let module = json!({"code": "tieline", "active": true, "integrations": {"telephony": telephony}});
    Account {
        credentials: (200, json!({"success": true, "credentials": paths, "siteAccess": "access_full"})),
        sites: json!({"main": {"code": "main"}}),
        groups: (200, json!({"success": true, "statusGroups": groups})),
        module: (200, json!({"success": true, "integrationModule": module})),
        settings: (200, json!({"success": true, "settings": {"timezone": {"value": "Europe/Moscow"}}})),
    }
}

fn denied() -> Value {
    json!({"success": false, "errorMsg": "Access denied."})
}

impl Account {
    fn script(&self) -> Scripted {
        let statuses = json!({"success": true, "statuses": {"new": {"code": "new", "group": "new"}}});
        let methods = json!({"success": true, "orderMethods": {"phone": {"code": "phone"}}});
        let fields = json!({"success": true, "customFields": [
            {"code": "dialogue", "entity": "customer", "type": "string"},
            {"code": "pool", "entity": "order", "type": "string"},
        ]});
        let sites = json!({"success": true, "sites": self.sites});
        let answers = [
            (self.credentials.0, self.credentials.1.to_string()),
            (200, sites.to_string()),
            (self.groups.0, self.groups.1.to_string()),
            (200, statuses.to_string()),
            (200, methods.to_string()),
            (200, fields.to_string()),
            (self.settings.0, self.settings.1.to_string()),
            (self.module.0, self.module.1.to_string()),
        ];
        Scripted::new(answers.each_ref().map(|(status, body)| (*status, body.as_str())))
    }

    fn inspect(&self, settings: &[(&str, &str)]) -> Vec<Finding> {
        block_on(dialect(settings).inspect(&session(&self.script()))).unwrap()
    }
}

fn told<'a>(findings: &'a [Finding], about: &str) -> (bool, &'a str) {
    let finding = findings.iter().find(|finding| finding.about == about);
    let finding = finding.unwrap_or_else(|| panic!("nothing about {about}"));
    (finding.holds, finding.text.as_str())
}

const FULL: [(&str, &str); 4] =
    [("module_code", "tieline"), ("chat_field", "dialogue"), ("default_status", "new"), ("site", "main")];

#[test]
fn an_account_in_order_holds_in_every_point_and_is_only_read() {
    let net = account().script();
    let findings = block_on(dialect(&FULL).inspect(&session(&net))).unwrap();
    assert!(findings.iter().all(|finding| finding.holds), "{findings:?}");
    assert_eq!(findings.len(), 19);
    let sent = net.sent();
    assert!(sent.iter().all(|sent| sent.method == Method::Get && sent.body.is_empty()));
    let urls: Vec<&str> = sent.iter().map(|sent| sent.url.strip_prefix(BASE).unwrap()).collect();
    assert_eq!(
        urls,
        [
            "/api/credentials",
            "/api/v5/reference/sites",
            "/api/v5/reference/status-groups",
            "/api/v5/reference/statuses",
            "/api/v5/reference/order-methods",
            "/api/v5/custom-fields?limit=100&page=1",
            "/api/v5/settings",
            "/api/v5/integration-modules/tieline",
        ]
    );
    assert_eq!(told(&findings, "closed statuses").1, "groups closed: cancel, complete; open: new");
    assert_eq!(told(&findings, "time zone").1, "times are written in Europe/Moscow");
    assert_eq!(told(&findings, "telephony module").1, "tieline is registered; users with an extension: 1");
}

#[test]
fn a_right_the_key_lacks_is_named_with_its_methods() {
    let credentials = json!({"success": true, "credentials": ["/api/customers", "/api/customers/{externalId}"]});
    let findings = Account { credentials: (200, credentials), ..account() }.inspect(&FULL);
    assert!(told(&findings, "right to read customers").0);
    let (holds, text) = told(&findings, "right to telephony");
    assert!(!holds && text.contains("/telephony/calls/upload") && text.contains("grant it"));
    assert!(told(&findings, "right to write orders").1.contains("/orders/create, /orders/{}/edit"));
    assert!(!told(&findings, "right to register telephony").0);
}

#[test]
fn a_scope_grants_what_the_list_of_methods_leaves_out() {
    let credentials = json!({"success": true, "scopes": ["order_read", "customer_read"], "credentials": []});
    let findings = Account { credentials: (200, credentials), ..account() }.inspect(&FULL);
    assert!(told(&findings, "right to read orders").0);
    assert!(!told(&findings, "right to write orders").0);
}

#[test]
fn rights_that_are_not_used_are_not_asked_for() {
    let findings = Account { module: (200, Value::Null), ..account() }.inspect(&[("call_log", "off")]);
    let about: Vec<&str> = findings.iter().map(|finding| finding.about.as_str()).collect();
    assert!(!about.contains(&"right to telephony") && !about.contains(&"right to register telephony"));
    assert!(told(&findings, "telephony module").1.contains("set module_code"));
}

#[test]
fn an_account_that_does_not_list_rights_is_not_blamed() {
    for credentials in [(404, json!({"success": false, "errorMsg": "Not found"})), (200, json!({"success": true}))] {
        let findings = Account { credentials, ..account() }.inspect(&FULL);
        assert!(told(&findings, "rights of the key").0);
    }
    let findings = Account { credentials: (403, denied()), ..account() }.inspect(&FULL);
    assert!(!told(&findings, "rights of the key").0);
}

#[test]
fn a_key_that_sees_several_shops_must_name_one() {
    let sites = json!({"main": {"code": "main"}, "second": {"code": "second"}});
    let several = Account { sites, ..account() };
    assert_eq!(told(&several.inspect(&[]), "shop"), (false, "there are several; set site to one of main, second"));
    assert!(told(&several.inspect(&[("site", "second")]), "shop").0);
    assert!(told(&account().inspect(&[]), "shop").0);
    let wrong = several.inspect(&[("site", "third")]);
    assert_eq!(told(&wrong, "shop"), (false, "there is no shop third; set site to one of main, second"));
}

#[test]
fn a_closed_group_the_account_does_not_have_is_a_fault() {
    let findings = account().inspect(&[("closed_groups", "complete,lost")]);
    let (holds, text) = told(&findings, "closed statuses");
    assert!(!holds && text.contains("groups closed: complete; open: cancel, new") && text.contains("there is no lost"));
    let findings = Account { groups: (403, denied()), ..account() }.inspect(&[]);
    assert!(!told(&findings, "closed statuses").0);
}

#[test]
fn codes_of_settings_are_looked_up_in_the_account() {
    let settings = [("default_status", "callback"), ("order_method", "fax"), ("chat_field", "pool")];
    let findings = account().inspect(&settings);
    assert_eq!(told(&findings, "default status"), (false, "there is no callback; choose one of new"));
    assert_eq!(told(&findings, "order method"), (false, "there is no fax; choose one of phone"));
    let (holds, text) = told(&findings, "custom fields");
    assert!(!holds && text.contains("no line of text pool"));
}

#[test]
fn a_module_is_registered_only_when_it_is_there_on_and_has_an_address() {
    let not_there = (404, json!({"success": false, "errorMsg": "Not found"}));
    let module = |module: Value| (200, json!({"success": true, "integrationModule": module}));
    let off = module(json!({"active": false, "integrations": {"telephony": {"makeCallUrl": "https://x.ua"}}}));
    let bare = module(json!({"active": true, "integrations": []}));
    for module in [not_there, off, bare, (403, denied())] {
        let findings = Account { module, ..account() }.inspect(&FULL);
        let (holds, text) = told(&findings, "telephony module");
        assert!(!holds && (text.contains("register the exchange") || text.contains("let the key")), "{text}");
    }
}

#[test]
fn settings_that_may_not_be_read_leave_the_projects_zone() {
    let findings = Account { settings: (403, denied()), ..account() }.inspect(&FULL);
    let zone = (true, "it cannot be read; times are written in the project's zone");
    assert_eq!(told(&findings, "time zone"), zone);
}

#[test]
fn a_dead_key_is_trouble_and_not_a_finding() {
    let wrong = r#"{"success":false,"errorMsg":"Wrong \"apiKey\" value."}"#;
    let result = block_on(dialect(&[]).inspect(&session(&Scripted::new([(403, wrong)]))));
    assert!(matches!(result, Err(Trouble::CredentialsDead(_))));
}

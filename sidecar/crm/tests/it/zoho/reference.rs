//! Users, fields, and what is learnt (zoho.md 7).

use futures::executor::block_on;
use serde_json::json;
use tieline_crm::{Method, Trouble};
use tieline_engine::{ids::UserId, phone::Phone, record::Kind};

use super::support::{create, dialect, in_session, learn, new_fields, sent};
use crate::scripted::Scripted;

#[test]
fn users_are_read_page_by_page() {
    let first = json!({
        "users": [{ "id": "411", "email": "b@x.ua", "full_name": "Anna Boyle", "phone": "+380440000001",
            "mobile": null, "status": "active" }],
        "info": { "more_records": true },
    });
    let second = json!({ "users": [{ "id": 412, "status": "inactive" }], "info": { "more_records": false } });
    let net = Scripted::new([(200, first.to_string().as_str()), (200, second.to_string().as_str())]);
    let users = in_session(&net, |session| block_on(dialect(&[]).users(session))).unwrap();
    assert_eq!(users[0].id, UserId::new("411"));
    assert_eq!(users[0].name.expose(), "Anna Boyle");
    assert_eq!(users[0].email.as_ref().unwrap().expose(), "b@x.ua");
    assert_eq!(users[0].phones, [Phone::new("+380440000001")]);
    assert!(users[0].active && !users[1].active);
    let urls: Vec<String> = net.sent().into_iter().map(|sent| sent.url).collect();
    let url = |page: u32| format!("https://www.zohoapis.eu/crm/v8/users?type=ActiveUsers&page={page}&per_page=200");
    assert_eq!(urls, [url(1), url(2)]);
    assert_eq!((net.sent()[0].method, net.sent()[0].name), (Method::Get, "zoho.users"));
}

#[test]
fn z_03_z_04_fields_say_who_made_them_and_whether_they_hold_text() {
    let leads = json!({ "fields": [
        { "api_name": "UTM_Source", "data_type": "text", "custom_field": true, "length": 100, "visible": true,
          "field_read_only": false, "operation_type": { "api_create": true } },
        { "api_name": "Company", "data_type": "text", "custom_field": false },
        { "api_name": "Budget", "data_type": "currency", "custom_field": true },
        { "api_name": "Locked", "data_type": "text", "custom_field": true, "field_read_only": true },
        { "api_name": "Hidden", "data_type": "text", "custom_field": true, "visible": false },
        { "api_name": "Computed", "data_type": "text", "custom_field": true,
          "operation_type": { "api_create": false } },
    ] });
    let net = Scripted::new([(204, ""), (200, leads.to_string().as_str()), (204, "")]);
    let fields = in_session(&net, |session| block_on(dialect(&[]).fields(session))).unwrap();
    let told: Vec<(&str, bool, bool)> =
        fields.iter().map(|field| (field.name.as_str(), field.custom, field.text)).collect();
    assert_eq!(
        told,
        [
            ("UTM_Source", true, true),
            ("Company", false, true),
            ("Budget", true, false),
            ("Locked", true, false),
            ("Hidden", true, false),
            ("Computed", true, false),
        ]
    );
    assert!(fields.iter().all(|field| field.entity == Kind::Lead));
    assert_eq!(fields[0].length_max, Some(100));
    let urls: Vec<String> = net.sent().into_iter().map(|sent| sent.url).collect();
    let url = |module: &str| format!("https://www.zohoapis.eu/crm/v8/settings/fields?module={module}");
    assert_eq!(urls, ["Contacts", "Leads", "Deals"].map(url));
}

#[test]
fn learning_asks_for_fields_pipelines_and_tries_the_join() {
    let pipeline = r#"{"pipeline":[]}"#;
    let layouts = r#"{"layouts":[{"id":"901"},{"id":"902"}]}"#;
    let net = Scripted::new([
        (204, ""),
        (204, ""),
        (204, ""),
        (204, ""),
        (200, layouts),
        (200, pipeline),
        (204, ""),
        (204, ""),
    ]);
    learn(&*dialect(&[]), &net).unwrap();
    let sent = net.sent();
    let paths: Vec<&str> = sent.iter().map(|sent| sent.url.split_once("/crm/v8/").unwrap().1).collect();
    assert_eq!(
        paths,
        [
            "settings/fields?module=Contacts",
            "settings/fields?module=Leads",
            "settings/fields?module=Deals",
            "settings/fields?module=Calls",
            "settings/layouts?module=Deals",
            "settings/pipeline?layout_id=901",
            "settings/pipeline?layout_id=902",
            "coql",
        ]
    );
    assert_eq!(
        sent[7].body,
        r#"{"select_query":"select id, Contact_Name.Phone, Contact_Name.Mobile from Deals where (Contact_Name.Phone = '0' or Contact_Name.Mobile = '0') limit 25"}"#
    );
}

#[test]
fn a_missing_right_to_layouts_stops_no_call() {
    let denied = r#"{"code":"OAUTH_SCOPE_MISMATCH","details":{},"message":"Unauthorized","status":"error"}"#;
    let net = Scripted::new([(204, ""), (204, ""), (204, ""), (204, ""), (401, denied), (204, "")]);
    let learned = learn(&*dialect(&[]), &net).unwrap();
    let (_, deal) = sent(&*learned, &create(Kind::Deal, new_fields(), None));
    assert_eq!(deal["Stage"], json!("Qualification"));
}

#[test]
fn a_missing_right_to_fields_is_told() {
    let denied = r#"{"code":"OAUTH_SCOPE_MISMATCH","details":{},"message":"Unauthorized","status":"error"}"#;
    let error = learn(&*dialect(&[]), &Scripted::new([(401, denied)])).err().unwrap();
    assert_eq!(error, Trouble::NotAllowed("OAUTH_SCOPE_MISMATCH at zoho.fields".to_owned()));
}

#[test]
fn a_join_that_zoho_refuses_is_not_tried_again() {
    use tieline_engine::{
        client::ClientKey,
        lookup::{LookUp, Sought},
        reason::{Reason, ReasonCode},
    };
    let refused =
        r#"{"code":"INVALID_QUERY","details":{"column_name":"Contact_Name.Phone"},"message":"m","status":"error"}"#;
    let net = Scripted::new([(204, ""), (204, ""), (204, ""), (204, ""), (204, ""), (400, refused)]);
    let learned = learn(&*dialect(&[("composite_reads", "false")]), &net).unwrap();
    let sought = Sought {
        name: None,
        key: ClientKey::Phone(super::support::key()),
        spellings: vec!["+380671234567".to_owned()],
        chat: None,
        kinds: [Kind::Contact, Kind::Deal].into(),
    };
    let ask =
        LookUp { client: Some(sought), marks: Vec::new(), fresh: true, reason: Reason::new(ReasonCode::LookUpNeeded) };
    let net = Scripted::new([(200, r#"{"data":[{"id":"57"}],"info":{}}"#), (204, "")]);
    super::support::look_up(&*learned, &net, &ask).unwrap();
    assert!(net.sent()[1].body.contains("Contact_Name in ('57')"));
}

#[test]
fn a_closing_date_is_written_where_the_layout_demands_one() {
    use super::support::{perform, record, written};
    let layouts = r#"{"layouts":[{"id":"901","sections":[{"fields":[{"api_name":"Closing_Date","required":true}]}]}]}"#;
    let net = Scripted::new([(204, ""), (204, ""), (204, ""), (204, ""), (200, layouts), (204, ""), (204, "")]);
    let learned = learn(&*dialect(&[("closing_days", "10")]), &net).unwrap();
    let net = Scripted::new([(201, written("71").as_str())]);
    perform(&*learned, &net, &[create(Kind::Deal, new_fields(), None)]).unwrap();
    assert_eq!(record(&net)["Closing_Date"], json!("2026-12-02"));
}

//! New customers.

use serde_json::json;
use tieline_crm::transport::Method;
use tieline_engine::{ids::UserId, phone::Phone, record::Kind, redact::Private, step::Fields};

use super::{create, dialect, done, entity, form, key, perform};

pub(super) fn person() -> Fields {
    Fields {
        name: Some(Private::new("Olena")),
        phone: Some(key()),
        owner: Some(UserId::new("17")),
        ..Fields::default()
    }
}

pub(super) fn visit() -> Fields {
    let pairs = [
        ("utm_source", "google"),
        ("utm_medium", "cpc"),
        ("utm_campaign", "winter"),
        ("utm_term", "boots"),
        ("utm_content", "red"),
    ];
    Fields {
        marks: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        custom: [("pool".to_owned(), "Site".to_owned())].into(),
        google_client_id: Some("111.222".to_owned()),
        ..Fields::default()
    }
}

#[test]
fn a_customer_travels_as_json_text_in_one_field_of_a_form_with_the_key_in_a_header() {
    let crm = dialect(&[("site", "main")]);
    let step = create(Kind::Contact, person(), None);
    let (result, sent) = perform(&*crm, &step, 201, r#"{"success":true,"id":5}"#);
    assert_eq!(result, done(Some("5")));
    assert_eq!(sent.method, Method::Post);
    assert_eq!(sent.name, "retailcrm.customers.create");
    assert_eq!(sent.url, "https://demo.retailcrm.pro/api/v5/customers/create");
    assert_eq!(sent.authorization.as_deref(), Some("X-API-KEY: key-1"));
    let form_type = "application/x-www-form-urlencoded".to_owned();
    assert_eq!(sent.headers, [("content-type", form_type)]);
    let expected = json!({
        "externalId": step.mark.as_str(), "firstName": "Olena", "managerId": 17,
        "phones": [{"number": "380671234567"}],
    });
    assert_eq!(entity(&sent, "customer"), expected);
    let text = &form(&sent)["customer"];
    let expected = serde_urlencoded::to_string([("customer", text.as_str()), ("site", "main")]).unwrap();
    assert!(sent.body.starts_with("customer=%7B%22"));
    assert_eq!(sent.body, expected);
}

#[test]
fn creation_may_be_answered_200_or_201() {
    let crm = dialect(&[]);
    for status in [200, 201] {
        let step = create(Kind::Contact, person(), None);
        let (result, _) = perform(&*crm, &step, status, r#"{"success":true,"id":"5"}"#);
        assert_eq!(result, done(Some("5")));
    }
}

#[test]
fn without_a_site_none_is_sent() {
    let crm = dialect(&[]);
    let (_, sent) = perform(&*crm, &create(Kind::Contact, person(), None), 201, r#"{"success":true,"id":5}"#);
    assert_eq!(form(&sent).into_keys().collect::<Vec<_>>(), ["customer"]);
}

#[test]
fn a_customer_without_a_name_is_called_by_the_number() {
    let crm = dialect(&[("phone_form", "plus")]);
    let fields = Fields { name: Some(Private::new(" ")), ..person() };
    let (_, sent) = perform(&*crm, &create(Kind::Contact, fields, None), 201, r#"{"success":true,"id":5}"#);
    let customer = entity(&sent, "customer");
    assert_eq!(customer["firstName"], "+380671234567");
    assert_eq!(customer["phones"], json!([{"number": "+380671234567"}]));
}

#[test]
fn a_number_without_a_canonical_form_is_written_as_spelt() {
    let crm = dialect(&[]);
    let fields = Fields { phone: None, phone_text: Some(Phone::new("0000123")), ..person() };
    let (_, sent) = perform(&*crm, &create(Kind::Contact, fields, None), 201, r#"{"success":true,"id":5}"#);
    assert_eq!(entity(&sent, "customer")["phones"], json!([{"number": "0000123"}]));
}

#[test]
fn a_messenger_client_without_a_number_has_no_phones() {
    let crm = dialect(&[("chat_field", "dialogue")]);
    let fields = Fields { phone: None, chat: Some("telegram:77".to_owned()), ..person() };
    let (_, sent) = perform(&*crm, &create(Kind::Contact, fields, None), 201, r#"{"success":true,"id":5}"#);
    let customer = entity(&sent, "customer");
    assert_eq!(customer.get("phones"), None);
    assert_eq!(customer["customFields"], json!({"dialogue": "telegram:77"}));
}

#[test]
fn marks_become_the_source_and_mappings_custom_fields() {
    let crm = dialect(&[]);
    let step = create(Kind::Contact, Fields { source: Some("Call".to_owned()), ..visit() }, None);
    let (_, sent) = perform(&*crm, &step, 201, r#"{"success":true,"id":5}"#);
    let customer = entity(&sent, "customer");
    let source =
        json!({"source": "google", "medium": "cpc", "campaign": "winter", "keyword": "boots", "content": "red"});
    assert_eq!(customer["source"], source);
    assert_eq!(customer["customFields"], json!({"pool": "Site"}));
}

//! `[projects.click_to_call]`.

use std::time::Duration;

use tieline::dialing::platform::CallbackForm;

use super::{manual, parse, project, read};

const AGENT: &str = "\n[[projects.agents]]\nid = \"one\"\nsips = [\"shop_one\"]";

fn with(table: &str) -> String {
    project("", &format!("{AGENT}\n[projects.click_to_call]\n{table}"))
}

#[test]
fn without_the_table_nobody_clicks_and_the_manual_shows_all_of_it() {
    assert!(read(&project("", "")).projects[0].click_to_call.is_none());
    let config = read(&manual::everything());
    assert_eq!(config.server.public_url.as_deref(), Some("https://tieline.example.com"));
    let settings = config.projects[0].click_to_call.as_ref().unwrap();
    assert_eq!((settings.policy.sip.as_deref(), settings.policy.client_first), (Some("shop_olena"), true));
    assert_eq!(settings.link_bound, Duration::from_hours(24));
    let api = settings.callback.as_ref().unwrap();
    assert_eq!(api.form, CallbackForm::Extended { project_id: "11111".to_owned() });
}

#[test]
fn g_21_the_order_of_ringing_is_configurable() {
    let table = "secret = { env = \"TIELINE_DIAL_SECRET\" }\nclient_first = false\nsip = \"Shop_One\"";
    assert!(!read(&with(table)).projects[0].click_to_call.as_ref().unwrap().policy.client_first);
}

#[test]
fn every_fault_of_the_table_is_told() {
    let table = r#"sip = "nobodys"
link_minutes_max = 0
[projects.click_to_call.callback]
url = "ftp://api"
mode = "simple""#;
    let faults = parse(&with(table)).unwrap_err();
    let keys: Vec<&str> = faults.list().iter().map(|fault| fault.key.as_str()).collect();
    let expected = ["secret", "sip", "link_minutes_max", "callback.auth_key", "callback.url", "callback.extension"];
    for key in expected {
        let key = format!("projects[0].click_to_call.{key}");
        assert!(keys.contains(&key.as_str()), "{key} is not in {faults}");
    }
    assert_eq!(keys.len(), expected.len(), "{faults}");
}

#[test]
fn a_short_secret_is_a_fault_that_does_not_repeat_it() {
    let faults = parse(&with("secret = { env = \"RETAILCRM_API_KEY\" }")).unwrap_err();
    assert_eq!(faults.list()[0].key, "projects[0].click_to_call.secret");
    assert!(!faults.to_string().contains("key-4711"));
}

#[test]
fn a_public_address_is_kept_without_the_slash_at_its_end() {
    let server = |url: &str| parse(&format!("[server]\npublic_url = \"{url}\"\n{}", project("", "")));
    assert_eq!(server("https://t.example/a/").unwrap().server.public_url.as_deref(), Some("https://t.example/a"));
    for wrong in ["t.example", "https://u:p@t.example", "https://t.example/?q=1", "ftp://t.example"] {
        assert_eq!(server(wrong).unwrap_err().list()[0].key, "server.public_url", "{wrong}");
    }
}

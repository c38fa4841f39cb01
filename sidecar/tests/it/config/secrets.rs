//! Secrets come from elsewhere and are shown nowhere.

use std::path::Path;

use tieline::config::{self, Faults};

use super::{Given, manual, parse, project, read};

fn with_key(reference: &str, given: &Given) -> Result<config::Config, Faults> {
    let text = project("", "").replace(r#"{ env = "RETAILCRM_API_KEY" }"#, reference);
    config::parse("tieline.toml", &text, given)
}

fn one_fault(reference: &str, given: &Given, key: &str, words: &str) {
    let faults = with_key(reference, given).unwrap_err();
    assert_eq!(faults.list().len(), 1, "{faults}");
    let fault = &faults.list()[0];
    assert_eq!(fault.key, format!("projects[0].connection.secrets.{key}"));
    assert!(fault.text.contains(words), "{faults}");
}

#[test]
fn secrets_are_in_no_debug_text() {
    let config = read(&manual::everything());
    let shown = format!("{config:?}");
    for secret in ["key-4711", "Hook-secret", "basic-0815", "Dial-secret", "platform-0816", "380670000001", "Olena", "olena@"] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
}

#[test]
fn a_secret_written_into_the_configuration_is_a_fault_that_does_not_repeat_it() {
    let given = Given::new();
    one_fault("\"plain-4711\"", &given, "api_key", "holds the secret itself");
    for reference in
        ["\"plain-4711\"", "{ value = \"plain-4711\" }", "{ env = \"plain-4711\" }", "{ file = \"plain-4711\" }"]
    {
        let faults = with_key(reference, &given).unwrap_err();
        assert!(!faults.to_string().contains("plain-4711"), "{faults}");
        assert!(!format!("{faults:?}").contains("plain-4711"));
    }
    let in_settings = project("", "").replace("{ url =", "{ api_key = \"plain-4711\", url =");
    let faults = parse(&in_settings).unwrap_err();
    assert_eq!(faults.list()[0].key, "projects[0].connection.settings.api_key");
    assert!(!faults.to_string().contains("plain-4711"));
    let faults = parse("secret = \"plain-4711").unwrap_err();
    assert!(!faults.to_string().contains("plain-4711"), "a syntax error does not quote the line");
}

#[test]
fn a_reference_that_leads_nowhere_is_one_fault() {
    let given = Given::new().with_env("EMPTY", " ").with_file("empty", "\n").with_file("long", "x".repeat(65 * 1024));
    one_fault("{ env = \"UNSET\" }", &given, "api_key.env", "not set");
    one_fault("{ env = \"EMPTY\" }", &given, "api_key.env", "not set, or empty");
    one_fault("{ file = \"missing\" }", &given, "api_key.file", "does not exist");
    one_fault("{ file = \"empty\" }", &given, "api_key.file", "is empty");
    one_fault("{ file = \"long\" }", &given, "api_key.file", "longer than 64 KiB");
    one_fault("{ env = \"EMPTY\", file = \"empty\" }", &given, "api_key", "keep one of them");
    one_fault("{ }", &given, "api_key", "names no place");
    one_fault("12", &given, "api_key", "no reference");
}

#[test]
fn a_missing_secret_is_told_at_its_own_path() {
    let text = project("", "").replace("secrets =", "#");
    let faults = parse(&text).unwrap_err();
    assert_eq!(faults.list().len(), 1, "{faults}");
    assert_eq!(faults.list()[0].key, "projects[0].connection.secrets.api_key");
    let given = Given::new().with_env("BLANKS", "two words");
    one_fault("{ env = \"BLANKS\" }", &given, "api_key", "blanks");
}

#[test]
fn a_number_in_the_wrong_place_is_not_repeated() {
    let tables = "[projects.routing]\nblocks = [{ places = [380671234567] }]\n[[projects.agents]]\nid = \"a\"\n\
                  numbers = [380671234567]\n[[projects.lines]]\nnumber = 380671234567";
    let faults = parse(&project("", tables)).unwrap_err();
    assert_eq!(faults.list().len(), 3, "{faults}");
    assert!(!faults.to_string().contains("0671234567"), "{faults}");
}

#[test]
fn a_secret_for_an_address_must_be_long_and_plain() {
    let intake = "[projects.intake]\npath_secret = { env = \"HOOK\" }";
    for bad in ["short", "long-enough-but/with-a-slash"] {
        let given = Given::new().with_env("HOOK", bad);
        let faults = config::parse("tieline.toml", &project("", intake), &given).unwrap_err();
        assert_eq!(faults.list()[0].key, "projects[0].intake.path_secret");
        assert!(!faults.to_string().contains(bad), "{faults}");
    }
}

#[test]
fn a_file_that_is_no_text_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tieline.toml");
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    let faults = config::load(Path::new(&path), &config::System).unwrap_err();
    assert!(faults.to_string().contains("is not UTF-8"), "{faults}");
}

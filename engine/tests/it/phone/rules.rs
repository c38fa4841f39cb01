//! The seeds' rules about numbers (rules.md), by their ids.

use tieline_engine::phone::{NumberForm, PhoneKey, read, same_client, spellings};

use super::{form, plan};

const CALLER: &str = "380671234567";

#[test]
fn z_13_a_stored_international_spelling_is_found_when_its_digits_call() {
    for stored in ["+380671234567", "+38-067-123-4567", "380671234567"] {
        assert!(same_client(stored, CALLER, &plan("UA")), "{stored}");
    }
}

#[test]
fn z_13_a_search_asks_for_each_spelling_the_rule_names() {
    let key = PhoneKey::parse("+380671234567").expect("a key");
    let asked = spellings(&key, &plan("UA"));
    for stored in ["+380671234567", "+38-067-123-4567", "380671234567"] {
        assert!(asked.iter().any(|spelling| spelling == stored), "{stored} not in {asked:?}");
    }
}

#[test]
fn z_14_a_stored_local_number_is_the_same_client() {
    let key = PhoneKey::parse("+380671234567").expect("a key");
    assert!(same_client("0671234567", CALLER, &plan("UA")));
    assert!(spellings(&key, &plan("UA")).contains(&"0671234567".to_owned()));
    // The PBX may declare its form; the CRM keeps its own plan.
    let pbx = form("UA", NumberForm::E164NoPlus);
    assert_eq!(read(CALLER, &pbx).key(), read("0671234567", &plan("UA")).key());
}

#[test]
fn z_14_a_local_number_of_another_country_is_another_client() {
    assert!(!same_client("0671234567", CALLER, &plan("DE")));
    assert!(!same_client("0671234567", "0671234568", &plan("UA")));
}

#[test]
fn rc_09_a_stored_098_number_is_the_client_who_calls_as_38098() {
    assert!(same_client("0981234567", "380981234567", &plan("UA")));
    assert!(same_client("098 123-45-67", "+380981234567", &plan("UA")));
}

#[test]
fn g_06_an_internal_line_never_has_a_client_key() {
    for line in ["101", "sip:101@pbx", "\"Ivan\" <101>", "sip", "\"sip\" <sip>", ""] {
        assert_eq!(read(line, &plan("UA")).key(), None, "{line}");
    }
}

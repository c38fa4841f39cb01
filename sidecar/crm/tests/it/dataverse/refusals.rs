//! Refusals of single steps, and what is mended by itself (dataverse.md 4.6, 5).

use tieline_engine::{
    record::Kind,
    step::{CallEntry, Fields, Step, StepKey, StepResult},
};

use super::{
    CONTACT, RECORDING, asked, client, create, create_plain, dialect, done, entry, error, json, log, mark, perform,
    row, update,
};
use crate::scripted::Scripted;

fn outcome(settings: &[(&str, &str)], step: &Step, net: &Scripted) -> StepResult {
    perform(&*dialect(settings), net, std::slice::from_ref(step)).unwrap()[&step.key].clone()
}

fn code(result: &StepResult) -> &str {
    match result {
        StepResult::Refused { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn sm_01_a_row_that_is_there_already_counts_as_written() {
    let row = row(&StepKey::call_record());
    for (status, code) in [(412, ""), (412, "0x80040237"), (500, "0x80040237")] {
        let net = Scripted::new([(status, &error(code, "A record with matching key values already exists."))]);
        assert_eq!(outcome(&[], &log(entry()), &net), done(&row));
    }
}

#[test]
fn an_alternate_key_that_is_taken_leads_to_the_other_contact() {
    let taken = error("0x80060892", "Entity Key violated");
    let gone = error("0x80040217", "contact With Id = 1 Does Not Exist");
    let other = format!(r#"{{"value":[{{"contactid":"{CONTACT}","telephone1":"380671234567"}}]}}"#);
    let net = Scripted::new([(412, taken.as_str()), (404, gone.as_str()), (200, other.as_str())]);
    let StepResult::Exists(record) = outcome(&[], &create_plain(), &net) else { panic!("it is not adopted") };
    assert_eq!((record.kind, record.id.as_str()), (Kind::Contact, CONTACT));
    let search = asked(&net).remove(2);
    assert!(search.contains("telephone1%20eq%20'%2B380671234567'%20or%20telephone1%20eq%20'380671234567'"));
}

#[test]
fn a_duplicate_rule_is_known_by_its_code_whatever_the_status() {
    let nobody = r#"{"value":[]}"#;
    let gone = error("0x80040217", "contact With Id = 1 Does Not Exist");
    for status in [412, 500] {
        let duplicate = error("0x80040333", "A record was not created or updated because a duplicate already exists.");
        let net = Scripted::new([(status, duplicate.as_str()), (404, gone.as_str()), (200, nobody)]);
        assert_eq!(code(&outcome(&[], &create_plain(), &net)), "0x80040333");
    }
    let duplicate = error("0x80040333", "x");
    let net = Scripted::new([(412, duplicate.as_str()), (200, r#"{"contactid":"1"}"#)]);
    assert_eq!(outcome(&[], &create_plain(), &net), done(&row(&StepKey::create(Kind::Contact))));
}

#[test]
fn a_text_that_is_too_long_is_cut_once_to_the_length_the_crm_names() {
    let long = error(
        "0x80044331",
        "A validation error occurred. The length of the 'description' attribute of the 'phonecall' entity exceeded \
         the maximum allowed length of '100'.",
    );
    let net = Scripted::new([(400, long.as_str()), (204, "")]);
    assert_eq!(outcome(&[], &log(entry()), &net), done(&row(&StepKey::call_record())));
    let again = json(&net.sent()[1]);
    assert_eq!(again["description"].as_str().unwrap().chars().count(), 100);
    assert_eq!(again["subject"], "Incoming call +380671234567");
    let net = Scripted::new([(400, long.as_str()), (400, long.as_str())]);
    let refused = outcome(&[], &log(entry()), &net);
    let wanted = StepResult::Refused { code: "0x80044331".to_owned(), text: "about description".to_owned() };
    assert_eq!(refused, wanted);
    let silent = error("0x80044331", "A validation error occurred.");
    let net = Scripted::new([(400, silent.as_str()), (204, "")]);
    outcome(&[], &log(entry()), &net);
    let lengths: Vec<usize> = net.sent().iter().map(|sent| json(sent)["description"].to_string().len()).collect();
    assert!(lengths[1] < lengths[0] * 2 / 3);
}

#[test]
fn an_optional_column_the_organisation_lacks_is_left_out() {
    let lacks = |column: &str| {
        let text = format!("The property '{column}' does not exist on type 'Microsoft.Dynamics.CRM.phonecall'.");
        error("0x80048d19", &text)
    };
    let settings = [("recording_field", "cr_recording"), ("mark_field", "cr_callid")];
    let net = Scripted::new([(400, lacks("cr_recording").as_str()), (204, "")]);
    assert_eq!(outcome(&settings, &log(entry()), &net), done(&row(&StepKey::call_record())));
    let again = json(&net.sent()[1]);
    assert_eq!(again.get("cr_recording"), None);
    assert_eq!(again["cr_callid"], mark(&StepKey::call_record()).as_str());
    assert!(again["description"].as_str().unwrap().contains(RECORDING));
    let net = Scripted::new([(400, lacks("unresolvedpartyname").as_str()), (204, "")]);
    let unlinked = log(CallEntry { contact: None, ..entry() });
    outcome(&[], &unlinked, &net);
    assert_eq!(json(&net.sent()[1])["phonecall_activity_parties"].as_array().unwrap().len(), 1);
}

#[test]
fn a_mapped_column_that_is_refused_is_named_to_the_engine() {
    let custom = [("cr_pool".to_owned(), "Kyiv".to_owned())].into();
    let fields = Fields { phone: Some(client()), custom, ..Fields::default() };
    let lacks = error("0x80048d19", "The property 'cr_pool' does not exist on type 'x' for +380671234567");
    let wanted = StepResult::FieldRefused { field: "cr_pool".to_owned(), text: "0x80048d19".to_owned() };
    for step in [create(fields.clone()), update(fields)] {
        assert_eq!(outcome(&[], &step, &Scripted::new([(400, &lacks)])), wanted);
    }
}

#[test]
fn a_row_that_is_missing_is_told_by_its_table() {
    let missing = |table: &str| error("0x80040217", &format!("{table} With Ids = 1 Do Not Exist"));
    let net = Scripted::new([(404, &missing("contact"))]);
    assert_eq!(outcome(&[], &log(entry()), &net), StepResult::TargetGone { kind: Kind::Contact });
    let net = Scripted::new([(400, &missing("systemuser"))]);
    assert_eq!(code(&outcome(&[], &log(entry()), &net)), "0x80040217");
    let custom = [("cr_pool".to_owned(), "Kyiv".to_owned())].into();
    let net = Scripted::new([(404, &error("", "contact With Id = 1 Does Not Exist"))]);
    let gone = outcome(&[], &update(Fields { custom, ..Fields::default() }), &net);
    assert_eq!(gone, StepResult::TargetGone { kind: Kind::Contact });
}

#[test]
fn other_refusals_name_our_columns_and_never_the_client() {
    let body = error("0x80040203", "The value of 'subject' for +380671234567 Olena is not valid");
    let refused = outcome(&[], &log(entry()), &Scripted::new([(400, &body)]));
    assert_eq!(refused, StepResult::Refused { code: "0x80040203".to_owned(), text: "about subject".to_owned() });
    for status in [413, 501] {
        let refused = outcome(&[], &log(entry()), &Scripted::new([(status, "")]));
        assert_eq!(code(&refused), format!("http_{status}"));
    }
}

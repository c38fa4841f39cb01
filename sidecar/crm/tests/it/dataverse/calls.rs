//! Phone call activities (dataverse.md 2, 4.3).

use serde_json::{Value, json};
use tieline_engine::{
    call::Outcome,
    ids::UserId,
    jiff::Timestamp,
    phone::Phone,
    step::{CallEntry, StepKey, StepResult},
};

use super::{
    AGENT, CONTACT, RECORDING, asked, body_of, dialect, done, entry, log, mark, missed, outgoing, perform, row,
};
use crate::scripted::Scripted;

fn values(settings: &[(&str, &str)], entry: CallEntry) -> Value {
    body_of(&*dialect(settings), &log(entry))
}

fn parties(entry: CallEntry) -> Value {
    values(&[], entry)["phonecall_activity_parties"].clone()
}

#[test]
fn sm_01_a_call_is_one_row_with_an_id_of_its_own() {
    let net = Scripted::new([(204, "")]);
    let results = perform(&*dialect(&[]), &net, &[log(entry())]).unwrap();
    let row = row(&StepKey::call_record());
    assert_eq!(asked(&net), [format!("PATCH phonecalls({row})")]);
    assert!(net.sent()[0].headers.contains(&("If-None-Match", "*".to_owned())));
    assert_eq!(results[&StepKey::call_record()], done(&row));
}

#[test]
fn an_answered_incoming_call_has_every_value_of_the_page() {
    let mark = mark(&StepKey::call_record());
    let description = format!(
        "2026-11-22 10:00:00\nType: incoming call\nStatus: answered\nTalk: 1:13\nRecording: {RECORDING}\n\
         utm_source: google\nRinging: 7 s\n{}",
        mark.as_str()
    );
    let wanted = json!({
        "subject": "Incoming call +380671234567",
        "phonenumber": "+380441112233",
        "directioncode": false,
        "actualstart": "2026-11-22T08:00:00Z",
        "actualend": "2026-11-22T08:01:20Z",
        "actualdurationminutes": 2,
        "description": description,
        "regardingobjectid_contact_phonecall@odata.bind": format!("/contacts({CONTACT})"),
        "ownerid@odata.bind": format!("/systemusers({AGENT})"),
        "phonecall_activity_parties": [
            { "participationtypemask": 1, "partyid_contact@odata.bind": format!("/contacts({CONTACT})") },
            { "participationtypemask": 2, "partyid_systemuser@odata.bind": format!("/systemusers({AGENT})") },
        ],
    });
    assert_eq!(values(&[], entry()), wanted);
}

#[test]
fn sm_02_an_outgoing_call_goes_from_the_user_to_the_contact() {
    let wanted = json!([
        { "participationtypemask": 1, "partyid_systemuser@odata.bind": format!("/systemusers({AGENT})") },
        { "participationtypemask": 2, "partyid_contact@odata.bind": format!("/contacts({CONTACT})") },
    ]);
    assert_eq!(parties(outgoing()), wanted);
}

#[test]
fn sm_02_who_is_no_row_stands_by_number() {
    let nobody = CallEntry { contact: None, ..missed() };
    let wanted = json!([
        { "participationtypemask": 1, "unresolvedpartyname": "+380671234567" },
        { "participationtypemask": 2, "unresolvedpartyname": "+380441112233" },
    ]);
    assert_eq!(parties(nobody.clone()), wanted);
    let silent = values(&[("unknown_party", "none")], nobody);
    assert_eq!(silent.get("phonecall_activity_parties"), None);
    assert_eq!(silent.get("regardingobjectid_contact_phonecall@odata.bind"), None);
}

#[test]
fn sm_03_the_number_is_the_one_dialled_or_the_clients() {
    assert_eq!(values(&[], entry())["phonenumber"], "+380441112233");
    assert_eq!(values(&[], outgoing())["phonenumber"], "+380671234567");
    assert_eq!(values(&[("phone_number", "client")], entry())["phonenumber"], "+380671234567");
    assert_eq!(values(&[("phone_number", "client")], outgoing())["phonenumber"], "+380671234567");
    let without_line = CallEntry { line: None, ..entry() };
    assert_eq!(values(&[], without_line)["phonenumber"], "+380671234567");
}

#[test]
fn sm_04_the_direction_is_always_said() {
    assert_eq!(values(&[], entry())["directioncode"], false);
    assert_eq!(values(&[], outgoing())["directioncode"], true);
    assert_eq!(values(&[], missed())["directioncode"], false);
}

#[test]
fn sm_05_the_call_is_regarding_the_clients_contact() {
    let regarding = json!(format!("/contacts({CONTACT})"));
    for entry in [entry(), outgoing(), missed()] {
        assert_eq!(values(&[], entry)["regardingobjectid_contact_phonecall@odata.bind"], regarding);
    }
}

#[test]
fn sm_10_the_recording_has_a_column_of_its_own_where_there_is_one() {
    let settings = [("recording_field", "cr_recording"), ("mark_field", "cr_callid")];
    let body = values(&settings, entry());
    assert_eq!(body["cr_recording"], RECORDING);
    assert_eq!(body["cr_callid"], mark(&StepKey::call_record()).as_str());
    assert!(body["description"].as_str().unwrap().contains(RECORDING));
    assert_eq!(values(&settings, missed()).get("cr_recording"), None);
}

#[test]
fn sm_12_a_call_nobody_answered_is_a_row_like_any_other() {
    let body = values(&[], missed());
    assert_eq!(body["actualdurationminutes"], 0);
    assert_eq!(body["actualend"], "2026-11-22T08:00:07Z");
    assert!(body["description"].as_str().unwrap().starts_with("Status: no answer\n"));
    assert_eq!(body.get("ownerid@odata.bind"), None);
    let voicemail = values(&[], CallEntry { outcome: Outcome::Voicemail, ..missed() });
    assert_eq!(voicemail["leftvoicemail"], true);
}

#[test]
fn the_state_is_not_among_a_new_calls_values() {
    let body = values(&[], entry());
    assert_eq!((body.get("statecode"), body.get("statuscode")), (None, None));
}

#[test]
fn begun_minutes_count_whole() {
    let minutes = |talk_seconds| values(&[], CallEntry { talk_seconds, ..entry() })["actualdurationminutes"].clone();
    assert_eq!([0, 1, 60, 61, 3600].map(minutes), [0, 1, 1, 2, 60].map(Value::from));
}

#[test]
fn calls_can_belong_to_the_application_user() {
    let body = values(&[("call_owner", "application")], entry());
    assert_eq!(body.get("ownerid@odata.bind"), None);
    assert!(body["phonecall_activity_parties"].to_string().contains(AGENT));
}

#[test]
fn subjects_are_the_projects_words_and_fit_their_column() {
    let long = "слово ".repeat(60);
    let subject = values(&[("subject_incoming", "Вхідний")], entry())["subject"].clone();
    assert_eq!(subject, "Вхідний +380671234567");
    let subject = values(&[("subject_outgoing", &long)], outgoing())["subject"].clone();
    assert_eq!(subject.as_str().unwrap().chars().count(), 200);
}

#[test]
fn a_long_text_loses_whole_lines_and_never_the_mark() {
    let mut long = entry();
    let other = |index: usize| {
        let link = format!("https://rec.example/{index}/{}", "x".repeat(150));
        tieline_engine::note::NotePart::Recording(link.into())
    };
    long.parts.extend((0..20).map(other));
    let body = values(&[], long);
    let text = body["description"].as_str().unwrap();
    assert!(text.chars().count() <= 2000);
    assert!(text.ends_with(mark(&StepKey::call_record()).as_str()));
    let links: Vec<&str> = text.lines().filter(|line| line.ends_with('x')).collect();
    assert!(!links.is_empty() && links.len() < 20);
    assert!(links.iter().all(|link| link.ends_with(&"x".repeat(150))));
    assert!(text.contains(RECORDING));
}

#[test]
fn an_agent_whose_user_is_no_id_of_this_crm_is_told_without_a_request() {
    let wrong = log(CallEntry { agent: Some(UserId::new("17")), ..entry() });
    let results = perform(&*dialect(&[]), &Scripted::new([]), &[wrong]).unwrap();
    assert!(matches!(&results[&StepKey::call_record()], StepResult::Refused { code, .. } if code == "bad_user"));
}

#[test]
fn a_call_without_a_start_has_no_times() {
    let body = values(&[], CallEntry { started_at: None::<Timestamp>, line: Some(Phone::new(" ")), ..entry() });
    assert_eq!((body.get("actualstart"), body.get("actualend")), (None, None));
    assert_eq!(body["phonenumber"], "+380671234567");
}

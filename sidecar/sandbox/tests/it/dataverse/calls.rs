//! Call cards: parties, states, notes.

use serde_json::{Value, json};
use tieline_sandbox::dataverse;

use super::{ANNA, CALL, Org, card};

#[test]
fn a_card_holds_whom_it_is_from_and_to() {
    let mut org = Org::new();
    org.anna();
    assert_eq!(org.send("POST", "phonecalls", &card()).0, 204);
    let listed = &org.bench.sim.listing()["phonecalls"][0];
    assert_eq!((&listed["from"], &listed["to"]), (&json!([ANNA]), &json!([dataverse::SANDBOX_USERS[1]])));
    assert_eq!((&listed["from_names"], &listed["to_names"]), (&json!(["Anna"]), &json!(["Ivan Melnyk"])));
    assert_eq!((&listed["directioncode"], &listed["_regardingobjectid_value"]), (&json!(false), &json!(ANNA)));
    let (_, body) = org.get(&format!("phonecalls({CALL})/phonecall_activity_parties?$select=participationtypemask"));
    let masks: Vec<i64> = body["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|party| party["participationtypemask"].as_i64().unwrap())
        .collect();
    assert_eq!(masks, [1, 2, 8, 9]);
    let (_, body) = org.get(&format!("activityparties?$filter=_activityid_value eq {CALL}"));
    assert_eq!(body["value"].as_array().unwrap().len(), 4);
    assert_eq!(org.send("POST", "activityparties", &json!({})).0, 405);
}

#[test]
fn a_card_without_a_direction_is_outgoing_and_owned_by_the_caller() {
    let mut org = Org::new();
    assert_eq!(org.send("POST", "phonecalls", &json!({"activityid": CALL})).0, 204);
    let (_, row) = org.get(&format!("phonecalls({CALL})"));
    assert_eq!((&row["directioncode"], &row["_ownerid_value"]), (&json!(true), &json!(dataverse::SANDBOX_APP_USER)));
}

#[test]
fn a_card_is_born_open_whatever_state_it_is_sent_with() {
    let mut org = Org::new();
    assert_eq!(org.send("POST", "phonecalls", &json!({"activityid": CALL, "statecode": 1})).0, 204);
    assert_eq!(org.get(&format!("phonecalls({CALL})")).1["statecode"], json!(0));
    assert_eq!(org.refused("POST", "phonecalls", &json!({"statecode": 1, "statuscode": 4})).1, "0x80048408");
    org.configure(json!({"create_statuscode": "ignore"}));
    assert_eq!(org.send("POST", "phonecalls", &json!({"statecode": 1, "statuscode": 4})).0, 204);
}

#[test]
fn a_completed_call_is_read_only_until_reopened() {
    let mut org = Org::new();
    org.anna();
    org.send("POST", "phonecalls", &card());
    let target = format!("phonecalls({CALL})");
    let complete = json!({"statecode": 1, "statuscode": 4});
    assert_eq!(org.send_with("PATCH", &target, ("if-match", "*"), &complete).status, 204);
    assert_eq!(org.send("PATCH", &target, &complete).0, 204);
    let text = json!({"description": "https://records.example/1"});
    assert_eq!(org.refused("PATCH", &target, &text).0, 400);
    assert_eq!(org.refused("PATCH", &target, &card()).0, 400);
    for body in [json!({"statecode": 0, "statuscode": 1}), text.clone(), complete] {
        assert_eq!(org.send("PATCH", &target, &body).0, 204, "{body}");
    }
    let (_, row) = org.get(&target);
    assert_eq!((&row["description"], &row["statecode"]), (&text["description"], &json!(1)));
}

#[test]
fn a_reason_belongs_to_its_state() {
    let mut org = Org::new();
    org.send("POST", "phonecalls", &json!({"activityid": CALL}));
    let target = format!("phonecalls({CALL})");
    for wrong in [json!({"statecode": 1, "statuscode": 3}), json!({"statuscode": 4}), json!({"statecode": 7})] {
        assert_eq!(org.refused("PATCH", &target, &wrong).0, 400, "{wrong}");
    }
    assert_eq!(org.send("PATCH", &target, &json!({"statecode": 2})).0, 204);
    assert_eq!(org.get(&target).1["statuscode"], json!(3));
}

#[test]
fn parties_are_sender_and_recipients_named_somehow() {
    let mut org = Org::new();
    let with = |party: Value| json!({"phonecall_activity_parties": [party]});
    let unresolved = with(json!({"participationtypemask": 1, "unresolvedpartyname": "+380671234567"}));
    assert_eq!(org.send("POST", "phonecalls", &unresolved).0, 204);
    assert_eq!(org.bench.sim.listing()["phonecalls"][0]["from_names"], json!(["+380671234567"]));
    for wrong in [
        json!({"participationtypemask": 5, "unresolvedpartyname": "x"}),
        json!({"participationtypemask": 1}),
        json!({"participationtypemask": 1, "partyid_contact@odata.bind": "$1"}),
        json!({"participationtypemask": 1, "partyid_contact@odata.bind": format!("/systemusers({ANNA})")}),
    ] {
        assert_eq!(org.refused("POST", "phonecalls", &with(wrong.clone())).0, 400, "{wrong}");
    }
    let nobody = with(json!({"participationtypemask": 1, "partyid_contact@odata.bind": format!("/contacts({ANNA})")}));
    assert_eq!(org.refused("POST", "phonecalls", &nobody).0, 404);
    assert_eq!(org.refused("POST", "phonecalls", &json!({"from": "x"})).0, 400);
}

#[test]
fn a_disabled_user_cannot_own_a_call() {
    let mut org = Org::new();
    org.anna();
    org.seed(json!({"systemusers": [{"systemuserid": dataverse::SANDBOX_USERS[1], "isdisabled": true}]}));
    assert_eq!(org.refused("POST", "phonecalls", &card()), (403, "0x80040225".to_owned()));
    let by_key = json!({"ownerid@odata.bind": format!("/systemusers(systemuserid={})", dataverse::SANDBOX_USERS[0])});
    assert_eq!(org.refused("POST", "phonecalls", &by_key).0, 400);
}

#[test]
fn a_description_takes_two_thousand_characters_and_minutes_are_whole() {
    let mut org = Org::new();
    assert_eq!(org.send("POST", "phonecalls", &json!({"description": "д".repeat(2_000)})).0, 204);
    let long = json!({"description": "д".repeat(2_001)});
    assert_eq!(org.refused("POST", "phonecalls", &long), (400, "0x80044331".to_owned()));
    for wrong in [
        json!({"actualdurationminutes": 1.5}),
        json!({"actualdurationminutes": -1}),
        json!({"actualstart": "2026-03-02 08:00"}),
    ] {
        assert_eq!(org.refused("POST", "phonecalls", &wrong).0, 400, "{wrong}");
    }
}

#[test]
fn a_late_recording_is_noted_on_a_closed_call_unless_the_org_forbids_it() {
    let mut org = Org::new();
    org.anna();
    org.send("POST", "phonecalls", &card());
    org.send("PATCH", &format!("phonecalls({CALL})"), &json!({"statecode": 1, "statuscode": 4}));
    let note = json!({"subject": "Recording", "notetext": "https://records.example/1", "objectid_phonecall@odata.bind": format!("/phonecalls({CALL})")});
    assert_eq!(org.send("POST", "annotations", &note).0, 204);
    assert!(org.bench.sim.audit().clean());
    assert_eq!(org.send("POST", "annotations", &note).0, 204);
    assert_eq!(org.bench.sim.audit().doubled_tasks[0].ids.len(), 2);
    org.configure(json!({"notes_on_completed": false}));
    assert_eq!(org.refused("POST", "annotations", &note).0, 400);
}

#[test]
fn two_calls_of_one_second_are_told_apart_by_their_markers() {
    let mut org = Org::new();
    let call = |marker: &str| json!({"actualstart": "2026-03-02T08:00:00Z", "phonenumber": "1", "description": format!("Talk: 5 s\n{marker}")});
    for marker in ["tl-5zinq2q3j3vx5igz", "tl-z26v5dq958ykkhnu"] {
        org.send("POST", "phonecalls", &call(marker));
    }
    assert!(org.bench.sim.audit().clean());
    org.send("POST", "phonecalls", &call("tl-5zinq2q3j3vx5igz"));
    assert_eq!(org.bench.sim.audit().doubled_calls[0].key, "tl-5zinq2q3j3vx5igz");
}

#[test]
fn one_call_under_two_ids_is_doubled_for_the_audit() {
    let mut org = Org::new();
    org.anna();
    let mut again = card();
    again["activityid"] = json!("6a0f2a52-6d0b-5e2d-9a42-000000000000");
    for body in [card(), again] {
        assert_eq!(org.send("POST", "phonecalls", &body).0, 204);
    }
    assert_eq!(org.bench.sim.audit().doubled_calls[0].key, "[tl:c1]");
    let bare = json!({"actualstart": "2026-03-02T08:00:00Z", "phonenumber": "1", "directioncode": true});
    org.send("POST", "phonecalls", &bare);
    org.send("POST", "phonecalls", &bare);
    assert_eq!(org.bench.sim.audit().doubled_calls[0].key, "2026-03-02T08:00:00Z out 1");
    assert_eq!(org.send("DELETE", &format!("phonecalls({CALL})"), &Value::Null).0, 204);
    assert_eq!(org.send("DELETE", &format!("phonecalls({CALL})"), &Value::Null).0, 404);
}

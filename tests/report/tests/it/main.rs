//! What the report says of lines that parts may write.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use reliability_report::{Report, Verdict, text};
use serde_json::Map;

const GOOD: &str = r#"
{"part":"simulation","seeds":500,"accepted":25000,"crashes":1700,"faults":{"lost_reply":900,"outage":40},"lost":0,"doubled":0,"contacts_per_client_max":1,"longest_drain_seconds":61.5}
{"part":"run","name":"simulation","seconds":31,"lines":1}
{"part":"kills","store":"sqlite","programs":1,"rounds":6,"kills":7,"moments":{"accept":2,"start_up":1},"accepted":120,"lost":0,"doubled":0,"extra":0,"contacts_per_client_max":1,"comments_repeated":3,"faults":{"lost_reply":12}}
{"part":"takeover","store":"postgresql","lease_seconds":5,"seconds_to_first_request":[5.9,5.2,6.1],"seconds_to_first_write":[8.3,7.1,7.2],"kills":3,"accepted":30,"lost":0,"doubled":0,"extra":0,"contacts_per_client_max":1}
{"part":"run","name":"kills","seconds":40,"lines":2}
{"part":"backlog","name":"calls","value":1000000.0,"unit":"calls"}
{"part":"backlog","name":"memory_peak","value":171.4,"unit":"MiB"}
{"part":"backlog","name":"crm_quota_used","value":0.97,"unit":"ratio"}
{"part":"backlog","name":"drain_rate","value":4.8,"unit":"calls/s"}
{"part":"backlog","name":"crm_refusals_for_rate","value":0.0,"unit":"requests"}
{"part":"door","name":"SyncCall durable, 64 at a time","ours":20723.4,"ceiling":34927.0,"ratio":0.59,"target":0.7}
{"part":"run","name":"accept-sqlite","seconds":40,"lines":1}
{"part":"run","name":"full-disk","seconds":40,"lines":1}
{"part":"run","name":"memory-and-drain","seconds":40,"lines":5}
{"part":"run","name":"kills-of-two","seconds":40,"lines":1}
{"part":"run","name":"take-over","seconds":40,"lines":1}
{"part":"run","name":"accept-postgresql","not_run":"no PostgreSQL here"}
"#;

fn report(lines: &str) -> Report {
    Report::read(lines).unwrap()
}

fn shown(lines: &str) -> String {
    text::report(&report(lines), &Map::new())
}

fn why_broken(lines: &str) -> String {
    match report(lines).verdict() {
        Verdict::Held => panic!("held"),
        Verdict::Broken(why) => why.join("\n"),
    }
}

#[test]
fn what_every_audit_finds_in_order_holds() {
    assert_eq!(report(GOOD).verdict(), Verdict::Held);
    let shown = shown(GOOD);
    for told in [
        "simulation, 500 seeds",
        "kill -9 of one sidecar on SQLite, 6 rounds",
        "25,000",
        "start up",
        "lost_reply  912",
        "take-over after kill -9 at a lease of 5 s, kills: 3",
        "5.9 s, longest 6.1 s",
        "7.2 s, longest 8.3 s",
        "comments written again where the CRM shows none to look for (see docs/reliability.md): 3",
        "All promises held.",
    ] {
        assert!(shown.contains(told), "{told:?} is not told:\n{shown}");
    }
}

#[test]
fn a_target_that_is_missed_is_told_and_breaks_no_promise() {
    let shown = shown(GOOD);
    let line = shown.lines().find(|line| line.contains("SyncCall durable")).unwrap();
    assert!(line.contains("20,723 a second of 34,927, ratio 0.59") && line.ends_with("MISSED"), "{line}");
    let line = shown.lines().find(|line| line.contains("peak memory at 1,000,000 waiting calls")).unwrap();
    assert!(line.contains("171 MiB") && line.ends_with("MISSED"), "{line}");
    let line = shown.lines().find(|line| line.contains("share of the CRM's quota used")).unwrap();
    assert!(line.contains("0.97, 4.8 calls a second") && line.ends_with("met"), "{line}");
    let slow = GOOD.replace("6.1]", "9.5]");
    assert_eq!(report(&slow).verdict(), Verdict::Held);
    let shown = text::report(&report(&slow), &Map::new());
    let line = shown.lines().find(|line| line.contains("longest 9.5 s")).unwrap();
    assert!(line.contains("at most 7 s") && line.ends_with("MISSED"), "{line}");
}

#[test]
fn one_call_lost_or_doubled_or_a_second_contact_breaks_it_whichever_audit_finds_it() {
    for (good, bad, told) in [
        (r#""lost":0,"doubled":0,"contacts"#, r#""lost":1,"doubled":0,"contacts"#, "simulation, 500 seeds: 1 lost"),
        (r#""doubled":0,"extra":0,"contacts"#, r#""doubled":2,"extra":0,"contacts"#, "2 doubled"),
        (r#""extra":0"#, r#""extra":4"#, "4 extra"),
        (r#""contacts_per_client_max":1"#, r#""contacts_per_client_max":2"#, "2 contacts for a client"),
        (r#""accepted":120"#, r#""accepted":0"#, "no call was accepted"),
        (r#""lost":0"#, r#""lost":"none""#, "unreadable lost"),
    ] {
        let why = why_broken(&GOOD.replacen(good, bad, 1));
        assert!(why.contains(told), "{told:?} is not told: {why}");
    }
}

#[test]
fn a_part_that_failed_or_said_nothing_breaks_it_and_one_that_cannot_run_is_told() {
    let with = |line: &str| format!("{GOOD}{line}\n");
    let failed = with(r#"{"part":"run","name":"simulation","seconds":3,"lines":0,"failed":"see simulation.log"}"#);
    assert_eq!(why_broken(&failed), "simulation failed: see simulation.log");
    assert!(shown(&failed).contains("BROKEN: simulation failed: see simulation.log"));
    let silent = with(r#"{"part":"run","name":"simulation","seconds":3,"lines":0}"#);
    assert_eq!(why_broken(&silent), "simulation has said nothing");
    assert_eq!(report(GOOD).verdict(), Verdict::Held);
    assert!(shown(GOOD).contains("accept-postgresql  no PostgreSQL here"), "{}", shown(GOOD));
    let gone = GOOD.replace(r#"{"part":"run","name":"take-over","seconds":40,"lines":1}"#, "");
    assert_eq!(why_broken(&gone), "take-over was not run");
    assert!(why_broken("").ends_with("nothing was audited"));
}

#[test]
fn what_is_no_line_of_a_part_is_named() {
    assert_eq!(Report::read("{\"part\":\"run\"}\n{}").unwrap_err(), "line 2: not a part's");
}

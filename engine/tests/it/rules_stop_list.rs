//! The stop list: Z-23 … Z-26.

use tieline_engine::{next::End, phone::Phone, reason::ReasonCode, scenario::Scenario, stop_list::StopList};

use super::{
    desk::Desk,
    office::{self, OLENA, TestCall, incoming, line, outgoing},
};

const FMC_A: &str = "380671110001";
const FMC_B: &str = "380671110002";

fn end(lines: &[(&str, &str)], entries: &[&str], call: TestCall) -> (End, usize) {
    let mut desk = Desk::new(office::policy(Scenario::standard()));
    let lines = lines.iter().map(|(number, sip)| line(number, sip)).collect();
    desk.policy.stop_list = StopList { lines, entries: entries.iter().map(|&entry| entry.to_owned()).collect() };
    desk.crm.seed(tieline_engine::record::Kind::Contact, office::CLIENT, Some("u1"));
    let end = desk.deliver(call.done());
    (end, desk.crm.done.len() + desk.looked_up.len())
}

fn on(call: TestCall, number: &str) -> TestCall {
    call.answered_by(OLENA).with(|call| call.line = Some(Phone::new(number)))
}

const STOPPED: (End, usize) = (End::Skipped(ReasonCode::StopListed), 0);

#[test]
fn z_23_calls_from_and_to_a_listed_number_make_nothing_at_all() {
    let lines = [(FMC_A, "sip-a"), (FMC_B, "sip-b")];
    assert_eq!(end(&lines, &["sip-a"], on(incoming("a"), FMC_A)), STOPPED);
    assert_eq!(end(&lines, &["sip-a"], on(outgoing("a"), FMC_A)), STOPPED);
    assert_eq!(end(&lines, &["sip-a"], on(incoming("a"), FMC_B)).0, End::Written);
}

#[test]
fn z_24_an_entry_is_a_sip_login_or_a_number_in_any_spelling() {
    let by_login = on(incoming("a"), "380449998877").with(|call| call.line_sip = Some("Trunk-7".to_owned()));
    assert_eq!(end(&[], &[" trunk-7 "], by_login), STOPPED);
    let spelt = || on(incoming("a"), FMC_A);
    for entry in [FMC_A, "0671110001", "+38 067 111 00 01"] {
        assert_eq!(end(&[], &[entry], spelt()), STOPPED, "{entry}");
    }
    let paired = on(incoming("a"), FMC_A).with(|call| call.line_sip = Some("trunk-7".to_owned()));
    assert_eq!(end(&[(FMC_A, "sip-a")], &["sip-a"], paired), STOPPED, "whatever login carried it this time");
    assert_eq!(end(&[], &["trunk"], on(incoming("a"), FMC_A)).0, End::Written);
}

#[test]
fn z_25_with_different_sip_pairs_only_the_listed_number_stops() {
    let lines = [(FMC_A, "sip-a"), (FMC_B, "sip-b")];
    assert_eq!(end(&lines, &["sip-b"], on(incoming("a"), "067 111 00 02")), STOPPED);
    assert_eq!(end(&lines, &["sip-b"], on(incoming("a"), "067 111 00 01")).0, End::Written);
}

#[test]
fn z_26_one_sip_login_for_all_stops_them_all() {
    let lines = [(FMC_A, "sip-x"), (FMC_B, "sip-x")];
    for number in [FMC_A, FMC_B] {
        assert_eq!(end(&lines, &["sip-x"], on(incoming("a"), number)), STOPPED);
        assert_eq!(end(&lines, &["sip-x"], on(outgoing("a"), number)), STOPPED);
    }
}

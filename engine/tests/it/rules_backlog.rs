//! What is resent after a break: Z-18 … Z-20, Z-22. Z-21 is the sidecar's.

use tieline_engine::{
    backlog::{BacklogPolicy, Resend},
    jiff::{Timestamp, tz::TimeZone},
    next::End,
    record::Kind,
    scenario::Scenario,
};

use super::{
    desk::Desk,
    office::{self, OLENA, incoming},
};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// Activated on 10 March at 18:00 in Kyiv (UTC+2).
fn resend(call_at: &str, keep: bool) -> Resend {
    BacklogPolicy::default().resend(at(call_at), at("2026-03-10T16:00:00Z"), keep, &office::kyiv())
}

#[test]
fn z_18_today_and_the_two_days_before_are_sent() {
    for call_at in ["2026-03-10T15:59:59Z", "2026-03-09T00:00:00Z", "2026-03-08T12:00:00Z"] {
        assert_eq!(resend(call_at, true), Resend::Send, "{call_at}");
    }
}

#[test]
fn z_19_nothing_is_sent_when_the_option_was_off_at_activation() {
    assert_eq!(resend("2026-03-10T15:59:59Z", false), Resend::OptionOff);
    assert_eq!(resend("2026-03-01T00:00:00Z", false), Resend::OptionOff);
}

#[test]
fn z_20_the_window_opens_at_local_midnight_two_days_before() {
    assert_eq!(resend("2026-03-07T22:00:00Z", true), Resend::Send, "8 March, 00:00 in Kyiv");
    assert_eq!(resend("2026-03-07T21:59:59Z", true), Resend::OutOfWindow);
    assert_eq!(resend("2026-03-07T12:00:00Z", true), Resend::OutOfWindow);
}

#[test]
fn z_20_the_window_is_counted_in_days_across_a_change_of_the_clock() {
    // Clocks go forward in Kyiv in the night to 29 March 2026.
    let opens = |activated: &str| BacklogPolicy::default().opens_at(at(activated), &office::kyiv());
    assert_eq!(opens("2026-03-30T09:00:00Z"), at("2026-03-27T22:00:00Z"));
    assert_eq!(opens("2026-03-31T09:00:00Z"), at("2026-03-28T22:00:00Z"));
    assert_eq!(opens("2026-04-01T09:00:00Z"), at("2026-03-29T21:00:00Z"));
    let none = BacklogPolicy { days_before: 0 };
    assert_eq!(none.opens_at(at("2026-03-10T23:30:00Z"), &TimeZone::UTC), at("2026-03-10T00:00:00Z"));
    let all = BacklogPolicy { days_before: u16::MAX };
    assert!(all.opens_at(at("2026-03-10T23:30:00Z"), &TimeZone::UTC) < at("1900-01-01T00:00:00Z"));
}

#[test]
fn z_22_a_call_delivered_before_the_break_is_not_doubled_by_resending() {
    let mut desk = Desk::new(office::policy(Scenario::standard()));
    let call = incoming("a").answered_by(OLENA).done();
    assert_eq!(desk.deliver(call.clone()), End::Written);
    let before = desk.crm.done.len();
    desk.wait(2 * 24 * 60 * 60);
    assert_eq!(desk.deliver(call), End::Written);
    assert_eq!(desk.crm.done.len(), before);
    desk.crm.only(Kind::Contact);
}

//! Budgets of longer windows: what is counted, and when the backlog rests.

use tieline_crm::dialect::{Budget, Counts, Left, Limit};

use super::super::{limiter::Heard, *};

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A limiter with one budget for five minutes, which a dozen requests do not fill.
fn limiter(units: u64) -> Limiter {
    let budget = Budget { name: "requests", window: Duration::from_secs(300), units, counts: Counts::Requests };
    let quota = Quota { concurrency: 10, per_second: 20, telephony_per_second: 20, budgets: vec![budget] };
    Limiter::new(&quota, Share::default(), Share::default())
}

fn admit(limiter: &mut Limiter, seconds: f64) -> Admission {
    limiter.admit(at(seconds), super::wish(Priority::Live, 1), 0).unwrap()
}

#[test]
fn headers_that_tell_what_is_left_stop_the_backlog_before_live_calls() {
    let mut limiter = limiter(6_000);
    let mut answer = |seconds: f64, left: f64| {
        let admission = admit(&mut limiter, seconds);
        let meter = Meter { left: vec![Left::of("requests", left)], ..Meter::default() };
        limiter.end(at(seconds), &admission, Heard::Answer(&meter));
        (limiter.rests(at(seconds), Priority::Live), limiter.rests(at(seconds), Priority::Backlog))
    };
    assert_eq!(answer(0.0, 2_500.0), (Duration::ZERO, Duration::ZERO));
    let (live, backlog) = answer(1.0, 2_100.0);
    assert!(live.is_zero() && !backlog.is_zero());
    let (live, backlog) = answer(2.0, 0.0);
    assert!(!live.is_zero() && backlog >= live);
    assert!(limiter.rests(at(2.0), Priority::Ringing).is_zero());
    assert!(limiter.rests(at(302.0), Priority::Backlog).is_zero());
}

#[test]
fn a_request_without_an_answer_is_counted_and_one_that_was_not_sent_is_not() {
    let mut limiter = limiter(6_000);
    let meter = Meter::default();
    let ends = [(Heard::Answer(&meter), 5_999.0), (Heard::Nothing, 5_998.0), (Heard::NotSent, 5_998.0)];
    for (nr, (heard, left)) in ends.into_iter().enumerate() {
        let admission = admit(&mut limiter, nr as f64);
        limiter.end(at(nr as f64), &admission, heard);
        assert_eq!(limiter.figures(at(nr as f64)).budgets[0].left, left, "{heard:?}");
    }
}

#[test]
fn a_pause_that_is_longer_does_not_hide_that_the_backlog_rests() {
    let mut limiter = limiter(6_000);
    let told = Meter { left: vec![Left::of("requests", 2_100.0)], ..Meter::default() };
    let admission = admit(&mut limiter, 0.0);
    limiter.end(at(0.0), &admission, Heard::Answer(&told));
    assert!(limiter.figures(at(0.0)).backlog_rests);
    let admission = admit(&mut limiter, 1.0);
    let refused = Meter { refused: Some(Limit::Rate), wait: Some(Duration::from_secs(3_000)), ..Meter::default() };
    limiter.end(at(1.0), &admission, Heard::Answer(&refused));
    assert!(limiter.pauses(at(1.0)) > Duration::from_secs(2_000));
    assert!(limiter.figures(at(1.0)).backlog_rests);
}

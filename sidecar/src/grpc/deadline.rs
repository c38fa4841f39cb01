//! How long a caller waits, and how long is worked for them.

use std::time::Duration;

/// Longest time any request is worked on; `wait_ms` reaches 30 seconds, and a plan needs a few requests to the CRM.
const WORK_MAX: Duration = Duration::from_secs(60);
/// What an answer needs to be written and to travel.
const MARGIN: Duration = Duration::from_millis(50);

/// Reads the `grpc-timeout` metadata: up to eight digits and a unit (gRPC over HTTP/2).
pub(super) fn parse(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let digits = text.strip_suffix(unit).filter(|digits| (1..=8).contains(&digits.len()))?;
    let count: u64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    match unit {
        'H' => Some(Duration::from_secs(count * 3600)),
        'M' => Some(Duration::from_secs(count * 60)),
        'S' => Some(Duration::from_secs(count)),
        'm' => Some(Duration::from_millis(count)),
        'u' => Some(Duration::from_micros(count)),
        'n' => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

/// Time for a request as a whole: a little less than its deadline, so that the refusal still arrives.
pub(super) fn for_work(deadline: Option<Duration>) -> Duration {
    deadline.map_or(WORK_MAX, less_margin).min(WORK_MAX)
}

/// Time for an answer that must arrive: the deadline less a margin for the way back, and no more than what is
/// configured.
pub(super) fn for_answer(deadline: Option<Duration>, configured: Duration) -> Duration {
    deadline.map_or(configured, |deadline| less_margin(less_margin(deadline)).min(configured))
}

/// Short deadlines keep half of themselves.
fn less_margin(deadline: Duration) -> Duration {
    deadline.saturating_sub(MARGIN).max(deadline / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_the_wire_is_read_and_nothing_else() {
        let read = [("2H", 7_200_000), ("3M", 180_000), ("4S", 4_000), ("250m", 250), ("99999999m", 99_999_999)];
        for (text, millis) in read {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("7u"), Some(Duration::from_micros(7)));
        assert_eq!(parse("8n"), Some(Duration::from_nanos(8)));
        for text in ["", "m", "10", "-1S", "+1S", "123456789m", "1 S", "1с"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_answer_is_ready_before_its_deadline_and_within_the_configured_time() {
        let millis = Duration::from_millis;
        assert_eq!(for_answer(Some(millis(1_000)), millis(2_000)), millis(900));
        assert_eq!(for_answer(Some(millis(40)), millis(2_000)), millis(10));
        assert_eq!(for_answer(Some(millis(10_000)), millis(2_000)), millis(2_000));
        assert_eq!(for_answer(None, millis(2_000)), millis(2_000));
        assert!(for_answer(Some(millis(300)), millis(2_000)) < for_work(Some(millis(300))));
    }
}

//! Moments as the platform and its relays write them.

use tieline_engine::jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// 2000-01-01 and 2100-01-01 in seconds: what lies outside is no moment of a call.
const PLAUSIBLE: std::ops::Range<i64> = 946_684_800..4_102_444_800;
/// With dots the day stands first.
const DOTTED: &[&str] = &["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"];

/// Reads `YYYY-MM-DD HH:MM:SS` in the project's zone, ISO 8601 with any zone (`+0300`, `+03:00`, `Z`),
/// `DD.MM.YYYY HH:MM:SS`, and seconds or milliseconds since 1970. An hour the clocks skip or repeat is read as
/// RFC 5545 does: the offset before the gap, the first of the two.
pub(super) fn read(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    let moment = match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => since_1970(text),
        false => with_zone(text).or_else(|| in_zone(local(text)?, zone)),
    };
    moment.filter(|moment| PLAUSIBLE.contains(&moment.as_second()))
}

fn since_1970(digits: &str) -> Option<Timestamp> {
    let number = digits.parse().ok()?;
    match digits.len() {
        10 => Timestamp::from_second(number).ok(),
        13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

fn with_zone(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| plus_restored(text)?.parse().ok())
}

/// A plus that was not encoded in a form arrives as a blank: `2025-03-01T10:15:00 0200`.
fn plus_restored(text: &str) -> Option<String> {
    let (moment, offset) = text.rsplit_once(' ')?;
    let is_offset = offset.len() >= 4 && offset.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    (is_offset && moment.contains(':')).then(|| format!("{moment}+{offset}"))
}

/// A day alone is no moment.
fn local(text: &str) -> Option<DateTime> {
    if !text.contains(':') {
        return None;
    }
    text.parse().ok().or_else(|| DOTTED.iter().find_map(|form| DateTime::strptime(form, text).ok()))
}

fn in_zone(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    local.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kyiv(text: &str) -> Option<String> {
        read(text, &TimeZone::get("Europe/Kyiv").expect("a zone")).map(|moment| moment.to_string())
    }

    #[test]
    fn g_11_a_time_without_zone_is_the_projects_and_a_zone_of_its_own_counts() {
        // G-11
        assert_eq!(kyiv("2022-01-01 10:16:46").as_deref(), Some("2022-01-01T08:16:46Z"));
        assert_eq!(kyiv("2022-07-01T10:16:46").as_deref(), Some("2022-07-01T07:16:46Z"));
        assert_eq!(kyiv("01.07.2022 10:16:46").as_deref(), Some("2022-07-01T07:16:46Z"));
        assert_eq!(kyiv("2019-06-02T09:30:47+0300").as_deref(), Some("2019-06-02T06:30:47Z"));
        assert_eq!(kyiv("2019-06-02 09:30:47+03:00").as_deref(), Some("2019-06-02T06:30:47Z"));
        assert_eq!(kyiv("2019-06-02T06:30:47Z").as_deref(), Some("2019-06-02T06:30:47Z"));
        assert_eq!(kyiv("1559457047").as_deref(), Some("2019-06-02T06:30:47Z"));
        assert_eq!(kyiv("1559457047000").as_deref(), Some("2019-06-02T06:30:47Z"));
    }

    #[test]
    fn a_plus_lost_in_a_form_is_restored() {
        assert_eq!(kyiv("2025-03-01T10:15:00 0100").as_deref(), Some("2025-03-01T09:15:00Z"));
        assert_eq!(kyiv("2025-03-01 10:15").as_deref(), Some("2025-03-01T08:15:00Z"));
    }

    #[test]
    fn an_hour_that_does_not_exist_and_one_that_exists_twice_are_still_read() {
        // Kyiv: 03:00 to 04:00 is left out on 2022-03-27, and there twice on 2022-10-30.
        assert_eq!(kyiv("2022-03-27 03:30:00").as_deref(), Some("2022-03-27T01:30:00Z"));
        assert_eq!(kyiv("2022-10-30 03:30:00").as_deref(), Some("2022-10-30T00:30:00Z"));
    }

    #[test]
    fn what_is_no_moment_of_a_call_is_refused() {
        for text in
            ["", "soon", "2022-01-01", "0", "12345", "1970-01-01 00:00:00", "03/04/2022 10:00:00", "9999999999999"]
        {
            assert_eq!(kyiv(text), None, "{text}");
        }
    }
}

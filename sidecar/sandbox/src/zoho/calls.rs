//! What a call record must have (zoho.md 6).

use serde_json::{Map, Value, json};

use super::{reply::Refusal, validate::Place};

/// Checks the duration against the call's type and stores it in seconds beside.
pub(super) fn check(place: Place, whole: &Map<String, Value>, fields: &mut Map<String, Value>) -> Option<Refusal> {
    let text = |name: &str| whole.get(name).and_then(Value::as_str);
    let talked = matches!(text("Call_Type"), Some("Inbound" | "Outbound"));
    let Some(duration) = text("Call_Duration") else {
        return talked.then(|| place.mandatory("Call_Duration"));
    };
    let Some(seconds) = seconds(duration) else {
        return Some(place.invalid("Call_Duration", &json!({"expected_data_type": "text"})));
    };
    if talked && seconds == 0 {
        let message = "Call Duration can not be zero.";
        return Some(place.refuse("DEPENDENT_MISMATCH", message, "Call_Duration", &json!({})));
    }
    fields.insert("Call_Duration_in_seconds".to_owned(), seconds.into());
    None
}

/// `MM:SS` or `HH:MM:SS`.
fn seconds(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    parts.iter().try_fold(0_u32, |sum, part| {
        let digits = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let value: u32 = part.parse().ok().filter(|_| digits)?;
        Some(sum * 60 + value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_minutes_and_seconds_or_with_hours_before() {
        assert_eq!(seconds("02:05"), Some(125));
        assert_eq!(seconds("1:00:05"), Some(3_605));
        assert_eq!((seconds("125"), seconds("a:b"), seconds("1:2:3:4")), (None, None, None));
    }
}

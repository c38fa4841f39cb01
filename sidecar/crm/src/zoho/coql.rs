//! Building queries (zoho.md 4.1): conditions in pairs of brackets, texts in quotes.

use tieline_engine::jiff::{Timestamp, tz::TimeZone};

/// Values in one `in` (zoho.md 3: 50 in the older text).
const VALUES_MAX: usize = 50;
/// Rows of one query inside a composite (zoho.md 8).
pub(super) const ROWS_MAX: usize = 25;

/// A query: what to select, from where, under which condition, in which order.
pub(super) fn query(select: &[String], module: &str, condition: &str, order: Option<&str>) -> String {
    let order = order.map(|field| format!(" order by {field} desc")).unwrap_or_default();
    format!("select {} from {module} where {condition}{order} limit {ROWS_MAX}", select.join(", "))
}

/// A field that is one of several values.
pub(super) fn one_of<'v>(field: &str, values: impl IntoIterator<Item = &'v str>) -> Option<String> {
    let quoted: Vec<String> = values.into_iter().map(quoted).collect();
    any(quoted.chunks(VALUES_MAX).map(|chunk| format!("{field} in ({})", chunk.join(","))).collect())
}

/// A field that is one value.
pub(super) fn is(field: &str, value: &str) -> String {
    format!("{field} = {}", quoted(value))
}

/// A field that holds a text somewhere.
pub(super) fn holds(field: &str, part: &str) -> String {
    format!("{field} like {}", quoted(&format!("%{part}%")))
}

/// A field at a time or later.
pub(super) fn since(field: &str, at: Timestamp, zone: &TimeZone) -> String {
    format!("{field} >= {}", quoted(&moment(at, zone)))
}

/// One of several conditions, two by two in brackets; none when there is no condition.
pub(super) fn any(conditions: Vec<String>) -> Option<String> {
    conditions.into_iter().reduce(|all, next| format!("({all} or {next})"))
}

/// Both conditions.
pub(super) fn both(one: &str, other: &str) -> String {
    format!("({one} and {other})")
}

/// A time as Zoho reads it: offset, no fractions (zoho.md 6).
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn quoted(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("'{}'", clean.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_inside_a_text_is_doubled() {
        assert_eq!(is("Phone", "o'ne"), "Phone = 'o''ne'");
    }

    #[test]
    fn more_values_than_one_list_takes_make_two_lists() {
        let values: Vec<String> = (0..51).map(|number| number.to_string()).collect();
        let condition = one_of("Phone", values.iter().map(String::as_str)).unwrap();
        assert!(condition.ends_with("or Phone in ('50'))"));
        assert_eq!(condition.matches(" in (").count(), 2);
    }

    #[test]
    fn three_conditions_are_bracketed_in_pairs() {
        let letters = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(any(letters).as_deref(), Some("((a or b) or c)"));
        assert_eq!(any(Vec::new()), None);
    }
}

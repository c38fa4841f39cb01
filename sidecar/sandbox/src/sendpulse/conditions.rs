//! Conditions of a search: `{expression, value}` (sendpulse.md 3.2).

use std::cmp::Ordering;

use serde_json::Value;

/// Values of one condition, a bound only.
const MOST_VALUES: usize = 100;

/// How a stored value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
    Like,
    In,
}

/// One condition.
pub(super) struct Condition {
    pub(super) expression: Expression,
    /// One value; several for `in`.
    pub(super) values: Vec<String>,
}

impl Condition {
    /// Reads `expression` and `value` of an object, or says what is wrong.
    pub(super) fn read(item: &Value) -> Result<Self, String> {
        let expression = match item.get("expression").and_then(Value::as_str) {
            Some("eq") => Expression::Eq,
            Some("neq") => Expression::Neq,
            Some("gt") => Expression::Gt,
            Some("gte") => Expression::Gte,
            Some("lt") => Expression::Lt,
            Some("lte") => Expression::Lte,
            Some("like") => Expression::Like,
            Some("in") => Expression::In,
            _ => return Err("The selected expression is invalid.".to_owned()),
        };
        let values = match (expression, item.get("value")) {
            (Expression::In, Some(Value::Array(items))) if items.len() <= MOST_VALUES => {
                items.iter().filter_map(plain).collect()
            }
            (Expression::In, _) => return Err("The value must be an array.".to_owned()),
            (_, Some(value)) => vec![plain(value).ok_or("The value must be a string.")?],
            _ => return Err("The value field is required.".to_owned()),
        };
        Ok(Self { expression, values })
    }

    /// Whether stored values fit, given when two of them are the same.
    pub(super) fn fits(&self, stored: &[String], same: impl Fn(&str, &str) -> bool) -> bool {
        let any = |test: &dyn Fn(&str, &str) -> bool| {
            stored.iter().any(|have| self.values.iter().any(|asked| test(have, asked)))
        };
        match self.expression {
            Expression::Eq | Expression::In => any(&same),
            Expression::Neq => !any(&same),
            Expression::Like => any(&|have, asked| contains(have, asked)),
            Expression::Gt => any(&|have, asked| order(have, asked) == Ordering::Greater),
            Expression::Gte => any(&|have, asked| order(have, asked) != Ordering::Less),
            Expression::Lt => any(&|have, asked| order(have, asked) == Ordering::Less),
            Expression::Lte => any(&|have, asked| order(have, asked) != Ordering::Greater),
        }
    }
}

/// A value as text; none for lists and objects.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn contains(have: &str, asked: &str) -> bool {
    have.to_lowercase().contains(&asked.trim_matches('%').to_lowercase())
}

/// Numbers by size, other texts by their letters.
fn order(have: &str, asked: &str) -> Ordering {
    let numbers = have.parse::<f64>().ok().zip(asked.parse::<f64>().ok());
    numbers.and_then(|(have, asked)| have.partial_cmp(&asked)).unwrap_or_else(|| have.cmp(asked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fits(condition: Value, stored: &[&str]) -> bool {
        let stored: Vec<String> = stored.iter().map(|text| (*text).to_owned()).collect();
        Condition::read(&condition).unwrap().fits(&stored, |have, asked| have == asked)
    }

    #[test]
    fn numbers_are_compared_by_size() {
        assert!(fits(json!({"expression": "gt", "value": 9}), &["10"]));
        assert!(!fits(json!({"expression": "lte", "value": "9"}), &["10"]));
    }

    #[test]
    fn nothing_stored_is_unlike_any_value() {
        assert!(fits(json!({"expression": "neq", "value": "a"}), &[]));
        assert!(!fits(json!({"expression": "in", "value": ["a", "b"]}), &[]));
    }
}

//! A query over the records.

use std::{cmp::Ordering, collections::BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Condition, Literal, Operator, Query};
use crate::zoho::{
    Zoho,
    store::{Record, Store, comparable},
};

impl Zoho {
    /// The rows of a query, and whether there are more behind its limit.
    pub(super) fn rows(&self, module: &'static str, query: &Query) -> (Vec<Value>, bool) {
        let mut found: Vec<&Record> = match self.candidates(module, &query.condition) {
            Some(ids) => ids.iter().filter_map(|id| self.store.get(module, id)).collect(),
            None => self.store.all(module).collect(),
        };
        found.retain(|record| self.holds(module, record, &query.condition));
        found.sort_by(|left, right| self.compare(module, left, right, &query.order));
        let (offset, limit) = (to_usize(query.offset), to_usize(query.limit));
        let more = found.len() > offset.saturating_add(limit);
        let page = found.into_iter().skip(offset).take(limit);
        (page.map(|record| self.row(module, record, &query.fields)).collect(), more)
    }

    fn row(&self, module: &'static str, record: &Record, fields: &[String]) -> Value {
        let mut row = Map::new();
        row.insert("id".to_owned(), record.id.clone().into());
        for field in fields {
            row.insert(field.clone(), self.shown(module, record, field));
        }
        Value::Object(row)
    }

    /// Since v7 an owner comes with the last name and the id only (zoho.md 4.1).
    fn shown(&self, module: &'static str, record: &Record, column: &str) -> Value {
        if column != "Owner" {
            return self.value(module, record, column);
        }
        let user = self.users.iter().find(|user| Some(user.id.as_str()) == record.lookup("Owner"));
        user.map_or(Value::Null, |user| json!({"name": user.last_name, "id": user.id}))
    }

    fn value(&self, module: &'static str, record: &Record, column: &str) -> Value {
        let Some((head, rest)) = column.split_once('.') else {
            return self.field_of(module, record, column);
        };
        if rest == "id" {
            return record.lookup(head).map_or(Value::Null, Value::from);
        }
        if matches!(head, "Owner" | "Created_By" | "Modified_By") {
            return self.user_value(record.lookup(head), rest);
        }
        let target = record.fields.get(head).and_then(|value| value.get("module")).and_then(Value::as_str);
        let target = target.and_then(|name| self.schema.module(name));
        let related =
            target.zip(record.lookup(head)).and_then(|(target, id)| Some((target, self.store.get(target, id)?)));
        related.map_or(Value::Null, |(target, related)| self.value(target, related, rest))
    }

    fn user_value(&self, id: Option<&str>, column: &str) -> Value {
        let user = self.users.iter().find(|user| Some(user.id.as_str()) == id);
        user.and_then(|user| user.to_json().get(column).cloned()).unwrap_or(Value::Null)
    }

    fn holds(&self, module: &'static str, record: &Record, condition: &Condition) -> bool {
        match condition {
            Condition::And(left, right) => self.holds(module, record, left) && self.holds(module, record, right),
            Condition::Or(left, right) => self.holds(module, record, left) || self.holds(module, record, right),
            Condition::Test { column, operator, values } => {
                test(&self.value(module, record, column), *operator, values)
            }
        }
    }

    fn compare(&self, module: &'static str, left: &Record, right: &Record, order: &[(String, bool)]) -> Ordering {
        for (column, descending) in order {
            let ordering =
                sort_key(&self.value(module, left, column)).cmp(&sort_key(&self.value(module, right, column)));
            if ordering != Ordering::Equal {
                return if *descending { ordering.reverse() } else { ordering };
            }
        }
        left.id.cmp(&right.id)
    }

    /// The ids a condition can at most be true for, when indexes tell; `None`: any record.
    fn candidates(&self, module: &'static str, condition: &Condition) -> Option<BTreeSet<String>> {
        match condition {
            Condition::And(left, right) => self.candidates(module, left).or_else(|| self.candidates(module, right)),
            Condition::Or(left, right) => {
                let mut ids = self.candidates(module, left)?;
                ids.extend(self.candidates(module, right)?);
                Some(ids)
            }
            Condition::Test { column, operator: Operator::Equal | Operator::In, values } => {
                let texts: Vec<&str> = values.iter().map(as_text).collect::<Option<_>>()?;
                self.indexed(module, column, &texts)
            }
            Condition::Test { .. } => None,
        }
    }

    fn indexed(&self, module: &'static str, column: &str, values: &[&str]) -> Option<BTreeSet<String>> {
        if column == "id" {
            return Some(values.iter().map(|id| (*id).to_owned()).collect());
        }
        // A phone behind the contact: first the contacts that have it, then what hangs on them.
        if let Some(("Contact_Name", field)) = column.split_once('.') {
            let contacts = self.indexed("Contacts", field, values)?;
            let ids: Vec<&str> = contacts.iter().map(String::as_str).collect();
            return self.indexed(module, "Contact_Name", &ids);
        }
        if !Store::is_indexed(column) {
            return None;
        }
        let records = values.iter().flat_map(|value| self.store.having(module, column, value));
        Some(records.map(|record| record.id.clone()).collect())
    }
}

fn as_text(literal: &Literal) -> Option<&str> {
    match literal {
        Literal::Text(text) => Some(text),
        _ => None,
    }
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn test(value: &Value, operator: Operator, values: &[Literal]) -> bool {
    let first = values.first();
    let ordered = |wanted: &[Ordering]| {
        first.and_then(|literal| order(value, literal)).is_some_and(|found| wanted.contains(&found))
    };
    let among = || values.iter().any(|literal| order(value, literal) == Some(Ordering::Equal));
    match operator {
        Operator::Equal | Operator::In => among(),
        Operator::NotEqual | Operator::NotIn => !among(),
        Operator::Less => ordered(&[Ordering::Less]),
        Operator::LessOrEqual => ordered(&[Ordering::Less, Ordering::Equal]),
        Operator::Greater => ordered(&[Ordering::Greater]),
        Operator::GreaterOrEqual => ordered(&[Ordering::Greater, Ordering::Equal]),
        Operator::Like => like(value, first),
        Operator::NotLike => !like(value, first),
        Operator::IsNull => value.is_null(),
        Operator::IsNotNull => !value.is_null(),
        Operator::Between => match values {
            [low, high] => {
                order(value, low).is_some_and(Ordering::is_ge) && order(value, high).is_some_and(Ordering::is_le)
            }
            _ => false,
        },
    }
}

/// How a stored value stands to a literal; `None` when they cannot be compared.
fn order(value: &Value, literal: &Literal) -> Option<Ordering> {
    match literal {
        Literal::Number(number) => {
            let stored = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
            stored.partial_cmp(number)
        }
        Literal::Boolean(flag) => Some(value.as_bool()?.cmp(flag)),
        Literal::Text(text) => {
            let stored = comparable(value)?;
            if let (Ok(stored), Ok(asked)) = (stored.parse::<Timestamp>(), text.parse::<Timestamp>()) {
                return Some(stored.cmp(&asked));
            }
            Some(stored.cmp(&text.to_lowercase()))
        }
    }
}

/// `%` stands for any run of characters; letter case does not count.
fn like(value: &Value, pattern: Option<&Literal>) -> bool {
    let (Some(stored), Some(Literal::Text(pattern))) = (comparable(value), pattern) else {
        return false;
    };
    let pattern = pattern.to_lowercase();
    let parts: Vec<&str> = pattern.split('%').collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return stored == pattern;
    };
    let Some(mut rest) = stored.strip_prefix(first) else {
        return false;
    };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

/// Times sort as instants, numbers as numbers, the rest as text; nothing comes first.
fn sort_key(value: &Value) -> (Option<Timestamp>, i64, Option<String>) {
    let text = comparable(value);
    let time = text.as_ref().and_then(|text| text.parse().ok());
    let number = value.as_f64().map_or(0, |number| (number * 1_000.0) as i64);
    (time, number, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(value: &str, pattern: &str) -> bool {
        like(&json!(value), Some(&Literal::Text(pattern.to_owned())))
    }

    #[test]
    fn like_takes_percent_signs_anywhere() {
        assert!(matches("+380671234567", "%671234567"));
        assert!(matches("Call [tl:ab] in", "%[tl:ab]%"));
        assert!(matches("abc", "a%c") && matches("abc", "abc"));
        assert!(!matches("abcd", "a%c") && !matches("ab", "ab%b"));
    }
}

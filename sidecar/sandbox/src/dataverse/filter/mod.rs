//! `$filter`: which rows are asked for (dataverse.md 4.1).

mod lexer;
mod parser;

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use super::{refusal::Refusal, refusal::bad_query, schema::Kind, store::Row, store::Store};
pub(super) use parser::parse;

/// A condition on a row.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Compare { column: String, relation: Relation, value: Literal },
    In { column: String, values: Vec<String> },
    Like { column: String, text: String, from_start: bool, to_end: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Text(String),
    Number(f64),
    Boolean(bool),
    Time(Timestamp),
    Guid(String),
}

impl Filter {
    /// Refuses columns the table does not have and values of another type.
    pub(super) fn check(&self, kind_of: &dyn Fn(&str) -> Result<Kind, Refusal>) -> Result<(), Refusal> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().try_for_each(|part| part.check(kind_of)),
            Self::Not(part) => part.check(kind_of),
            Self::Compare { column, value, .. } => fits(kind_of(column)?, value),
            Self::In { column, .. } => kind_of(column).map(|_| ()),
            Self::Like { column, .. } => fits(kind_of(column)?, &Literal::Text(String::new())),
        }
    }

    /// Whether a row is asked for. A column without a value meets no condition but `eq null`.
    pub(super) fn meets(&self, row: &Row) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.meets(row)),
            Self::Or(parts) => parts.iter().any(|part| part.meets(row)),
            Self::Not(part) => !part.meets(row),
            Self::Compare { column, relation, value } => compares(row.fields.get(column), *relation, value),
            Self::In { column, values } => row.fields.get(column).is_some_and(|held| {
                let held = held.as_str().map_or_else(|| held.to_string(), str::to_owned).to_lowercase();
                values.iter().any(|value| value.to_lowercase() == held)
            }),
            Self::Like { column, text, from_start, to_end } => {
                let (held, text) = (row.text(column).to_lowercase(), text.to_lowercase());
                match (from_start, to_end) {
                    (true, _) => held.starts_with(&text),
                    (_, true) => held.ends_with(&text),
                    _ => held.contains(&text),
                }
            }
        }
    }

    /// Texts one of which a row has to hold, when the condition says so: saves a scan.
    pub(super) fn candidates(&self) -> Option<Vec<(&str, &str)>> {
        match self {
            Self::And(parts) => parts.iter().find_map(Self::candidates),
            Self::Or(parts) => {
                let each: Option<Vec<_>> = parts.iter().map(Self::candidates).collect();
                each.map(|each| each.into_iter().flatten().collect())
            }
            Self::Compare { column, relation: Relation::Equal, value: Literal::Text(text) | Literal::Guid(text) } => {
                Store::indexes(text).then(|| vec![(column.as_str(), text.as_str())])
            }
            Self::In { column, values } => values
                .iter()
                .all(|value| Store::indexes(value))
                .then(|| values.iter().map(|value| (column.as_str(), value.as_str())).collect()),
            _ => None,
        }
    }

    /// Whether a table scan is needed: `contains` or `endswith`.
    pub(super) fn has_leading_wildcard(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::has_leading_wildcard),
            Self::Not(part) => part.has_leading_wildcard(),
            Self::Like { from_start, .. } => !from_start,
            Self::Compare { .. } | Self::In { .. } => false,
        }
    }
}

/// A value of another type than the column's is refused before anything is compared.
fn fits(kind: Kind, value: &Literal) -> Result<(), Refusal> {
    let good = match value {
        Literal::Null => true,
        Literal::Text(text) => match kind {
            Kind::Text(_) | Kind::Memo(_) => true,
            // Ids are also taken between quotes.
            Kind::Key | Kind::Lookup => super::target::guid(text).is_some(),
            _ => false,
        },
        Literal::Number(_) => matches!(kind, Kind::Whole | Kind::Choice(_)),
        Literal::Boolean(_) => kind == Kind::Boolean,
        Literal::Time(_) => kind == Kind::Time,
        Literal::Guid(_) => matches!(kind, Kind::Key | Kind::Lookup),
    };
    if good {
        return Ok(());
    }
    Err(bad_query("A binary operator with incompatible types was detected."))
}

fn compares(held: Option<&Value>, relation: Relation, value: &Literal) -> bool {
    let held = held.filter(|held| !held.is_null());
    let Some(held) = held else {
        return *value == Literal::Null && relation == Relation::Equal;
    };
    let order = match value {
        Literal::Null => return relation == Relation::NotEqual,
        Literal::Text(text) | Literal::Guid(text) => {
            held.as_str().map(|held| held.to_lowercase().cmp(&text.to_lowercase()))
        }
        Literal::Number(number) => held.as_f64().and_then(|held| held.partial_cmp(number)),
        Literal::Boolean(flag) => held.as_bool().map(|held| held.cmp(flag)),
        Literal::Time(time) => held.as_str().and_then(|held| held.parse::<Timestamp>().ok()).map(|held| held.cmp(time)),
    };
    order.is_some_and(|order| match relation {
        Relation::Equal => order == Ordering::Equal,
        Relation::NotEqual => order != Ordering::Equal,
        Relation::Less => order == Ordering::Less,
        Relation::AtMost => order != Ordering::Greater,
        Relation::Greater => order == Ordering::Greater,
        Relation::AtLeast => order != Ordering::Less,
    })
}

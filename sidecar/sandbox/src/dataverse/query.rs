//! The query options of a read.

use super::{
    filter::{self, Filter},
    refusal::{Refusal, bad_query},
};

/// What is asked of a table or a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    /// All columns when none is named.
    pub(super) select: Option<Vec<String>>,
    pub(super) filter: Option<Filter>,
    /// Columns, each with whether it ascends.
    pub(super) order: Vec<(String, bool)>,
    pub(super) top: Option<usize>,
    pub(super) expand: Vec<Expand>,
    pub(super) count: bool,
    /// How many rows earlier pages gave.
    pub(super) skipped: usize,
}

/// A link to follow.
#[derive(Clone, Debug)]
pub(super) struct Expand {
    pub(super) name: String,
    pub(super) select: Option<Vec<String>>,
}

impl Query {
    /// Reads the pairs of a query string. Names without `$` are custom and ignored.
    pub(super) fn parse(pairs: &[(String, String)]) -> Result<Self, Refusal> {
        let mut query = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "$select" => query.select = Some(list(value)),
                "$filter" => query.filter = Some(filter::parse(value)?),
                "$orderby" => query.order = order(value)?,
                "$top" => query.top = Some(number(value)?),
                "$expand" => query.expand = expand(value)?,
                "$count" => query.count = value == "true",
                "$skiptoken" => query.skipped = number(value)?,
                "$skip" => return Err(bad_query("Skip Clause is not supported in CRM")),
                other if other.starts_with('$') => {
                    return Err(bad_query(&format!("The query parameter {other} is not supported")));
                }
                _ => {}
            }
        }
        Ok(query)
    }
}

/// Names between commas.
pub(super) fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn number(value: &str) -> Result<usize, Refusal> {
    value.trim().parse().map_err(|_| bad_query(&format!("'{value}' is not a non-negative number.")))
}

fn order(value: &str) -> Result<Vec<(String, bool)>, Refusal> {
    let one = |part: &str| match part.split_whitespace().collect::<Vec<_>>().as_slice() {
        [column] | [column, "asc"] => Ok(((*column).to_owned(), true)),
        [column, "desc"] => Ok(((*column).to_owned(), false)),
        _ => Err(bad_query(&format!("Syntax error in '{value}'."))),
    };
    value.split(',').map(one).collect()
}

/// Links between commas, each with `$select` in brackets if need be.
pub(super) fn expand(value: &str) -> Result<Vec<Expand>, Refusal> {
    let mut out = Vec::new();
    let mut depth = 0_u32;
    let parts = value.split(|c: char| {
        depth = match c {
            '(' => depth + 1,
            ')' => depth.saturating_sub(1),
            _ => depth,
        };
        c == ',' && depth == 0
    });
    for part in parts {
        let Some((name, inside)) = part.trim().split_once('(') else {
            out.push(Expand { name: part.trim().to_owned(), select: None });
            continue;
        };
        let broken = || bad_query(&format!("Syntax error in '{part}'."));
        let inside = inside.strip_suffix(')').ok_or_else(broken)?;
        let columns = inside.trim().strip_prefix("$select=").filter(|columns| !columns.contains(';'));
        out.push(Expand { name: name.to_owned(), select: Some(list(columns.ok_or_else(broken)?)) });
    }
    Ok(out)
}

//! COQL: the subset of SQL Zoho reads records with, without the search's delay (zoho.md 4.1).

mod eval;
mod lexer;
mod parser;

use serde_json::{Value, json};

use super::{
    Call, Ctx, Zoho,
    reply::{Refusal, Reply},
    schema::Kind,
};

/// Fields per select (zoho.md 3).
const MOST_FIELDS: usize = 50;
/// Conditions per where (zoho.md 3).
const MOST_CONDITIONS: usize = 25;
/// Values per `in`: the older of two figures (zoho.md 3).
const MOST_IN: usize = 50;
/// Rows per query, and inside a composite (zoho.md 3, 8).
const MOST_ROWS: u64 = 2_000;
const MOST_IN_COMPOSITE: u64 = 25;
/// Fields no query may name (zoho.md 4.1).
const CLOSED_FIELDS: [&str; 1] = ["CTI_Entry"];

/// A parsed query.
#[derive(Debug, PartialEq)]
struct Query {
    fields: Vec<String>,
    module: String,
    condition: Condition,
    order: Vec<(String, bool)>,
    limit: u64,
    offset: u64,
}

#[derive(Debug, PartialEq)]
enum Condition {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Test { column: String, operator: Operator, values: Vec<Literal> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Like,
    NotLike,
    IsNull,
    IsNotNull,
    Between,
}

#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Text(String),
    Number(f64),
    Boolean(bool),
}

impl Condition {
    fn tests(&self) -> Vec<(&str, Operator, &[Literal])> {
        match self {
            Self::Test { column, operator, values } => vec![(column, *operator, values)],
            Self::And(left, right) | Self::Or(left, right) => {
                let mut tests = left.tests();
                tests.extend(right.tests());
                tests
            }
        }
    }
}

impl Zoho {
    /// `POST /crm/v8/coql`
    pub(super) fn coql(&self, ctx: &Ctx, call: &Call) -> Result<Reply, Refusal> {
        let text = call.body.get("select_query").and_then(Value::as_str).ok_or_else(|| {
            let details = json!({"api_name": "select_query", "json_path": "$.select_query"});
            Refusal::new("MANDATORY_NOT_FOUND", "required field not found", details)
        })?;
        let query = parser::parse(text)?;
        let module = self.schema.module(&query.module).ok_or_else(Refusal::invalid_module)?;
        self.check_query(ctx, module, &query)?;
        let (rows, more) = self.rows(module, &query);
        let credits = match query.limit {
            0..=200 => 1,
            201..=1_000 => 2,
            _ => 3,
        };
        if rows.is_empty() {
            return Ok(Reply::no_content().costing(credits));
        }
        let info = json!({"count": rows.len(), "more_records": more});
        Ok(Reply::new(200, json!({"data": rows, "info": info})).costing(credits))
    }

    fn check_query(&self, ctx: &Ctx, module: &'static str, query: &Query) -> Result<(), Refusal> {
        let most = if ctx.composite { MOST_IN_COMPOSITE } else { MOST_ROWS };
        if query.limit > most {
            return Err(Refusal::limit("limit", most));
        }
        if query.fields.len() > MOST_FIELDS {
            return Err(Refusal::limit("select_fields", MOST_FIELDS as u64));
        }
        for (at, field) in query.fields.iter().enumerate() {
            if query.fields.iter().take(at).any(|before| before == field) {
                return Err(Refusal::new("DUPLICATE_DATA", "duplicate data", json!({"column_name": field})));
            }
        }
        let tests = query.condition.tests();
        if tests.len() > MOST_CONDITIONS {
            return Err(Refusal::limit("criteria", MOST_CONDITIONS as u64));
        }
        if tests.iter().any(|(_, _, values)| values.len() > MOST_IN) {
            return Err(Refusal::limit("in", MOST_IN as u64));
        }
        let columns = query.fields.iter().chain(query.order.iter().map(|(column, _)| column)).map(String::as_str);
        columns
            .chain(tests.iter().map(|(column, ..)| *column))
            .try_for_each(|column| self.column(module, column).map(drop))?;
        tests.iter().try_for_each(|(column, operator, _)| self.check_like(module, column, *operator))
    }

    fn check_like(&self, module: &'static str, column: &str, operator: Operator) -> Result<(), Refusal> {
        let like = matches!(operator, Operator::Like | Operator::NotLike);
        let phone = self.column(module, column)? == Some(Kind::Phone);
        if like && phone && !self.settings.coql_like_on_phone {
            return Err(Refusal::new(
                "INVALID_QUERY",
                "invalid operator found",
                json!({"column_name": column, "operator": "like"}),
            ));
        }
        Ok(())
    }

    /// The type of a column, through lookups if dotted; `None` for an id.
    fn column(&self, module: &'static str, column: &str) -> Result<Option<Kind>, Refusal> {
        let unknown =
            || Refusal::new("INVALID_QUERY", "column given seems to be invalid", json!({"column_name": column}));
        let mut parts = column.split('.').peekable();
        let mut at = module;
        let mut relations = 0;
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            if part == "id" && last {
                return Ok(None);
            }
            let field = self.schema.field(at, part).filter(|field| !CLOSED_FIELDS.contains(&field.name.as_str()));
            let kind = field.ok_or_else(unknown)?.kind;
            relations += 1;
            match kind {
                _ if last => return Ok(Some(kind)),
                Kind::Lookup(next) if relations <= 2 => at = next,
                Kind::User => return user_column(parts.collect()).ok_or_else(unknown),
                _ => return Err(unknown()),
            }
        }
        Err(unknown())
    }
}

fn user_column(parts: Vec<&str>) -> Option<Option<Kind>> {
    match parts.as_slice() {
        ["id"] => Some(None),
        ["email"] => Some(Some(Kind::Email)),
        ["first_name" | "last_name"] => Some(Some(Kind::Text)),
        _ => None,
    }
}

//! A filter as SQL. Each state is read in its index's order and the states are merged: a page of a list costs a page.

use tieline_engine::ids::ProjectId;
use tokio_postgres::types::ToSql;

use super::{
    super::{
        Filter,
        values::{micros, signed, state_word},
    },
    row::COLUMNS,
};
pub(super) use crate::store::filter::Order;

/// Conditions on `calls`, with their values.
pub(super) struct Conditions {
    sql: String,
    values: Vec<Box<dyn ToSql + Send + Sync>>,
    states: Vec<&'static str>,
}

impl Conditions {
    /// The calls of a project that a filter finds. `skipped_for` narrows the skipped ones; calls of other states
    /// pass it only when the filter names their states.
    pub(super) fn new(project: &ProjectId, filter: &Filter) -> Self {
        let states = filter.states_that_fit().into_iter().map(state_word).collect();
        let mut all = Self { sql: String::new(), values: Vec::new(), states };
        all.add("project = ", "", project.as_str().to_owned());
        if !filter.skipped_for.is_empty() {
            let codes: Vec<String> = filter.skipped_for.iter().map(|code| code.as_str().to_owned()).collect();
            all.add("(state <> 'skipped' OR skip_code = ANY (", "))", codes);
        }
        if let Some(reason) = &filter.trouble {
            all.add("trouble_reason = ", "", reason.clone());
        }
        if let Some(since) = filter.since {
            all.add("happened_at >= ", "", micros(since));
        }
        if let Some(until) = filter.until {
            all.add("happened_at < ", "", micros(until));
        }
        if let Some(until) = filter.accepted_until {
            all.add("received_at <= ", "", micros(until));
        }
        if let Some(ids) = &filter.ids {
            let ids: Vec<String> = ids.iter().map(|id| id.as_str().to_owned()).collect();
            all.add("id = ANY (", ")", ids);
        }
        all
    }

    /// Only calls on one side of a position, in the order that leads away from it.
    pub(super) fn from(mut self, position: u64, order: Order) -> Self {
        let side = if order == Order::Rising { "seq > " } else { "seq < " };
        self.add(side, "", signed(position));
        self
    }

    /// Only these positions.
    pub(super) fn at(mut self, positions: Vec<i64>) -> Self {
        self.add("seq = ANY (", ")", positions);
        self
    }

    /// The question for the calls.
    pub(super) fn list_sql(&self, order: Order, limit: usize) -> String {
        let tail = if order == Order::Rising { "" } else { " DESC" };
        let ordered = format!(" ORDER BY seq{tail} LIMIT {limit}");
        format!("SELECT * FROM ({}) AS found{ordered}", self.parts_sql(COLUMNS, &ordered))
    }

    /// The question for their number.
    pub(super) fn count_sql(&self) -> String {
        let Self { sql, states, .. } = self;
        format!("SELECT count(*) FROM calls WHERE {sql} AND state IN ('{}')", states.join("', '"))
    }

    /// The values of both questions.
    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect()
    }

    fn parts_sql(&self, columns: &str, ordered: &str) -> String {
        let sql = &self.sql;
        let part = |state| format!("(SELECT {columns} FROM calls WHERE {sql} AND state = '{state}'{ordered})");
        self.states.iter().map(part).collect::<Vec<_>>().join(" UNION ALL ")
    }

    /// Numbered, as every part of the question uses the same values.
    fn add(&mut self, before: &str, after: &str, value: impl ToSql + Send + Sync + 'static) {
        self.values.push(Box::new(value));
        let and = if self.values.len() > 1 { " AND " } else { "" };
        self.sql.push_str(&format!("{and}{before}${}{after}", self.values.len()));
    }
}

//! A filter as SQL. Without statistics SQLite would rather sort a whole project than read it in order, so each
//! state is read in its index's order and the states are merged: a page of a list costs a page.

use rusqlite::types::Value;
use tieline_engine::ids::ProjectId;

use super::{
    Filter, StoreError,
    row::{self, COLUMNS, micros},
};
pub(super) use crate::store::filter::Order;

/// Conditions on `calls`, with their values.
pub(super) struct Conditions {
    sql: String,
    values: Vec<Value>,
    states: Vec<&'static str>,
    by_id: bool,
}

impl Conditions {
    /// The calls of a project that a filter finds. `skipped_for` narrows the skipped ones; calls of other states
    /// pass it only when the filter names their states.
    pub(super) fn new(project: &ProjectId, filter: &Filter) -> Result<Self, StoreError> {
        let states = filter.states_that_fit().into_iter().map(row::state_word).collect();
        let mut all = Self { sql: String::new(), values: Vec::new(), states, by_id: filter.ids.is_some() };
        all.add("project = ", "", project.as_str().to_owned());
        if !filter.skipped_for.is_empty() {
            let codes: Vec<_> = filter.skipped_for.iter().map(|code| code.as_str()).collect();
            let codes = row::to_json(&codes)?;
            all.add("(state <> 'skipped' OR skip_code IN (SELECT value FROM json_each(", ")))", codes);
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
            all.add("id IN (SELECT value FROM json_each(", "))", row::to_json(ids)?);
        }
        Ok(all)
    }

    /// Only calls on one side of a position, in the order that leads away from it.
    pub(super) fn from(mut self, position: u64, order: Order) -> Self {
        let side = if order == Order::Rising { "seq > " } else { "seq < " };
        self.add(side, "", row::signed(position));
        self
    }

    /// The question for the calls.
    pub(super) fn list_sql(&self, order: Order, limit: usize) -> String {
        let tail = if order == Order::Rising { "" } else { " DESC" };
        format!("{} ORDER BY seq{tail} LIMIT {limit}", self.parts_sql(COLUMNS))
    }

    /// The question for their number.
    pub(super) fn count_sql(&self) -> String {
        format!("SELECT count(*) FROM ({})", self.parts_sql("1"))
    }

    /// The values of both questions.
    pub(super) fn values(&self) -> rusqlite::ParamsFromIter<&[Value]> {
        rusqlite::params_from_iter(self.values.as_slice())
    }

    fn parts_sql(&self, columns: &str) -> String {
        let Self { sql, states, .. } = self;
        if self.by_id {
            // The plus keeps SQLite from reading a whole state for a few ids.
            return format!("SELECT {columns} FROM calls WHERE {sql} AND +state IN ('{}')", states.join("', '"));
        }
        let part =
            |state| format!("SELECT {columns} FROM calls INDEXED BY calls_state WHERE {sql} AND state = '{state}'");
        states.iter().map(part).collect::<Vec<_>>().join(" UNION ALL ")
    }

    /// Numbered, as every part of the question uses the same values.
    fn add(&mut self, before: &str, after: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        let and = if self.values.len() > 1 { " AND " } else { "" };
        self.sql.push_str(&format!("{and}{before}?{}{after}", self.values.len()));
    }
}

#[cfg(test)]
mod tests {
    use tieline_engine::ids::CallId;

    use super::*;
    use crate::store::{StateIs, sqlite::schema};

    fn plan(filter: &Filter, order: Order) -> String {
        let conn = schema::open_memory().unwrap();
        let conditions = Conditions::new(&ProjectId::new("shop"), filter).unwrap().from(7, order);
        let sql = format!("EXPLAIN QUERY PLAN {}", conditions.list_sql(order, 50));
        let mut statement = conn.prepare(&sql).unwrap();
        let rows = statement.query_map(conditions.values(), |row| row.get::<_, String>("detail")).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_page_of_a_list_is_read_in_order_without_sorting() {
        let two = Filter { states: vec![StateIs::Failed, StateIs::Waiting], ..Filter::default() };
        for filter in [Filter::default(), two, Filter { trouble: Some("x".to_owned()), ..Filter::default() }] {
            for order in [Order::Rising, Order::Falling] {
                let plan = plan(&filter, order);
                assert!(plan.contains("calls_state (project=? AND state=? AND seq"), "{plan}");
                assert!(!plan.contains("TEMP B-TREE"), "{plan}");
            }
        }
    }

    #[test]
    fn a_few_calls_by_id_are_found_by_id() {
        let filter = Filter { ids: Some(vec![CallId::new("a")]), ..Filter::default() };
        let plan = plan(&filter, Order::Rising);
        assert!(plan.contains("project=? AND id=?") && !plan.contains("calls_state"), "{plan}");
    }
}

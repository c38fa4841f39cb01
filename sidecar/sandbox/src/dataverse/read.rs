//! Reading rows (dataverse.md 4.1).

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::{
    Ctx, Dataverse,
    filter::Filter,
    query::{Expand, Query},
    refusal::{Refusal, Reply, bad_query, no_resource},
    schema::{PARTIES, Set},
    settings::Wildcards,
    store::Row,
    target::Key,
};
use crate::wire::SimRequest;

/// Rows per page (dataverse.md 4.1).
const PAGE: usize = 5_000;

impl Dataverse {
    /// `GET /{set}({key})`
    pub(super) fn get_row(&self, set: Set, key: &Key, request: &SimRequest) -> Result<Reply, Refusal> {
        let row = self.addressed(set, key)?;
        if request.header_value("if-none-match").is_some_and(|etag| etag == row.etag()) {
            return Ok(Reply::new(304));
        }
        Ok(Reply::json(200, self.single(set, row, &Query::parse(&request.query_pairs())?)?))
    }

    /// `GET /{set}({key})/{collection}`
    pub(super) fn get_collection(
        &self,
        set: Set,
        key: &Key,
        name: &str,
        request: &SimRequest,
    ) -> Result<Reply, Refusal> {
        if set != Set::PhoneCalls || name != PARTIES {
            return Err(no_resource(name));
        }
        let call = self.addressed(set, key)?;
        let query = Query::parse(&request.query_pairs())?;
        let rows = self.store.holding(Set::Parties, "_activityid_value", &call.id);
        let rows = rows.filter(|row| query.filter.as_ref().is_none_or(|filter| filter.meets(row)));
        let rows: Result<Vec<Value>, Refusal> = rows.map(|row| self.row_json(Set::Parties, row, &query)).collect();
        Ok(Reply::json(200, self.page(Set::Parties, rows?, &query)))
    }

    /// `GET /{set}`
    pub(super) fn get_rows(&self, ctx: &Ctx, set: Set, request: &SimRequest) -> Result<Reply, Refusal> {
        let query = Query::parse(&request.query_pairs())?;
        if let Some(filter) = &query.filter {
            filter.check(&|column| self.kind(set, column))?;
            if filter.has_leading_wildcard() && self.settings.leading_wildcards == Wildcards::Timeout {
                return Err(Refusal::new(500, "0x80048573", "LeadingWildcardCauseTimeout"));
            }
        }
        let mut rows: Vec<&Row> = self.scan(set, query.filter.as_ref());
        rows.retain(|row| row.listed(ctx.now, ctx.lag_ms));
        for (column, ascending) in query.order.iter().rev() {
            self.kind(set, column)?;
            rows.sort_by(|a, b| {
                let order = compare(a.fields.get(column), b.fields.get(column));
                if *ascending { order } else { order.reverse() }
            });
        }
        let total = rows.len();
        let (size, paged) = match query.top {
            Some(top) => (top.min(PAGE), false),
            None => (page_size(request), true),
        };
        let shown: Result<Vec<Value>, Refusal> =
            rows.into_iter().skip(query.skipped).take(size).map(|row| self.row_json(set, row, &query)).collect();
        let mut body = self.page(set, shown?, &query);
        if let Some(body) = body.as_object_mut() {
            if query.count {
                body.insert("@odata.count".to_owned(), total.into());
            }
            if paged && query.skipped + size < total {
                body.insert("@odata.nextLink".to_owned(), self.next_link(set, request, query.skipped + size).into());
            }
        }
        Ok(Reply::json(200, body))
    }

    /// The rows a filter asks for, oldest first; by index where it allows.
    fn scan(&self, set: Set, filter: Option<&Filter>) -> Vec<&Row> {
        let Some(filter) = filter else {
            return self.store.all(set).collect();
        };
        let Some(candidates) = filter.candidates() else {
            return self.store.all(set).filter(|row| filter.meets(row)).collect();
        };
        let mut rows: Vec<&Row> = candidates
            .into_iter()
            .flat_map(|(column, text)| self.store.holding(set, column, text))
            .filter(|row| filter.meets(row))
            .collect();
        rows.sort_by_key(|row| self.store.place(set, &row.id));
        rows.dedup_by(|a, b| a.id == b.id);
        rows
    }

    fn next_link(&self, set: Set, request: &SimRequest, skipped: usize) -> String {
        let kept = request.query.split('&').filter(|pair| {
            let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
            !pair.is_empty() && name != "$skiptoken" && name != "%24skiptoken"
        });
        let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
        pairs.push(format!("$skiptoken={skipped}"));
        format!("{}/{}?{}", self.service_root(), set.name(), pairs.join("&"))
    }

    fn page(&self, set: Set, rows: Vec<Value>, query: &Query) -> Value {
        let context = self.context(set, query, "");
        serde_json::json!({"@odata.context": context, "value": rows})
    }

    /// A row on its own, with its context.
    pub(super) fn single(&self, set: Set, row: &Row, query: &Query) -> Result<Value, Refusal> {
        let mut body = self.row_json(set, row, query)?;
        if let Some(body) = body.as_object_mut() {
            body.insert("@odata.context".to_owned(), self.context(set, query, "/$entity").into());
        }
        Ok(body)
    }

    fn context(&self, set: Set, query: &Query, end: &str) -> String {
        let columns = query.select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
        format!("{}/$metadata#{}{columns}{end}", self.service_root(), set.name())
    }

    fn row_json(&self, set: Set, row: &Row, query: &Query) -> Result<Value, Refusal> {
        let mut out = self.columns_json(set, row, query.select.as_deref())?;
        for expand in &query.expand {
            let value = self.expanded(set, row, expand)?;
            out.insert(expand.name.clone(), value);
        }
        Ok(Value::Object(out))
    }

    fn columns_json(&self, set: Set, row: &Row, select: Option<&[String]>) -> Result<Map<String, Value>, Refusal> {
        let mut out = Map::from_iter([("@odata.etag".to_owned(), row.etag().into())]);
        let all: Vec<String> = match select {
            Some(names) => names.to_vec(),
            None => {
                let stock = set.columns().map(|column| column.name.to_owned());
                stock.chain(self.settings.custom(set).map(str::to_owned)).collect()
            }
        };
        for name in all {
            self.kind(set, &name)?;
            let value = row.fields.get(&name).cloned().unwrap_or_default();
            out.insert(name, value);
        }
        out.insert(set.key().to_owned(), row.id.clone().into());
        Ok(out)
    }

    fn expanded(&self, set: Set, row: &Row, expand: &Expand) -> Result<Value, Refusal> {
        let select = expand.select.as_deref();
        if set == Set::PhoneCalls && expand.name == PARTIES {
            let parties = self.store.holding(Set::Parties, "_activityid_value", &row.id);
            return parties.map(|party| Ok(Value::Object(self.columns_json(Set::Parties, party, select)?))).collect();
        }
        let navigation = set.navigation(&expand.name).ok_or_else(|| {
            bad_query(&format!(
                "Could not find a property named '{}' on type 'Microsoft.Dynamics.CRM.{}'.",
                expand.name,
                set.entity()
            ))
        })?;
        match self.store.get(navigation.target, row.text(navigation.column)) {
            Some(linked) => Ok(Value::Object(self.columns_json(navigation.target, linked, select)?)),
            None => Ok(Value::Null),
        }
    }
}

/// Rows per page, at most what the CRM gives.
fn page_size(request: &SimRequest) -> usize {
    let prefer = request.header_value("prefer").unwrap_or_default();
    let asked = prefer.split(',').find_map(|one| one.trim().strip_prefix("odata.maxpagesize="));
    asked.and_then(|size| size.parse().ok()).filter(|size| *size > 0).unwrap_or(PAGE).min(PAGE)
}

/// A row without a value comes before all others.
fn compare(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (Some(Value::String(a)), Some(Value::String(b))) => a.to_lowercase().cmp(&b.to_lowercase()),
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Some(Value::Bool(a)), Some(Value::Bool(b))) => a.cmp(b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

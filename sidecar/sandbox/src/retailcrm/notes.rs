//! Notes on customers (retailcrm.md 1.2).

use serde_json::{Value, json};

use super::{
    Ctx, RetailCrm,
    answers::{failure_with, missing, not_found, page, success},
    customers::object,
    forms::blanks,
    params::Params,
    shelf::Entity,
};
use crate::wire::SimAnswer;

impl RetailCrm {
    /// `POST /customers/notes/create`
    pub(super) fn note_create(&mut self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        let site = self.site(params)?;
        let given = object(params, "note")?;
        let errors = blanks(&given, &["text"]);
        if !errors.is_empty() {
            return Err(failure_with(400, "Note is not loaded", &json!(errors)));
        }
        let customer = given.get("customer").ok_or_else(|| missing("note[customer]"))?;
        let customer = self.customers.shelf.named(customer).ok_or_else(not_found)?.id;
        let mut fields = given;
        fields.insert("customer".to_owned(), json!({"id": customer, "site": site}));
        Ok(success(201, json!({"id": self.notes.add(ctx.now, fields, false)})))
    }

    /// `GET /customers/notes`
    pub(super) fn note_list(&self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        params.only_filters(&[
            "ids",
            "customerIds",
            "customerExternalIds",
            "managerIds",
            "text",
            "createdAtFrom",
            "createdAtTo",
        ])?;
        let paging = params.paging()?;
        let customers = params.filter_list("customerIds");
        let text = params.filter("text").unwrap_or_default().to_lowercase();
        let fits = |note: &&Entity| {
            let customer = note.fields.get("customer").and_then(|customer| customer.get("id")).map(Value::to_string);
            let named = customers.is_empty() || customer.is_some_and(|id| customers.contains(&id.as_str()));
            named && note.text("text").to_lowercase().contains(&text) && note.listed(ctx.now, ctx.lag_ms)
        };
        let notes = self.notes.all().rev().filter(fits);
        let notes = notes.map(|note| {
            let mut out = note.fields.clone();
            out.insert("id".to_owned(), note.id.into());
            out.insert("createdAt".to_owned(), self.time(note.created).into());
            Value::Object(out)
        });
        Ok(page("notes", notes.collect(), paging))
    }
}

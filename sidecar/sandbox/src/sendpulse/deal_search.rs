//! `POST /deals/get-list`, in another envelope than contacts (sendpulse.md 3.3).

use serde_json::{Map, Value};

use super::{
    Ctx, SendPulse,
    answers::{Done, page},
    conditions::{Condition, plain},
    contact_search::same_text,
    deals::{DELETED, Deal},
    form::{Form, shown},
    settings::Envelope,
    shelf::Row,
};

const KNOWN: [&str; 7] = ["limit", "offset", "phone", "email", "pipelineIds", "filter", "unlimited"];
/// What `filter` may name [I].
const FILTERS: [&str; 9] =
    ["id", "status", "stepId", "pipelineId", "responsibleId", "name", "price", "currency", "createdAt"];

impl SendPulse {
    /// `POST /deals/get-list`: the newest first [I].
    pub(super) fn deal_list(&self, ctx: &Ctx, body: &Map<String, Value>) -> Done {
        let mut form = Form::new(body);
        form.only(&KNOWN, self.settings.unknown_fields);
        let mut paging = form.paging();
        if form.value("unlimited").is_some_and(|flag| flag == true || flag == 1) {
            paging.limit = None;
        }
        let phone = form.text("phone", 255).filter(|text| !text.is_empty());
        let email = form.text("email", 255).filter(|text| !text.is_empty());
        let pipelines = form.ids("pipelineIds");
        let filters = filters(&mut form);
        form.done()?;
        let by_status = filters.iter().any(|(name, _)| *name == "status");
        let fits = |row: &&Row<Deal>| {
            let deal = &row.data;
            let alive = deal.status != DELETED || by_status || self.settings.deleted_deals_listed;
            alive
                && row.listed(ctx.now, ctx.lag_ms)
                && (pipelines.is_empty() || pipelines.contains(&deal.pipeline))
                && phone.as_ref().is_none_or(|asked| self.has_phone(ctx, deal, asked))
                && email.as_ref().is_none_or(|asked| self.has_email(deal, asked))
                && filters.iter().all(|(name, condition)| condition.fits(&[stored(row, name)], same_text))
        };
        let rows = self.deals.all().rev().filter(fits).map(|row| self.deal_json(row, true)).collect();
        Ok(page(Envelope::Meta, rows, paging))
    }

    /// Whether one of the deal's contacts has the number.
    fn has_phone(&self, ctx: &Ctx, deal: &Deal, asked: &str) -> bool {
        let mut contacts = deal.contacts.iter().filter_map(|id| self.contacts.shelf.get(*id));
        contacts.any(|row| {
            let phones = row.searchable(ctx.now, ctx.lag_ms);
            phones.iter().any(|have| self.settings.phone_match.same(have, asked))
        })
    }

    fn has_email(&self, deal: &Deal, asked: &str) -> bool {
        let mut contacts = deal.contacts.iter().filter_map(|id| self.contacts.shelf.get(*id));
        contacts.any(|row| row.data.emails.iter().any(|(_, have)| same_text(have, asked)))
    }
}

fn filters(form: &mut Form<'_>) -> Vec<(&'static str, Condition)> {
    let mut kept = Vec::new();
    for item in form.list("filter") {
        let asked = item.get("name").and_then(Value::as_str).unwrap_or_default();
        let name = FILTERS.into_iter().find(|name| *name == asked);
        match (name, Condition::read(item)) {
            (None, _) => form.wrong("filter"),
            (_, Err(text)) => form.error("filter", text),
            (Some(name), Ok(condition)) => kept.push((name, condition)),
        }
    }
    kept
}

fn stored(row: &Row<Deal>, name: &str) -> String {
    let deal = &row.data;
    match name {
        "id" => row.id.to_string(),
        "status" => deal.status.to_string(),
        "stepId" => deal.step.to_string(),
        "pipelineId" => deal.pipeline.to_string(),
        "responsibleId" => deal.responsible.to_string(),
        "name" => deal.name.clone().unwrap_or_default(),
        "price" => plain(&deal.price).unwrap_or_default(),
        "currency" => deal.currency.clone(),
        _ => shown(row.created),
    }
}

//! Deals (sendpulse.md 3.3).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Ctx, SendPulse,
    answers::{Done, Refusal, data},
    form::{Form, number, shown},
    shelf::Row,
    world::SANDBOX_OWNER_ID,
};

/// Characters of a deal's name (sendpulse.md 3.3).
const LONGEST_NAME: usize = 255;
/// Characters of a currency's code.
const CURRENCY: usize = 3;
/// The account's currency.
pub(super) const DEFAULT_CURRENCY: &str = "UAH";

const KNOWN: [&str; 9] =
    ["pipelineId", "stepId", "responsibleId", "name", "price", "currency", "contact", "attributes", "sourceId"];

/// 0 deleted, 1 active, 2 lost, 3 won (sendpulse.md 3.3).
pub(super) const DELETED: u64 = 0;
pub(super) const ACTIVE: u64 = 1;

/// One deal.
pub(super) struct Deal {
    pub(super) pipeline: u64,
    pub(super) step: u64,
    pub(super) responsible: u64,
    pub(super) name: Option<String>,
    pub(super) price: Value,
    pub(super) currency: String,
    pub(super) status: u64,
    pub(super) contacts: Vec<u64>,
    pub(super) attributes: Vec<(u64, Value)>,
    pub(super) source: Option<u64>,
    pub(super) comments: Vec<u64>,
    pub(super) calls: Vec<u64>,
}

impl SendPulse {
    /// `POST /deals`
    pub(super) fn deal_make(&mut self, ctx: &Ctx, body: &Map<String, Value>) -> Done {
        let mut form = Form::new(body);
        form.only(&KNOWN, self.settings.unknown_fields);
        form.need(&["pipelineId", "stepId"]);
        self.demand(ctx, "deals", body, &mut form);
        let (pipeline, step) = self.place(&mut form);
        let contacts = form.ids("contact");
        if contacts.iter().any(|id| !self.contacts.shelf.has(*id)) {
            form.wrong("contact");
        }
        let deal = Deal {
            pipeline,
            step,
            responsible: self.responsible(&mut form),
            name: form.text("name", LONGEST_NAME),
            price: price(&mut form),
            currency: form.text("currency", CURRENCY).unwrap_or_else(|| DEFAULT_CURRENCY.to_owned()),
            status: ACTIVE,
            contacts,
            attributes: attributes(&mut form),
            source: form.id("sourceId"),
            comments: Vec::new(),
            calls: Vec::new(),
        };
        form.done()?;
        let id = self.deal_keep(ctx.now, deal, false);
        self.deal_answer(200, id)
    }

    /// The pipeline and its step.
    fn place(&self, form: &mut Form<'_>) -> (u64, u64) {
        let (pipeline, step) = (form.id("pipelineId"), form.id("stepId"));
        match (pipeline.map(|id| self.pipeline(id)), step) {
            (Some(None), _) => form.wrong("pipelineId"),
            (Some(Some(line)), Some(step)) if !line.has_step(step) => form.wrong("stepId"),
            _ => {}
        }
        (pipeline.unwrap_or(0), step.unwrap_or(0))
    }

    /// Keeps a deal and tells its contacts of it.
    pub(super) fn deal_keep(&mut self, now: Timestamp, deal: Deal, indexed: bool) -> u64 {
        let contacts = deal.contacts.clone();
        let id = self.deals.add(now, deal, indexed);
        for contact in contacts {
            if let Some(row) = self.contacts.shelf.touch(contact, now) {
                row.data.deals.push(id);
            }
        }
        id
    }

    /// `GET /deals/{id}`
    pub(super) fn deal_get(&self, id: &str) -> Done {
        self.deal_answer(200, self.deal_id(id)?)
    }

    /// `POST /deals/{id}/contacts/{contactId}`
    pub(super) fn deal_link(&mut self, ctx: &Ctx, id: &str, contact: &str) -> Done {
        let (id, contact) = (self.deal_id(id)?, self.contact_id(contact)?);
        let deal = self.deals.touch(id, ctx.now).ok_or(Refusal::NotFound("Deal"))?;
        if !deal.data.contacts.contains(&contact) {
            deal.data.contacts.push(contact);
            if let Some(row) = self.contacts.shelf.touch(contact, ctx.now) {
                row.data.deals.push(id);
            }
        }
        self.deal_answer(201, id)
    }

    /// The id in a path, when there is such a deal.
    pub(super) fn deal_id(&self, id: &str) -> Result<u64, Refusal> {
        id.parse().ok().filter(|id| self.deals.has(*id)).ok_or(Refusal::NotFound("Deal"))
    }

    fn deal_answer(&self, status: u16, id: u64) -> Done {
        let deal = self.deals.get(id).ok_or(Refusal::NotFound("Deal"))?;
        Ok(data(status, self.deal_json(deal, false)))
    }

    /// A deal as it is read: `contact` holds the contacts in short, comments stand where contacts carry theirs [I].
    pub(super) fn deal_json(&self, row: &Row<Deal>, in_list: bool) -> Value {
        let deal = &row.data;
        let attributes = deal.attributes.iter();
        json!({
            "id": row.id, "userId": SANDBOX_OWNER_ID, "pipelineId": deal.pipeline, "stepId": deal.step,
            "responsibleId": deal.responsible, "name": deal.name, "price": deal.price, "currency": deal.currency,
            "status": deal.status, "contact": self.contacts_in_short(&deal.contacts),
            "attributes": attributes.map(|(id, value)| json!({"attributeId": id, "value": value})).collect::<Value>(),
            "sourceId": deal.source, "comments": self.comments_carried(&deal.comments, in_list),
            "createdAt": shown(row.created), "updatedAt": shown(row.updated),
        })
    }
}

fn price(form: &mut Form<'_>) -> Value {
    let value = form.value("price").cloned().unwrap_or_else(|| 0.into());
    let is_number = value.is_number() || value.as_str().is_some_and(|text| text.parse::<f64>().is_ok());
    if !is_number {
        form.error("price", "The price must be a number.".to_owned());
    }
    value
}

/// Which attributes deals have is not described: any id is taken [I].
fn attributes(form: &mut Form<'_>) -> Vec<(u64, Value)> {
    let mut kept = Vec::new();
    for item in form.list("attributes") {
        match item.get("attributeId").and_then(number) {
            Some(id) => kept.push((id, item.get("value").cloned().unwrap_or_default())),
            None => form.error("attributes", "The attributeId field is required.".to_owned()),
        }
    }
    kept
}

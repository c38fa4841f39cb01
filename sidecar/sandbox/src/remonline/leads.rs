//! Leads, under one path in every generation (remonline.md 2.5).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Ask, Ctx, RemOnline,
    answers::{NOT_VALID, not_found, wrong},
    client_view::{custom_values, named, time},
    dictionaries::status,
    forms::{Field, Type},
    params::{NotATime, Params, Span},
    settings::{Generation, LeadShape},
    shelf::{Entity, number},
    world::{CAMPAIGNS, CLOSED, LEAD_STATUSES, LEAD_TYPES, Owner},
};
use crate::wire::SimAnswer;

const FILTERS: [&str; 9] =
    ["client_phones", "client_names", "statuses", "managers", "ids", "created_at", "closed_at", "sort", "sort_dir"];

const FORM: [Field; 13] = [
    ("leadtype_id", "leadtype_id", Type::KindOfLead),
    ("client_id", "client_id", Type::Client),
    ("contact_phone", "contact_phone", Type::Text),
    ("contact_name", "contact_name", Type::Text),
    ("branch_id", "branch_id", Type::Branch),
    ("manager_id", "manager_id", Type::Employee),
    ("description", "description", Type::Notes),
    ("ad_campaign_id", "ad_campaign_id", Type::Campaign),
    ("is_urgent", "is_urgent", Type::Flag),
    ("is_juridical", "is_juridical", Type::Flag),
    ("custom_fields", "custom_fields", Type::CustomFields(Owner::Lead)),
    ("lead_id", "lead_id", Type::Id),
    ("status_id", "status_id", Type::Id),
];

impl RemOnline {
    /// `GET /lead/`
    pub(super) fn lead_list(&self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        self.only(params, &FILTERS)?;
        let span = |name| params.span(name, ctx.generation).map_err(|NotATime| self.not_a_time(name));
        let (created, closed) = (span("created_at")?, span("closed_at")?);
        let candidates = match params.list("client_phones") {
            Some(asked) => self.leads_with(&asked),
            None => self.leads.all().collect(),
        };
        let names = params.list("client_names");
        let found = candidates.into_iter().filter(|lead| {
            lead.listed(ctx.now, ctx.lag(params))
                && params.among("ids", Some(lead.id))
                && params.among("statuses", lead.number("status_id"))
                && params.among("managers", lead.number("manager_id"))
                && Span::holds(created, Some(lead.created))
                && Span::holds(closed, lead.closed)
                && names.as_ref().is_none_or(|asked| self.has_name(lead, asked))
        });
        self.page(ctx, params, found.collect(), |lead| self.lead_json(lead))
    }

    /// The leads with any of the numbers, their own or their client's, each once.
    fn leads_with(&self, asked: &[&str]) -> Vec<&Entity> {
        let same = |lead: &Entity, asked: &str| {
            lead.phones().any(|stored| self.settings.phone_match.same(stored, asked.trim()))
        };
        let own = asked.iter().flat_map(|asked| self.leads.near(asked).into_iter().filter(|lead| same(lead, asked)));
        let linked = self.clients_with(asked).into_iter().flat_map(|client| self.leads.of_client(client.id));
        let mut found: Vec<&Entity> = own.chain(linked).collect();
        found.sort_by_key(|lead| lead.id);
        found.dedup_by_key(|lead| lead.id);
        found
    }

    fn has_name(&self, lead: &Entity, asked: &[&str]) -> bool {
        let client = lead.number("client_id").and_then(|id| self.clients.get(id)).map(super::clients::full_name);
        let name = format!("{} {}", lead.text("contact_name"), client.unwrap_or_default()).to_lowercase();
        asked.iter().any(|asked| name.contains(&asked.trim().to_lowercase()))
    }

    /// `POST /lead/`: with a client, or with a number and a name.
    pub(super) fn lead_create(&mut self, ctx: &Ctx, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let blank = |name: &str| ask.body.get(name).is_none_or(|value| value.is_null() || value == "");
        let mut always = vec!["leadtype_id"];
        if blank("client_id") {
            match (blank("contact_phone"), blank("contact_name")) {
                (true, true) => always.push("client_id"),
                (true, false) => always.push("contact_phone"),
                (false, true) => always.push("contact_name"),
                (false, false) => {}
            }
        }
        let mut fields = self.lead_fields(&ask.body, &ctx.required("leads", &always))?;
        fields.remove("lead_id");
        fields.insert("status_id".to_owned(), LEAD_STATUSES.first().map(|status| status.id).into());
        let id = self.leads.add(ctx.now, fields, false);
        let record = self.leads.get(id).map(|lead| self.lead_json(lead));
        Ok(self.created(ctx, id, record.unwrap_or_default()))
    }

    /// `PUT /lead/` with the id in the body
    pub(super) fn lead_edit(&mut self, ctx: &Ctx, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let mut fields = self.lead_fields(&ask.body, &["lead_id", "status_id"])?;
        let id = fields.remove("lead_id").as_ref().and_then(number).unwrap_or_default();
        self.leads.get(id).ok_or_else(not_found)?;
        let status_id = fields.get("status_id").and_then(number);
        self.leads.edit(id, ctx.now, fields);
        self.lead_closed(ctx.now, id, status_id);
        Ok(self.changed(ctx, id, Value::Null))
    }

    /// `POST /lead/status/`
    pub(super) fn lead_status(&mut self, ctx: &Ctx, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let wanted = Map::from_iter(
            ask.body
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .filter(|(name, _)| matches!(name.as_str(), "lead_id" | "status_id")),
        );
        self.lead_edit(ctx, &Ask { params: Params::default(), body: wanted })
    }

    fn lead_fields(&self, given: &Map<String, Value>, required: &[&str]) -> Result<Map<String, Value>, SimAnswer> {
        let fields = self.check(&FORM, given, required).map_err(|wrongs| self.settings.refuse(&wrongs))?;
        let status_id = fields.get("status_id").filter(|id| !id.is_null());
        if status_id.is_some_and(|id| status(&LEAD_STATUSES, number(id)).is_none()) {
            return Err(self.settings.refuse(&wrong("status_id", NOT_VALID)));
        }
        Ok(fields)
    }

    /// Notes that a lead is closed or open, as its status says.
    pub(super) fn lead_closed(&mut self, now: Timestamp, id: u64, status_id: Option<u64>) {
        let closed = status(&LEAD_STATUSES, status_id).is_some_and(|status| status.group == CLOSED);
        self.leads.close(id, closed.then_some(now));
    }

    fn lead_json(&self, lead: &Entity) -> Value {
        let client = lead.number("client_id").and_then(|id| self.clients.get(id));
        let mut out = json!({
            "id": lead.id, "id_label": format!("L{}", lead.id), "leadtype": named(&LEAD_TYPES, lead.number("leadtype_id"), "name"),
            "contact_name": lead.field("contact_name"), "contact_phone": lead.field("contact_phone"),
            "branch_id": lead.number("branch_id"), "manager_id": lead.number("manager_id"),
            "description": lead.text("description"), "is_urgent": lead.flag("is_urgent"),
            "is_juridical": lead.flag("is_juridical"), "custom_fields": custom_values(lead),
            "ad_campaign": named(&CAMPAIGNS, lead.number("ad_campaign_id"), "name"),
            "created_at": time(Generation::A, Some(lead.created)), "modified_at": time(Generation::A, Some(lead.modified)),
            "closed_at": time(Generation::A, lead.closed),
        });
        let more = match self.settings.lead_shape {
            LeadShape::Nested => json!({
                "status": status(&LEAD_STATUSES, lead.number("status_id")).map(|status| self.lead_status_json(status)),
                "client": client.map(|client| self.client_json(Generation::A, client)),
            }),
            LeadShape::Flat => {
                json!({"status_id": lead.number("status_id"), "client_id": client.map(|client| client.id)})
            }
        };
        if let (Value::Object(out), Value::Object(more)) = (&mut out, more) {
            out.extend(more);
        }
        out
    }
}

//! Making, reading and changing contacts (sendpulse.md 3.2).

use serde_json::{Map, Value, json};

use super::{
    Ctx, SendPulse,
    answers::{Done, Paging, Refusal, data, page},
    contact_shelf::Contact,
    form::Form,
};

/// Characters of a name [I].
const LONGEST_NAME: usize = 255;
/// Characters of a number (sendpulse.md 3.2).
const LONGEST_PHONE: usize = 50;

const BARE: [&str; 4] = ["responsibleId", "firstName", "lastName", "externalContactId"];
const ONE_SHOT: [&str; 11] = [
    "responsibleId",
    "firstName",
    "lastName",
    "externalContactId",
    "phones",
    "emails",
    "tags",
    "attributes",
    "messengers",
    "attachments",
    "sourceType",
];

impl SendPulse {
    /// `POST /contacts`: everything at once, deprecated.
    pub(super) fn contact_make(&mut self, ctx: &Ctx, body: &Map<String, Value>) -> Done {
        let mut form = Form::new(body);
        form.only(&ONE_SHOT, self.settings.unknown_fields);
        let mut contact = self.contact_basics(&mut form);
        self.demand(ctx, "contacts", body, &mut form);
        let phones = form.texts("phones", LONGEST_PHONE);
        let emails = form.texts("emails", LONGEST_NAME);
        contact.tags = form.texts("tags", LONGEST_NAME);
        let attributes = self.attributes_given(&mut form);
        form.done()?;
        contact.attributes = self.attributes_kept(attributes);
        let id = self.contacts.add(ctx.now, contact, phones, emails, false);
        self.contact_answer(id)
    }

    /// `POST /contacts/create`: a contact without numbers, whatever else is sent.
    pub(super) fn contact_create(&mut self, ctx: &Ctx, body: &Map<String, Value>) -> Done {
        let mut form = Form::new(body);
        form.only(&BARE, self.settings.unknown_fields);
        let contact = self.contact_basics(&mut form);
        self.demand(ctx, "contacts", body, &mut form);
        form.done()?;
        let id = self.contacts.add(ctx.now, contact, Vec::new(), Vec::new(), false);
        self.contact_answer(id)
    }

    fn contact_basics(&self, form: &mut Form<'_>) -> Contact {
        if self.settings.responsible_required {
            form.need(&["responsibleId"]);
        }
        Contact {
            responsible: self.responsible(form),
            first_name: form.text("firstName", LONGEST_NAME),
            last_name: form.text("lastName", LONGEST_NAME),
            external: form.text("externalContactId", LONGEST_NAME),
            ..Contact::default()
        }
    }

    /// Refuses what lacks a field that has become mandatory: a plain one or `attributes.name`.
    pub(super) fn demand(&self, ctx: &Ctx, entity: &str, body: &Map<String, Value>, form: &mut Form<'_>) {
        let Some(field) = ctx.required(entity) else {
            return;
        };
        match field.strip_prefix("attributes.") {
            Some(name) if self.lacks_attribute(body, name) => {
                form.error(field, format!("The {field} field is required."));
            }
            Some(_) => {}
            None => form.need(&[field]),
        }
    }

    /// `PUT /contacts/{id}`: fields left out stay as they are [I].
    pub(super) fn contact_edit(&mut self, ctx: &Ctx, id: &str, body: &Map<String, Value>) -> Done {
        let id = self.contact_id(id)?;
        let mut form = Form::new(body);
        form.only(&BARE, self.settings.unknown_fields);
        form.need(&["responsibleId"]);
        let responsible = self.responsible(&mut form);
        let texts = ["firstName", "lastName", "externalContactId"].map(|name| form.text(name, LONGEST_NAME));
        form.done()?;
        if let Some(row) = self.contacts.shelf.touch(id, ctx.now) {
            let contact = &mut row.data;
            contact.responsible = responsible;
            let [first, last, external] = texts;
            contact.first_name = first.or_else(|| contact.first_name.take());
            contact.last_name = last.or_else(|| contact.last_name.take());
            contact.external = external.or_else(|| contact.external.take());
        }
        self.contact_answer(id)
    }

    /// `GET /contacts/{id}`
    pub(super) fn contact_get(&self, id: &str) -> Done {
        self.contact_answer(self.contact_id(id)?)
    }

    /// `GET /contacts/external/{externalContactId}`: the path takes whole numbers only, and
    /// the contact is wrapped twice.
    pub(super) fn contact_external(&self, external: &str) -> Done {
        if external.parse::<u64>().is_err() {
            return Err(Refusal::invalid("externalContactId", "The externalContactId must be an integer."));
        }
        let found = self.contacts.shelf.all().find(|row| row.data.external.as_deref() == Some(external));
        let row = found.ok_or(Refusal::NotFound("Contact"))?;
        Ok(data(200, json!({"data": self.contact_json(row, false)})))
    }

    /// `GET /contacts/{id}/deals`
    pub(super) fn contact_deals(&self, id: &str) -> Done {
        let id = self.contact_id(id)?;
        let deals = self.contacts.shelf.get(id).map_or(&[] as &[u64], |row| &row.data.deals);
        let rows = deals.iter().filter_map(|id| self.deals.get(*id)).map(|deal| self.deal_json(deal, true)).collect();
        Ok(page(self.settings.contact_deals_envelope, rows, Paging { limit: None, offset: 0 }))
    }

    /// `POST /contacts/{id}/phones`: stored as sent, also when the contact has it already.
    pub(super) fn phone_add(&mut self, ctx: &Ctx, id: &str, body: &Map<String, Value>) -> Done {
        let id = self.contact_id(id)?;
        let mut form = Form::new(body);
        form.only(&["phone"], self.settings.unknown_fields);
        form.need(&["phone"]);
        let phone = form.text("phone", LONGEST_PHONE).unwrap_or_default();
        form.done()?;
        let added = self.contacts.add_phone(ctx.now, id, phone, false).ok_or(Refusal::NotFound("Contact"))?;
        let main = self.contacts.shelf.get(id).is_some_and(|row| row.data.phones.len() == 1);
        Ok(data(200, json!({"id": added.id, "phone": added.number, "isMain": main})))
    }

    /// The id in a path, when there is such a contact.
    pub(super) fn contact_id(&self, id: &str) -> Result<u64, Refusal> {
        id.parse().ok().filter(|id| self.contacts.shelf.has(*id)).ok_or(Refusal::NotFound("Contact"))
    }

    pub(super) fn contact_answer(&self, id: u64) -> Done {
        let row = self.contacts.shelf.get(id).ok_or(Refusal::NotFound("Contact"))?;
        Ok(data(200, self.contact_json(row, false)))
    }
}

//! `POST /contacts/get-list`: every filter narrows (sendpulse.md 3.2).

use std::cmp::Reverse;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    Ctx, SendPulse,
    answers::{Done, page},
    conditions::{Condition, Expression, plain},
    contact_shelf::Contact,
    form::{Form, number},
    settings::{Envelope, PhonesIn},
    shelf::Row,
};

const KNOWN: [&str; 16] = [
    "limit",
    "offset",
    "phone",
    "email",
    "firstName",
    "lastName",
    "responsibleIds",
    "from",
    "to",
    "updateFrom",
    "updateTo",
    "attributes",
    "fieldValueConditions",
    "ids",
    "tagIds",
    "sortBy",
];

/// What a condition of `fieldValueConditions` looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Attributes,
    LastName,
    Phones,
    Emails,
    Tags,
    /// Messengers and locations: no contact here has any.
    Nowhere,
}

/// What is asked for.
struct Wanted {
    phone: Option<String>,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    responsible: Vec<u64>,
    ids: Vec<u64>,
    /// Tags have no ids here, so that none fits.
    by_tag_id: bool,
    created: (Option<Timestamp>, Option<Timestamp>),
    updated: (Option<Timestamp>, Option<Timestamp>),
    attributes: Vec<(u64, Condition)>,
    fields: Vec<(Field, Condition)>,
}

impl SendPulse {
    /// `POST /contacts/get-list`; the newest first unless `sortBy` says otherwise [I].
    pub(super) fn contact_list(&self, ctx: &Ctx, body: &Map<String, Value>) -> Done {
        let mut form = Form::new(body);
        form.only(&KNOWN, self.settings.unknown_fields);
        let paging = form.paging();
        let wanted = self.wanted(&mut form);
        let sort = sort_by(&mut form);
        form.done()?;
        let mut found: Vec<&Row<Contact>> = self
            .candidates(&wanted)
            .into_iter()
            .filter(|row| row.listed(ctx.now, ctx.lag_ms) && self.contact_fits(ctx, row, &wanted))
            .collect();
        found.sort_by_key(|row| Reverse(row.id));
        if let Some((key, down)) = sort {
            found.sort_by_key(|row| key(row));
            if down {
                found.reverse();
            }
        }
        let rows = found.into_iter().map(|row| self.contact_json(row, true)).collect();
        Ok(page(Envelope::List, rows, paging))
    }

    fn wanted(&self, form: &mut Form<'_>) -> Wanted {
        let mut text = |name: &str| form.text(name, 255).filter(|text| !text.is_empty());
        let (phone, email) = (text("phone"), text("email"));
        let (first_name, last_name) = (text("firstName"), text("lastName"));
        let (responsible, ids) = (form.ids("responsibleIds"), form.ids("ids"));
        let by_tag_id = !form.ids("tagIds").is_empty();
        let created = (form.time("from"), form.time("to"));
        let updated = (form.time("updateFrom"), form.time("updateTo"));
        let attributes = attribute_conditions(form);
        let fields = field_conditions(form);
        let listed = fields.iter().any(|(field, condition)| *field == Field::Phones && is_list(condition));
        if listed && self.settings.phones_in == PhonesIn::Reject {
            form.wrong("expression");
        }
        Wanted {
            phone,
            email,
            first_name,
            last_name,
            responsible,
            ids,
            by_tag_id,
            created,
            updated,
            attributes,
            fields,
        }
    }

    /// Those that may fit: by number when one is asked for.
    fn candidates(&self, wanted: &Wanted) -> Vec<&Row<Contact>> {
        if let Some(phone) = &wanted.phone {
            return self.contacts.near(std::slice::from_ref(phone));
        }
        let by_number = wanted.fields.iter().find(|(field, condition)| {
            *field == Field::Phones && (condition.expression == Expression::Eq || is_list(condition))
        });
        match by_number {
            Some((_, condition)) => self.contacts.near(&condition.values),
            None => self.contacts.shelf.all().collect(),
        }
    }

    fn contact_fits(&self, ctx: &Ctx, row: &Row<Contact>, wanted: &Wanted) -> bool {
        let contact = &row.data;
        let same_phone = |have: &str, asked: &str| self.settings.phone_match.same(have, asked);
        let phones = row.searchable(ctx.now, ctx.lag_ms);
        let named = |have: &Option<String>, asked: &Option<String>| {
            asked.as_ref().is_none_or(|asked| have.as_ref().is_some_and(|have| same_text(have, asked)))
        };
        let among = |ids: &[u64], id: u64| ids.is_empty() || ids.contains(&id);
        wanted.phone.as_ref().is_none_or(|asked| phones.iter().any(|have| same_phone(have, asked)))
            && wanted.email.as_ref().is_none_or(|asked| contact.emails.iter().any(|(_, have)| same_text(have, asked)))
            && named(&contact.first_name, &wanted.first_name)
            && named(&contact.last_name, &wanted.last_name)
            && among(&wanted.responsible, contact.responsible)
            && among(&wanted.ids, row.id)
            && !wanted.by_tag_id
            && within(row.created, wanted.created)
            && within(row.updated, wanted.updated)
            && wanted.attributes.iter().all(|(id, condition)| {
                let have: Vec<String> = contact.attributes.get(id).map(texts).unwrap_or_default();
                condition.fits(&have, same_text)
            })
            && wanted.fields.iter().all(|(field, condition)| match field {
                Field::Phones if is_list(condition) && self.settings.phones_in == PhonesIn::Nothing => false,
                Field::Phones => condition.fits(&phones, same_phone),
                other => condition.fits(&stored(contact, *other), same_text),
            })
    }
}

fn is_list(condition: &Condition) -> bool {
    condition.expression == Expression::In
}

fn attribute_conditions(form: &mut Form<'_>) -> Vec<(u64, Condition)> {
    let mut kept = Vec::new();
    for item in form.list("attributes") {
        let condition = read_condition(form, "attributes", item);
        match (item.get("id").and_then(number), condition) {
            (None, _) => form.error("attributes", "The id field is required.".to_owned()),
            (Some(id), Some(condition)) => kept.push((id, condition)),
            (Some(_), None) => {}
        }
    }
    kept
}

fn field_conditions(form: &mut Form<'_>) -> Vec<(Field, Condition)> {
    let mut kept = Vec::new();
    for item in form.list("fieldValueConditions") {
        let condition = read_condition(form, "fieldValueConditions", item);
        match (field(item), condition) {
            (None, _) => form.wrong("field"),
            (Some(field), Some(condition)) => kept.push((field, condition)),
            (Some(_), None) => {}
        }
    }
    kept
}

fn read_condition(form: &mut Form<'_>, name: &str, item: &Value) -> Option<Condition> {
    Condition::read(item).map_err(|text| form.error(name, text)).ok()
}

fn field(item: &Value) -> Option<Field> {
    Some(match item.get("field")?.as_str()? {
        "attributes" => Field::Attributes,
        "lastName" => Field::LastName,
        "phones" => Field::Phones,
        "emails" => Field::Emails,
        "tags" => Field::Tags,
        "messengers" | "location" => Field::Nowhere,
        _ => return None,
    })
}

fn stored(contact: &Contact, field: Field) -> Vec<String> {
    match field {
        Field::Attributes => contact.attributes.values().flat_map(texts).collect(),
        Field::LastName => contact.last_name.iter().cloned().collect(),
        Field::Emails => contact.emails.iter().map(|(_, email)| email.clone()).collect(),
        Field::Tags => contact.tags.clone(),
        Field::Phones | Field::Nowhere => Vec::new(),
    }
}

/// A value's texts: one, or those of a multiselect.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(plain).collect(),
        other => plain(other).into_iter().collect(),
    }
}

pub(super) fn same_text(have: &str, asked: &str) -> bool {
    have.to_lowercase() == asked.to_lowercase()
}

/// Whether a time lies between two, both included, as far as they are given.
pub(super) fn within(at: Timestamp, (from, to): (Option<Timestamp>, Option<Timestamp>)) -> bool {
    from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to)
}

type SortKey = fn(&Row<Contact>) -> (String, u64);

/// `sortBy {fieldName, direction}`: the key and whether it goes down.
fn sort_by(form: &mut Form<'_>) -> Option<(SortKey, bool)> {
    let asked = form.value("sortBy")?;
    let text = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default();
    let down = text("direction").eq_ignore_ascii_case("desc");
    let key: SortKey = match text("fieldName") {
        "id" | "createdAt" => |row| (String::new(), row.id),
        "updatedAt" => |row| (row.updated.to_string(), row.id),
        "firstName" => |row| (row.data.first_name.clone().unwrap_or_default().to_lowercase(), row.id),
        "lastName" => |row| (row.data.last_name.clone().unwrap_or_default().to_lowercase(), row.id),
        _ => {
            form.wrong("sortBy");
            return None;
        }
    };
    Some((key, down))
}

//! What the account holds, for people and for checks.

use serde_json::{Value, json};

use super::{
    SendPulse,
    calls::Call,
    comments::{Comment, Target},
    contact_shelf::Contact,
    deals::Deal,
    form::shown,
    shelf::Row,
    tasks::Task,
    world::Lane,
};
use crate::audit::{Audit, Groups, marker, tail};

impl SendPulse {
    /// The records by kind, oldest first.
    pub(super) fn list(&self) -> Value {
        let users = self.users.iter().map(|user| {
            json!({"id": user.id, "name": format!("{} {}", user.first_name, user.last_name), "email": user.email, "timezone": user.timezone})
        });
        let attributes = self
            .attributes
            .iter()
            .map(|attribute| json!({"id": attribute.id, "name": attribute.name, "type": attribute.kind}));
        json!({
            "contacts": self.contacts.shelf.all().map(|row| self.contact_row(row)).collect::<Value>(),
            "comments": self.comments.all().map(comment_row).collect::<Value>(),
            "deals": self.deals.all().map(deal_row).collect::<Value>(),
            "tasks": self.tasks.all().map(task_row).collect::<Value>(),
            "calls": self.calls.all().map(call_row).collect::<Value>(),
            "attributes": attributes.collect::<Value>(),
            "pipelines": self.pipelines.iter().map(lane_row).collect::<Value>(),
            "boards": self.boards.iter().map(lane_row).collect::<Value>(),
            "users": users.collect::<Value>(),
        })
    }

    fn contact_row(&self, row: &Row<Contact>) -> Value {
        let contact = &row.data;
        let attributes = contact.attributes.iter().map(|(id, value)| {
            let name = self.attribute(*id).map_or_else(|| id.to_string(), |attribute| attribute.name.clone());
            format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        });
        json!({
            "id": row.id, "firstName": contact.first_name, "lastName": contact.last_name,
            "phones": contact.phones.iter().map(|phone| phone.number.as_str()).collect::<Vec<_>>(),
            "emails": contact.emails.iter().map(|(_, email)| email.as_str()).collect::<Vec<_>>(),
            "attributes": attributes.collect::<Vec<_>>(), "tags": contact.tags, "externalContactId": contact.external,
            "responsibleId": contact.responsible, "createdAt": shown(row.created),
        })
    }

    pub(super) fn audit_world(&self) -> Audit {
        let mut clients = Groups::default();
        for row in self.contacts.shelf.all() {
            for end in row.data.phones.iter().filter_map(|phone| tail(&phone.number)) {
                clients.put(end, &row.id.to_string());
            }
        }
        let mut tasks = Groups::default();
        for row in self.tasks.all() {
            let found = marker(row.data.text("name")).or_else(|| marker(row.data.text("description")));
            if let Some(key) = found {
                tasks.put(key, &row.id.to_string());
            }
        }
        Audit {
            totals: [
                ("contacts".to_owned(), self.contacts.shelf.len()),
                ("comments".to_owned(), self.comments.len()),
                ("deals".to_owned(), self.deals.len()),
                ("tasks".to_owned(), self.tasks.len()),
                ("calls".to_owned(), self.calls.len()),
            ]
            .into(),
            doubled_clients: clients.doubled_clients("contacts"),
            doubled_calls: self.call_notes().doubled_records(),
            doubled_tasks: tasks.doubled_records(),
        }
    }

    /// Comments by marker: here calls are noted as comments. One on the contact and one on
    /// the deal are two different notes.
    fn call_notes(&self) -> Groups {
        let mut notes = Groups::default();
        for row in self.comments.all() {
            let Some(key) = marker(&row.data.text) else {
                continue;
            };
            let key = if matches!(row.data.target, Target::Deal(_)) { format!("deal {key}") } else { key };
            notes.put(key, &row.id.to_string());
        }
        notes
    }
}

fn comment_row(row: &Row<Comment>) -> Value {
    let (contact, deal) = match row.data.target {
        Target::Contact(id) => (Some(id), None),
        Target::Deal(id) => (None, Some(id)),
    };
    json!({
        "id": row.id, "contactId": contact, "dealId": deal, "text": row.data.text, "createdAt": shown(row.created),
    })
}

fn deal_row(row: &Row<Deal>) -> Value {
    let deal = &row.data;
    json!({
        "id": row.id, "name": deal.name, "contact": deal.contacts, "pipelineId": deal.pipeline, "stepId": deal.step,
        "status": deal.status, "responsibleId": deal.responsible, "price": deal.price, "sourceId": deal.source,
        "attributes": deal.attributes.iter().map(|(id, value)| format!("{id}={value}")).collect::<Vec<_>>(),
        "createdAt": shown(row.created),
    })
}

fn task_row(row: &Row<Task>) -> Value {
    let mut out = row.data.fields.clone();
    let links = &row.data.links;
    for (name, ids) in [("contactIds", &links.contacts), ("dealIds", &links.deals), ("taskIds", &links.tasks)] {
        out.insert(name.to_owned(), ids.as_slice().into());
    }
    out.insert("id".to_owned(), row.id.into());
    out.insert("createdAt".to_owned(), shown(row.created).into());
    Value::Object(out)
}

fn call_row(row: &Row<Call>) -> Value {
    let call = &row.data;
    json!({
        "id": row.id, "phone": call.phone, "responsibleId": call.responsible, "callDuration": call.seconds,
        "callType": call.kind, "state": call.state, "contactId": call.contact, "dealId": call.deal,
        "createdAt": shown(row.created),
    })
}

fn lane_row(lane: &Lane) -> Value {
    let steps: Vec<String> = lane.steps.iter().map(|(id, name)| format!("{id} {name}")).collect();
    json!({"id": lane.id, "name": lane.name, "steps": steps})
}

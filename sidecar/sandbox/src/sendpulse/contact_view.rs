//! A contact as replies hold it (sendpulse.md 3.2).

use serde_json::{Value, json};

use super::{
    SendPulse,
    comments::comment_json,
    contact_shelf::{Contact, Phone},
    form::shown,
    settings::CommentsShown,
    shelf::Row,
    world::SANDBOX_OWNER_ID,
};

/// The newest comments and tasks a record carries, a bound only.
const MOST_CARRIED: usize = 100;
/// The source of what the public API makes (sendpulse.md 3.4).
pub(super) const SOURCE_API: u64 = 8;

impl SendPulse {
    pub(super) fn contact_json(&self, row: &Row<Contact>, in_list: bool) -> Value {
        let contact = &row.data;
        let emails = contact.emails.iter().enumerate();
        json!({
            "id": row.id, "userId": SANDBOX_OWNER_ID, "responsibleId": contact.responsible,
            "firstName": contact.first_name, "lastName": contact.last_name,
            "externalContactId": contact.external, "phones": phones_json(contact),
            "emails": emails.map(|(at, (id, email))| json!({"id": id, "email": email, "isMain": at == 0})).collect::<Value>(),
            "attributes": self.contact_attributes(contact), "tags": contact.tags,
            "comments": self.comments_carried(&contact.comments, in_list), "history": [],
            "tasks": self.contact_tasks(contact), "dealsQty": contact.deals.len(), "sourceType": SOURCE_API,
            "createdAt": shown(row.created), "updatedAt": shown(row.updated),
        })
    }

    fn contact_attributes(&self, contact: &Contact) -> Value {
        let rows = contact.attributes.iter().filter_map(|(id, value)| {
            let attribute = self.attribute(*id)?;
            Some(json!({"id": id, "name": attribute.name, "type": attribute.kind, "value": value}))
        });
        rows.collect()
    }

    /// The comments a reply of a contact or a deal holds.
    pub(super) fn comments_carried(&self, ids: &[u64], in_list: bool) -> Value {
        let shown = match self.settings.comments_shown {
            CommentsShown::Everywhere => MOST_CARRIED,
            CommentsShown::Single if !in_list => MOST_CARRIED,
            _ => 0,
        };
        let newest = ids.iter().rev().take(shown);
        newest.filter_map(|id| self.comments.get(*id)).map(comment_json).collect()
    }

    fn contact_tasks(&self, contact: &Contact) -> Value {
        let ids = contact.tasks.iter().rev().take(MOST_CARRIED);
        ids.filter_map(|id| self.tasks.get(*id)).map(|task| self.task_json(task)).collect()
    }

    /// The contacts of a deal, in short.
    pub(super) fn contacts_in_short(&self, ids: &[u64]) -> Value {
        let rows = ids.iter().filter_map(|id| self.contacts.shelf.get(*id));
        let short = |row: &Row<Contact>| {
            json!({
                "id": row.id, "firstName": row.data.first_name, "lastName": row.data.last_name,
                "phones": phones_json(&row.data),
            })
        };
        rows.map(short).collect()
    }
}

fn phones_json(contact: &Contact) -> Value {
    let phone = |(at, phone): (usize, &Phone)| json!({"id": phone.id, "phone": phone.number, "isMain": at == 0});
    contact.phones.iter().enumerate().map(phone).collect()
}

//! Records put in by hand: no rule of the API is asked, as an import or a person might.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    SendPulse,
    calls::Call,
    comments::{Comment, Target},
    contact_shelf::Contact,
    deals::{ACTIVE, DEFAULT_CURRENCY, Deal},
    form::{instant, number},
    task_forms::Links,
    tasks::Task,
    world::{Lane, SANDBOX_BOARD_ID, SANDBOX_OWNER_ID, SANDBOX_PIPELINE_ID, User},
};
use crate::simulator::BadInput;

/// Records per request; a demonstration has dozens.
const MOST: usize = 10_000;
/// In the order that lets later kinds name earlier ones.
const KINDS: [&str; 9] =
    ["users", "attributes", "pipelines", "boards", "contacts", "deals", "tasks", "comments", "calls"];

type Item = Map<String, Value>;

impl SendPulse {
    /// Takes `{"contacts": [{…}], "deals": [{…}], …}`; no search lags behind such records. A
    /// contact or deal with the `id` of one that is there changes its names, its responsible
    /// user, and a deal's step and status.
    pub(super) fn seed_world(&mut self, now: Timestamp, records: &Value) -> Result<Value, BadInput> {
        let given =
            records.as_object().ok_or_else(|| BadInput("records are an object of arrays by kind".to_owned()))?;
        if let Some(name) = given.keys().find(|name| !KINDS.contains(&name.as_str())) {
            return Err(BadInput(format!("no kind is called {name:?}; there are {}", KINDS.join(", "))));
        }
        let total: usize = given.values().filter_map(Value::as_array).map(Vec::len).sum();
        let objects = |items: &Value| items.as_array().is_some_and(|items| items.iter().all(Value::is_object));
        if total > MOST || !given.values().all(objects) {
            return Err(BadInput(format!("each kind is an array of objects, at most {MOST} in all")));
        }
        let mut ids = Map::new();
        for kind in KINDS {
            let items = given.get(kind).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
            let made: Vec<u64> = items.map(|item| self.seed_one(now, kind, item)).collect();
            if !made.is_empty() {
                ids.insert(kind.to_owned(), made.into());
            }
        }
        Ok(json!({"ids": ids}))
    }

    fn seed_one(&mut self, now: Timestamp, kind: &str, item: &Item) -> u64 {
        let at = text(item, "createdAt").and_then(|text| instant(&text)).unwrap_or(now);
        if let Some(id) = self.seed_change(now, kind, item) {
            return id;
        }
        match kind {
            "users" => self.seed_user(item),
            "attributes" => self.attribute_new(&text(item, "name").unwrap_or_default(), num(item, "type").unwrap_or(0)),
            "pipelines" => seed_lane(&mut self.pipelines, item),
            "boards" => seed_lane(&mut self.boards, item),
            "contacts" => self.seed_contact(at, item),
            "deals" => self.seed_deal(at, item),
            "tasks" => self.seed_task(at, item),
            "comments" => {
                let deal = num(item, "dealId").map(Target::Deal);
                let target = deal.unwrap_or(Target::Contact(num(item, "contactId").unwrap_or(0)));
                let text = text(item, "text").or_else(|| text(item, "message")).unwrap_or_default();
                self.comment_keep(at, Comment { target, text }, true)
            }
            _ => self.seed_call(at, item),
        }
    }

    fn seed_change(&mut self, now: Timestamp, kind: &str, item: &Item) -> Option<u64> {
        let id = num(item, "id")?;
        let responsible = num(item, "responsibleId");
        match kind {
            "contacts" => {
                let contact = &mut self.contacts.shelf.touch(id, now)?.data;
                contact.first_name = text(item, "firstName").or(contact.first_name.take());
                contact.last_name = text(item, "lastName").or(contact.last_name.take());
                contact.responsible = responsible.unwrap_or(contact.responsible);
            }
            "deals" => {
                let deal = &mut self.deals.touch(id, now)?.data;
                deal.name = text(item, "name").or(deal.name.take());
                deal.responsible = responsible.unwrap_or(deal.responsible);
                deal.step = num(item, "stepId").unwrap_or(deal.step);
                deal.status = num(item, "status").unwrap_or(deal.status);
            }
            _ => return None,
        }
        Some(id)
    }

    fn seed_user(&mut self, item: &Item) -> u64 {
        let next = self.users.iter().map(|user| user.id + 1).max().unwrap_or(SANDBOX_OWNER_ID);
        let id = num(item, "id").unwrap_or(next);
        self.users.retain(|user| user.id != id);
        self.users.push(User {
            id,
            first_name: text(item, "firstName").unwrap_or_default(),
            last_name: text(item, "lastName").unwrap_or_default(),
            email: text(item, "email").unwrap_or_default(),
            timezone: item.get("timezone").and_then(Value::as_i64).unwrap_or(0),
        });
        id
    }

    /// Phones as texts or as replies hold them, attributes by id or name.
    fn seed_contact(&mut self, at: Timestamp, item: &Item) -> u64 {
        let mut contact = Contact {
            responsible: num(item, "responsibleId").unwrap_or(SANDBOX_OWNER_ID),
            first_name: text(item, "firstName"),
            last_name: text(item, "lastName"),
            external: text(item, "externalContactId"),
            tags: texts(item, "tags", "name"),
            ..Contact::default()
        };
        for value in item.get("attributes").and_then(Value::as_array).into_iter().flatten() {
            let by_name = value.get("name").and_then(Value::as_str).and_then(|name| self.attribute_named(name));
            let id = value.get("attributeId").and_then(number).or(by_name.map(|attribute| attribute.id));
            if let Some(id) = id {
                contact.attributes.insert(id, value.get("value").cloned().unwrap_or_default());
            }
        }
        self.contacts.add(at, contact, texts(item, "phones", "phone"), texts(item, "emails", "email"), true)
    }

    fn seed_deal(&mut self, at: Timestamp, item: &Item) -> u64 {
        let pipeline = num(item, "pipelineId").unwrap_or(SANDBOX_PIPELINE_ID);
        let first = self.pipeline(pipeline).map_or(0, Lane::first_step);
        let deal = Deal {
            pipeline,
            step: num(item, "stepId").unwrap_or(first),
            responsible: num(item, "responsibleId").unwrap_or(SANDBOX_OWNER_ID),
            name: text(item, "name"),
            price: item.get("price").cloned().unwrap_or_else(|| 0.into()),
            currency: text(item, "currency").unwrap_or_else(|| DEFAULT_CURRENCY.to_owned()),
            status: num(item, "status").unwrap_or(ACTIVE),
            contacts: ids(item.get("contact")),
            attributes: Vec::new(),
            source: num(item, "sourceId"),
            comments: Vec::new(),
            calls: Vec::new(),
        };
        self.deal_keep(at, deal, true)
    }

    fn seed_task(&mut self, at: Timestamp, item: &Item) -> u64 {
        let mut fields = item.clone();
        fields.remove("createdAt");
        let connections = fields.remove("connections").unwrap_or_default();
        fields.entry("boardId").or_insert_with(|| SANDBOX_BOARD_ID.into());
        let links = Links {
            contacts: ids(connections.get("contactIds")),
            deals: ids(connections.get("dealIds")),
            tasks: ids(connections.get("taskIds")),
        };
        self.task_keep(at, Task { fields, links }, true)
    }

    fn seed_call(&mut self, at: Timestamp, item: &Item) -> u64 {
        self.call_keep(
            at,
            Call {
                phone: text(item, "phone").unwrap_or_default(),
                responsible: num(item, "responsibleId").unwrap_or(SANDBOX_OWNER_ID),
                seconds: num(item, "callDuration").unwrap_or(0),
                kind: num(item, "callType").unwrap_or(0),
                state: num(item, "state").unwrap_or(2),
                record: text(item, "callRecordLink"),
                integration: num(item, "integrationId").unwrap_or(1),
                contact: num(item, "contactId"),
                deal: num(item, "dealId"),
            },
        )
    }
}

fn seed_lane(lanes: &mut Vec<Lane>, item: &Item) -> u64 {
    let id = num(item, "id").unwrap_or_else(|| lanes.iter().map(|lane| lane.id + 1).max().unwrap_or(1));
    let steps = texts(item, "steps", "name");
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    lanes.retain(|lane| lane.id != id);
    lanes.push(Lane::new(id, &text(item, "name").unwrap_or_default(), &steps));
    id
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn num(item: &Item, name: &str) -> Option<u64> {
    item.get(name).and_then(number)
}

fn ids(value: Option<&Value>) -> Vec<u64> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(number).collect()
}

/// Texts, or one member of each object.
fn texts(item: &Item, name: &str, member: &str) -> Vec<String> {
    let items = item.get(name).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().or_else(|| item.get(member)?.as_str())).map(str::to_owned).collect()
}

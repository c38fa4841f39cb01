//! Tasks (sendpulse.md 3.4).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Ctx, SendPulse,
    answers::{Done, Refusal, data, page},
    contact_search::same_text,
    form::{Form, number, shown},
    shelf::Row,
    task_forms::Links,
    world::SANDBOX_OWNER_ID,
};

/// What `tasks/list` may be narrowed by [I].
const FILTERS: [&str; 8] = ["limit", "offset", "ids", "name", "boardIds", "stepIds", "responsibleIds", "contactIds"];

/// One task.
pub(super) struct Task {
    pub(super) fields: Map<String, Value>,
    pub(super) links: Links,
}

impl Task {
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.fields.get(name).and_then(number)
    }
}

impl SendPulse {
    /// `POST /tasks`
    pub(super) fn task_make(&mut self, ctx: &Ctx, body: &Map<String, Value>) -> Done {
        let (fields, links) = self.task_fields(ctx, body, true)?;
        let id = self.task_keep(ctx.now, Task { fields, links }, false);
        self.task_answer(201, id)
    }

    /// Keeps a task and tells its contacts of it.
    pub(super) fn task_keep(&mut self, now: Timestamp, task: Task, indexed: bool) -> u64 {
        let contacts = task.links.contacts.clone();
        let id = self.tasks.add(now, task, indexed);
        self.hang(now, id, &contacts);
        id
    }

    fn hang(&mut self, now: Timestamp, task: u64, contacts: &[u64]) {
        for contact in contacts {
            if let Some(row) = self.contacts.shelf.touch(*contact, now)
                && !row.data.tasks.contains(&task)
            {
                row.data.tasks.push(task);
            }
        }
    }

    /// `GET /tasks/{id}`
    pub(super) fn task_get(&self, id: &str) -> Done {
        self.task_answer(200, self.task_id(id)?)
    }

    /// `PUT /tasks/{id}`: fields left out stay as they are [I].
    pub(super) fn task_edit(&mut self, ctx: &Ctx, id: &str, body: &Map<String, Value>) -> Done {
        let id = self.task_id(id)?;
        let (fields, links) = self.task_fields(ctx, body, false)?;
        if let Some(row) = self.tasks.touch(id, ctx.now) {
            row.data.fields.extend(fields);
        }
        self.connect(ctx, id, links);
        self.task_answer(200, id)
    }

    /// `DELETE /tasks/{id}`
    pub(super) fn task_delete(&mut self, id: &str) -> Done {
        let id = self.task_id(id)?;
        self.tasks.remove(id);
        Ok(data(200, json!({"id": id})))
    }

    /// `POST /tasks/{id}/entity-attach`: the ids plainly or under `connections` [I].
    pub(super) fn task_attach(&mut self, ctx: &Ctx, id: &str, body: &Map<String, Value>) -> Done {
        let id = self.task_id(id)?;
        let mut form = Form::new(body);
        form.only(&["connections", "contactIds", "dealIds", "taskIds"], self.settings.unknown_fields);
        let plain = Value::Object(body.clone());
        let links = self.links(&mut form, body.get("connections").or(Some(&plain)));
        if links.contacts.is_empty() && links.deals.is_empty() && links.tasks.is_empty() {
            form.need(&["connections"]);
        }
        form.done()?;
        self.connect(ctx, id, links);
        self.task_answer(201, id)
    }

    fn connect(&mut self, ctx: &Ctx, id: u64, links: Links) {
        self.hang(ctx.now, id, &links.contacts);
        let Some(row) = self.tasks.touch(id, ctx.now) else {
            return;
        };
        let held = &mut row.data.links;
        for (held, new) in
            [(&mut held.contacts, links.contacts), (&mut held.deals, links.deals), (&mut held.tasks, links.tasks)]
        {
            held.extend(new);
            held.sort_unstable();
            held.dedup();
        }
    }

    /// `POST /tasks/list`: the newest first [I].
    pub(super) fn task_list(&self, ctx: &Ctx, body: &Map<String, Value>) -> Done {
        let mut form = Form::new(body);
        form.only(&FILTERS, self.settings.unknown_fields);
        let paging = form.paging();
        let name = form.text("name", 255).filter(|text| !text.is_empty());
        let [ids, contacts] = ["ids", "contactIds"].map(|name| form.ids(name));
        let places = [("boardId", "boardIds"), ("stepId", "stepIds"), ("responsibleId", "responsibleIds")]
            .map(|(field, filter)| (field, form.ids(filter)));
        form.done()?;
        let fits = |row: &&Row<Task>| {
            let task = &row.data;
            row.listed(ctx.now, ctx.lag_ms)
                && (ids.is_empty() || ids.contains(&row.id))
                && name.as_ref().is_none_or(|asked| same_text(task.text("name"), asked))
                && (contacts.is_empty() || contacts.iter().any(|id| task.links.contacts.contains(id)))
                && places
                    .iter()
                    .all(|(field, asked)| asked.is_empty() || task.number(field).is_some_and(|id| asked.contains(&id)))
        };
        let rows = self.tasks.all().rev().filter(fits).map(|row| self.task_json(row)).collect();
        Ok(page(self.settings.task_list_envelope, rows, paging))
    }

    fn task_id(&self, id: &str) -> Result<u64, Refusal> {
        id.parse().ok().filter(|id| self.tasks.has(*id)).ok_or(Refusal::NotFound("Task"))
    }

    fn task_answer(&self, status: u16, id: u64) -> Done {
        let task = self.tasks.get(id).ok_or(Refusal::NotFound("Task"))?;
        Ok(data(status, self.task_json(task)))
    }

    pub(super) fn task_json(&self, row: &Row<Task>) -> Value {
        let mut out = row.data.fields.clone();
        let Links { contacts, deals, tasks } = &row.data.links;
        out.insert("connections".to_owned(), json!({"contactIds": contacts, "dealIds": deals, "taskIds": tasks}));
        out.insert("id".to_owned(), row.id.into());
        out.insert("userId".to_owned(), SANDBOX_OWNER_ID.into());
        out.insert("createdAt".to_owned(), shown(row.created).into());
        out.insert("updatedAt".to_owned(), shown(row.updated).into());
        Value::Object(out)
    }
}

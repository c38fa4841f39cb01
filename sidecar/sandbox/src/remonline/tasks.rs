//! Tasks, under one path in every generation (remonline.md 2.8).

use serde_json::{Map, Value, json};

use super::{
    Ask, Ctx, RemOnline,
    answers::not_found,
    client_view::iso,
    forms::{Field, Type},
    params::Params,
    shelf::Entity,
};
use crate::wire::SimAnswer;

const FORM: [Field; 5] = [
    ("title", "title", Type::Text),
    ("deadline", "deadline", Type::Iso),
    ("assignees", "assignees", Type::Employees),
    ("description", "description", Type::Notes),
    ("rel_obj", "rel_obj", Type::Link),
];

impl RemOnline {
    /// `GET /tasks`
    pub(super) fn task_list(&self, ctx: &Ctx, params: &Params) -> Result<SimAnswer, SimAnswer> {
        self.only(params, &["ids", "sort"])?;
        let lag = ctx.lag(params);
        let found = self.tasks.all().filter(|task| task.listed(ctx.now, lag) && params.among("ids", Some(task.id)));
        self.page(ctx, params, found.collect(), task_json)
    }

    /// `GET /tasks/{id}`
    pub(super) fn task_get(&self, id: &str) -> Result<SimAnswer, SimAnswer> {
        Ok(SimAnswer::json(200, &json!({"data": task_json(self.task(id)?), "success": true})))
    }

    /// `POST /tasks`
    pub(super) fn task_create(&mut self, ctx: &Ctx, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let required = ctx.required("tasks", &["title", "deadline", "assignees"]);
        let fields = self.task_fields(&ask.body, &required)?;
        let id = self.tasks.add(ctx.now, fields, false);
        Ok(self.created(ctx, id, Value::Null))
    }

    /// `PUT /tasks/{id}`
    pub(super) fn task_edit(&mut self, ctx: &Ctx, id: &str, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let id = self.task(id)?.id;
        let fields = self.task_fields(&ask.body, &[])?;
        self.tasks.edit(id, ctx.now, fields);
        Ok(self.changed(ctx, id, Value::Null))
    }

    /// `POST /tasks/{id}/close`, `/reopen`
    pub(super) fn task_close(&mut self, ctx: &Ctx, id: &str, close: bool) -> Result<SimAnswer, SimAnswer> {
        let id = self.task(id)?.id;
        self.tasks.close(id, close.then_some(ctx.now));
        Ok(self.changed(ctx, id, Value::Null))
    }

    fn task(&self, id: &str) -> Result<&Entity, SimAnswer> {
        id.parse().ok().and_then(|id| self.tasks.get(id)).ok_or_else(not_found)
    }

    fn task_fields(&self, given: &Map<String, Value>, required: &[&str]) -> Result<Map<String, Value>, SimAnswer> {
        self.check(&FORM, given, required).map_err(|wrongs| self.settings.refuse(&wrongs))
    }
}

fn task_json(task: &Entity) -> Value {
    json!({
        "id": task.id, "title": task.text("title"), "description": task.text("description"),
        "deadline": task.field("deadline"), "assignees": task.field("assignees"), "rel_obj": task.field("rel_obj"),
        "is_closed": task.closed.is_some(), "closed_at": task.closed.map(iso), "created_at": iso(task.created),
    })
}

//! Users, boards and pipelines (sendpulse.md 3.3, 3.4).

use serde_json::{Map, Value, json};

use super::{
    SendPulse,
    answers::{Done, Refusal, data},
    form::Form,
    world::{Lane, SANDBOX_OWNER_ID, User},
};

impl SendPulse {
    /// Reads of what changes rarely.
    pub(super) fn reference_route(&self, method: &str, path: &[&str]) -> Done {
        let rows = match path {
            ["users"] => self.users.iter().map(|user| (user.id, user.to_json())).collect(),
            ["boards"] => self.boards.iter().map(|board| (board.id, lane_json(board, true))).collect(),
            ["pipelines"] => self.pipelines.iter().map(|line| (line.id, lane_json(line, false))).collect(),
            ["pipelines", id, "steps"] => return self.steps(method, id),
            _ => return Err(Refusal::NoPath),
        };
        if method != "GET" {
            return Err(Refusal::NoMethod);
        }
        Ok(data(200, self.wrapped(rows)))
    }

    fn steps(&self, method: &str, id: &str) -> Done {
        if method != "GET" {
            return Err(Refusal::NoMethod);
        }
        let line = id.parse().ok().and_then(|id| self.pipeline(id)).ok_or(Refusal::NotFound("Pipeline"))?;
        Ok(data(200, line.steps_json().into()))
    }

    /// An array, or an object by id where the published description is taken at its word.
    fn wrapped(&self, rows: Vec<(u64, Value)>) -> Value {
        if !self.settings.lists_as_objects {
            return rows.into_iter().map(|(_, row)| row).collect();
        }
        Value::Object(rows.into_iter().map(|(id, row)| (id.to_string(), row)).collect::<Map<_, _>>())
    }

    pub(super) fn pipeline(&self, id: u64) -> Option<&Lane> {
        self.pipelines.iter().find(|line| line.id == id)
    }

    pub(super) fn board(&self, id: u64) -> Option<&Lane> {
        self.boards.iter().find(|board| board.id == id)
    }

    pub(super) fn user(&self, id: u64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The user of `responsibleId`; the owner when none is named.
    pub(super) fn responsible(&self, form: &mut Form<'_>) -> u64 {
        let named = form.id("responsibleId");
        if named.is_some_and(|id| self.user(id).is_none()) {
            form.wrong("responsibleId");
        }
        named.unwrap_or(SANDBOX_OWNER_ID)
    }
}

fn lane_json(lane: &Lane, with_steps: bool) -> Value {
    if with_steps {
        json!({"id": lane.id, "name": lane.name, "steps": lane.steps_json()})
    } else {
        json!({"id": lane.id, "name": lane.name})
    }
}

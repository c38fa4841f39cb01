//! Comments: the API takes them and lists none; the sandbox's listing shows them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Ask, Ctx, RemOnline,
    answers::{NOT_VALID, REQUIRED, not_found, wrong},
    settings::{EmptyWrites, Generation},
    shelf::truthy,
};
use crate::wire::SimAnswer;

/// What a comment hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    Client,
    Lead,
    Order,
    Task,
}

impl On {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Lead => "lead",
            Self::Order => "order",
            Self::Task => "task",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Client, Self::Lead, Self::Order, Self::Task].into_iter().find(|on| on.name() == name)
    }
}

impl RemOnline {
    /// `POST …/{id}/comments`: the text is `message` in A and `comment` in B and C
    /// (remonline.md 2.6); a task takes either [?].
    pub(super) fn comment(&mut self, ctx: &Ctx, on: On, id: &str, ask: &Ask) -> Result<SimAnswer, SimAnswer> {
        let id: u64 = id.parse().map_err(|_| not_found())?;
        let shelf = match on {
            On::Client => &self.clients,
            On::Lead => &self.leads,
            On::Order => &self.orders,
            On::Task => &self.tasks,
        };
        shelf.get(id).ok_or_else(not_found)?;
        let name = if ctx.generation == Generation::A { "message" } else { "comment" };
        let given = ask.body.get(name).or_else(|| ask.body.get("comment").filter(|_| on == On::Task));
        let text = match given {
            Some(Value::String(text)) if !text.trim().is_empty() => text.clone(),
            None | Some(Value::Null | Value::String(_)) => {
                return Err(self.settings.refuse(&wrong(name, REQUIRED)));
            }
            Some(_) => return Err(self.settings.refuse(&wrong(name, NOT_VALID))),
        };
        let private = ask.body.get("is_private").is_some_and(truthy);
        let made = self.keep_comment(ctx.now, on, id, &text, private);
        if ctx.generation == Generation::A {
            return Ok(SimAnswer::json(200, &json!({"success": true})));
        }
        if self.settings.empty_writes == EmptyWrites::Never {
            return Ok(SimAnswer::json(201, &json!({"id": made, "comment": text, "is_private": private})));
        }
        Ok(SimAnswer::empty(204))
    }

    /// Keeps a comment as it is.
    pub(super) fn keep_comment(&mut self, now: Timestamp, on: On, id: u64, text: &str, private: bool) -> u64 {
        let fields = Map::from_iter([
            ("on".to_owned(), on.name().into()),
            ("of".to_owned(), id.into()),
            ("text".to_owned(), text.into()),
            ("is_private".to_owned(), private.into()),
        ]);
        self.comments.add(now, fields, false)
    }
}

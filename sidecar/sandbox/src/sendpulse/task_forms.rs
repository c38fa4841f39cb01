//! What a task may hold (sendpulse.md 3.4).

use jiff::civil::DateTime;
use serde_json::{Map, Value};

use super::{Ctx, SendPulse, answers::Refusal, contact_view::SOURCE_API, form::Form};

/// Characters of a task's name and of its description [I].
const LONGEST_NAME: usize = 255;
const LONGEST_DESCRIPTION: usize = 65_535;
/// The longest warning before a deadline, in minutes: seven days.
const LONGEST_ALERT: u64 = 7 * 24 * 60;

const KNOWN: [&str; 13] = [
    "name",
    "boardId",
    "stepId",
    "responsibleId",
    "description",
    "priority",
    "startAt",
    "finishAt",
    "alert",
    "connections",
    "observers",
    "tags",
    "sourceType",
];

/// What a task hangs on.
#[derive(Clone, Default)]
pub(super) struct Links {
    pub(super) contacts: Vec<u64>,
    pub(super) deals: Vec<u64>,
    pub(super) tasks: Vec<u64>,
}

impl SendPulse {
    /// The fields of a task to store and what it hangs on; a new task has to have some.
    pub(super) fn task_fields(
        &self,
        ctx: &Ctx,
        body: &Map<String, Value>,
        is_new: bool,
    ) -> Result<(Map<String, Value>, Links), Refusal> {
        let mut form = Form::new(body);
        form.only(&KNOWN, self.settings.unknown_fields);
        if is_new {
            form.need(if self.settings.task_needs_board { &["name", "boardId", "stepId"] } else { &["name"] });
            self.demand(ctx, "tasks", body, &mut form);
        }
        let mut fields = Map::new();
        for (name, longest) in [("name", LONGEST_NAME), ("description", LONGEST_DESCRIPTION)] {
            keep(&mut fields, name, form.text(name, longest));
        }
        for name in ["startAt", "finishAt", "alert"] {
            keep(&mut fields, name, moment(&mut form, name));
        }
        keep(&mut fields, "priority", form.within("priority", &(1..=3)));
        keep(&mut fields, "sourceType", form.id("sourceType"));
        self.task_place(&mut form, &mut fields);
        if is_new || form.value("responsibleId").is_some() {
            fields.insert("responsibleId".to_owned(), self.responsible(&mut form).into());
        }
        self.watchers(&mut form, &mut fields);
        let links = self.links(&mut form, body.get("connections"));
        form.done()?;
        if is_new {
            fields.entry("priority").or_insert_with(|| 1.into());
            fields.entry("sourceType").or_insert_with(|| SOURCE_API.into());
        }
        Ok((fields, links))
    }

    /// The board and its step; a step may be changed alone.
    fn task_place(&self, form: &mut Form<'_>, fields: &mut Map<String, Value>) {
        let (board, step) = (form.id("boardId"), form.id("stepId"));
        let found = board.map(|id| self.board(id));
        if found.is_some_and(|found| found.is_none()) {
            form.wrong("boardId");
        }
        let known = |step: u64| match found.flatten() {
            Some(board) => board.has_step(step),
            None => self.boards.iter().any(|board| board.has_step(step)),
        };
        if step.is_some_and(|step| !known(step)) {
            form.wrong("stepId");
        }
        keep(fields, "boardId", board);
        keep(fields, "stepId", step);
    }

    fn watchers(&self, form: &mut Form<'_>, fields: &mut Map<String, Value>) {
        if form.value("observers").is_some() {
            let observers = form.ids("observers");
            if observers.iter().any(|id| self.user(*id).is_none()) {
                form.wrong("observers");
            }
            fields.insert("observers".to_owned(), observers.into());
        }
        if form.value("tags").is_some() {
            fields.insert("tags".to_owned(), form.texts("tags", LONGEST_NAME).into());
        }
    }

    /// The records of `connections`: each has to be there.
    pub(super) fn links(&self, form: &mut Form<'_>, connections: Option<&Value>) -> Links {
        let nothing = Map::new();
        let given = connections.and_then(Value::as_object).unwrap_or(&nothing);
        let mut inner = Form::new(given);
        let links =
            Links { contacts: inner.ids("contactIds"), deals: inner.ids("dealIds"), tasks: inner.ids("taskIds") };
        if inner.done().is_err() {
            form.wrong("connections");
        }
        let gone = links.contacts.iter().any(|id| !self.contacts.shelf.has(*id))
            || links.deals.iter().any(|id| !self.deals.has(*id))
            || links.tasks.iter().any(|id| !self.tasks.has(*id));
        if gone {
            form.wrong("connections");
        }
        links
    }
}

fn keep(fields: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        fields.insert(name.to_owned(), value.into());
    }
}

/// A date of the form `Y-m-d H:i`, or how long before it to warn; the warning 0 may be a number.
fn moment(form: &mut Form<'_>, name: &str) -> Option<String> {
    let value = form.value(name)?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let valid = if name == "alert" { is_alert(&text) } else { DateTime::strptime("%Y-%m-%d %H:%M", &text).is_ok() };
    if !valid {
        form.error(name, format!("The {name} does not match the format."));
    }
    Some(text)
}

/// `0`, or a count of `min`, `h` or `d` up to seven days.
fn is_alert(text: &str) -> bool {
    if text == "0" {
        return true;
    }
    let units = [("min", 1), ("h", 60), ("d", 24 * 60)];
    let minutes = units.into_iter().find_map(|(unit, minutes)| {
        let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
        count.checked_mul(minutes)
    });
    minutes.is_some_and(|minutes| (1..=LONGEST_ALERT).contains(&minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_none_or_up_to_a_week_before() {
        assert!(["0", "15min", "1h", "7d"].into_iter().all(is_alert));
        assert!(["", "15", "8d", "h", "-1h", "0min"].into_iter().all(|text| !is_alert(text)));
    }
}

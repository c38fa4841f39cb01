//! Calls, tasks and notes to what Zoho is told (zoho.md 6).

use serde_json::json;
use tieline_engine::{
    call::{Direction, Outcome, Source},
    ids::RecordId,
    note,
    record::Kind,
    scenario::TaskAbout,
    step::{CallEntry, Ref, Step, Task},
};

use super::{
    coql::moment,
    schema::Module,
    settings::Unanswered,
    values::{Draft, Making, PHONE_MAX, cut, number},
};
use crate::transport::Method;

/// Longest texts in characters (zoho.md 3 and 6).
const SUBJECT_MAX: usize = 255;
const TITLE_MAX: usize = 120;
const TEXT_MAX: usize = 32_000;
/// The status of a task that is done (zoho.md 6).
pub(super) const DONE: &str = "Completed";

impl Making<'_> {
    /// A call the settings say is not written.
    pub(super) fn is_skipped(&self, entry: &CallEntry) -> bool {
        is_outgoing(entry) && !entry.outcome.is_answered() && self.settings.unanswered == Unanswered::Skip
    }

    /// The call for the CRM's call list.
    pub(super) fn log_call(&self, entry: &CallEntry, step: &Step) -> Draft {
        let mut draft = Draft::new("zoho.calls.create", Method::Post, Module::Calls);
        let number = number(entry.client.as_ref(), entry.client_text.as_ref()).unwrap_or_default();
        let subject = format!("{} {number}", capitalised(note::kind_of_call(entry.direction, entry.source)));
        draft.put("Subject", marked(&subject, step.mark.as_str(), SUBJECT_MAX));
        draft.put("Description", cut(&note::render(&entry.parts, self.session.zone), TEXT_MAX));
        self.call_facts(&mut draft, entry);
        if let Some(agent) = &entry.agent {
            draft.data.insert("Owner".to_owned(), json!({ "id": agent.as_str() }));
        }
        self.unanswered_result(&mut draft, entry);
        self.call_numbers(&mut draft, entry);
        draft.hang_on(entry.contact.as_ref(), entry.lead.as_ref(), entry.deal.as_ref());
        draft
    }

    /// Later facts go into the fields the telephone side alone fills; owner and texts may be an agent's by now.
    pub(super) fn amend_call(&self, record: &Ref, entry: &CallEntry) -> Draft {
        let mut draft = Draft::new("zoho.calls.update", Method::Put, Module::Calls);
        draft.target = Some(record.clone());
        self.call_facts(&mut draft, entry);
        draft
    }

    fn call_facts(&self, draft: &mut Draft, entry: &CallEntry) {
        let answered = entry.outcome.is_answered();
        let call_type = match (is_outgoing(entry), answered) {
            (true, _) => "Outbound",
            (false, true) => "Inbound",
            (false, false) => "Missed",
        };
        let seconds = match call_type {
            "Missed" => 0,
            // Zoho refuses a length of nothing (zoho.md 0.7).
            _ if answered => entry.talk_seconds.max(1),
            _ => 1,
        };
        draft.put("Call_Type", call_type);
        let started = entry.started_at.unwrap_or(self.session.now);
        draft.put("Call_Start_Time", moment(started, self.session.zone));
        draft.put("Call_Duration", duration(seconds));
        if let Some(link) = entry.recording.as_ref().filter(|_| self.writes_call("Voice_Recording__s")) {
            draft.put("Voice_Recording__s", link.expose());
        }
    }

    fn unanswered_result(&self, draft: &mut Draft, entry: &CallEntry) {
        if is_outgoing(entry) {
            let status = self.schema.optional(Module::Calls, "Outgoing_Call_Status");
            if status.is_some_and(|field| field.picks.iter().any(|pick| pick == "Completed")) {
                draft.put("Outgoing_Call_Status", "Completed");
            }
            if entry.outcome != Outcome::Answered && self.writes_call("Call_Result") {
                let own = self.settings.unanswered_result.as_deref();
                let text = own.unwrap_or_else(|| note::status_text(entry.outcome));
                let picks = self.schema.field(Module::Calls, "Call_Result").map(|field| field.picks.as_slice());
                if picks.is_none_or(|picks| picks.is_empty() || picks.iter().any(|pick| pick == text)) {
                    draft.put("Call_Result", text);
                }
            }
        }
    }

    fn call_numbers(&self, draft: &mut Draft, entry: &CallEntry) {
        let client = number(entry.client.as_ref(), entry.client_text.as_ref());
        let line = entry.line.as_ref().map(|line| line.raw().to_owned());
        let (from, to) = if is_outgoing(entry) { (line, client) } else { (client, line) };
        for (field, value) in [("Caller_ID", &from), ("Dialled_Number", &to)] {
            if let Some(value) = value.as_ref().filter(|_| self.writes_call(field)) {
                draft.put(field, cut(value, PHONE_MAX));
            }
        }
        for (field, value) in [("From_Number__s", from), ("To_Number__s", to)] {
            // Only newer organisations have them, and only some of those let them be written (zoho.md 6).
            if let Some(value) = value.filter(|_| self.schema.optional(Module::Calls, field).is_some()) {
                draft.put(field, cut(&value, PHONE_MAX));
            }
        }
    }

    fn writes_call(&self, field: &str) -> bool {
        self.schema.writable(Module::Calls, field)
    }

    /// A task.
    pub(super) fn task(&self, task: &Task, step: &Step) -> Draft {
        let mut draft = Draft::new("zoho.tasks.create", Method::Post, Module::Tasks);
        let number = number(task.client.as_ref(), task.client_text.as_ref()).unwrap_or_default();
        let subject = task_subject(task, &number);
        draft.put("Subject", marked(&subject, step.mark.as_str(), SUBJECT_MAX));
        draft.put("Status", if task.done { DONE } else { "Not Started" });
        draft.put("Description", cut(&note::render(&task.parts, self.session.zone), TEXT_MAX));
        if task.about == TaskAbout::MissedCall {
            draft.put("Priority", "High");
        }
        if let Some(due) = task.due_at {
            draft.put("Due_Date", self.day(due));
        }
        // A reminder in the past reminds nobody: calls of the backlog have none.
        if let Some(due) = task.due_at.filter(|due| !task.done && *due > self.session.now) {
            let at = moment(due, self.session.zone);
            let alarm = format!("FREQ=NONE;ACTION=POPUP;TRIGGER=DATE-TIME:{at}");
            draft.data.insert("Remind_At".to_owned(), json!({ "ALARM": alarm }));
        }
        if let Some(owner) = &task.owner {
            draft.data.insert("Owner".to_owned(), json!({ "id": owner.as_str() }));
        }
        draft.hang_on(task.contact.as_ref(), task.lead.as_ref(), task.deal.as_ref());
        draft
    }

    /// Closing a task that is closed changes nothing.
    pub(super) fn close_task(&self, task: &RecordId) -> Draft {
        let mut draft = Draft::new("zoho.tasks.update", Method::Put, Module::Tasks);
        draft.target = Some(Ref::Known(task.clone()));
        draft.put("Status", DONE);
        draft
    }

    /// A note on a record.
    pub(super) fn note(&self, on: Kind, record: &Ref, parts: &[note::NotePart], step: &Step) -> Draft {
        let mut draft = Draft::new("zoho.notes.create", Method::Post, Module::Notes);
        draft.put("Note_Title", marked("Call", step.mark.as_str(), TITLE_MAX));
        let text = note::render(parts, self.session.zone);
        draft.put("Note_Content", if text.is_empty() { "Call".to_owned() } else { cut(&text, TEXT_MAX) });
        let module = json!({ "module": { "api_name": Module::of(on).api() } });
        draft.data.insert("Parent_Id".to_owned(), module);
        draft.link("Parent_Id", on, record);
        draft
    }
}

fn task_subject(task: &Task, number: &str) -> String {
    if let Some(name) = task.name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        return name.to_owned();
    }
    let who = task.unmapped_agent.as_deref().unwrap_or_default();
    let subject = match task.about {
        TaskAbout::MissedCall => format!("Call back {number}"),
        TaskAbout::Talk => format!("Talk with {number}"),
        TaskAbout::Review => format!("A colleague talked with {number}"),
        TaskAbout::CheckSettings => format!("Not in the list of agents: {who}. Talked with {number}"),
        TaskAbout::Messenger => format!("Messenger request {number}"),
    };
    subject.trim_end().to_owned()
}

/// A call-back counts as incoming, whichever way it was set up (G-07).
fn is_outgoing(entry: &CallEntry) -> bool {
    entry.direction == Direction::Outgoing && entry.source != Source::Callback
}

/// `MM:SS`, from an hour on `HH:MM:SS` (zoho.md 6; the unit is unverified there).
fn duration(seconds: u32) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours:02}:{minutes:02}:{seconds:02}") } else { format!("{minutes:02}:{seconds:02}") }
}

/// A text with the mark at its end, the text cut rather than the mark.
fn marked(text: &str, mark: &str, max: usize) -> String {
    let tail = format!(" [{mark}]");
    format!("{}{tail}", cut(text.trim(), max.saturating_sub(tail.chars().count())))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

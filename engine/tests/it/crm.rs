//! A CRM in memory: it searches as CRMs do (loosely, and some time behind), loses answers when told to, and refuses to
//! do what the engine must never ask for.

use std::collections::{BTreeMap, VecDeque};

use tieline_engine::{
    facts::Found,
    ids::{CallId, RecordId, UserId},
    jiff::{SignedDuration, Timestamp},
    lookup::LookUp,
    phone::Phone,
    record::{Kind, Record},
    step::{Action, CallEntry, Fields, Mark, Ref, Step, StepKey, StepResult, Task},
};

/// What goes wrong with one write request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Everything is done, the answer never arrives.
    LostAnswer,
    /// Nothing is done, and nobody knows.
    LostRequest,
    /// Only the first step is done; the answer says so.
    OnlyFirst,
}

/// A contact, lead or deal with what was written into it.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) record: Record,
    pub(crate) fields: Fields,
    pub(crate) mark: Option<Mark>,
    pub(crate) by_call: Option<CallId>,
    pub(crate) deleted: bool,
}

/// A call record, task or note.
#[derive(Clone, Debug)]
pub(crate) struct Paper {
    pub(crate) kind: Kind,
    pub(crate) id: RecordId,
    pub(crate) at: Timestamp,
    pub(crate) mark: Mark,
    pub(crate) by_call: CallId,
    pub(crate) action: Action,
}

#[derive(Default)]
pub(crate) struct TestCrm {
    pub(crate) people: Vec<Person>,
    pub(crate) papers: Vec<Paper>,
    /// Every step that was done, with its call.
    pub(crate) done: Vec<(CallId, StepKey)>,
    /// How long the search does not see a write.
    pub(crate) lag: SignedDuration,
    pub(crate) faults: VecDeque<Fault>,
    /// Answers given instead of doing a step, once each.
    pub(crate) scripted: Vec<(StepKey, StepResult)>,
    /// Records without marks: what was written cannot be found by its mark.
    pub(crate) forgets_marks: bool,
    /// Call records that were finished, tasks that were closed.
    pub(crate) finished: Vec<RecordId>,
    pub(crate) last_id: u32,
}

impl TestCrm {
    /// A record that stands there before any call.
    pub(crate) fn seed(&mut self, kind: Kind, phone: &str, owner: Option<&str>) -> RecordId {
        let id = self.next_id();
        let mut record = Record::new(kind, id.clone());
        record.phones = if phone.is_empty() { Vec::new() } else { vec![Phone::new(phone)] };
        record.owner = owner.map(UserId::from);
        record.created_at = Some("2020-01-01T00:00:00Z".parse().expect("a time"));
        record.modified_at = record.created_at;
        self.people.push(Person { record, fields: Fields::default(), mark: None, by_call: None, deleted: false });
        id
    }

    /// Changes a record as an agent does.
    pub(crate) fn edit(&mut self, id: &RecordId, change: impl FnOnce(&mut Record)) {
        let person = self.people.iter_mut().find(|person| person.record.id == *id).expect("a record");
        change(&mut person.record);
    }

    pub(crate) fn delete(&mut self, id: &RecordId) {
        self.people.iter_mut().find(|person| person.record.id == *id).expect("a record").deleted = true;
    }

    pub(crate) fn of(&self, kind: Kind) -> Vec<&Person> {
        self.people.iter().filter(|person| person.record.kind == kind && !person.deleted).collect()
    }

    pub(crate) fn only(&self, kind: Kind) -> &Person {
        let all = self.of(kind);
        assert_eq!(all.len(), 1, "one {kind} expected: {all:#?}");
        all[0]
    }

    pub(crate) fn person(&self, id: &RecordId) -> &Person {
        self.people.iter().find(|person| person.record.id == *id).expect("a record")
    }

    pub(crate) fn tasks(&self) -> Vec<&Task> {
        let task = |paper: &Paper| matches!(paper.action, Action::AddTask(_));
        let papers = self.papers.iter().filter(|paper| task(paper));
        papers
            .map(|paper| if let Action::AddTask(task) = &paper.action { task.as_ref() } else { unreachable!() })
            .collect()
    }

    pub(crate) fn entries(&self) -> Vec<&CallEntry> {
        let entry = |paper: &&Paper| matches!(paper.action, Action::LogCall(_));
        let papers = self.papers.iter().filter(entry);
        papers
            .map(|paper| if let Action::LogCall(entry) = &paper.action { entry.as_ref() } else { unreachable!() })
            .collect()
    }

    pub(crate) fn notes(&self) -> Vec<&Paper> {
        self.papers.iter().filter(|paper| paper.kind == Kind::Note).collect()
    }

    pub(crate) fn look_up(&self, ask: &LookUp, now: Timestamp) -> Found {
        let mut found = Found { at: now, ..Found::default() };
        if let Some(sought) = &ask.client {
            found.records = self.candidates(&sought.spellings, sought.chat.as_deref(), now);
            found.records.retain(|record| sought.kinds.contains(&record.kind));
        }
        for sought in &ask.marks {
            found.asked.insert(sought.mark.clone());
            let seen = |at: Timestamp| at + self.lag <= now && !self.forgets_marks;
            let paper = self.papers.iter().find(|paper| paper.mark == sought.mark && seen(paper.at));
            let person = self.people.iter().find(|person| {
                person.mark.as_ref() == Some(&sought.mark)
                    && person.record.created_at.is_some_and(seen)
                    && !person.deleted
            });
            let id = paper.map(|paper| &paper.id).or(person.map(|person| &person.record.id));
            found.marks.extend(id.map(|id| (sought.mark.clone(), id.clone())));
        }
        found
    }

    /// Searches by the last digits, as loosely as the loosest CRM: the engine has to sort out.
    fn candidates(&self, spellings: &[String], chat: Option<&str>, now: Timestamp) -> Vec<Record> {
        let tails: Vec<String> = spellings.iter().map(|spelling| tail(spelling)).collect();
        let visible = || {
            let old = |person: &&Person| person.record.created_at.is_none_or(|at| at + self.lag <= now);
            self.people.iter().filter(|person| !person.deleted).filter(old).map(|person| &person.record)
        };
        let by_number = |record: &Record| record.phones.iter().any(|phone| tails.contains(&tail(phone.raw())));
        let by_chat = |record: &Record| chat.is_some_and(|chat| record.chats.iter().any(|own| own == chat));
        let hit: Vec<Record> = visible().filter(|record| by_number(record) || by_chat(record)).cloned().collect();
        let hangs = |record: &Record| {
            record.contact.as_ref().is_some_and(|contact| hit.iter().any(|found| found.id == *contact))
        };
        let hanging: Vec<Record> = visible().filter(|record| !hit.contains(record) && hangs(record)).cloned().collect();
        hit.into_iter().chain(hanging).collect()
    }

    /// Performs one request; `None` when its answer is lost.
    pub(crate) fn perform(
        &mut self,
        call: &CallId,
        steps: &[Step],
        now: Timestamp,
    ) -> Option<BTreeMap<StepKey, StepResult>> {
        let fault = self.faults.pop_front();
        if fault == Some(Fault::LostRequest) {
            return None;
        }
        let mut made = BTreeMap::new();
        let mut results = BTreeMap::new();
        let count = if fault == Some(Fault::OnlyFirst) { 1 } else { steps.len() };
        for step in steps.iter().take(count) {
            if let Some(result) = self.do_step(call, step, now, &mut made) {
                results.insert(step.key.clone(), result);
            }
        }
        (fault != Some(Fault::LostAnswer)).then_some(results)
    }

    /// One step; `None` when what it hangs on was not made.
    fn do_step(
        &mut self,
        call: &CallId,
        step: &Step,
        now: Timestamp,
        made: &mut BTreeMap<StepKey, RecordId>,
    ) -> Option<StepResult> {
        if let Some(at) = self.scripted.iter().position(|(key, _)| *key == step.key) {
            return Some(self.scripted.remove(at).1);
        }
        for (kind, target) in targets(&step.action) {
            let id = match target {
                Ref::Known(id) => id.clone(),
                Ref::Made(key) => made.get(key)?.clone(),
            };
            let is_there = |person: &Person| person.record.id == id && person.record.kind == kind && !person.deleted;
            if !self.people.iter().any(is_there) && PEOPLE.contains(&kind) {
                return Some(StepResult::TargetGone { kind });
            }
        }
        assert!(
            step.key.is_repeatable() || !self.done.contains(&(call.clone(), step.key.clone())),
            "{call} does {} twice",
            step.key
        );
        self.done.push((call.clone(), step.key.clone()));
        let record = self.write(call, step, now, made);
        made.extend(record.clone().map(|id| (step.key.clone(), id)));
        Some(StepResult::Done { record })
    }

    fn write(
        &mut self,
        call: &CallId,
        step: &Step,
        now: Timestamp,
        made: &BTreeMap<StepKey, RecordId>,
    ) -> Option<RecordId> {
        let id = self.next_id();
        match &step.action {
            Action::Create { kind, fields, contact } => {
                let mut record = Record::new(*kind, id.clone());
                let number = fields.phone.as_ref().map(|key| Phone::new(key.as_str())).or(fields.phone_text.clone());
                record.phones = number.into_iter().collect();
                record.name.clone_from(&fields.name);
                record.owner.clone_from(&fields.owner);
                record.chats = fields.chat.clone().into_iter().collect();
                record.contact = contact.as_ref().map(|target| resolve(target, made));
                (record.created_at, record.modified_at) = (Some(now), Some(now));
                let (mark, by_call) = (Some(step.mark.clone()), Some(call.clone()));
                self.people.push(Person { record, fields: fields.clone(), mark, by_call, deleted: false });
                Some(id)
            }
            Action::Update { record, fields, .. } => {
                let id = resolve(record, made);
                let person = self.people.iter_mut().find(|person| person.record.id == id).expect("a record");
                assert!(fields.name.is_none() && fields.owner.is_none(), "an update never touches what agents type");
                assert!(fields.phone.is_none() && fields.phone_text.is_none() && fields.place.is_none());
                person.fields.custom.extend(fields.custom.clone());
                person.fields.marks.extend(fields.marks.clone());
                person.fields.google_client_id =
                    fields.google_client_id.clone().or(person.fields.google_client_id.take());
                let news = fields.chat.clone().filter(|chat| !person.record.chats.contains(chat));
                person.record.chats.extend(news);
                Some(id)
            }
            Action::AmendCall { record, entry } => {
                let id = resolve(record, made);
                let paper = self.papers.iter_mut().find(|paper| paper.id == id).expect("an entry to amend");
                paper.action = Action::LogCall(entry.clone());
                Some(id)
            }
            Action::CompleteCall { record, entry } => {
                let id = resolve(record, made);
                assert!(!self.finished.contains(&id), "a call record is finished once");
                let paper = self.papers.iter_mut().find(|paper| paper.id == id).expect("an entry to finish");
                paper.action = Action::LogCall(entry.clone());
                self.finished.push(id.clone());
                Some(id)
            }
            Action::Announce(_) => None,
            Action::AddPhone { contact, phone, phone_text } => {
                let id = resolve(contact, made);
                let person = self.people.iter_mut().find(|person| person.record.id == id).expect("a contact");
                let number = phone.as_ref().map(|key| Phone::new(key.as_str())).or(phone_text.clone());
                person.record.phones = number.into_iter().collect();
                None
            }
            Action::CloseTask { task } => {
                assert!(self.papers.iter().any(|paper| paper.kind == Kind::Task && paper.id == *task), "a task");
                self.finished.push(task.clone());
                Some(task.clone())
            }
            Action::LinkVisit { contact, google_client_id } => {
                let id = resolve(contact, made);
                let person = self.people.iter_mut().find(|person| person.record.id == id).expect("a contact");
                person.fields.google_client_id = Some(google_client_id.clone());
                None
            }
            Action::LogCall(_) | Action::AddTask(_) | Action::AddNote { .. } => {
                let kind = step.key.makes().expect("a kind");
                let (mark, action) = (step.mark.clone(), step.action.clone());
                self.papers.push(Paper { kind, id: id.clone(), at: now, mark, by_call: call.clone(), action });
                Some(id)
            }
        }
    }

    fn next_id(&mut self) -> RecordId {
        self.last_id += 1;
        RecordId::new(self.last_id.to_string())
    }
}

const PEOPLE: [Kind; 3] = [Kind::Contact, Kind::Lead, Kind::Deal];

fn resolve(target: &Ref, made: &BTreeMap<StepKey, RecordId>) -> RecordId {
    match target {
        Ref::Known(id) => id.clone(),
        Ref::Made(key) => made.get(key).expect("made by an earlier step of the request").clone(),
    }
}

fn targets(action: &Action) -> Vec<(Kind, &Ref)> {
    match action {
        Action::Create { contact, .. } => contact.iter().map(|target| (Kind::Contact, target)).collect(),
        Action::Update { kind, record, .. } => vec![(*kind, record)],
        Action::AddNote { on, record, .. } => vec![(*on, record)],
        Action::AmendCall { record, .. } | Action::CompleteCall { record, .. } => vec![(Kind::CallRecord, record)],
        Action::AddPhone { contact, .. } => vec![(Kind::Contact, contact)],
        Action::Announce(_) | Action::CloseTask { .. } => Vec::new(),
        Action::LinkVisit { contact, .. } => vec![(Kind::Contact, contact)],
        Action::LogCall(entry) => hung(&entry.contact, &entry.lead, &entry.deal),
        Action::AddTask(task) => hung(&task.contact, &task.lead, &task.deal),
    }
}

fn hung<'a>(contact: &'a Option<Ref>, lead: &'a Option<Ref>, deal: &'a Option<Ref>) -> Vec<(Kind, &'a Ref)> {
    let all = [(Kind::Contact, contact), (Kind::Lead, lead), (Kind::Deal, deal)];
    all.into_iter().filter_map(|(kind, target)| Some((kind, target.as_ref()?))).collect()
}

fn tail(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    digits.iter().skip(digits.len().saturating_sub(7)).collect()
}

//! What the simulated CRMs hold in the end, against the calls that were answered: asked of the CRMs, not of Tieline.

use std::collections::BTreeMap;

use serde_json::Value;
use tieline_engine::jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use tieline_sandbox::CrmKind;

use crate::{
    accounts,
    crms::{Crms, PROJECTS},
    exchange::{Call, RECORDS, ZONE},
};

/// What an audit found. Good is: nothing lost, doubled or extra, and one contact per client.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Calls, and recordings of calls, that are not there.
    pub(crate) lost: u64,
    /// Calls, recordings and tasks that are there again.
    pub(crate) doubled: u64,
    /// Calls nobody made, and records of other numbers than the CRMs' usual scenarios make.
    pub(crate) extra: u64,
    /// The most records of one entity that a client has.
    pub(crate) contacts_per_client_max: u64,
    /// Comments written again where comments cannot be looked for, as their CRM's page says.
    pub(crate) comments_repeated: u64,
    /// What is wrong, for a reader.
    faults: Vec<String>,
}

impl Crms {
    /// Every one of the calls is held exactly once with its recording, and nothing else is; no client and no task is
    /// there twice.
    pub(crate) async fn hold_exactly(&self, calls: &[Call]) {
        self.audit(calls).await.is_clean();
    }

    /// Compares what all CRMs hold with the calls that were made.
    pub(crate) async fn audit(&self, calls: &[Call]) -> Found {
        let mut found = Found { contacts_per_client_max: 1, ..Found::default() };
        for (project, kind) in PROJECTS {
            let calls: Vec<&Call> = calls.iter().filter(|call| call.project == project).collect();
            let (audit, listing) = (self.look(kind, "audit").await, self.look(kind, "").await);
            found.own_audit(kind, &audit);
            found.calls(kind, &calls, &listing);
            found.recordings(kind, &calls, &listing);
            found.totals(kind, &calls, &audit["totals"]);
        }
        found
    }
}

impl Found {
    /// Fails with all that is wrong.
    pub(crate) fn is_clean(&self) {
        assert!(self.faults.is_empty(), "{}", self.faults.join("\n"));
    }

    fn fault(&mut self, kind: CrmKind, what: &str, which: impl std::fmt::Debug) {
        self.faults.push(format!("{kind}: {what}: {which:?}"));
    }

    /// What the CRM itself finds doubled.
    fn own_audit(&mut self, kind: CrmKind, audit: &Value) {
        for client in list(&audit["doubled_clients"]) {
            self.contacts_per_client_max = self.contacts_per_client_max.max(list(&client["ids"]).len() as u64);
            self.fault(kind, "a client twice", client);
        }
        for task in list(&audit["doubled_tasks"]) {
            self.doubled += list(&task["ids"]).len() as u64 - 1;
            self.fault(kind, "a task twice", task);
        }
        for call in list(&audit["doubled_calls"]) {
            let again = list(&call["ids"]).len() as u64 - 1;
            if accounts::may_be_doubled(kind, call) {
                self.comments_repeated += again;
            } else {
                self.doubled += again;
                self.fault(kind, "a call twice", call);
            }
        }
    }

    /// Calls are known by their starts: no two of an exchange begin in one second.
    fn calls(&mut self, kind: CrmKind, calls: &[&Call], listing: &Value) {
        let mut held: BTreeMap<Timestamp, u64> = BTreeMap::new();
        for start in accounts::starts(kind, listing) {
            *held.entry(moment(&start)).or_default() += 1;
        }
        for call in calls {
            match held.remove(&call.started_at) {
                Some(1) => {}
                Some(more) => {
                    self.doubled += more - 1;
                    self.fault(kind, "a call is held so often", (more, call));
                }
                None => {
                    self.lost += 1;
                    self.fault(kind, "a call is not held", call);
                }
            }
        }
        if !held.is_empty() {
            self.extra += held.len() as u64;
            self.fault(kind, "calls nobody made, by their starts", held);
        }
    }

    /// A recording is linked at least once, and by no two records of an entity. Comments that cannot be looked for are
    /// left to the CRM's own audit, which tells those on the client from those on an order.
    fn recordings(&mut self, kind: CrmKind, calls: &[&Call], listing: &Value) {
        let mut linked: BTreeMap<String, BTreeMap<&str, u64>> = BTreeMap::new();
        for (entity, rows) in listing.as_object().unwrap() {
            for link in list(rows).iter().flat_map(|row| links(&row.to_string())) {
                *linked.entry(link).or_default().entry(entity).or_default() += 1;
            }
        }
        for link in calls.iter().filter_map(|call| call.recording()) {
            let Some(places) = linked.remove(&link) else {
                self.lost += 1;
                self.fault(kind, "a recording is not linked", link);
                continue;
            };
            for (entity, count) in places {
                if count > 1 && (kind, entity) != (CrmKind::RemOnline, "comments") {
                    self.doubled += count - 1;
                    self.fault(kind, "a recording is linked so often", (link.as_str(), entity, count));
                }
            }
        }
        if !linked.is_empty() {
            self.extra += linked.len() as u64;
            self.fault(kind, "recordings of other calls", linked);
        }
    }

    fn totals(&mut self, kind: CrmKind, calls: &[&Call], totals: &Value) {
        for (name, expected) in accounts::totals(kind, calls) {
            let held = totals[name].as_u64().unwrap();
            if held != expected as u64 {
                self.extra += held.abs_diff(expected as u64);
                self.fault(kind, "the number of records", format!("{name}: {held} instead of {expected}"));
            }
        }
    }
}

/// The links to recordings in a record; each once.
fn links(record: &str) -> Vec<String> {
    let ends =
        |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.').unwrap_or(text.len());
    let rests = record.split(RECORDS).skip(1);
    let mut links: Vec<String> = rests.map(|rest| format!("{RECORDS}{}", rest.split_at(ends(rest)).0)).collect();
    links.sort();
    links.dedup();
    links
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// A moment as a CRM shows it: with its offset, or in the account's zone.
fn moment(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| {
        let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).unwrap();
        civil.to_zoned(TimeZone::get(ZONE).unwrap()).unwrap().timestamp()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::exchange::Exchange;

    fn start(call: &Call) -> String {
        call.started_at.to_string()
    }

    #[test]
    fn a_call_that_is_missing_is_lost_and_one_held_twice_is_doubled() {
        let mut exchange = Exchange::new(5);
        exchange.calls("clinic", 3);
        let calls: Vec<&Call> = exchange.calls.iter().collect();
        let [first, second, third] = [calls[0], calls[1], calls[2]].map(start);
        let held = |starts: &[&str]| {
            let rows: Vec<Value> = starts.iter().map(|start| json!({ "Call_Start_Time": start })).collect();
            let mut found = Found::default();
            found.calls(CrmKind::Zoho, &calls, &json!({ "Calls": rows }));
            (found.lost, found.doubled, found.extra, found.faults.is_empty())
        };
        assert_eq!(held(&[&first, &second, &third]), (0, 0, 0, true));
        assert_eq!(held(&[&first, &third]), (1, 0, 0, false));
        assert_eq!(held(&[&first, &second, &second, &third]), (0, 1, 0, false));
        assert_eq!(held(&[&first, &second, &third, "2020-02-02T02:02:02Z"]), (0, 0, 1, false));
    }

    #[test]
    fn a_recording_is_linked_once_by_each_kind_of_record_that_has_it() {
        let mut exchange = Exchange::new(5);
        exchange.calls("school", 12);
        let calls: Vec<&Call> = exchange.calls.iter().collect();
        let recordings: Vec<String> = calls.iter().filter_map(|call| call.recording()).collect();
        let linked = |links: &[String]| {
            let rows: Vec<Value> =
                links.iter().map(|link| json!({ "text": format!("told\n{link}\n[tl-1]") })).collect();
            let mut found = Found::default();
            found.recordings(CrmKind::SendPulse, &calls, &json!({ "comments": rows, "tasks": [] }));
            (found.lost, found.doubled, found.extra, found.faults.is_empty())
        };
        assert_eq!(linked(&recordings), (0, 0, 0, true));
        assert_eq!(linked(&recordings[1..]), (1, 0, 0, false));
        assert_eq!(linked(&[&recordings[..], &recordings[..1]].concat()), (0, 1, 0, false));
        assert_eq!(linked(&[&recordings[..], &[format!("{RECORDS}other.mp3")]].concat()), (0, 0, 1, false));
    }

    #[test]
    fn a_second_contact_and_a_second_task_are_found_by_the_crms_own_audit() {
        let audit = json!({
            "doubled_clients": [{ "entity": "contacts", "phone": "671110001", "ids": ["1", "2", "3"] }],
            "doubled_tasks": [{ "key": "[tl-1]", "ids": ["7", "8"] }],
            "doubled_calls": [{ "key": "client 1 [tl-2]", "ids": ["4", "5"] }, { "key": "clients [tl-3]", "ids": ["1", "2"] }],
        });
        let mut found = Found::default();
        found.own_audit(CrmKind::RemOnline, &audit);
        assert_eq!((found.contacts_per_client_max, found.doubled, found.comments_repeated), (3, 2, 1));
    }
}

//! `/metrics` in Prometheus' text format: the ledger of today, what waits, the connections and the requests.

use std::fmt::Display;

use tieline_engine::{dialing::Presence, ids::ProjectId, jiff::Timestamp};

use super::requests::Requests;
use crate::{
    access::Identity,
    driver::{Driver, connection::Connection},
    projects::Projects,
    sidecar::Sidecar,
    store::{Filter, LedgerDay, StateIs, Status, StoreError},
};

/// The format's media type.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What there is to measure of the projects somebody sees, as text; the requests only to who sees all.
///
/// # Errors
/// The store cannot be read.
pub async fn text(sidecar: &Sidecar, requests: &Requests, identity: &Identity) -> Result<String, StoreError> {
    let driver = sidecar.driver();
    let mut projects = Vec::new();
    for connection in driver.connections().iter().filter(|connection| identity.sees(connection.project.id.as_str())) {
        projects.push(Measured::of(driver, connection).await?);
    }
    let mut page = Page::default();
    page.calls(&projects);
    page.skipped(&projects);
    page.waiting(&projects);
    page.silence(&projects);
    page.connections(&projects);
    page.watching(driver, &projects);
    page.telephones(driver, &projects);
    if identity.sees_all() {
        if let Some(stored) = sidecar.projects() {
            page.stored(stored);
        }
        page.requests(requests);
    }
    Ok(page.text)
}

/// Whether figures of a project are shown.
fn is_seen(projects: &[Measured], id: &ProjectId) -> bool {
    projects.iter().any(|measured| measured.project == id.as_str())
}

/// One project's figures.
struct Measured {
    project: String,
    today: Option<LedgerDay>,
    waiting: u64,
    failed: u64,
    oldest_seconds: f64,
    since_received: Option<f64>,
    since_written: Option<f64>,
    status: Status,
}

impl Measured {
    async fn of(driver: &Driver, connection: &Connection) -> Result<Self, StoreError> {
        let (store, id) = (&driver.store, &connection.project.id);
        let now = driver.clock.now();
        let day = now.to_zoned(connection.project.policy.zone.clone()).date();
        let one = |state| Filter { states: vec![state], ..Filter::default() };
        let oldest = store.list(id, one(StateIs::Waiting), 0, 1).await?;
        Ok(Self {
            project: id.as_str().to_owned(),
            today: store.ledger(id, day, day).await?.into_iter().next(),
            waiting: store.count(id, one(StateIs::Waiting)).await?,
            failed: store.count(id, one(StateIs::Failed)).await?,
            oldest_seconds: oldest.first().map_or(0.0, |call| age(call.received_at, now)),
            since_received: store.last_received(id).await?.map(|at| age(at, now)),
            since_written: store.last_written(id).await?.map(|at| age(at, now)),
            status: connection.state().status,
        })
    }
}

fn age(since: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(since).as_secs_f64().max(0.0)
}

/// The page as written so far.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn calls(&mut self, projects: &[Measured]) {
        self.head(
            "tieline_calls_today",
            "gauge",
            "Calls first received today in the project's zone, by what became of them.",
        );
        for measured in projects {
            let count = |of: fn(&LedgerDay) -> u64| measured.today.as_ref().map_or(0, of);
            let counts = [
                ("received", count(|day| day.received)),
                ("written", count(|day| day.written)),
                ("skipped", count(|day| day.skipped.values().sum())),
                ("waiting", count(|day| day.waiting)),
                ("failed", count(|day| day.failed)),
            ];
            for (state, count) in counts {
                self.line("tieline_calls_today", &[("project", &measured.project), ("state", state)], count);
            }
        }
    }

    fn waiting(&mut self, projects: &[Measured]) {
        self.head("tieline_calls_waiting", "gauge", "Calls accepted and not finished, of any day.");
        for measured in projects {
            self.line("tieline_calls_waiting", &[("project", &measured.project)], measured.waiting);
        }
        self.head("tieline_calls_failed", "gauge", "Calls given up until a person acts, of any day.");
        for measured in projects {
            self.line("tieline_calls_failed", &[("project", &measured.project)], measured.failed);
        }
        self.head("tieline_oldest_waiting_seconds", "gauge", "Age of the call that waits longest; 0 when none does.");
        for measured in projects {
            self.line("tieline_oldest_waiting_seconds", &[("project", &measured.project)], measured.oldest_seconds);
        }
    }

    fn skipped(&mut self, projects: &[Measured]) {
        self.head("tieline_calls_skipped_today", "gauge", "Calls first received today and skipped, by reason.");
        for measured in projects {
            for (code, count) in measured.today.iter().flat_map(|day| &day.skipped) {
                let labels = [("project", measured.project.as_str()), ("reason", code.as_str())];
                self.line("tieline_calls_skipped_today", &labels, count);
            }
        }
    }

    /// What an alarm looks at. A project that never had a call or a write has no line, which an alarm can tell from 0.
    fn silence(&mut self, projects: &[Measured]) {
        self.head("tieline_last_received_seconds", "gauge", "Seconds since the latest call was first taken in.");
        for measured in projects {
            if let Some(seconds) = measured.since_received {
                self.line("tieline_last_received_seconds", &[("project", &measured.project)], seconds);
            }
        }
        self.head("tieline_last_written_seconds", "gauge", "Seconds since something was written to the CRM.");
        for measured in projects {
            if let Some(seconds) = measured.since_written {
                self.line("tieline_last_written_seconds", &[("project", &measured.project)], seconds);
            }
        }
        let suspended = projects.iter().filter(|measured| measured.status == Status::Suspended).count();
        self.head("tieline_connections_suspended", "gauge", "Connections the CRM refuses the credentials of.");
        self.line("tieline_connections_suspended", &[], suspended);
    }

    fn connections(&mut self, projects: &[Measured]) {
        self.head("tieline_connection_status", "gauge", "1 for the status a project's CRM connection is in.");
        let all = [(Status::Inactive, "inactive"), (Status::Active, "active"), (Status::Suspended, "suspended")];
        for measured in projects {
            for (status, word) in all {
                let labels = [("project", measured.project.as_str()), ("status", word)];
                self.line("tieline_connection_status", &labels, u8::from(measured.status == status));
            }
        }
    }

    fn watching(&mut self, driver: &Driver, projects: &[Measured]) {
        let ids: Vec<ProjectId> = projects.iter().map(|measured| ProjectId::new(measured.project.as_str())).collect();
        self.head("tieline_watchers", "gauge", "Streams of Watch that are open.");
        for id in &ids {
            self.line("tieline_watchers", &[("project", id.as_str())], driver.hub.watchers(id));
        }
        self.head("tieline_events_told_total", "counter", "Events told to watchers since the start, by kind.");
        for id in &ids {
            let told = driver.hub.told(id);
            let counts = [("card", told.cards), ("finished", told.finished), ("dial", told.dials)];
            for (kind, count) in counts {
                self.line("tieline_events_told_total", &[("project", id.as_str()), ("kind", kind)], count);
            }
        }
        self.head("tieline_cards_left_out_total", "counter", "Caller cards left out because too many were being made.");
        self.line("tieline_cards_left_out_total", &[], driver.cards.turns.left_out());
        self.head("tieline_smart_phone_contacts_total", "counter", "Clients for the Smart Phone since the start.");
        for phone in driver.cards.phones().iter().filter(|phone| is_seen(projects, phone.project())) {
            let counted = phone.counted();
            let counts = [
                ("sent", counted.sent),
                ("unchanged", counted.unchanged),
                ("failed", counted.failed),
                ("left_out", counted.left_out),
            ];
            for (outcome, count) in counts {
                let labels = [("project", phone.project().as_str()), ("outcome", outcome)];
                self.line("tieline_smart_phone_contacts_total", &labels, count);
            }
        }
        self.head("tieline_smart_phone_waiting", "gauge", "Clients that wait to be sent to the Smart Phone.");
        for phone in driver.cards.phones().iter().filter(|phone| is_seen(projects, phone.project())) {
            let labels = [("project", phone.project().as_str())];
            self.line("tieline_smart_phone_waiting", &labels, phone.counted().waiting);
        }
    }

    fn telephones(&mut self, driver: &Driver, projects: &[Measured]) {
        let now = driver.clock.now();
        let is_seen = |id: &ProjectId| is_seen(projects, id);
        self.head("tieline_telephones", "gauge", "Agents' telephones by what the exchange tells of them.");
        for connection in driver.connections().iter().filter(|connection| is_seen(&connection.project.id)) {
            let project = &connection.project.id;
            let present = driver.presences.of(project, now);
            for state in Presence::ALL {
                let labels = [("project", project.as_str()), ("state", state.as_str())];
                self.line("tieline_telephones", &labels, present.count(state));
            }
        }
        self.head("tieline_dials_total", "counter", "Wishes to call since the start, by what became of them.");
        for ((project, outcome), count) in driver.wishes.counted().into_iter().filter(|((id, _), _)| is_seen(id)) {
            let labels = [("project", project.as_str()), ("outcome", outcome)];
            self.line("tieline_dials_total", &labels, count);
        }
    }

    fn stored(&mut self, projects: &Projects) {
        let (file, store, faulty) = projects.counted();
        self.head("tieline_projects", "gauge", "Projects, by where their settings come from.");
        self.line("tieline_projects", &[("from", "file")], file);
        self.line("tieline_projects", &[("from", "store")], store);
        self.head("tieline_projects_faulty", "gauge", "Projects of the store that are not served as they were put.");
        self.line("tieline_projects_faulty", &[], faulty);
    }

    fn requests(&mut self, requests: &Requests) {
        let counted = requests.counted();
        self.head("tieline_requests_total", "counter", "Requests answered since the start.");
        for ((door, method, outcome), counted) in &counted {
            let labels = [("door", door.as_str()), ("method", method), ("outcome", outcome)];
            self.line("tieline_requests_total", &labels, counted.count);
        }
        self.head("tieline_requests_seconds_total", "counter", "Seconds spent on them, waiting for the CRM included.");
        for ((door, method, outcome), counted) in &counted {
            let labels = [("door", door.as_str()), ("method", method), ("outcome", outcome)];
            self.line("tieline_requests_seconds_total", &labels, counted.seconds);
        }
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(name, text)| format!("{name}=\"{}\"", escaped(text))).collect();
        self.text.push_str(&format!("{name}{{{}}} {value}\n", labels.join(",")));
    }
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        let mut page = Page::default();
        page.line("m", &[("l", "a\"b\\c\nd")], 1);
        assert_eq!(page.text, "m{l=\"a\\\"b\\\\c\\nd\"} 1\n");
    }
}

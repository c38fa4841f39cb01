//! `/metrics` in Prometheus' text format: the ledger of today, what waits, the connections and the requests.
//!
//! The store is asked for many projects at once. With many of them a page leaves out what is 0 of a project, so that
//! those in which nothing happens have three lines and not thirty.

use std::{collections::BTreeSet, fmt::Display, sync::Arc};

use tieline_engine::{dialing::Presence, ids::ProjectId, jiff::Timestamp};

use super::requests::Requests;
use crate::{
    access::Identity,
    driver::{
        Driver,
        connection::Connection,
        quota::{self, Priority},
    },
    projects::Projects,
    sidecar::Sidecar,
    store::{Figures, LedgerDay, Status, StoreError},
};

/// The format's media type.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Projects the store is asked about at once: some milliseconds of one of its readers.
const PORTION: usize = 250;
/// With more projects than this a page leaves zeros out (docs/operations.md).
const FULL_MAX: usize = 1_000;

/// What there is to measure of the projects somebody sees, as text; the requests only to who sees all.
///
/// # Errors
/// The store cannot be read.
pub async fn text(sidecar: &Sidecar, requests: &Requests, identity: &Identity) -> Result<String, StoreError> {
    let driver = sidecar.driver();
    let projects = measured(driver, identity).await?;
    let mut page = Page { text: String::new(), is_sparse: projects.len() > FULL_MAX };
    page.calls(&projects);
    page.skipped(&projects);
    page.waiting(&projects);
    page.silence(&projects);
    page.connections(&projects);
    page.quota(driver, &projects);
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

/// One project's figures.
struct Measured {
    id: ProjectId,
    project: String,
    today: Option<LedgerDay>,
    waiting: u64,
    failed: u64,
    oldest_seconds: f64,
    since_received: Option<f64>,
    since_written: Option<f64>,
    status: Status,
}

/// The figures of the projects somebody sees.
async fn measured(driver: &Driver, identity: &Identity) -> Result<Vec<Measured>, StoreError> {
    let (connections, now) = (driver.connections(), driver.clock.now());
    let seen: Vec<_> = connections.iter().filter(|connection| identity.sees(connection.project.id.as_str())).collect();
    let mut measured = Vec::with_capacity(seen.len());
    for portion in seen.chunks(PORTION) {
        let day = |zone| now.to_zoned(zone).date();
        let of = portion.iter().map(|connection| &connection.project);
        let of = of.map(|project| (project.id.clone(), day(project.policy.zone.clone()))).collect();
        let mut figures = driver.store.figures(of).await?;
        for connection in portion {
            let of_project = figures.remove(&connection.project.id).unwrap_or_default();
            measured.push(Measured::of(connection.project.id.clone(), of_project, connection.state().status, now));
        }
    }
    Ok(measured)
}

impl Measured {
    fn of(id: ProjectId, figures: Figures, status: Status, now: Timestamp) -> Self {
        Self {
            project: id.as_str().to_owned(),
            id,
            today: figures.day,
            waiting: figures.waiting,
            failed: figures.failed,
            oldest_seconds: figures.oldest.map_or(0.0, |at| age(at, now)),
            since_received: figures.last_received.map(|at| age(at, now)),
            since_written: figures.last_written.map(|at| age(at, now)),
            status,
        }
    }
}

fn age(since: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(since).as_secs_f64().max(0.0)
}

/// The page as written so far.
#[derive(Default)]
struct Page {
    text: String,
    /// A project's zeros are left out.
    is_sparse: bool,
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

    /// Each sidecar shows its own part where several share the store; budgets are the account's.
    fn quota(&mut self, driver: &Driver, projects: &[Measured]) {
        let seen = projects.iter().filter_map(|measured| driver.connection(&measured.id));
        let measured = seen.map(|connection| (Arc::clone(&connection), connection.gate.figures()));
        // On a sparse page an account of which all may be asked for, and nothing is, has no lines.
        let quiet = |figures: &quota::Figures| figures.refusals == 0 && figures.in_use == 0;
        let is_told = |figures: &quota::Figures| !quiet(figures) || figures.now().ne(figures.most());
        let shown: Vec<_> = measured.filter(|(_, figures)| !self.is_sparse || is_told(figures)).collect();
        self.head("tieline_quota_limit", "gauge", "How much is asked of the CRM at most at present: it adapts.");
        for (connection, figures) in &shown {
            self.limits("tieline_quota_limit", connection, figures.now());
        }
        self.head("tieline_quota_limit_max", "gauge", "The same at its best: the share of the documented limit.");
        for (connection, figures) in &shown {
            self.limits("tieline_quota_limit_max", connection, figures.most());
        }
        self.head("tieline_quota_in_use", "gauge", "Units of at_once in use.");
        for (connection, figures) in &shown {
            let labels = [("project", connection.project.id.as_str())];
            self.line("tieline_quota_in_use", &labels, figures.in_use);
        }
        self.head("tieline_quota_waiting", "gauge", "Requests that wait for their turn at the CRM, by priority.");
        for (connection, _) in &shown {
            for priority in Priority::ALL {
                let labels = [("project", connection.project.id.as_str()), ("priority", priority.as_str())];
                self.line("tieline_quota_waiting", &labels, connection.gate.waiting(priority));
            }
        }
        self.head("tieline_quota_refusals_total", "counter", "Requests the CRM refused for a limit since the start.");
        for (connection, figures) in &shown {
            let labels = [("project", connection.project.id.as_str())];
            self.line("tieline_quota_refusals_total", &labels, figures.refusals);
        }
        self.budgets(&shown);
    }

    fn limits(&mut self, name: &str, connection: &Connection, limits: impl Iterator<Item = (&'static str, f64)>) {
        for (limit, value) in limits {
            self.line(name, &[("project", connection.project.id.as_str()), ("limit", limit)], value);
        }
    }

    fn budgets(&mut self, shown: &[(Arc<Connection>, quota::Figures)]) {
        self.head("tieline_quota_budget_left", "gauge", "What is left of a longer budget, as far as is known.");
        for (connection, figures) in shown {
            for budget in &figures.budgets {
                let labels = [("project", connection.project.id.as_str()), ("budget", budget.name)];
                self.line("tieline_quota_budget_left", &labels, budget.left.floor());
            }
        }
        self.head("tieline_quota_budget", "gauge", "The whole of it.");
        for (connection, figures) in shown {
            for budget in &figures.budgets {
                let labels = [("project", connection.project.id.as_str()), ("budget", budget.name)];
                self.line("tieline_quota_budget", &labels, budget.units);
            }
        }
        self.head(
            "tieline_quota_backlog_rests",
            "gauge",
            "1 while the backlog waits so that live calls have a budget.",
        );
        for (connection, figures) in shown {
            let labels = [("project", connection.project.id.as_str())];
            self.line("tieline_quota_backlog_rests", &labels, u8::from(figures.backlog_rests));
        }
    }

    fn watching(&mut self, driver: &Driver, projects: &[Measured]) {
        self.head("tieline_watchers", "gauge", "Streams of Watch that are open.");
        for id in projects.iter().map(|measured| &measured.id) {
            self.line("tieline_watchers", &[("project", id.as_str())], driver.hub.watchers(id));
        }
        self.head("tieline_events_told_total", "counter", "Events told to watchers since the start, by kind.");
        for id in projects.iter().map(|measured| &measured.id) {
            let told = driver.hub.told(id);
            let counts = [("card", told.cards), ("finished", told.finished), ("dial", told.dials)];
            for (kind, count) in counts {
                self.line("tieline_events_told_total", &[("project", id.as_str()), ("kind", kind)], count);
            }
        }
        self.head("tieline_cards_left_out_total", "counter", "Caller cards left out because too many were being made.");
        self.line("tieline_cards_left_out_total", &[], driver.cards.turns.left_out());
        let seen: BTreeSet<&ProjectId> = projects.iter().map(|measured| &measured.id).collect();
        let phones = driver.cards.phones();
        let phones: Vec<_> = phones.iter().filter(|phone| seen.contains(phone.project())).collect();
        self.head("tieline_smart_phone_contacts_total", "counter", "Clients for the Smart Phone since the start.");
        for phone in &phones {
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
        for phone in &phones {
            let labels = [("project", phone.project().as_str())];
            self.line("tieline_smart_phone_waiting", &labels, phone.counted().waiting);
        }
    }

    fn telephones(&mut self, driver: &Driver, projects: &[Measured]) {
        let now = driver.clock.now();
        self.head("tieline_telephones", "gauge", "Agents' telephones by what the exchange tells of them.");
        for project in projects.iter().map(|measured| &measured.id) {
            let present = driver.presences.of(project, now);
            for state in Presence::ALL {
                let labels = [("project", project.as_str()), ("state", state.as_str())];
                self.line("tieline_telephones", &labels, present.count(state));
            }
        }
        self.head("tieline_dials_total", "counter", "Wishes to call since the start, by what became of them.");
        let seen: BTreeSet<&ProjectId> = projects.iter().map(|measured| &measured.id).collect();
        for ((project, outcome), count) in driver.wishes.counted() {
            if !seen.contains(&project) {
                continue;
            }
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
        let value = value.to_string();
        let is_of_project = labels.first().is_some_and(|(label, _)| *label == "project");
        if self.is_sparse && is_of_project && value == "0" {
            return;
        }
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

    #[test]
    fn with_many_projects_a_project_s_zeros_are_left_out_and_nothing_else() {
        let mut page = Page { is_sparse: true, ..Page::default() };
        page.line("waiting", &[("project", "a")], 0);
        page.line("waiting", &[("project", "b")], 2);
        page.line("suspended", &[], 0);
        assert_eq!(page.text, "waiting{project=\"b\"} 2\nsuspended{} 0\n");
    }
}

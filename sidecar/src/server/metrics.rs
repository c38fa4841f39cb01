//! `/metrics` in Prometheus' text format: the ledger of today, what waits, the connections and the requests.
//!
//! The store is asked for many projects at once. With many of them a page leaves out what is 0 of a project, so that
//! those in which nothing happens have three lines and not thirty.

mod page;
mod quota;
mod watching;

use tieline_engine::{ids::ProjectId, jiff::Timestamp};

use self::page::Page;
use super::requests::Requests;
use crate::{
    access::Identity,
    driver::Driver,
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
    let mut page = Page::new(projects.len() > FULL_MAX);
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
}

//! Metrics of who watches, who can be rung, and what was told to whom.

use std::collections::BTreeSet;

use tieline_engine::{dialing::Presence, ids::ProjectId};

use super::{Measured, page::Page};
use crate::driver::Driver;

impl Page {
    pub(super) fn watching(&mut self, driver: &Driver, projects: &[Measured]) {
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

    pub(super) fn telephones(&mut self, driver: &Driver, projects: &[Measured]) {
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
}

//! Metrics of the CRMs' quotas.

use std::sync::Arc;

use super::{Measured, page::Page};
use crate::driver::{
    Driver,
    connection::Connection,
    quota::{self, Priority},
};

impl Page {
    /// Each sidecar shows its own part where several share the store; budgets are the account's.
    pub(super) fn quota(&mut self, driver: &Driver, projects: &[Measured]) {
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
}

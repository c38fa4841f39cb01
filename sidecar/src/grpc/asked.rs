//! Reading a request: every field that is wrong is noted, and all of them are told at once.

use tieline_engine::{
    ids::{CallId, ProjectId},
    jiff::{Timestamp, civil::Date},
};
use tonic::Status;

use super::{convert::Violation, refused};

/// Longest name of a project or a connection (the contract's messages).
const NAME_BYTES_MAX: usize = 64;
/// Longest id of a call or a messenger request (call_report.proto).
const CALL_ID_BYTES_MAX: usize = 256;
/// Longest page token.
const TOKEN_BYTES_MAX: usize = 512;
/// Entries of a page when nothing is said, and at most.
const PAGE: (u32, u32) = (100, 1000);

/// What is wrong with a request so far.
#[derive(Default)]
pub(super) struct Asked {
    faults: Vec<Violation>,
}

impl Asked {
    /// Notes a fault.
    pub(super) fn fault(&mut self, field: &str, text: impl Into<String>) {
        self.faults.push(Violation { field: field.to_owned(), description: text.into() });
    }

    /// A text of bounded length; the empty one where it is too long.
    pub(super) fn text<'t>(&mut self, field: &str, text: &'t str, bytes_max: usize) -> &'t str {
        if text.len() > bytes_max {
            self.fault(field, format!("is longer than {bytes_max} bytes"));
            return "";
        }
        text
    }

    /// A text that must be there.
    pub(super) fn needed<'t>(&mut self, field: &str, text: &'t str, bytes_max: usize) -> &'t str {
        if text.trim().is_empty() {
            self.fault(field, "is required");
        }
        self.text(field, text, bytes_max)
    }

    /// The project.
    pub(super) fn project(&mut self, project: &str) -> ProjectId {
        ProjectId::new(self.needed("project", project, NAME_BYTES_MAX))
    }

    /// The project, where none means all.
    pub(super) fn any_project(&mut self, project: &str) -> Option<ProjectId> {
        let project = self.text("project", project, NAME_BYTES_MAX);
        (!project.is_empty()).then(|| ProjectId::new(project))
    }

    /// The connection's name; empty means the project's only one.
    pub(super) fn connection<'t>(&mut self, name: &'t str) -> &'t str {
        self.text("connection_id", name, NAME_BYTES_MAX)
    }

    /// The id of a call.
    pub(super) fn call(&mut self, field: &str, id: &str) -> CallId {
        CallId::new(self.needed(field, id, CALL_ID_BYTES_MAX))
    }

    /// A moment, where there is one.
    pub(super) fn moment(&mut self, field: &str, moment: Option<prost_types::Timestamp>) -> Option<Timestamp> {
        let moment = moment?;
        let in_second = (0..1_000_000_000).contains(&moment.nanos);
        let read = Timestamp::new(moment.seconds, moment.nanos).ok().filter(|_| in_second);
        if read.is_none() {
            self.fault(field, "is no moment between the years 1 and 9999");
        }
        read
    }

    /// Two moments, the first before the second.
    pub(super) fn span(
        &mut self,
        names: (&str, &str),
        since: Option<prost_types::Timestamp>,
        until: Option<prost_types::Timestamp>,
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        let (since, until) = (self.moment(names.0, since), self.moment(names.1, until));
        if since.zip(until).is_some_and(|(since, until)| since >= until) {
            self.fault(names.1, format!("is not after {}", names.0));
        }
        (since, until)
    }

    /// A day such as "2026-03-29", where there is one.
    pub(super) fn day(&mut self, field: &str, text: &str) -> Option<Date> {
        if text.is_empty() {
            return None;
        }
        let day = text.parse().ok().filter(|_| text.len() == 10);
        if day.is_none() {
            self.fault(field, "is no day such as \"2026-03-29\"");
        }
        day
    }

    /// How many entries a page holds.
    pub(super) fn page_size(&mut self, size: u32) -> usize {
        let (usual, most) = PAGE;
        if size > most {
            self.fault("page_size", format!("is more than {most}"));
        }
        let size = if size == 0 { usual } else { size.min(most) };
        usize::try_from(size).unwrap_or(1)
    }

    /// A page's token.
    pub(super) fn token<'t>(&mut self, token: &'t str) -> &'t str {
        self.text("page_token", token, TOKEN_BYTES_MAX)
    }

    /// Refuses the request when anything is wrong with it.
    pub(super) fn done(self) -> Result<(), Status> {
        if self.faults.is_empty() { Ok(()) } else { Err(refused::invalid(self.faults)) }
    }
}

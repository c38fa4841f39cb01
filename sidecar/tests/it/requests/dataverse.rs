//! SMART CRM's table (dataverse.md 5).

use serde_json::json;
use tieline_sandbox::CrmKind;

use super::{
    Before::{self, Known, Rang, Written},
    CLIENT, Row,
    Then::{Answered, Missed, Recording, Rings},
    hold, put,
};
use crate::wired::Core;

/// Calls whose recording comes with their end, or that have none: they are made and finished at once.
const TABLE: &[Row] = &[
    Row { event: "RouteCall, cold", before: &[Known], then: Rings, page: 1, ours: 1 },
    Row { event: "RouteCall, cold, nobody known", before: &[], then: Rings, page: 1, ours: 1 },
    Row { event: "RouteCall, warm", before: &[Known, Rang], then: Rings, page: 0, ours: 0 },
    Row { event: "new contact, recorded", before: &[], then: Recording, page: 2, ours: 2 },
    Row { event: "known contact, recorded", before: &[Known], then: Recording, page: 2, ours: 2 },
    Row { event: "the same, id cached", before: &[Known, Rang], then: Recording, page: 1, ours: 1 },
    Row { event: "missed, new", before: &[], then: Missed, page: 2, ours: 2 },
    Row { event: "missed, known", before: &[Known], then: Missed, page: 2, ours: 2 },
    Row { event: "missed, known, id cached", before: &[Known, Rang], then: Missed, page: 1, ours: 1 },
    // The call waits open for its recording, and is read before it is finished: people write into its description.
    Row { event: "known contact, the recording never comes", before: &[Known], then: Answered, page: 2, ours: 4 },
    // The same read, before the change set that opens the call, changes it and closes it again.
    Row { event: "recording later", before: &[Known, Written], then: Recording, page: 1, ours: 2 },
];

const WITHOUT_WAITING: &[Row] = &[
    Row { event: "new contact", before: &[], then: Answered, page: 2, ours: 2 },
    Row { event: "known contact", before: &[Known], then: Answered, page: 2, ours: 2 },
    Row { event: "known contact, id cached", before: &[Known, Rang], then: Answered, page: 1, ours: 1 },
    Row { event: "recording later", before: &[Known, Written], then: Recording, page: 1, ours: 2 },
];

#[test]
fn dataverse_is_asked_as_its_reference_says_and_reads_a_call_before_it_changes_it() {
    hold(TABLE, || Core::new(CrmKind::Dataverse, 1), seed);
}

#[test]
fn dataverse_that_awaits_no_recordings_is_asked_as_seldom_as_its_reference_says() {
    let sections = "[projects.patience]\nrecording_seconds = 0";
    hold(WITHOUT_WAITING, || Core::with(CrmKind::Dataverse, 1, "", sections), seed);
}

fn seed(core: &Core, _before: Before) {
    put(core, &json!({"contacts": [{"lastname": "Client", "telephone1": CLIENT}]}));
}

//! SendPulse's table (sendpulse.md 3.6).

use serde_json::json;
use tieline_sandbox::CrmKind;

use super::{
    Before::{self, Known, KnownWithDeal, Rang, Written},
    CLIENT, Row,
    Then::{Answered, AnsweredFromAd, Missed, Recording, Rings},
    hold, put,
};
use crate::wired::Core;

/// The table's first rows: contacts alone.
const CONTACTS: &[Row] = &[
    Row { event: "RouteCall, cold", before: &[Known], then: Rings, page: 1, ours: 1 },
    Row { event: "RouteCall, cold, nobody known", before: &[], then: Rings, page: 1, ours: 1 },
    Row { event: "RouteCall, warm", before: &[Known, Rang], then: Rings, page: 0, ours: 0 },
    Row { event: "new caller", before: &[], then: Answered, page: 3, ours: 3 },
    Row { event: "new caller after RouteCall", before: &[Rang], then: Answered, page: 2, ours: 2 },
    Row { event: "known", before: &[Known], then: Answered, page: 2, ours: 2 },
    Row { event: "known, id cached", before: &[Known, Rang], then: Answered, page: 1, ours: 1 },
    Row { event: "known, data of a visit", before: &[Known], then: AnsweredFromAd, page: 3, ours: 3 },
    Row { event: "missed, new, with task", before: &[], then: Missed, page: 4, ours: 4 },
    Row { event: "missed, known, with task", before: &[Known], then: Missed, page: 3, ours: 3 },
    Row { event: "recording later", before: &[Known, Written], then: Recording, page: 1, ours: 1 },
];

/// With deals: the deal's own comment shows the call where people look for it (SP-04), and a known client's deals are
/// a list of their own.
const DEALS: &[Row] = &[
    Row { event: "new caller, with a deal", before: &[], then: Answered, page: 4, ours: 5 },
    Row { event: "known, deal open", before: &[KnownWithDeal], then: Answered, page: 2, ours: 4 },
    Row { event: "known, deal open, ids cached", before: &[KnownWithDeal, Rang], then: Answered, page: 1, ours: 2 },
    Row { event: "known, no deal", before: &[Known], then: Answered, page: 3, ours: 4 },
];

/// The way the vendor does not call deprecated. The contact is looked at before a number is added, so that a repeat
/// adds none.
const STEPS: &[Row] = &[Row { event: "new caller, step by step", before: &[], then: AnsweredFromAd, page: 5, ours: 6 }];

const VISIT: &str = "contact_fields = \"utm_source = rs_utm_source\"";

#[test]
fn sendpulse_is_asked_as_seldom_as_its_reference_says() {
    let settings = format!("create = \"contact\"\n{VISIT}");
    hold(CONTACTS, || Core::with(CrmKind::SendPulse, 1, &settings, ""), seed);
}

#[test]
fn sendpulse_with_deals_is_asked_for_them_and_told_of_calls_in_them() {
    hold(DEALS, || Core::new(CrmKind::SendPulse, 1), seed);
}

#[test]
fn sendpulse_step_by_step_is_asked_once_more_than_its_reference_says() {
    let settings = format!("create = \"contact\"\ncontact_path = \"steps\"\n{VISIT}");
    hold(STEPS, || Core::with(CrmKind::SendPulse, 1, &settings, ""), seed);
}

fn seed(core: &Core, before: Before) {
    let contact = json!({"firstName": "Client", "phones": [CLIENT], "responsibleId": 4101});
    let made = put(core, &json!({ "contacts": [contact] }));
    if before == KnownWithDeal {
        let id = &made["ids"]["contacts"][0];
        put(core, &json!({"deals": [{"name": "Open", "contact": [id], "responsibleId": 4101}]}));
    }
}

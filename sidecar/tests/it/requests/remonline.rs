//! RemOnline's table (remonline.md 2.9): client, lead and order, the call told in each.

use serde_json::json;
use tieline_sandbox::CrmKind;

use super::{
    Before::{self, Known, KnownWithDeal, Rang, Written},
    CLIENT, Row,
    Then::{Answered, Missed, Recording, Rings},
    hold, put,
};
use crate::wired::Core;

/// Leads are looked for at every look-up, those without a client too, since web forms make such (RO-06). It costs new
/// callers one request; `leads = of_clients` saves it.
const TABLE: &[Row] = &[
    Row { event: "RouteCall, cold, known", before: &[KnownWithDeal], then: Rings, page: 3, ours: 3 },
    Row { event: "RouteCall, cold, nobody known", before: &[], then: Rings, page: 1, ours: 2 },
    Row { event: "RouteCall, warm", before: &[KnownWithDeal, Rang], then: Rings, page: 0, ours: 0 },
    Row { event: "new caller, client and lead and order", before: &[], then: Answered, page: 4, ours: 5 },
    Row { event: "new caller after RouteCall", before: &[Rang], then: Answered, page: 3, ours: 3 },
    Row { event: "known, lead and order open", before: &[KnownWithDeal], then: Answered, page: 6, ours: 6 },
    Row { event: "the same, ids cached", before: &[KnownWithDeal, Rang], then: Answered, page: 3, ours: 3 },
    // A lead and an order are made; the call is told in them, and in a comment on the client.
    Row { event: "known, nothing open", before: &[Known], then: Answered, page: 6, ours: 6 },
    Row { event: "missed, new, with task", before: &[], then: Missed, page: 5, ours: 6 },
    Row { event: "missed, known, with task", before: &[KnownWithDeal], then: Missed, page: 7, ours: 7 },
    Row { event: "recording later", before: &[KnownWithDeal, Written], then: Recording, page: 3, ours: 3 },
];

const LEADS_OF_CLIENTS: &[Row] = &[
    Row { event: "new caller, client and lead and order", before: &[], then: Answered, page: 4, ours: 4 },
    Row { event: "missed, new, with task", before: &[], then: Missed, page: 5, ours: 5 },
];

const LEAD_ONLY: &[Row] = &[
    Row { event: "lead only, new caller", before: &[], then: Answered, page: 3, ours: 3 },
    Row { event: "lead only, missed, with task", before: &[], then: Missed, page: 4, ours: 4 },
];

#[test]
fn remonline_is_asked_as_its_reference_says_and_once_more_for_leads_nobody_made_a_client_of() {
    hold(TABLE, || Core::new(CrmKind::RemOnline, 1), seed);
}

#[test]
fn remonline_with_leads_of_clients_only_is_asked_as_seldom_as_its_reference_says() {
    hold(LEADS_OF_CLIENTS, || Core::with(CrmKind::RemOnline, 1, "leads = \"of_clients\"", ""), seed);
}

#[test]
fn remonline_with_leads_alone_is_asked_as_seldom_as_its_reference_says() {
    hold(LEAD_ONLY, || Core::with(CrmKind::RemOnline, 1, "create = \"lead\"", ""), seed);
}

fn seed(core: &Core, before: Before) {
    let made = put(core, &json!({"clients": [{"first_name": "Client", "phone": CLIENT, "manager_id": 101}]}));
    if before == KnownWithDeal {
        let id = &made["ids"]["clients"][0];
        put(
            core,
            &json!({
                "leads": [{"client_id": id, "leadtype_id": 31, "manager_id": 101}],
                "orders": [{"client_id": id, "branch_id": 11, "order_type_id": 21, "manager_id": 101}],
            }),
        );
    }
}

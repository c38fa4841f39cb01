//! Zoho CRM's table (zoho.md 10), with the scenario it is written for: contact and deal for a new client, a task for a
//! missed call.

use serde_json::json;
use tieline_engine::{ids::CallId, phone::Phone};
use tieline_sandbox::CrmKind;
use tokio::time;

use super::{
    Before::{self, Known, KnownWithDeal, LostRace, Rang, Written},
    CLIENT, Counter, Row,
    Then::{Answered, AnsweredFromAd, Missed, Recording, Rings},
    hold, put,
};
use crate::wired::{Core, in_virtual_time};

const SECTIONS: &str = r#"
    [[projects.mappings]]
    entity = "deal"
    param = "utm_source"
    field = "rs_utm_source"
    [[projects.scenario]]
    name = "answered"
    [projects.scenario.when]
    answered = true
    [projects.scenario.then]
    contact = "create_and_update"
    deal = "create_and_update"
    call_record = true
    owner = ["agent", "senior"]
    [[projects.scenario]]
    name = "missed"
    [projects.scenario.when]
    answered = false
    [projects.scenario.then]
    contact = "create_and_update"
    deal = "create_and_update"
    call_record = true
    owner = ["owner", "senior"]
    [[projects.scenario.then.tasks]]
    about = "missed_call"
    to = ["owner", "senior"]
    due_minutes = 240
"#;

const TABLE: &[Row] = &[
    Row { event: "RouteCall, cold", before: &[KnownWithDeal], then: Rings, page: 1, ours: 1 },
    Row { event: "RouteCall, cold, nobody known", before: &[], then: Rings, page: 1, ours: 1 },
    Row { event: "RouteCall, warm", before: &[KnownWithDeal, Rang], then: Rings, page: 0, ours: 0 },
    Row { event: "known caller after RouteCall", before: &[KnownWithDeal, Rang], then: Answered, page: 1, ours: 1 },
    Row {
        event: "known caller after RouteCall, with mapped fields",
        before: &[KnownWithDeal, Rang],
        then: AnsweredFromAd,
        page: 1,
        ours: 1,
    },
    Row { event: "new caller after RouteCall", before: &[Rang], then: Answered, page: 1, ours: 1 },
    // One look-up more: whoever made the contact may have made its deal too, and a second deal would be worse.
    Row { event: "new caller, race lost", before: &[Rang, LostRace], then: Answered, page: 2, ours: 3 },
    Row { event: "missed, known, with task", before: &[KnownWithDeal, Rang], then: Missed, page: 1, ours: 1 },
    Row { event: "missed, new, with task", before: &[Rang], then: Missed, page: 1, ours: 1 },
    Row { event: "known caller, cold", before: &[KnownWithDeal], then: Answered, page: 2, ours: 2 },
    Row { event: "known caller without a deal, cold", before: &[Known], then: Answered, page: 2, ours: 2 },
    Row { event: "new caller, cold", before: &[], then: Answered, page: 2, ours: 2 },
    Row { event: "missed, known, with task, cold", before: &[KnownWithDeal], then: Missed, page: 2, ours: 2 },
    Row { event: "missed, new, with task, cold", before: &[], then: Missed, page: 2, ours: 2 },
    Row { event: "recording later", before: &[KnownWithDeal, Written], then: Recording, page: 1, ours: 1 },
];

#[test]
fn zoho_is_asked_as_seldom_as_its_reference_says() {
    hold(TABLE, || Core::with(CrmKind::Zoho, 1, "", SECTIONS), seed);
}

/// The reference puts up to 100 calls of a backlog into one request. Here each call is decided, written and noted as
/// written by itself, so that a crash or a refusal in the middle concerns one call only: a read and a write each.
#[test]
fn zoho_backlog_costs_a_read_and_a_write_a_call() {
    in_virtual_time(async {
        let counter = Counter { core: Core::with(CrmKind::Zoho, 1, "", SECTIONS).await, seed };
        counter.learned().await;
        let (core, calls) = (&counter.core, 5);
        let connection = core.sidecar().connection(&core.project).unwrap();
        connection.deactivate().await.unwrap();
        for nr in 0..calls {
            let phone = format!("38067123450{nr}");
            put(core, &json!({"Contacts": [{"Last_Name": "Client", "Phone": phone, "Phone_Key": phone}]}));
            let mut call = counter.ended(Answered);
            (call.id, call.client.phone) = (CallId::new(format!("kept-{nr}")), Some(Phone::new(phone)));
            core.sidecar().accept(call, None, None).await.unwrap();
        }
        time::sleep(std::time::Duration::from_secs(60)).await;
        let before: u64 = counter.by_route().values().sum();
        connection.activate().await.unwrap();
        core.settle().await;
        let counted = counter.by_route().values().sum::<u64>() - before;
        assert_eq!(counted, 2 * calls, "{:#?}", counter.by_route());
    });
}

fn seed(core: &Core, before: Before) {
    let contact = json!({"$ref": "client", "Last_Name": "Client", "Phone": CLIENT, "Phone_Key": CLIENT});
    let deal = json!({"Deal_Name": "Open", "Stage": "Qualification", "Contact_Name": "@client"});
    match before {
        KnownWithDeal => put(core, &json!({"Contacts": [contact], "Deals": [deal]})),
        _ => put(core, &json!({"Contacts": [contact]})),
    };
}

//! Connections: one CRM per project, and what may be changed when.

use std::sync::Arc;

use tieline_proto::v1::{
    ActivateConnectionRequest, CheckConnectionRequest, CheckSeverity, ConnectionState, DeactivateConnectionRequest,
    GetLedgerRequest, ListConnectionsRequest, ListFailedCallsRequest, RetryCallsRequest, SetKeepDataRequest,
    SyncCallRequest,
};
use tonic::Code;

use crate::house::{Away, House, ended, fields, reason, report};

fn activate(connection: &str, keep_data: Option<bool>) -> ActivateConnectionRequest {
    ActivateConnectionRequest { project: "shop".to_owned(), connection_id: connection.to_owned(), keep_data }
}

fn keep(keep_data: bool) -> SetKeepDataRequest {
    SetKeepDataRequest { project: "shop".to_owned(), connection_id: String::new(), keep_data }
}

#[tokio::test]
async fn g_01_rc_17_another_crm_of_the_project_is_refused() {
    let house = House::with_crm("", "").await;
    let status = house.admin().activate_connection(activate("other-crm", None)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "ANOTHER_CONNECTION_ACTIVE"));
    let own = house.admin().activate_connection(activate("shop-crm", None)).await.unwrap().into_inner();
    assert_eq!(own.connection.unwrap().state(), ConnectionState::Active);
    let off = DeactivateConnectionRequest { project: "shop".to_owned(), ..DeactivateConnectionRequest::default() };
    house.admin().deactivate_connection(off).await.unwrap();
    let status = house.admin().activate_connection(activate("other-crm", None)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "UNKNOWN_CONNECTION"));
}

#[tokio::test]
async fn z_21_the_option_to_keep_calls_is_there_only_while_the_connection_is_off() {
    let house = House::with_crm("", "").await;
    let mut admin = house.admin();
    let status = admin.set_keep_data(keep(false)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "OPTION_NEEDS_INACTIVE"));
    let status = admin.activate_connection(activate("", Some(false))).await.unwrap_err();
    assert_eq!(reason(&status), "OPTION_NEEDS_INACTIVE");
    let off = DeactivateConnectionRequest { project: "shop".to_owned(), ..DeactivateConnectionRequest::default() };
    let off = admin.deactivate_connection(off).await.unwrap().into_inner().connection.unwrap();
    assert_eq!((off.state(), off.keep_data), (ConnectionState::Inactive, true));
    let set = admin.set_keep_data(keep(false)).await.unwrap().into_inner().connection.unwrap();
    assert!(!set.keep_data);
}

#[tokio::test]
async fn a_connection_is_switched_on_only_when_the_crm_takes_the_credentials() {
    let house = House::over(Arc::new(Away), "", "active = false").await;
    let status = house.admin().activate_connection(activate("", None)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "CRM_UNAVAILABLE"));
    let listed = house.admin().list_connections(ListConnectionsRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.connections.first().unwrap().state(), ConnectionState::Inactive);
}

#[tokio::test]
async fn a_crm_that_is_away_is_a_finding_of_the_check_and_no_failure() {
    let house = House::over(Arc::new(Away), "", "").await;
    let asked = CheckConnectionRequest { project: "shop".to_owned(), connection_id: "shop-crm".to_owned() };
    let checked = house.admin().check_connection(asked.clone()).await.unwrap().into_inner();
    assert!(!checked.usable);
    let first = checked.findings.first().unwrap();
    assert_eq!((first.severity(), first.code.as_str()), (CheckSeverity::Error, "credentials"));
    let house = House::with_crm("", "").await;
    let checked = house.admin().check_connection(asked).await.unwrap().into_inner();
    assert!(checked.usable && checked.latency_ms.is_some());
    let of = |code: &str| checked.findings.iter().find(|finding| finding.code == code).map(|found| found.severity());
    assert_eq!(
        (of("closed_statuses"), of("right_to_write_orders")),
        (Some(CheckSeverity::Ok), Some(CheckSeverity::Ok))
    );
    assert!(checked.findings.iter().all(|finding| finding.failure.is_none()));
}

#[tokio::test]
async fn an_agent_nobody_is_in_the_crm_is_told_to_administrators_and_stops_nothing() {
    let house = House::with_crm("", "").await;
    let asked = CheckConnectionRequest { project: "shop".to_owned(), connection_id: String::new() };
    let checked = house.admin().check_connection(asked.clone()).await.unwrap().into_inner();
    assert!(checked.findings.iter().all(|finding| finding.code != "agent_without_user"));
    let house = House::with_crm("[[projects.agents]]\nid = \"ghost\"\nsips = [\"shop_ghost\"]", "").await;
    let checked = house.admin().check_connection(asked).await.unwrap().into_inner();
    let first = checked.findings.first().unwrap();
    assert_eq!((first.code.as_str(), first.severity()), ("agent_without_user", CheckSeverity::Warning));
    assert!(checked.usable && first.text.contains("ghost"), "{}", first.text);
}

#[tokio::test]
async fn a_connection_of_another_name_is_unknown_to_what_does_not_switch_it_on() {
    let house = House::over(Arc::new(Away), "", "").await;
    let asked = CheckConnectionRequest { project: "shop".to_owned(), connection_id: "other".to_owned() };
    let status = house.admin().check_connection(asked).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "UNKNOWN_CONNECTION"));
}

#[tokio::test]
async fn administrators_too_learn_of_every_wrong_field() {
    let house = House::over(Arc::new(Away), "", "").await;
    let asked = ListFailedCallsRequest { page_size: 1001, page_token: "?".to_owned(), ..Default::default() };
    let status = house.admin().list_failed_calls(asked).await.unwrap_err();
    assert_eq!(fields(&status), ["project", "page_size", "page_token"]);
    let status = house.admin().retry_calls(RetryCallsRequest::default()).await.unwrap_err();
    assert_eq!(fields(&status), ["project", "selection"]);
    let asked =
        GetLedgerRequest { from_day: "29.03.2026".to_owned(), to_day: "2026-3-29".to_owned(), ..Default::default() };
    let status = house.admin().get_ledger(asked).await.unwrap_err();
    assert_eq!(fields(&status), ["from_day", "to_day"]);
}

#[tokio::test]
async fn the_ledger_of_today_balances_and_the_listing_counts_what_waits() {
    let house = House::over(Arc::new(Away), "", "active = false").await;
    for id in ["1", "2"] {
        house.sync().sync_call(report(ended(id, "0671234567"))).await.unwrap();
    }
    let ledger = house.admin().get_ledger(GetLedgerRequest::default()).await.unwrap().into_inner();
    let day = ledger.days.first().unwrap();
    assert_eq!((day.received, day.waiting, day.balanced), (2, 2, true));
    let listed = house.admin().list_connections(ListConnectionsRequest::default()).await.unwrap().into_inner();
    let listed = listed.connections.first().unwrap();
    assert_eq!((listed.backlog, &listed.last_written_at), (2, &None));
}

#[tokio::test]
async fn the_listing_tells_when_the_crm_last_took_something() {
    let house = House::with_crm("", "").await;
    let request = SyncCallRequest { call: Some(ended("1", "0671234567")), wait_ms: Some(30_000) };
    let written = house.sync().sync_call(request).await.unwrap().into_inner().report.unwrap().written;
    let listed = house.admin().list_connections(ListConnectionsRequest::default()).await.unwrap().into_inner();
    let latest = listed.connections.first().unwrap().last_written_at;
    let at = |moment: prost_types::Timestamp| (moment.seconds, moment.nanos / 1_000);
    assert_eq!(latest.map(at), written.into_iter().filter_map(|record| record.at.map(at)).max());
    assert!(latest.is_some());
}

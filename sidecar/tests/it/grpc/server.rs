//! The doors themselves: health, reflection, bounds, probes, and stopping.

use std::sync::Arc;

use tieline_proto::v1::{Call, Receipt, SyncCallRequest};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::house::{Away, House, ended, report};

const SYNC: &str = "tieline.v1.SyncService";
const ADMIN: &str = "tieline.v1.AdminService";

#[tokio::test]
async fn each_service_is_healthy_until_the_sidecar_stops() {
    let house = House::over(Arc::new(Away), "", "").await;
    let mut health = HealthClient::new(house.channel());
    for service in ["", SYNC, ADMIN] {
        let asked = HealthCheckRequest { service: service.to_owned() };
        assert_eq!(health.check(asked).await.unwrap().into_inner().status(), ServingStatus::Serving, "{service}");
    }
    let watched = HealthCheckRequest { service: SYNC.to_owned() };
    let mut watched = health.watch(watched).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    house.stop.send_replace(true);
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    house.running.join().await.unwrap();
}

#[tokio::test]
async fn the_contract_can_be_read_by_reflection() {
    let house = House::over(Arc::new(Away), "", "").await;
    let asked = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(house.channel());
    let answers = client.server_reflection_info(tokio_stream::iter([asked])).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(listed)) = answer.message_response else {
        panic!("no list of services");
    };
    let names: Vec<_> = listed.service.iter().map(|service| service.name.as_str()).collect();
    assert!(names.contains(&SYNC) && names.contains(&ADMIN), "{names:?}");
}

#[tokio::test]
async fn a_request_beyond_the_bound_is_refused_unread() {
    let house = House::over(Arc::new(Away), "", "").await;
    let call = Call { client_number: "1".repeat(300 * 1024), ..ended("1", "") };
    let status = house.sync().sync_call(SyncCallRequest { call: Some(call), wait_ms: None }).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
}

#[tokio::test]
async fn probes_and_metrics_are_there_over_http() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let house = House::over(Arc::new(Away), "", "active = false").await;
    house.sync().sync_call(report(ended("1", "0671234567"))).await.unwrap();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(reqwest::get(house.http(path)).await.unwrap().status().as_u16(), 200, "{path}");
    }
    let text = reqwest::get(house.http("/metrics")).await.unwrap().text().await.unwrap();
    for line in [
        "tieline_calls_today{project=\"shop\",state=\"received\"} 1",
        "tieline_calls_today{project=\"shop\",state=\"waiting\"} 1",
        "tieline_connections_suspended{} 0",
        "tieline_quota_limit{project=\"shop\",limit=\"at_once\"} 8",
        "tieline_quota_limit{project=\"shop\",limit=\"telephony_per_second\"} 32",
        "tieline_quota_limit_max{project=\"shop\",limit=\"per_second\"} 8",
        "tieline_quota_in_use{project=\"shop\"} 0",
        "tieline_quota_waiting{project=\"shop\",priority=\"ringing\"} 0",
        "tieline_quota_refusals_total{project=\"shop\"} 0",
        "tieline_quota_backlog_rests{project=\"shop\"} 0",
        "tieline_connection_status{project=\"shop\",status=\"inactive\"} 1",
        "tieline_requests_total{door=\"grpc\",method=\"SyncCall\",outcome=\"ok\"} 1",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} is not in:\n{text}");
    }
    let since = text.lines().find_map(|line| line.strip_prefix("tieline_last_received_seconds{project=\"shop\"} "));
    assert!(since.unwrap().parse::<f64>().unwrap() < 600.0);
    assert!(!text.contains("tieline_last_written_seconds{"), "nothing was written ever");
}

#[tokio::test]
async fn a_webhook_and_a_report_over_grpc_meet_in_one_call() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let house = House::over(Arc::new(Away), "", "active = false").await;
    let posted = r#"{"uniqueid": "1", "phone": "0671234567", "billsec": "5", "disposition": "ANSWERED"}"#;
    let client = reqwest::Client::new();
    let posted = client.post(house.http("/hooks/shop/after_call")).body(posted).send().await.unwrap();
    assert_eq!(posted.status().as_u16(), 200);
    let amended = house.sync().sync_call(report(ended("1", "0671234567"))).await.unwrap().into_inner();
    assert_eq!(amended.receipt(), Receipt::Amended);
}

#[tokio::test]
async fn a_sidecar_that_was_told_to_stop_frees_its_ports_and_its_store() {
    let house = House::over(Arc::new(Away), "", "").await;
    house.sync().sync_call(report(ended("1", "0671234567"))).await.unwrap();
    let address = house.running.grpc_addr;
    house.stop.send_replace(true);
    house.running.join().await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

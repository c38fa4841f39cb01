//! gRPC.

use std::collections::BTreeSet;

use tieline::{
    access::Role,
    grpc::rights::{RIGHTS, Reach},
};
use tieline_engine::jiff::{Timestamp, tz::TimeZone};
use tieline_proto::v1::{
    GetCallRequest, GetLedgerRequest, ListConnectionsRequest, ListFailedCallsRequest, ResendBacklogRequest,
    SyncCallRequest,
};
use tonic::{Code, Request, Status, client::Grpc, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest,
};

use super::{TOKENS, guarded, shown, with};
use crate::house::{ended, reason, report};

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    (status.code(), reason(&status))
}

fn of(project: &str) -> SyncCallRequest {
    let mut report = report(ended("1", "0671234567"));
    report.call.as_mut().unwrap().project = project.to_owned();
    report
}

#[tokio::test]
async fn whoever_is_not_known_is_refused_and_told_why() {
    let house = guarded().await;
    let missing = (Code::Unauthenticated, "TOKEN_MISSING".to_owned());
    assert_eq!(refused(house.sync().sync_call(of("shop")).await), missing);
    let mut basic = Request::new(of("shop"));
    basic.metadata_mut().insert("authorization", "Basic c2hvcDpwYng=".parse().unwrap());
    assert_eq!(refused(house.sync().sync_call(basic).await), missing);
    let unknown = (Code::Unauthenticated, "TOKEN_UNKNOWN".to_owned());
    assert_eq!(refused(house.sync().sync_call(with("nobody", of("shop"))).await), unknown);
    let get = GetCallRequest { project: "shop".to_owned(), call_id: "1".to_owned() };
    assert_eq!(refused(house.sync().get_call(with("admin", get)).await).1, "UNKNOWN_CALL", "nothing was written");
}

#[tokio::test]
async fn an_exchange_of_one_project_neither_writes_nor_sees_another() {
    let house = guarded().await;
    house.sync().sync_call(with("shop-pbx", of("shop"))).await.unwrap();
    house.sync().sync_call(with("other-pbx", of("other"))).await.unwrap();
    let denied = (Code::PermissionDenied, "PROJECT_NOT_ALLOWED".to_owned());
    let get = |project: &str| GetCallRequest { project: project.to_owned(), call_id: "1".to_owned() };
    let resend =
        |project: &str| ResendBacklogRequest { project: project.to_owned(), dry_run: true, ..Default::default() };
    for project in ["other", "none", "SHOP", "shop ", " shop"] {
        assert_eq!(refused(house.sync().sync_call(with("shop-pbx", of(project))).await), denied, "{project}");
        assert_eq!(refused(house.sync().get_call(with("shop-pbx", get(project))).await), denied, "{project}");
        let stream = house.sync().resend_backlog(with("shop-pbx", resend(project))).await;
        assert_eq!(refused(stream.map(drop)), denied, "{project}");
    }
    assert!(house.sync().get_call(with("shop-pbx", get("shop"))).await.is_ok());
    let failed = ListFailedCallsRequest { project: "other".to_owned(), ..Default::default() };
    let by_admin = house.admin().list_failed_calls(with("shop-admin", failed)).await;
    assert_eq!(refused(by_admin), denied, "an administrator's token has projects too");
    let unknown = refused(house.sync().get_call(with("admin", get("none"))).await);
    assert_eq!(unknown, (Code::NotFound, "UNKNOWN_PROJECT".to_owned()), "who sees all is told the truth");
}

#[tokio::test]
async fn lists_over_all_projects_hold_those_the_token_sees() {
    let house = guarded().await;
    house.sync().sync_call(with("shop-pbx", of("shop"))).await.unwrap();
    house.sync().sync_call(with("other-pbx", of("other"))).await.unwrap();
    for (token, count) in [("shop-admin", 1), ("admin", 2)] {
        let listed = house.admin().list_connections(with(token, ListConnectionsRequest::default())).await.unwrap();
        assert_eq!(listed.into_inner().connections.len(), count, "{token}");
    }
    let today = Timestamp::now().to_zoned(TimeZone::get("Europe/Kyiv").unwrap()).date();
    let (from_day, to_day) = (today.yesterday().unwrap().to_string(), today.tomorrow().unwrap().to_string());
    for (token, seen) in [("shop-screen", &["shop"][..]), ("shop-admin", &["shop"]), ("screen", &["other", "shop"])] {
        let asked = GetLedgerRequest { project: String::new(), from_day: from_day.clone(), to_day: to_day.clone() };
        let ledger = house.admin().get_ledger(with(token, asked)).await.unwrap().into_inner();
        let projects: BTreeSet<&str> = ledger.days.iter().map(|day| day.project.as_str()).collect();
        assert_eq!(projects.into_iter().collect::<Vec<_>>(), seen, "{token}");
    }
}

#[tokio::test]
async fn every_method_lets_in_the_roles_of_its_row_and_nobody_else() {
    let house = guarded().await;
    let mut tried = 0;
    for right in RIGHTS {
        assert_eq!(
            call(house.channel(), right.path, None).await.map_err(|status| reason(&status)),
            Err("TOKEN_MISSING".to_owned())
        );
        for (name, role, projects) in TOKENS {
            let role = match role {
                "exchange" => Role::Exchange,
                "reader" => Role::Reader,
                _ => Role::Admin,
            };
            let may = role == Role::Admin || right.roles.contains(&role);
            let answer = call(house.channel(), right.path, Some(name)).await;
            let told = answer.map_err(|status| reason(&status));
            let expected = match (may, right.reach) {
                (false, _) => Err("ROLE_NOT_ALLOWED"),
                // An empty message names no project.
                (true, Reach::Named) => Err("INVALID_FIELD"),
                (true, Reach::Seen) => Ok(()),
            };
            assert_eq!(told, expected.map_err(str::to_owned), "{} by {name} {projects}", right.method);
            tried += 1;
        }
    }
    assert_eq!(tried, RIGHTS.len() * TOKENS.len());
}

/// Calls a method with an empty message.
async fn call(channel: Channel, path: &'static str, token: Option<&str>) -> Result<(), Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.unwrap();
    let mut request = Request::new(());
    if let Some(token) = token {
        request.metadata_mut().insert("authorization", shown(token));
    }
    let path = http::uri::PathAndQuery::from_static(path);
    client.unary(request, path, ProstCodec::<(), ()>::default()).await.map(drop)
}

#[tokio::test]
async fn what_is_no_method_is_none_for_those_who_are_known_and_a_secret_for_others() {
    let house = guarded().await;
    for path in ["/tieline.v1.SyncService/Nothing", "/tieline.v1.SyncService/routecall", "/other.Service/Method"] {
        assert_eq!(call(house.channel(), path, None).await.unwrap_err().code(), Code::Unauthenticated, "{path}");
        assert_eq!(call(house.channel(), path, Some("admin")).await.unwrap_err().code(), Code::Unimplemented, "{path}");
    }
}

#[tokio::test]
async fn health_is_told_to_everybody_and_the_contract_to_those_who_are_known() {
    let house = guarded().await;
    let mut health = HealthClient::new(house.channel());
    health.check(HealthCheckRequest::default()).await.unwrap();
    let asked = || {
        let message_request = Some(MessageRequest::ListServices(String::new()));
        tokio_stream::iter([ServerReflectionRequest { host: String::new(), message_request }])
    };
    let mut client = ServerReflectionClient::new(house.channel());
    let unknown = client.server_reflection_info(asked()).await.map(drop);
    assert_eq!(refused(unknown).1, "TOKEN_MISSING");
    client.server_reflection_info(with("shop-pbx", asked())).await.unwrap();
}

#[tokio::test]
async fn what_is_refused_at_the_gate_is_counted() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let house = guarded().await;
    house.sync().sync_call(of("shop")).await.unwrap_err();
    house.admin().list_connections(with("shop-pbx", ListConnectionsRequest::default())).await.unwrap_err();
    house.sync().sync_call(with("shop-pbx", of("other"))).await.unwrap_err();
    let metrics = reqwest::Client::new().get(house.http("/metrics")).bearer_auth(crate::house::token("admin"));
    let text = metrics.send().await.unwrap().text().await.unwrap();
    for line in [
        "tieline_requests_total{door=\"grpc\",method=\"SyncCall\",outcome=\"unauthenticated\"} 1",
        "tieline_requests_total{door=\"grpc\",method=\"ListConnections\",outcome=\"permission_denied\"} 1",
        "tieline_requests_total{door=\"grpc\",method=\"SyncCall\",outcome=\"permission_denied\"} 1",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} is not in:\n{text}");
    }
}

//! `ReportAgents` over the real port.

use std::time::{Duration, SystemTime};

use tieline_proto::v1::{AgentRef, PresenceState, ReportAgentsRequest};

use super::{CLIENT, because, entry, get, house, link, refused, report, watcher};
use crate::house::{fields, reason};

#[tokio::test]
async fn entries_that_name_nobody_are_told_by_their_position() {
    let house = house().await;
    let told = [("stranger", PresenceState::Online), ("Shop_One", PresenceState::Online)];
    let answer = report(&house, false, &told).await;
    assert_eq!((answer.known, answer.unmapped), (1, vec![0]));
    let _watcher = watcher(&house);
    assert_eq!(get(&link(&house, CLIENT, "", 5)).await.0, 200);
}

#[tokio::test]
async fn an_exchange_that_stopped_reporting_leaves_nobody_online() {
    let house = house().await;
    let _watcher = watcher(&house);
    let a_while_ago = SystemTime::now().checked_sub(Duration::from_secs(60)).unwrap();
    let mut request = ReportAgentsRequest {
        project: "shop".to_owned(),
        everybody: true,
        agents: vec![entry("shop_one", PresenceState::Online)],
        valid_seconds: 30,
        seen_at: Some(a_while_ago.into()),
    };
    house.sync().report_agents(request.clone()).await.unwrap();
    let link = link(&house, CLIENT, "", 5);
    assert_eq!(refused(&link).await, because(503, "nobody_online"));
    request.valid_seconds = 3600;
    house.sync().report_agents(request).await.unwrap();
    assert_eq!(get(&link).await.0, 200);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_report_is_told() {
    let house = house().await;
    let nobody = entry("", PresenceState::Online);
    let nothing = entry("shop_one", PresenceState::Unspecified);
    let mut strange = entry("shop_one", PresenceState::Online);
    strange.state = 99;
    let mut long = entry("shop_one", PresenceState::Online);
    long.agent = Some(AgentRef { extension: "1".repeat(33), ..AgentRef::default() });
    let request = ReportAgentsRequest {
        agents: vec![nobody, nothing, strange, long],
        valid_seconds: 5,
        ..ReportAgentsRequest::default()
    };
    let refused = house.sync().report_agents(request).await.unwrap_err();
    let expected = [
        "project",
        "agents[0].agent",
        "agents[1].state",
        "agents[2].state",
        "agents[3].agent.extension",
        "valid_seconds",
    ];
    assert_eq!((reason(&refused).as_str(), fields(&refused)), ("INVALID_FIELD", expected.map(str::to_owned).to_vec()));
    let many = vec![entry("shop_one", PresenceState::Online); 1001];
    let request = ReportAgentsRequest { project: "shop".to_owned(), agents: many, ..ReportAgentsRequest::default() };
    assert_eq!(fields(&house.sync().report_agents(request).await.unwrap_err()), ["agents"]);
    let other = ReportAgentsRequest { project: "other".to_owned(), ..ReportAgentsRequest::default() };
    assert_eq!(reason(&house.sync().report_agents(other).await.unwrap_err()), "UNKNOWN_PROJECT");
}

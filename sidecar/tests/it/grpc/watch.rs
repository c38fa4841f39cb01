//! Watching over a real port: cards, filters, going on after a break, and that a silent stream is alive.

use std::{sync::Arc, time::Duration};

use futures::StreamExt as _;
use tieline::{
    grpc::{desk::Desk, gate::Granted, rights, sync::Sync},
    watch::{Dial, Event},
};
use tieline_engine::{
    ids::{AgentId, ProjectId},
    jiff::Timestamp,
    phone::Phone,
};
use tieline_proto::v1::{
    AgentRef, CallDirection, CallPhase, CallState, EntityKind, RouteCallRequest, SyncCallRequest, WatchKind,
    WatchRequest, WatchResponse, sync_service_server::SyncService as _, watch_response::Event as Told,
};
use tieline_sandbox::CrmKind;
use tokio::{sync::watch, time};
use tonic::{Code, Request, Streaming};

use crate::{
    house::{Away, Hangs, House, ended, fields, reason},
    wired::{Core, in_virtual_time},
};

fn asked() -> WatchRequest {
    WatchRequest { project: "shop".to_owned(), ..WatchRequest::default() }
}

fn agent(login: &str) -> AgentRef {
    AgentRef { sip_login: login.to_owned(), ..AgentRef::default() }
}

/// A stream that has begun: its first message has come.
async fn begun(house: &House, request: WatchRequest) -> (Streaming<WatchResponse>, String) {
    let mut stream = house.sync().watch(request).await.unwrap().into_inner();
    let first = next(&mut stream).await;
    assert_eq!(first.event, Some(Told::Heartbeat(tieline_proto::v1::Heartbeat {})));
    (stream, first.cursor)
}

async fn next(stream: &mut Streaming<WatchResponse>) -> WatchResponse {
    let next = time::timeout(Duration::from_secs(20), stream.message());
    next.await.expect("a message in time").unwrap().expect("the stream goes on")
}

async fn written(house: &House, id: &str, client: &str) {
    let request = SyncCallRequest { call: Some(ended(id, client)), wait_ms: Some(30_000) };
    let answer = house.sync().sync_call(request).await.unwrap().into_inner();
    assert_eq!(answer.state(), CallState::Written);
}

async fn ring(house: &House, client: &str) {
    let request = RouteCallRequest {
        project: "shop".to_owned(),
        call_id: format!("ring-{client}"),
        client_number: client.to_owned(),
        ..RouteCallRequest::default()
    };
    house.sync().route_call(request).await.unwrap();
}

async fn post(house: &House, event: &str, body: String) {
    let client = reqwest::Client::new();
    let posted = client.post(house.http(&format!("/hooks/shop/{event}"))).body(body).send().await.unwrap();
    assert_eq!(posted.status().as_u16(), 200);
}

fn dial(agent: &str, id: &str) -> Event {
    Event::Dial(Box::new(Dial {
        id: id.to_owned(),
        agent: AgentId::new(agent),
        agent_place: format!("shop_{agent}"),
        client: Phone::new("+380671234567"),
        client_first: true,
        line: None,
        carried_out: false,
    }))
}

fn tell(house: &House, event: Event) {
    house.sidecar().driver().hub.tell(&ProjectId::new("shop"), Timestamp::UNIX_EPOCH, event);
}

#[tokio::test]
async fn ro_18_who_is_calling_is_told_at_route_call_and_at_the_webhooks() {
    let house = House::with_crm("", "").await;
    written(&house, "1", "0671234567").await;
    let (mut stream, _) = begun(&house, asked()).await;
    let (mut of_one, _) = begun(&house, WatchRequest { agents: vec![agent("shop_one")], ..asked() }).await;
    ring(&house, "0671234567").await;
    let Some(Told::CallerCard(card)) = next(&mut stream).await.event else { panic!("no card") };
    let client = card.client.clone().unwrap();
    assert!(client.known && card.crm_answered);
    assert_eq!((card.agent.as_ref().unwrap().sip_login.as_str(), card.phase()), ("shop_one", CallPhase::BeforeCall));
    assert_eq!(client.owner.unwrap().sip_login, "shop_one");
    let kinds: Vec<_> = client.records.iter().map(|record| record.kind()).collect();
    assert_eq!(kinds, [EntityKind::Deal, EntityKind::Contact]);
    assert!(client.records.iter().all(|record| record.url.starts_with("http")));

    let known = r#"{"uniqueid": "w1", "caller": "0671234567", "call_type": "in"}"#.to_owned();
    post(&house, "before_call", known).await;
    let Some(Told::CallerCard(card)) = next(&mut stream).await.event else { panic!("no card") };
    assert_eq!((card.call_id.as_str(), card.client.unwrap().known), ("w1", true));

    let unknown = r#"{"uniqueid": "w2", "caller": "0677654321", "call_type": "in"}"#.to_owned();
    post(&house, "before_call", unknown).await;
    let Some(Told::CallerCard(card)) = next(&mut stream).await.event else { panic!("no card") };
    assert_eq!((card.call_id.as_str(), card.client_number.as_str()), ("w2", "+380677654321"));
    assert!(!card.client.unwrap().known && card.crm_answered && card.new_deal_url.is_empty());

    let taken = r#"{"uniqueid": "w2", "caller": "0677654321", "connected_with": "shop_one", "call_type": "in"}"#;
    post(&house, "pick_up", taken.to_owned()).await;
    let Some(Told::CallerCard(card)) = next(&mut stream).await.event else { panic!("no card") };
    assert_eq!((card.phase(), card.direction()), (CallPhase::PickedUp, CallDirection::Incoming));
    assert_eq!(card.agent.unwrap().sip_login, "shop_one");

    // The owner's and the answering agent's cards, and not the one that is nobody's.
    for (call, phase) in [("ring-0671234567", 1), ("w1", 1), ("w2", 3)] {
        let Some(Told::CallerCard(card)) = next(&mut of_one).await.event else { panic!("no card") };
        assert_eq!((card.call_id.as_str(), card.phase), (call, phase));
    }
}

#[tokio::test]
async fn a_crm_that_hangs_leaves_the_card_with_the_number() {
    let house = House::over(Arc::new(Hangs), "[projects.routing]\nbound_ms = 50", "").await;
    let (mut stream, _) = begun(&house, asked()).await;
    ring(&house, "0671234567").await;
    let Some(Told::CallerCard(card)) = next(&mut stream).await.event else { panic!("no card") };
    assert_eq!((card.client_number.as_str(), card.crm_answered), ("+380671234567", false));
}

#[tokio::test]
async fn a_filter_lets_through_what_is_of_its_agents_and_kinds() {
    let house = House::over(Arc::new(Away), "", "").await;
    let of_one = WatchRequest { agents: vec![agent("shop_one")], ..asked() };
    let dials = WatchRequest { kinds: vec![WatchKind::DialRequest.into()], ..asked() };
    let ((mut of_one, _), (mut dials, _)) = (begun(&house, of_one).await, begun(&house, dials).await);
    // Nobody's card, and a wish of somebody else.
    ring(&house, "0671234567").await;
    tell(&house, dial("other", "d1"));
    tell(&house, dial("one", "d2"));
    let ids = |told: WatchResponse| match told.event {
        Some(Told::DialRequest(dial)) => dial.dial_id,
        other => panic!("{other:?}"),
    };
    assert_eq!(ids(next(&mut of_one).await), "d2");
    assert_eq!([ids(next(&mut dials).await), ids(next(&mut dials).await)], ["d1", "d2"]);
}

#[tokio::test]
async fn a_watcher_that_comes_back_goes_on_after_its_cursor_and_learns_of_gaps() {
    let house = House::over(Arc::new(Away), "", "").await;
    let (mut stream, start) = begun(&house, asked()).await;
    tell(&house, dial("one", "d1"));
    let first = next(&mut stream).await;
    drop(stream);
    tell(&house, dial("one", "d2"));
    let back = WatchRequest { resume_after: first.cursor, ..asked() };
    let mut stream = house.sync().watch(back).await.unwrap().into_inner();
    let second = next(&mut stream).await;
    let Some(Told::DialRequest(dialled)) = second.event else { panic!("no wish") };
    assert_eq!((dialled.dial_id.as_str(), dialled.client_first), ("d2", true));
    assert_eq!((dialled.agent.unwrap().sip_login.as_str(), dialled.agent_place.as_str()), ("shop_one", "shop_one"));

    for nr in 0..1_100 {
        tell(&house, dial("one", &nr.to_string()));
    }
    let mut behind = house.sync().watch(WatchRequest { resume_after: start, ..asked() }).await.unwrap().into_inner();
    let Some(Told::Missed(missed)) = next(&mut behind).await.event else { panic!("no gap") };
    assert_eq!(missed.count, Some(1_102 - 1_024));

    let another = WatchRequest { resume_after: "0abc-7".to_owned(), ..asked() };
    let mut another = house.sync().watch(another).await.unwrap().into_inner();
    let Some(Told::Missed(missed)) = next(&mut another).await.event else { panic!("no gap") };
    assert_eq!(missed.count, None);
}

#[tokio::test]
async fn what_can_not_be_watched_is_refused() {
    let house = House::over(Arc::new(Away), "", "").await;
    let wrong = WatchRequest {
        agents: vec![agent("shop_one"), agent("nobody")],
        resume_after: "no cursor".to_owned(),
        ..asked()
    };
    let status = house.sync().watch(wrong.clone()).await.unwrap_err();
    assert_eq!((status.code(), fields(&status)), (Code::InvalidArgument, vec!["agents[1]".to_owned()]));
    let status = house.sync().watch(WatchRequest { agents: Vec::new(), ..wrong }).await.unwrap_err();
    assert_eq!(fields(&status), ["resume_after"]);
    let status = house.sync().watch(WatchRequest { kinds: vec![0, 77], ..asked() }).await.unwrap_err();
    assert_eq!(fields(&status), ["kinds[0]", "kinds[1]"]);
    let unknown = WatchRequest { project: "none".to_owned(), ..asked() };
    assert_eq!(reason(&house.sync().watch(unknown).await.unwrap_err()), "UNKNOWN_PROJECT");
}

#[tokio::test]
async fn a_stream_ends_when_the_sidecar_stops() {
    let house = House::over(Arc::new(Away), "", "").await;
    let (mut stream, _) = begun(&house, asked()).await;
    house.stop.send_replace(true);
    let status = stream.message().await.unwrap_err();
    assert_eq!(reason(&status), "SHUTTING_DOWN");
    house.running.join().await.unwrap();
}

#[tokio::test]
async fn watchers_and_what_they_are_told_are_measured() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let house = House::over(Arc::new(Away), "", "").await;
    let (mut stream, _) = begun(&house, asked()).await;
    tell(&house, dial("one", "d1"));
    next(&mut stream).await;
    let text = reqwest::get(house.http("/metrics")).await.unwrap().text().await.unwrap();
    for line in [
        "tieline_watchers{project=\"shop\"} 1",
        "tieline_events_told_total{project=\"shop\",kind=\"dial\"} 1",
        "tieline_events_told_total{project=\"shop\",kind=\"card\"} 0",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} is not in:\n{text}");
    }
}

#[test]
fn a_silent_stream_says_every_fifteen_seconds_that_it_is_alive() {
    in_virtual_time(async {
        let core = Core::new(CrmKind::RetailCrm, 1).await;
        let (_stop, stopping) = watch::channel(false);
        let service = Sync::new(Desk::new(core.sidecar().clone(), Arc::default(), stopping));
        let right = rights::at("/tieline.v1.SyncService/Watch").unwrap();
        let mut stream = service.watch(Granted::to_holder(Request::new(asked()), right)).await.unwrap().into_inner();
        let begun = time::Instant::now();
        let mut beats = Vec::new();
        for _ in 0..3 {
            let told = stream.next().await.unwrap().unwrap();
            assert!(matches!(told.event, Some(Told::Heartbeat(_))) && !told.cursor.is_empty());
            beats.push(begun.elapsed().as_secs());
        }
        assert_eq!(beats, [0, 15, 30]);
    });
}

//! Where a ringing call goes, and when the answer comes.

use std::{sync::Arc, time::Duration};

use tieline_proto::v1::{CallState, DestinationKind, RouteBasis, RouteCallRequest, RouteCallResponse, SyncCallRequest};
use tonic::Request;

use crate::house::{Away, Hangs, House, ended};

fn ringing(client: &str) -> RouteCallRequest {
    RouteCallRequest { project: "shop".to_owned(), client_number: client.to_owned(), ..RouteCallRequest::default() }
}

#[tokio::test]
async fn a_crm_that_hangs_does_not_hold_up_a_ringing_phone() {
    let house = House::over(Arc::new(Hangs), "", "").await;
    let mut request = Request::new(ringing("0671234567"));
    request.set_timeout(Duration::from_millis(500));
    let answer = house.sync().route_call(request).await.expect("an answer before the deadline").into_inner();
    assert_eq!(answer.basis(), RouteBasis::Fallback);
    assert_eq!(answer.reason.unwrap().code, "route_unknown");
}

#[tokio::test]
async fn without_a_deadline_the_configured_bound_holds() {
    let house = House::over(Arc::new(Hangs), "[projects.routing]\nbound_ms = 50", "").await;
    let answer = house.sync().route_call(ringing("0671234567")).await.unwrap().into_inner();
    assert_eq!(answer.basis(), RouteBasis::Fallback);
}

#[tokio::test]
async fn a_withheld_number_is_answered_without_asking_the_crm() {
    let house = House::over(Arc::new(Hangs), "", "").await;
    let answer = house.sync().route_call(ringing("")).await.unwrap().into_inner();
    assert!(answer.destinations.is_empty());
    assert!(!answer.client.unwrap().known);
}

const BLOCKS: &str = r#"[projects.routing]
blocks = ["responsible", { places = ["shop_desk", "0501112233"] }, "voicemail"]"#;

/// Kinds, places and groups of an answer.
fn places(answer: &RouteCallResponse) -> Vec<(DestinationKind, &str, u32)> {
    answer.destinations.iter().map(|place| (place.kind(), place.value.as_str(), place.group)).collect()
}

#[tokio::test]
async fn rc_08_every_block_is_told_in_order_with_the_places_rung_together() {
    let house = House::with_crm(BLOCKS, "").await;
    written(&house).await;
    let known = house.sync().route_call(ringing("0671234567")).await.unwrap().into_inner();
    assert_eq!(
        places(&known),
        [
            (DestinationKind::SipLogin, "shop_one", 1),
            (DestinationKind::SipLogin, "shop_desk", 2),
            (DestinationKind::Number, "+380501112233", 2),
            (DestinationKind::Voicemail, "", 3),
        ]
    );
    assert_eq!(known.agent.unwrap().sip_login, "shop_one");
}

#[tokio::test]
async fn a_block_that_does_not_apply_leaves_no_gap() {
    let house = House::over(Arc::new(Away), BLOCKS, "").await;
    let unknown = house.sync().route_call(ringing("")).await.unwrap().into_inner();
    let groups: Vec<u32> = unknown.destinations.iter().map(|place| place.group).collect();
    assert_eq!((groups, unknown.agent), (vec![1, 1, 2], None));
}

/// A call of the client was written to the CRM.
async fn written(house: &House) {
    let request = SyncCallRequest { call: Some(ended("1", "0671234567")), wait_ms: Some(30_000) };
    let answer = house.sync().sync_call(request).await.unwrap().into_inner();
    assert_eq!(answer.state(), CallState::Written);
}

#[tokio::test]
async fn a_known_client_is_led_to_the_owner() {
    let house = House::with_crm("", "").await;
    written(&house).await;
    let mut request = Request::new(ringing("+380 67 123 45 67"));
    request.set_timeout(Duration::from_secs(10));
    let answer = house.sync().route_call(request).await.unwrap().into_inner();
    let first = answer.destinations.first().unwrap();
    assert_eq!((first.kind(), first.value.as_str()), (DestinationKind::SipLogin, "shop_one"));
    assert!(answer.client.unwrap().known);
}

#[tokio::test]
async fn ro_19_routing_to_whoever_is_responsible_is_the_projects_choice() {
    let rung = async |routing: &str| {
        let house = House::with_crm(routing, "").await;
        written(&house).await;
        let answer = house.sync().route_call(ringing("0671234567")).await.unwrap().into_inner();
        assert!(answer.client.unwrap().known, "the caller is known whether or not calls are routed");
        answer.destinations.into_iter().map(|place| place.value).collect::<Vec<_>>()
    };
    assert_eq!(rung("[projects.routing]\nblocks = [{ places = [\"desk\"] }]").await, ["desk"]);
    assert_eq!(
        rung("[projects.routing]\nblocks = [\"responsible\", { places = [\"desk\"] }]").await,
        ["shop_one", "desk"]
    );
}

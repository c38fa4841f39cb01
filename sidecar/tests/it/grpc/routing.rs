//! Where a ringing call goes, and when the answer comes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tieline_proto::v1::{DestinationKind, RouteBasis, RouteCallRequest, SyncCallRequest};
use tonic::Request;

use crate::house::{Hangs, House, ended};

fn ringing(client: &str) -> RouteCallRequest {
    RouteCallRequest { project: "shop".to_owned(), client_number: client.to_owned(), ..RouteCallRequest::default() }
}

#[tokio::test]
async fn a_crm_that_hangs_does_not_hold_up_a_ringing_phone() {
    let house = House::over(Arc::new(Hangs), "", "").await;
    let mut request = Request::new(ringing("0671234567"));
    request.set_timeout(Duration::from_millis(500));
    let begun = Instant::now();
    let answer = house.sync().route_call(request).await.unwrap().into_inner();
    assert!(begun.elapsed() < Duration::from_millis(500));
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

#[tokio::test]
async fn a_known_client_is_led_to_the_owner() {
    let house = House::with_crm("", "").await;
    let request = SyncCallRequest { call: Some(ended("1", "0671234567")), wait_ms: Some(30_000) };
    house.sync().sync_call(request).await.unwrap();
    let mut request = Request::new(ringing("+380 67 123 45 67"));
    request.set_timeout(Duration::from_secs(10));
    let answer = house.sync().route_call(request).await.unwrap().into_inner();
    let first = answer.destinations.first().unwrap();
    assert_eq!((first.kind(), first.value.as_str()), (DestinationKind::SipLogin, "shop_one"));
    assert!(answer.client.unwrap().known);
}

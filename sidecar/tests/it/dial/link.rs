//! Signed links.

use std::collections::BTreeSet;

use tieline_proto::v1::PresenceState;

use super::{CLIENT, because, get, house, link, refused, report, watcher, wish};

#[tokio::test]
async fn sp_06_sp_07_the_projects_sip_is_told_to_dial_with_the_client_first() {
    let house = house().await;
    report(&house, true, &[("shop_one", PresenceState::Online), ("shop_two", PresenceState::Online)]).await;
    let mut watcher = watcher(&house);
    let (status, body) = get(&link(&house, "067 123 45 67", "", 5)).await;
    assert_eq!((status, &body["agent"], &body["client_first"]), (200, &"one".into(), &true.into()));
    let dial = wish(&mut watcher).await.unwrap();
    assert_eq!((dial.id.as_str(), dial.agent_place.as_str()), (body["id"].as_str().unwrap(), "shop_one"));
    assert_eq!((dial.client.raw(), dial.client_first, dial.carried_out), ("+380671234567", true, false));
}

#[tokio::test]
async fn sp_08_when_it_is_offline_another_one_that_is_online_is_chosen() {
    let house = house().await;
    report(&house, true, &[("shop_two", PresenceState::Online)]).await;
    let mut watcher = watcher(&house);
    assert_eq!(get(&link(&house, CLIENT, "", 5)).await.0, 200);
    assert_eq!(wish(&mut watcher).await.unwrap().agent_place, "shop_two");
}

#[tokio::test]
async fn sp_09_with_nobody_online_the_clicker_is_told_and_nobody_is_rung() {
    let house = house().await;
    let mut watcher = watcher(&house);
    let link = link(&house, CLIENT, "", 5);
    assert_eq!(refused(&link).await, because(503, "nobody_online"));
    report(&house, true, &[("shop_one", PresenceState::Talking), ("shop_two", PresenceState::Away)]).await;
    assert_eq!(refused(&link).await, because(503, "nobody_online"));
    assert!(wish(&mut watcher).await.is_none());
    report(&house, false, &[("shop_two", PresenceState::Online)]).await;
    assert_eq!(get(&link).await.0, 200, "the same link works once somebody is there");
}

#[tokio::test]
async fn a_link_that_is_followed_again_has_the_same_id_and_rings_nobody_again() {
    let house = house().await;
    let mut watcher = watcher(&house);
    report(&house, true, &[("shop_one", PresenceState::Online), ("shop_two", PresenceState::Online)]).await;
    let link = link(&house, CLIENT, "", 5);
    let at_once = futures::future::join_all((0..8).map(|_| get(&link))).await;
    let ids: BTreeSet<String> = at_once.iter().map(|(_, body)| body["id"].as_str().unwrap().to_owned()).collect();
    let first = at_once.iter().filter(|(status, body)| *status == 200 && body["repeated"] == false).count();
    assert_eq!((ids.len(), first), (1, 1));
    assert!(wish(&mut watcher).await.is_some());
    assert!(wish(&mut watcher).await.is_none());
}

#[tokio::test]
async fn forged_expired_and_too_long_lived_links_are_refused_with_their_reason() {
    let house = house().await;
    report(&house, true, &[("shop_one", PresenceState::Online)]).await;
    let mut watcher = watcher(&house);
    let good = link(&house, CLIENT, "", 5);
    let forged = [
        good.replace("671234567", "671234568"),
        good.replace("phone=", "agent=two&phone="),
        good.replace("signature=", "signature=0"),
        good.replace("/dial/shop/", "/dial/other/"),
        good.replace("expires=1", "expires=2"),
    ];
    for link in forged {
        assert_eq!(refused(&link).await, because(403, "not_allowed"));
    }
    assert_eq!(refused(&link(&house, CLIENT, "", -1)).await, because(410, "link_expired"));
    assert_eq!(refused(&link(&house, CLIENT, "", 24 * 60 + 5)).await, because(400, "link_lives_too_long"));
    assert_eq!(refused(&link(&house, "call me", "", 5)).await, because(400, "phone_unreadable"));
    assert_eq!(refused(&link(&house, CLIENT, "nobody", 5)).await, because(404, "unknown_agent"));
    let bare = house.http("/dial/shop/call");
    assert_eq!(refused(&bare).await, because(400, "parameter_missing"));
    assert_eq!(refused(&format!("{bare}?phone=1&signature=0&expires=soon")).await, because(400, "expiry_unreadable"));
    assert!(wish(&mut watcher).await.is_none());
}

#[tokio::test]
async fn programs_that_only_look_ring_nobody() {
    let house = house().await;
    report(&house, true, &[("shop_one", PresenceState::Online)]).await;
    let mut watcher = watcher(&house);
    let (link, client) = (link(&house, CLIENT, "", 5), reqwest::Client::new());
    assert_eq!(client.head(&link).send().await.unwrap().status().as_u16(), 405);
    let ahead = client.get(&link).header("sec-purpose", "prefetch;prerender").send().await.unwrap();
    assert_eq!(ahead.status().as_u16(), 409);
    assert!(wish(&mut watcher).await.is_none());
    let answer = client.post(&link).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(answer.status().is_success() && wish(&mut watcher).await.is_some());
}

#[tokio::test]
async fn a_wish_that_no_exchange_would_hear_is_refused_and_may_be_repeated() {
    let house = house().await;
    report(&house, true, &[("shop_one", PresenceState::Online)]).await;
    let link = link(&house, CLIENT, "", 5);
    assert_eq!(refused(&link).await, because(503, "no_exchange"));
    let mut watcher = watcher(&house);
    assert!(wish(&mut watcher).await.is_none(), "a wish nobody heard is not kept for later");
    assert_eq!(get(&link).await.1["repeated"], false);
}

#[tokio::test]
async fn a_named_agent_is_rung_and_not_replaced() {
    let house = house().await;
    report(&house, true, &[("shop_one", PresenceState::Online)]).await;
    let mut watcher = watcher(&house);
    for name in ["two", "SHOP_TWO", "102"] {
        assert_eq!(refused(&link(&house, CLIENT, name, 5)).await, because(409, "agent_offline"));
    }
    report(&house, false, &[("shop_two", PresenceState::Talking)]).await;
    assert_eq!(refused(&link(&house, CLIENT, "two", 5)).await, because(409, "agent_talking"));
    assert_eq!(get(&link(&house, CLIENT, "three", 5)).await.0, 200);
    assert_eq!(wish(&mut watcher).await.unwrap().agent_place, "380501110003");
}

#[tokio::test]
async fn wishes_are_measured_by_what_became_of_them_and_name_nobodys_number() {
    let house = house().await;
    report(&house, true, &[("shop_one", PresenceState::Online)]).await;
    let _watcher = watcher(&house);
    let link = link(&house, CLIENT, "", 5);
    for url in [&link, &link, &super::link(&house, CLIENT, "two", 5)] {
        get(url).await;
    }
    let page = reqwest::get(house.http("/metrics")).await.unwrap().text().await.unwrap();
    for line in [
        "tieline_telephones{project=\"shop\",state=\"online\"} 1",
        "tieline_telephones{project=\"shop\",state=\"offline\"} 1",
        "tieline_dials_total{project=\"shop\",outcome=\"dialled\"} 1",
        "tieline_dials_total{project=\"shop\",outcome=\"repeated\"} 1",
        "tieline_dials_total{project=\"shop\",outcome=\"agent_offline\"} 1",
        "tieline_requests_total{door=\"http\",method=\"dial_link\",outcome=\"ok\"} 2",
    ] {
        assert!(page.contains(line), "{line} is not in:\n{page}");
    }
    assert!(!page.contains("671234567"));
}

//! Clicks of a CRM's users (retailcrm.md 1.8).

use std::sync::Arc;

use tieline::dialing::link::click_address;

use super::{CLIENT, allow_tls, because, get, house, read, refused, watcher, wish};
use crate::house::{API_KEY, Away, House};

fn address(house: &House) -> String {
    click_address(&house.http(""), "shop", &API_KEY.to_owned().into())
}

#[tokio::test]
async fn the_user_who_clicked_is_the_agent_and_the_line_is_the_one_of_the_wish() {
    let house = house().await;
    let mut watcher = watcher(&house);
    let query = format!("clientId=tieline&code=101&phone=%2B{CLIENT}&userId=1&externalPhone=380440000000");
    let (status, body) = get(&format!("{}?{query}", address(&house))).await;
    assert_eq!((status, &body["agent"]), (200, &"one".into()));
    let dial = wish(&mut watcher).await.unwrap();
    assert_eq!((dial.agent_place.as_str(), dial.client.raw()), ("shop_one", "+380671234567"));
    assert_eq!(dial.line.unwrap().raw(), "380440000000");
}

#[tokio::test]
async fn a_user_nobody_is_bound_to_is_found_by_the_extension() {
    let house = house().await;
    let mut watcher = watcher(&house);
    let form = [("clientId", "tieline"), ("code", "102"), ("phone", "0671234567"), ("userId", "999")];
    let posted = reqwest::Client::new().post(address(&house));
    let body = form.map(|(name, value)| format!("{name}={value}")).join("&");
    let posted = posted.header("content-type", "application/x-www-form-urlencoded").body(body);
    assert_eq!(read(posted.send().await.unwrap()).await.0, 200);
    assert_eq!(wish(&mut watcher).await.unwrap().agent_place, "shop_two");
    let json = reqwest::Client::new().post(address(&house)).header("content-type", "application/json; charset=utf-8");
    let json = json.body(r#"{"userId": 3, "phone": "0671234567"}"#);
    assert_eq!(read(json.send().await.unwrap()).await.0, 200);
    assert_eq!(wish(&mut watcher).await.unwrap().agent_place, "380501110003");
}

#[tokio::test]
async fn a_plus_that_was_not_escaped_is_a_plus() {
    let house = house().await;
    let mut watcher = watcher(&house);
    assert_eq!(get(&format!("{}?userId=1&phone=+48512345678", address(&house))).await.0, 200);
    assert_eq!(wish(&mut watcher).await.unwrap().client.raw(), "+48512345678");
}

#[tokio::test]
async fn a_double_click_is_one_wish() {
    let house = house().await;
    let mut watcher = watcher(&house);
    let (first, second) = (
        format!("{}?userId=1&phone={CLIENT}", address(&house)),
        format!("{}?userId=1&phone=067-123-45-67", address(&house)),
    );
    let (first, second) = (get(&first).await.1, get(&second).await.1);
    assert_eq!((&first["repeated"], &second["repeated"], &first["id"]), (&false.into(), &true.into(), &second["id"]));
    assert!(wish(&mut watcher).await.is_some() && wish(&mut watcher).await.is_none());
    let other = get(&format!("{}?userId=1&phone=0671234568", address(&house))).await.1;
    assert_ne!(other["id"], first["id"]);
}

#[tokio::test]
async fn a_wrong_key_tells_nothing_and_a_wrong_wish_tells_what_is_wrong() {
    let house = house().await;
    let mut watcher = watcher(&house);
    let wish_of = format!("?userId=1&phone={CLIENT}");
    for wrong in ["/dial/shop/0123/click", "/dial/other/0123/click"] {
        assert_eq!(refused(&house.http(&format!("{wrong}{wish_of}"))).await, because(403, "not_allowed"));
    }
    let address = address(&house);
    assert_eq!(refused(&format!("{address}?phone={CLIENT}")).await, because(400, "parameter_missing"));
    assert_eq!(refused(&format!("{address}?userId=1")).await, because(400, "parameter_missing"));
    assert_eq!(refused(&format!("{address}?userId=77&phone={CLIENT}")).await, because(404, "unknown_agent"));
    assert_eq!(refused(&format!("{address}?userId=1&phone=102")).await, because(400, "phone_unreadable"));
    let long = "1".repeat(300);
    assert_eq!(refused(&format!("{address}?userId=1&phone={long}")).await, because(400, "parameter_too_long"));
    assert!(wish(&mut watcher).await.is_none());
}

#[tokio::test]
async fn a_project_without_click_to_call_answers_as_one_that_does_not_exist() {
    allow_tls();
    let house = House::over(Arc::new(Away), "", "active = true").await;
    assert_eq!(refused(&format!("{}?userId=1&phone={CLIENT}", address(&house))).await, because(403, "not_allowed"));
}

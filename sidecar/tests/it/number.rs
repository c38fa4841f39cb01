//! The webhook number: where a ringing call goes, in the three forms a platform reads (RT-04).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::house::{Away, House};

const PATH_SECRET: &str = "\n[projects.intake]\npath_secret = { env = \"API_KEY\" }";

/// A scheme whose second block is a group of places, so that an answer does not need the CRM.
const BLOCKS: &str = "\n[projects.routing]\nblocks = [\"responsible\", { places = [\"shop_desk\", \"shop_two\"] }, \"voicemail\"]\nbound_ms = 200";

async fn ask(house: &House, path: &str, content_type: &str, body: String) -> (u16, String) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let request = reqwest::Client::new().post(house.http(path)).header("content-type", content_type).body(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn ringing() -> Value {
    json!({ "call_id": "n-1", "call_type": "in", "caller": "380671112233", "dst": "380441112233" })
}

async fn house() -> House {
    House::over(Arc::new(Away), "", &format!("active = true{BLOCKS}")).await
}

#[tokio::test]
async fn rt_04_the_plain_form_is_the_destination_alone() {
    let house = house().await;
    let answer = ask(&house, "/route/shop/plain", "application/json", ringing().to_string()).await;
    assert_eq!(answer, (200, "shop_desk".to_owned()));
}

#[tokio::test]
async fn rt_04_the_json_form_puts_it_under_the_configured_key() {
    let house = house().await;
    let form = "call_id=n-1&caller=380671112233&dst=380441112233&call_type=in".to_owned();
    let (status, body) = ask(&house, "/route/shop/json?key=where", "application/x-www-form-urlencoded", form).await;
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()), (200, json!({ "where": "shop_desk" })));
}

#[tokio::test]
async fn rt_04_the_json_rpc_form_is_the_methods_result_with_its_id() {
    let house = house().await;
    let request = json!({ "jsonrpc": "2.0", "id": 7, "method": "route", "params": ringing() });
    let (status, body) = ask(&house, "/route/shop/json-rpc", "application/json", request.to_string()).await;
    let expected = json!({ "jsonrpc": "2.0", "result": "shop_desk", "id": 7 });
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()), (200, expected));
}

#[tokio::test]
async fn rt_05_without_a_destination_the_answer_is_empty_and_the_scheme_goes_on() {
    let house = House::over(Arc::new(Away), "", "active = true\n[projects.routing]\nbound_ms = 200").await;
    let answer = ask(&house, "/route/shop/plain", "application/json", ringing().to_string()).await;
    assert_eq!(answer, (200, String::new()));
}

#[tokio::test]
async fn a_request_that_cannot_be_read_says_so_in_the_form_asked_for() {
    let house = house().await;
    let (status, _) = ask(&house, "/route/shop/plain", "application/json", "[1]".to_owned()).await;
    assert_eq!(status, 400);
    let request = json!({ "jsonrpc": "2.0", "id": 8, "method": "route", "params": [] });
    let (status, body) = ask(&house, "/route/shop/json-rpc", "application/json", request.to_string()).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["id"], &body["error"]["code"]), (200, &json!(8), &json!(-32602)));
}

#[tokio::test]
async fn a_stranger_is_told_nothing() {
    let house = House::over(Arc::new(Away), "", &format!("active = true{BLOCKS}{PATH_SECRET}")).await;
    for path in ["/route/shop/plain", "/route/shop/guessed/plain", "/route/other/plain"] {
        let (status, _) = ask(&house, path, "application/json", ringing().to_string()).await;
        assert_eq!(status, 401, "{path}");
    }
    let path = format!("/route/shop/{}/plain", crate::house::API_KEY);
    assert_eq!(ask(&house, &path, "application/json", ringing().to_string()).await.0, 200);
}

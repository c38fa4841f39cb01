//! HTTP.

use reqwest::Client;

use super::guarded;
use crate::house::{House, token};

async fn get(house: &House, path: &str, name: Option<&str>) -> (u16, String) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let request = Client::new().get(house.http(path));
    let request = match name {
        Some(name) => request.bearer_auth(token(name)),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn probes_are_for_everybody_and_figures_for_readers() {
    let house = guarded().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(&house, path, None).await.0, 200, "{path}");
    }
    for (name, status) in [(None, 401), (Some("nobody"), 401), (Some("shop-pbx"), 403), (Some("screen"), 200)] {
        assert_eq!(get(&house, "/metrics", name).await.0, status, "{name:?}");
    }
    assert_eq!(get(&house, "/nowhere", None).await.0, 404);
}

#[tokio::test]
async fn figures_are_of_the_projects_the_token_sees() {
    let house = guarded().await;
    let (_, own) = get(&house, "/metrics", Some("shop-screen")).await;
    assert!(own.contains("project=\"shop\"") && !own.contains("other"), "{own}");
    assert!(!own.contains("tieline_requests_total"), "requests are of all projects");
    let (_, all) = get(&house, "/metrics", Some("screen")).await;
    assert!(all.contains("project=\"shop\"") && all.contains("project=\"other\""), "{all}");
    assert!(all.contains("tieline_requests_total"));
}

#[tokio::test]
async fn webhooks_of_a_project_without_a_secret_need_a_token_of_its_exchange() {
    let house = guarded().await;
    let query = "uniqueid=1&phone=0671234567&disposition=ANSWERED&billsec=5";
    let tried = [
        ("/hooks/shop/after_call", None, 401),
        ("/hooks/shop/after_call", Some("shop-pbx"), 200),
        ("/hooks/shop/after_call", Some("admin"), 200),
        ("/hooks/shop/after_call", Some("other-pbx"), 401),
        ("/hooks/shop/after_call", Some("shop-screen"), 401),
        ("/hooks/s%68op/after_call", None, 401),
        ("/hooks/s%68op/after_call", Some("other-pbx"), 401),
        ("/route/shop/plain", None, 401),
        ("/route/shop/plain", Some("shop-pbx"), 200),
        ("/hooks/none/after_call", None, 401),
        ("/hooks/none/after_call", Some("other-pbx"), 401),
        ("/hooks/other/after_call", None, 401),
        ("/hooks/other/after_call", Some("admin"), 401),
    ];
    for (path, name, status) in tried {
        assert_eq!(get(&house, &format!("{path}?{query}"), name).await.0, status, "{path} by {name:?}");
    }
    let stranger = get(&house, &format!("/hooks/shop/after_call?{query}"), None).await;
    for path in ["/hooks/none/after_call", "/hooks/other/after_call", "/hooks/other/wrong/after_call"] {
        assert_eq!(
            get(&house, &format!("{path}?{query}"), None).await,
            stranger,
            "{path}: who tries names learns nothing"
        );
    }
    let secret = format!("/hooks/other/{}/after_call?{query}", token("hook"));
    assert_eq!(get(&house, &secret, None).await.0, 200, "a project's own secret is enough");
}

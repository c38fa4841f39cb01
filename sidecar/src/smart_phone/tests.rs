//! Sending: repeated within bounds, and never in the way of anything else.

use std::sync::atomic::{AtomicU64, Ordering};

use tieline_crm::transport::{BoxFuture, Response};
use tieline_engine::jiff::Timestamp;

use super::*;

/// Answers with the statuses of a list, then for ever with its last one.
struct Platform {
    statuses: Vec<u16>,
    body: &'static str,
    asked: AtomicU64,
}

impl Transport for Platform {
    fn send<'a>(&'a self, _request: Request) -> BoxFuture<'a, Result<Response, SendError>> {
        let asked = usize::try_from(self.asked.fetch_add(1, Ordering::SeqCst)).unwrap();
        let status = *self.statuses.get(asked).unwrap_or(self.statuses.last().unwrap());
        let body = self.body.as_bytes().to_vec();
        Box::pin(async move { Ok(Response { status, headers: Vec::new(), body }) })
    }
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn random(&self) -> u64 {
        0
    }
}

/// What becomes of one contact, and after how many requests.
async fn outcome(statuses: &[u16], body: &'static str) -> (Counted, u64) {
    let platform = Arc::new(Platform { statuses: statuses.to_vec(), body, asked: AtomicU64::new(0) });
    let config = SmartPhoneConfig {
        url: URL.to_owned(),
        auth_key: SecretString::from("key"),
        project_id: 7,
        origin: "shop".to_owned(),
    };
    let transport = Arc::clone(&platform) as Arc<dyn Transport>;
    let phone = SmartPhone::new(ProjectId::new("shop"), config, transport, Arc::new(Still), Arc::default());
    phone.deliver(Contact { key: "1".to_owned(), body: Vec::new() }).await;
    (phone.counted(), platform.asked.load(Ordering::SeqCst))
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_is_away_is_asked_again_and_given_up_within_bounds() {
    let (counted, asked) = outcome(&[503, 429, 200], "").await;
    assert_eq!((counted.sent, asked), (1, 3));
    let (counted, asked) = outcome(&[500], "").await;
    assert_eq!((counted.failed, asked), (1, u64::from(ATTEMPTS_MAX)));
}

#[tokio::test(start_paused = true)]
async fn what_the_platform_refuses_is_not_repeated() {
    assert_eq!(outcome(&[401], "").await.1, 1);
    let (counted, asked) = outcome(&[200], r#"{"error": {"message": "no such project"}}"#).await;
    assert_eq!((counted.failed, asked), (1, 1));
    let (counted, _) = outcome(&[200], r#"{"error": null, "success": true}"#).await;
    assert_eq!(counted.sent, 1);
}

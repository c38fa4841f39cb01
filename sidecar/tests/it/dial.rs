//! Click to call over the real doors: reported presence, signed links, clicks from the CRM, the platform's API.

mod click;
mod link;
mod platform;
mod presence;
mod registration;

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tieline::{
    dialing::link::Link,
    watch::{Dial, Event, From, Seen, Watcher},
};
use tieline_crm::transport::Transport;
use tieline_engine::{
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
};
use tieline_proto::v1::{AgentPresence, AgentRef, PresenceState, ReportAgentsRequest, ReportAgentsResponse};

use crate::house::{API_KEY, Away, House};

const CLIENT: &str = "380671234567";

/// Three agents, two with SIP logins; the secret is the one the house knows.
pub(crate) const CLICK_TO_CALL: &str = r#"active = true
[projects.click_to_call]
secret = { env = "API_KEY" }
sip = "shop_one"
[[projects.agents]]
id = "two"
sips = ["shop_two"]
extensions = ["102"]
[[projects.agents]]
id = "three"
numbers = ["380501110003"]
crm_user = "3"
"#;

async fn house() -> House {
    over(Arc::new(Away), "").await
}

/// A house whose click to call has more tables.
async fn over(net: Arc<dyn Transport>, more: &str) -> House {
    allow_tls();
    House::over(net, "", &format!("{CLICK_TO_CALL}{more}")).await
}

/// Clients of HTTP are not made without it, even where they use none.
fn allow_tls() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

async fn report(house: &House, everybody: bool, told: &[(&str, PresenceState)]) -> ReportAgentsResponse {
    let request = ReportAgentsRequest {
        project: "shop".to_owned(),
        everybody,
        agents: told.iter().map(|(sip, state)| entry(sip, *state)).collect(),
        ..ReportAgentsRequest::default()
    };
    house.sync().report_agents(request).await.unwrap().into_inner()
}

fn entry(sip: &str, state: PresenceState) -> AgentPresence {
    let agent = Some(AgentRef { sip_login: sip.to_owned(), ..AgentRef::default() });
    AgentPresence { agent, state: state.into() }
}

fn watcher(house: &House) -> Watcher {
    house.sidecar().driver().hub.watch(&ProjectId::new("shop"), From::Now).unwrap()
}

/// The next wish the exchange is told of; they are told before the answer.
async fn wish(watcher: &mut Watcher) -> Option<Dial> {
    match tokio::time::timeout(Duration::ZERO, watcher.next()).await {
        Ok(Seen::Event(placed)) => match placed.event {
            Event::Dial(dial) => Some(*dial),
            other => panic!("{other:?} is no wish to call"),
        },
        Ok(Seen::Missed(_) | Seen::Over) | Err(_) => None,
    }
}

/// A link that lives some minutes, as an address of the house.
fn link(house: &House, phone: &str, agent: &str, minutes: i64) -> String {
    let expires = Timestamp::now() + SignedDuration::from_mins(minutes);
    let secret = API_KEY.to_owned().into();
    Link { project: "shop", phone, agent, expires }.address(&house.http(""), &secret)
}

async fn get(url: &str) -> (u16, Value) {
    read(reqwest::get(url).await.unwrap()).await
}

async fn read(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

/// Status and reason of a refusal.
async fn refused(url: &str) -> (u16, String) {
    let (status, body) = get(url).await;
    (status, body["reason"].as_str().unwrap_or_default().to_owned())
}

fn because(status: u16, reason: &str) -> (u16, String) {
    (status, reason.to_owned())
}

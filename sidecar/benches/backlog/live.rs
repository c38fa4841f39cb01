//! Calls that come in meanwhile.

use std::time::{Duration, Instant, SystemTime};

use tieline_proto::v1::{
    AgentRef, Call, CallDirection, CallOutcome, CallPhase, CallState, SyncCallRequest,
    sync_service_client::SyncServiceClient,
};
use tokio::{sync::watch, task::JoinHandle, time};
use tonic::transport::Channel;

/// Between two calls that are only to be taken in, and between two that are waited for until they are in the CRM.
const EVERY: Duration = Duration::from_millis(100);
const EVERY_WAITED: Duration = Duration::from_secs(3);
/// How long one is waited for.
const WAIT_MS: u32 = 20_000;

/// Calls coming in.
pub(crate) struct Live {
    stop: watch::Sender<bool>,
    task: JoinHandle<Heard>,
}

/// How long each took.
#[derive(Default)]
pub(crate) struct Heard {
    seconds: Vec<f64>,
    /// Not in the CRM in time.
    pub(crate) late: u64,
}

impl Live {
    /// Calls that are taken in.
    pub(crate) fn begin(channel: Channel, name: &'static str) -> Self {
        Self::start(channel, name, None, EVERY)
    }

    /// Calls that are waited for.
    pub(crate) fn begin_waiting(channel: Channel, name: &'static str) -> Self {
        Self::start(channel, name, Some(WAIT_MS), EVERY_WAITED)
    }

    fn start(channel: Channel, name: &'static str, wait_ms: Option<u32>, every: Duration) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut heard = Heard::default();
            let mut sync = SyncServiceClient::new(channel);
            let mut nr = 0;
            while !*stopped.borrow() {
                let begun = Instant::now();
                let answer =
                    sync.sync_call(SyncCallRequest { call: Some(call(name, nr, wait_ms.is_some())), wait_ms }).await;
                let state = answer.expect("a call is taken in").into_inner().state();
                heard.seconds.push(begun.elapsed().as_secs_f64());
                heard.late += u64::from(wait_ms.is_some() && state != CallState::Written);
                nr += 1;
                time::sleep(every).await;
            }
            heard
        });
        Self { stop, task }
    }

    /// No more of them.
    pub(crate) async fn end(self) -> Heard {
        self.stop.send_replace(true);
        self.task.await.expect("the calls came in")
    }
}

impl Heard {
    /// The middle one, in seconds.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The longest, in seconds.
    pub(crate) fn longest(&self) -> f64 {
        self.seconds.iter().copied().fold(0.0, f64::max)
    }
}

/// A missed call that just ended: of a client nobody knows, or, where nothing is to reach the CRM, between colleagues.
fn call(name: &str, nr: u64, of_client: bool) -> Call {
    let direction = if of_client { CallDirection::Incoming } else { CallDirection::Internal };
    let ago = |seconds| SystemTime::now().checked_sub(Duration::from_secs(seconds)).map(Into::into);
    Call {
        project: "shop".to_owned(),
        call_id: format!("{name}.{nr}"),
        phase: CallPhase::Ended.into(),
        direction: direction.into(),
        client_number: format!("38050{:07}", name.len() as u64 * 100_000 + nr),
        project_number: "0443330000".to_owned(),
        started_at: ago(30),
        ended_at: ago(1),
        talk_seconds: Some(0),
        waiting_seconds: Some(29),
        outcome: CallOutcome::NoAnswer.into(),
        agent: Some(AgentRef { sip_login: "shop_one".to_owned(), ..AgentRef::default() }),
        ..Call::default()
    }
}

//! A telephone exchange that does as the contract tells it: it reports every call until the report is answered, over
//! the webhook or gRPC, and repeats what was cut off with the same call id.

use std::time::Duration;

use serde_json::json;
use tieline_engine::jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tieline_proto::v1::{
    self, ActivateConnectionRequest, AgentRef, CallDirection, CallOutcome, CallPhase, DeactivateConnectionRequest,
    GetLedgerRequest, LedgerDay, ListConnectionsRequest, SyncCallRequest, admin_service_client::AdminServiceClient,
    sync_service_client::SyncServiceClient,
};
use tokio::time::{self, Instant};
use tonic::{Code, transport::Channel};
use tonic_types::StatusExt as _;

use crate::program::Program;

/// The zone of projects and CRM accounts.
pub(crate) const ZONE: &str = "Europe/Kyiv";
/// Deadline of one request.
const REQUEST_BOUND: Duration = Duration::from_secs(10);
/// Pause between two looks at something that takes its time.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Clients of a project: few, so that each calls several times.
const CLIENTS: u64 = 12;
/// The first client's significant digits.
const FIRST_CLIENT: u64 = 671_110_000;
/// Where recordings are: what their links begin with.
pub(crate) const RECORDS: &str = "https://records.example.org/";
/// The project's number that is called.
const LINE: &str = "380443330000";

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Answered,
    Missed,
    Dialled,
}

/// One call of a client.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) project: &'static str,
    pub(crate) id: String,
    /// The client's significant digits.
    pub(crate) client: u64,
    pub(crate) way: Way,
    /// Whole seconds; no other call of the exchange begins then.
    pub(crate) started_at: Timestamp,
    recorded: bool,
}

impl Call {
    /// The link to its recording, where there is one.
    pub(crate) fn recording(&self) -> Option<String> {
        self.recorded.then(|| format!("{RECORDS}{}.mp3", self.id))
    }
}

/// By which door a call is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Webhook,
    Grpc,
}

/// A call to be reported.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) call: Call,
    pub(crate) door: Door,
    spelt: String,
}

/// Where calls come from.
pub(crate) struct Exchange {
    pub(crate) dice: Dice,
    begun: Timestamp,
    /// Every call made so far.
    pub(crate) calls: Vec<Call>,
}

impl Exchange {
    pub(crate) fn new(seed: u64) -> Self {
        let begun = Timestamp::from_second(Timestamp::now().as_second()).unwrap() - SignedDuration::from_hours(1);
        Self { dice: Dice(seed), begun, calls: Vec::new() }
    }

    /// Some calls of one project that are over: their reports, of a quarter of them by both doors.
    pub(crate) fn calls(&mut self, project: &'static str, count: u64) -> Vec<Report> {
        (0..count).flat_map(|_| self.call(project, None)).collect()
    }

    /// As [`Exchange::calls`], all by the same client, who is another for each number.
    pub(crate) fn calls_of_one(&mut self, project: &'static str, nr: u64, count: u64) -> Vec<Report> {
        (0..count).flat_map(|_| self.call(project, Some(nr))).collect()
    }

    fn call(&mut self, project: &'static str, client: Option<u64>) -> Vec<Report> {
        let number = i64::try_from(self.calls.len()).unwrap();
        let way = self.dice.pick(&[Way::Answered, Way::Answered, Way::Missed, Way::Dialled]);
        let client = client.unwrap_or_else(|| self.dice.below(CLIENTS));
        let (id, client) = (format!("{project}-{number}"), FIRST_CLIENT + client);
        let started_at = self.begun - SignedDuration::from_secs(7 * number);
        let recorded = way != Way::Missed && self.dice.below(2) == 0;
        let call = Call { project, id, client, way, started_at, recorded };
        self.calls.push(call.clone());
        let doors = match self.dice.below(8) {
            0 => vec![Door::Webhook, Door::Grpc],
            1 => vec![Door::Grpc, Door::Webhook],
            2..5 => vec![Door::Webhook],
            _ => vec![Door::Grpc],
        };
        let spelt = self.dice.pick(&["+380", "380", "0", "+38 (0)", "8 0"]);
        doors.into_iter().map(|door| Report { call: call.clone(), door, spelt: format!("{spelt}{client}") }).collect()
    }
}

/// What the exchange says to a running program.
#[derive(Clone)]
pub(crate) struct Wire {
    http: reqwest::Client,
    hooks: String,
    sync: SyncServiceClient<Channel>,
    admin: AdminServiceClient<Channel>,
}

impl Wire {
    pub(crate) fn to(program: &Program) -> Self {
        let channel =
            Channel::from_shared(format!("http://{}", program.grpc)).unwrap().timeout(REQUEST_BOUND).connect_lazy();
        Self {
            http: reqwest::Client::builder().timeout(REQUEST_BOUND).build().unwrap(),
            hooks: format!("http://{}/hooks", program.http),
            sync: SyncServiceClient::new(channel.clone()),
            admin: AdminServiceClient::new(channel),
        }
    }

    /// Whether the report was taken; what was not may be repeated.
    pub(crate) async fn send(&self, report: &Report) -> bool {
        match report.door {
            Door::Webhook => self.post(report).await,
            Door::Grpc => self.sync_call(report).await,
        }
    }

    /// How a report is refused, in either door's words: status, what to do or why, seconds until it may be repeated.
    pub(crate) async fn refusal(&self, report: &Report) -> Option<(String, String, u64)> {
        match report.door {
            Door::Webhook => {
                let answer = self.request(report).send().await.unwrap();
                let again =
                    answer.headers().get("retry-after").map(|seconds| seconds.to_str().unwrap().parse().unwrap());
                let status = answer.status();
                (!status.is_success()).then_some((status.to_string(), answer.text().await.unwrap(), again.unwrap_or(0)))
            }
            Door::Grpc => {
                let request = SyncCallRequest { call: Some(report.message()), wait_ms: None };
                let status = self.sync.clone().sync_call(request).await.err()?;
                let details = status.get_error_details();
                let why = format!("{} {}", details.error_info().unwrap().reason, status.message());
                let again = details.retry_info().unwrap().retry_delay.unwrap().as_secs_f64().ceil() as u64;
                Some((format!("{:?}", status.code()), why, again))
            }
        }
    }

    fn request(&self, report: &Report) -> reqwest::RequestBuilder {
        let url = format!("{}/{}/after_call", self.hooks, report.call.project);
        self.http.post(url).header("content-type", "application/json").body(report.webhook())
    }

    async fn post(&self, report: &Report) -> bool {
        let Ok(answer) = self.request(report).send().await else { return false };
        match answer.status().as_u16() {
            200 => true,
            503 => false,
            status => panic!("{report:?} is refused with {status}: {}", answer.text().await.unwrap()),
        }
    }

    async fn sync_call(&self, report: &Report) -> bool {
        let request = SyncCallRequest { call: Some(report.message()), wait_ms: None };
        let Err(status) = self.sync.clone().sync_call(request).await else { return true };
        // A cut connection has several codes, all of them others than these.
        let faults =
            [Code::InvalidArgument, Code::NotFound, Code::FailedPrecondition, Code::OutOfRange, Code::Unimplemented];
        assert!(!faults.contains(&status.code()), "{report:?} is refused: {status:?}");
        false
    }

    /// Switches a project's connection off: its calls are kept.
    pub(crate) async fn switch_off(&self, project: &str) {
        let off = DeactivateConnectionRequest { project: project.to_owned(), ..DeactivateConnectionRequest::default() };
        self.admin.clone().deactivate_connection(off).await.unwrap();
    }

    /// Switches it on again and has the kept calls sent, as soon as the CRM answers whether the credentials are good.
    pub(crate) async fn switch_on(&self, project: &str, bound: Duration) {
        let on = ActivateConnectionRequest { project: project.to_owned(), keep_data: Some(true), ..Default::default() };
        let deadline = Instant::now() + bound;
        while let Err(status) = self.admin.clone().activate_connection(on.clone()).await {
            assert!(Instant::now() < deadline, "{project} is not switched on: {status:?}");
            time::sleep(LOOK_EVERY).await;
        }
    }

    /// The connections as the program sees them, for a reader.
    pub(crate) async fn connections(&self) -> String {
        let all = ListConnectionsRequest::default();
        format!("{:?}", self.admin.clone().list_connections(all).await.map(tonic::Response::into_inner))
    }

    /// The ledger of a project, over every day a test may touch.
    pub(crate) async fn ledger(&self, project: &str) -> Vec<LedgerDay> {
        let today = Timestamp::now().to_zoned(TimeZone::get(ZONE).unwrap()).date();
        let (from_day, to_day) = (today.yesterday().unwrap().to_string(), today.tomorrow().unwrap().to_string());
        let request = GetLedgerRequest { project: project.to_owned(), from_day, to_day };
        self.admin.clone().get_ledger(request).await.unwrap().into_inner().days
    }

    /// Waits until nothing waits in a project, and returns the ledger.
    pub(crate) async fn settled(&self, project: &str, bound: Duration) -> Vec<LedgerDay> {
        let deadline = Instant::now() + bound;
        loop {
            let days = self.ledger(project).await;
            if days.iter().all(|day| day.waiting == 0) {
                return days;
            }
            assert!(Instant::now() < deadline, "{project} still waits after {bound:?}: {days:?}");
            time::sleep(LOOK_EVERY * 10).await;
        }
    }
}

impl Report {
    /// The webhook's body (telephony/events.md 2.2).
    fn webhook(&self) -> String {
        let call = &self.call;
        let date = call.started_at.to_zoned(TimeZone::get(ZONE).unwrap()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let sip = format!("{}_one", call.project);
        let mut body = json!({ "uniqueid": call.id, "calldate": date, "userfield": self.spelt });
        let more = match call.way {
            Way::Answered => {
                json!({ "call_type": "in", "dst": LINE, "connected_with": sip, "disposition": "ANSWERED", "billsec": "40" })
            }
            Way::Missed => {
                json!({ "call_type": "in", "dst": LINE, "connected_with": "", "disposition": "NO ANSWER", "billsec": "0" })
            }
            Way::Dialled => {
                json!({ "call_type": "out", "caller": sip, "outbound_number": LINE, "disposition": "ANSWERED", "billsec": "40" })
            }
        };
        let body = body.as_object_mut().unwrap();
        body.extend(more.as_object().unwrap().clone());
        body.extend(call.recording().map(|link| ("recording".to_owned(), link.into())));
        json!(body).to_string()
    }

    /// The same in the contract's words.
    fn message(&self) -> v1::Call {
        let call = &self.call;
        let at = |seconds| v1_time(call.started_at + SignedDuration::from_secs(seconds));
        let answered = call.way != Way::Missed;
        let incoming = call.way != Way::Dialled;
        v1::Call {
            project: call.project.to_owned(),
            call_id: call.id.clone(),
            phase: CallPhase::Ended.into(),
            direction: if incoming { CallDirection::Incoming } else { CallDirection::Outgoing }.into(),
            client_number: self.spelt.clone(),
            project_number: if incoming { LINE } else { "" }.to_owned(),
            caller_id_number: if incoming { "" } else { LINE }.to_owned(),
            started_at: at(0),
            ended_at: at(50),
            talk_seconds: answered.then_some(40),
            outcome: if answered { CallOutcome::Answered } else { CallOutcome::NoAnswer }.into(),
            agent: answered.then(|| AgentRef { sip_login: format!("{}_one", call.project), ..AgentRef::default() }),
            recording_expected: Some(call.recorded),
            recording_urls: call.recording().into_iter().collect(),
            ..v1::Call::default()
        }
    }
}

fn v1_time(at: Timestamp) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: at.as_second(), nanos: 0 })
}

/// A small seeded generator (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut roll = self.0;
        roll = (roll ^ (roll >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        roll = (roll ^ (roll >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (roll ^ (roll >> 31)) % bound
    }

    /// From nothing to all of something.
    pub(crate) fn share(&mut self) -> f64 {
        self.below(1_001) as f64 / 1_000.0
    }

    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }
}

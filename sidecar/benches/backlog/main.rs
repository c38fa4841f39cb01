//! A month of a dead CRM: what so many waiting calls cost when it comes back. Fills a store through the store's own code,
//! starts the real sidecar over a simulated RetailCRM in another process, activates the connection, lets live calls come
//! in all along, and prints figures as `name value unit`.
//!
//! `cargo bench -p tieline --bench backlog -- --calls 1000000 --seconds 60 --json figures.jsonl`

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark is a program for a terminal"
)]

mod figures;
mod fill;
mod live;
mod programs;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tieline::store::{Filter, StateIs, Store as _, Turns, resend::Selection, sqlite::SqliteStore};
use tieline_engine::{
    ids::ProjectId,
    jiff::{SignedDuration, Timestamp},
};
use tieline_proto::v1::{
    ActivateConnectionRequest, CancelResendRequest, ResendBacklogRequest, ResendState,
    admin_service_client::AdminServiceClient, sync_service_client::SyncServiceClient,
};
use tokio::time;
use tonic::transport::Channel;

use self::{
    figures::Figures,
    live::Live,
    programs::{Crm, Sidecar},
};

/// RetailCRM's quota, in requests a second (retailcrm.md 1.1).
const QUOTA: f64 = 10.0;

/// What is wanted of a run.
struct Wanted {
    calls: u64,
    seconds: u64,
    json: Option<PathBuf>,
}

impl Wanted {
    fn read() -> Self {
        let mut wanted = Self { calls: 1_000_000, seconds: 60, json: None };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || words.next().and_then(|word| word.parse().ok()).expect("a number");
            match word.as_str() {
                "--calls" => wanted.calls = number(),
                "--seconds" => wanted.seconds = number(),
                "--json" => wanted.json = words.next().map(PathBuf::from),
                _ => {}
            }
        }
        wanted
    }
}

fn main() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let wanted = Wanted::read();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run(&wanted));
}

async fn run(wanted: &Wanted) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let db = dir.path().join("calls.db");
    let mut figures = Figures::new(wanted.json.as_deref());
    figures.tell("calls", wanted.calls as f64, "calls");
    let took = fill::fill(&db, wanted.calls).await;
    figures.tell("fill", took.as_secs_f64(), "s");
    figures.tell("fill_rate", wanted.calls as f64 / took.as_secs_f64(), "calls/s");
    figures.tell("store_file", size(&db) / 1_048_576.0, "MiB");

    let crm = Crm::start();
    let sidecar = Sidecar::start(dir.path(), &crm.url);
    let channel = Channel::from_shared(format!("http://{}", sidecar.grpc)).expect("an address");
    let channel = channel.connect().await.expect("a connection");
    figures.tell("memory_after_start", sidecar.peak_mib(), "MiB");
    scrape(&crm, &sidecar, &mut figures).await;
    activate(&channel, &mut figures).await;
    drain(&channel, &crm, wanted, &mut figures).await;
    scrape(&crm, &sidecar, &mut figures).await;
    resend(&channel, &mut figures).await;
    figures.tell("memory_peak", sidecar.peak_mib(), "MiB");
    figures.tell("write_ahead_log", size(&dir.path().join("calls.db-wal")) / 1_048_576.0, "MiB");
    drop(channel);
    sidecar.stop();
    ask(&db, &mut figures).await;
}

async fn scrape(crm: &Crm, sidecar: &Sidecar, figures: &mut Figures) {
    let url = format!("http://{}/metrics", sidecar.http);
    // The first one opens the connection.
    for told in [false, true] {
        let begun = Instant::now();
        assert!(crm.page(&url).await.contains("tieline_calls_waiting"));
        if told {
            figures.tell("metrics_scrape", begun.elapsed().as_secs_f64() * 1_000.0, "ms");
        }
    }
}

/// Switches the connection on while calls come in: everything goes behind live calls.
async fn activate(channel: &Channel, figures: &mut Figures) {
    let live = Live::begin(channel.clone(), "during-activation");
    let begun = Instant::now();
    let request = ActivateConnectionRequest { project: "shop".to_owned(), ..Default::default() };
    loop {
        // A request is worked on for a minute at most; what it began goes on, and asking again waits for it.
        match AdminServiceClient::new(channel.clone()).activate_connection(request.clone()).await {
            Ok(_) => break,
            Err(status) if status.code() == tonic::Code::DeadlineExceeded => {}
            Err(status) => panic!("the connection is not activated: {status}"),
        }
    }
    figures.tell("activation", begun.elapsed().as_secs_f64(), "s");
    let heard = live.end().await;
    figures.tell("accept_during_activation_p50", heard.median() * 1_000.0, "ms");
    figures.tell("accept_during_activation_max", heard.longest() * 1_000.0, "ms");
}

/// Watches the CRM fill, with live calls in between.
async fn drain(channel: &Channel, crm: &Crm, wanted: &Wanted, figures: &mut Figures) {
    let begun = Instant::now();
    while crm.calls_told().await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(120), "nothing is delivered");
        time::sleep(Duration::from_millis(20)).await;
    }
    figures.tell("first_delivery_after_activation", begun.elapsed().as_secs_f64(), "s");
    let (before, told_before, begun) = (crm.counts().await, crm.calls_told().await, Instant::now());
    let live = Live::begin_waiting(channel.clone(), "during-drain");
    time::sleep(Duration::from_secs(wanted.seconds)).await;
    let (after, told, seconds) = (crm.counts().await, crm.calls_told().await, begun.elapsed().as_secs_f64());
    let heard = live.end().await;
    let rate = (after.requests - before.requests) as f64 / seconds;
    figures.tell("crm_requests", rate, "requests/s");
    figures.tell("crm_quota_used", rate / QUOTA, "ratio");
    figures.tell("crm_refusals_for_rate", (after.refused - before.refused) as f64, "requests");
    figures.tell("drain_rate", (told - told_before) as f64 / seconds, "calls/s");
    figures.tell("live_call_in_the_crm_p50", heard.median(), "s");
    figures.tell("live_call_in_the_crm_max", heard.longest(), "s");
    figures.tell("live_calls_not_in_time", heard.late as f64, "calls");
}

/// Counts everything, begins a resending of everything, cancels it.
async fn resend(channel: &Channel, figures: &mut Figures) {
    let mut sync = SyncServiceClient::new(channel.clone());
    let all = ResendBacklogRequest { project: "shop".to_owned(), window_days: Some(366), ..Default::default() };
    let begun = Instant::now();
    let counting = ResendBacklogRequest { dry_run: true, ..all.clone() };
    let mut stream = sync.resend_backlog(counting).await.expect("a stream").into_inner();
    let counted = stream.message().await.expect("an answer").expect("a count");
    figures.tell("dry_run", begun.elapsed().as_secs_f64(), "s");
    figures.tell("dry_run_counted", counted.waiting as f64, "calls");

    let (begun, live) = (Instant::now(), Live::begin(channel.clone(), "during-choosing"));
    let mut stream = sync.resend_backlog(all).await.expect("a stream").into_inner();
    let mut id = String::new();
    while let Some(progress) = stream.message().await.expect("progress") {
        id.clone_from(&progress.resend_id);
        if progress.state() != ResendState::Choosing {
            break;
        }
    }
    figures.tell("choosing", begun.elapsed().as_secs_f64(), "s");
    let heard = live.end().await;
    figures.tell("accept_during_choosing_max", heard.longest() * 1_000.0, "ms");
    let begun = Instant::now();
    let cancel = CancelResendRequest { project: "shop".to_owned(), resend_id: id.clone() };
    sync.cancel_resend(cancel).await.expect("it is cancelled");
    let rejoin = ResendBacklogRequest { project: "shop".to_owned(), resend_id: id, ..Default::default() };
    let mut stream = sync.resend_backlog(rejoin).await.expect("a stream").into_inner();
    while stream.message().await.expect("progress").is_some() {}
    figures.tell("cancelling", begun.elapsed().as_secs_f64(), "s");
}

/// What the store's own questions take, with the sidecar gone.
async fn ask(db: &Path, figures: &mut Figures) {
    let (store, project) = (SqliteStore::open(db).expect("the store"), ProjectId::new("shop"));
    let now = Timestamp::now();
    let waiting = Filter { states: vec![StateIs::Waiting], ..Filter::default() };
    let begun = Instant::now();
    let left = store.count(&project, waiting).await.expect("a count");
    figures.tell("count_waiting", begun.elapsed().as_secs_f64() * 1_000.0, "ms");
    figures.tell("waiting_at_the_end", left as f64, "calls");
    let id = store.begin_resend(&project, Selection::default(), now).await.expect("a resending");
    while store.step_resend(&project, id, now).await.expect("a step") {}
    let later = now + SignedDuration::from_secs(60);
    for (name, limit) in [("due_1", 1), ("due_20", 20)] {
        let begun = Instant::now();
        for _ in 0..100 {
            assert!(!store.due(&project, later, &[], Turns::all(limit)).await.expect("an answer").is_empty());
        }
        figures.tell(name, begun.elapsed().as_secs_f64() * 10.0, "ms");
    }
    store.close().await.expect("the store closes");
}

fn size(path: &Path) -> f64 {
    std::fs::metadata(path).map_or(0.0, |file| file.len() as f64)
}

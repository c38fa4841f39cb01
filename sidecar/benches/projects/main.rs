//! What many projects cost one sidecar: `cargo bench -p tieline --bench projects`. `TIELINE_PROJECTS` says how many;
//! ten thousand without it.
//!
//! Every project is configured as an administrator would, with three agents and a simulated RetailCRM of its own address
//! that answers from memory. They are idle but for the one whose call is timed. Printed are the program's memory with and
//! without them, its threads and tasks, how long a start takes, how long until a call taken in right after the start is
//! in the CRM, and what a scrape of the metrics costs.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark is a program for a terminal")]

mod crm;

use std::{path::Path, sync::Arc, time::Duration};

use tieline::{
    access::Identity,
    clock::{Clock as _, SystemClock},
    config::{self, Sources},
    project::Project,
    server::{self, metrics, requests::Requests},
    sidecar::Sidecar,
    store::{State, sqlite::SqliteStore},
};
use tieline_engine::{
    call::{Call, Direction, Outcome, Phase},
    ids::{CallId, ProjectId},
    jiff::SignedDuration,
    phone::Phone,
};
use tokio::{
    runtime::Handle,
    sync::watch,
    time::{self, Instant},
};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let count = std::env::var("TIELINE_PROJECTS").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(count));
}

async fn measure(count: usize) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    println!("| {count} projects | |\n|---|---|");
    // What the first project brings along is no project's share.
    drop(assemble(projects(1), &dir.path().join("one.db")).await);
    let before = resident();
    let begun = Instant::now();
    let projects = projects(count);
    row("read, one by one", format!("{:.0} ms", millis(begun)));
    row("memory of a project as read", format!("{:.1} KiB", share(before, count)));

    let path = dir.path().join("many.db");
    let begun = Instant::now();
    let sidecar = assemble(projects, &path).await;
    row("first start", format!("{:.0} ms", millis(begun)));
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(Arc::clone(sidecar.driver()).run(stopped, Duration::from_secs(5)));
    row("a call after the start is in the CRM within", format!("{:.0} ms", deliver(&sidecar, count - 1).await));
    row("memory of a project that was never asked", format!("{:.1} KiB", share(before, count)));
    let connections = sidecar.driver().connections();
    let learned = futures::future::join_all(connections.iter().map(|connection| connection.learn())).await;
    assert!(learned.iter().all(Result::is_ok));
    drop((connections, learned));
    row("memory of an idle project", format!("{:.1} KiB", share(before, count)));
    row("memory of the program", format!("{:.0} MiB", resident() / 1024.0));
    row("tasks", Handle::current().metrics().num_alive_tasks());
    row("threads", threads());
    for time in ["first", "second"] {
        let begun = Instant::now();
        let (requests, everybody) = (Requests::default(), Identity::everybody());
        let text = metrics::text(&sidecar, &requests, &everybody).await.expect("figures");
        let kib = text.len() / 1024;
        row(&format!("{time} scrape"), format!("{:.0} ms, {kib} KiB, {} lines", millis(begun), text.lines().count()));
    }
    stop.send_replace(true);
    running.await.expect("an end");
    sidecar.driver().store.close().await.expect("a closed store");
    drop(sidecar);

    let again = self::projects(count);
    let begun = Instant::now();
    drop(assemble(again, &path).await);
    row("start with known projects", format!("{:.0} ms", millis(begun)));
    let text: String = (0..count).map(text).collect();
    let begun = Instant::now();
    config::parse("bench", &text, &Keys).expect("a configuration");
    row("read as one configuration", format!("{:.0} ms, {} KiB", millis(begun), text.len() / 1024));
}

async fn assemble(projects: Vec<Project>, path: &Path) -> Sidecar {
    let store = Arc::new(SqliteStore::open(path).expect("a store"));
    let crms = Arc::new(crm::Answers::new(host(projects.len() - 1)));
    server::assemble(projects, store, Arc::new(SystemClock), crms).await.expect("a sidecar")
}

/// Takes a call in and waits until it is in the CRM; milliseconds.
async fn deliver(sidecar: &Sidecar, nr: usize) -> f64 {
    let (project, id) = (name(nr), CallId::new("1"));
    let mut call = Call::new(project.clone(), id.clone(), Direction::Incoming);
    (call.phase, call.outcome, call.ring_seconds) = (Phase::Ended, Some(Outcome::NoAnswer), 20);
    call.client.phone = Some(Phone::new("0671234567"));
    call.started_at = Some(SystemClock.now() - SignedDuration::from_secs(30));
    let begun = Instant::now();
    sidecar.accept(call, None, None).await.expect("a receipt");
    loop {
        let stored = sidecar.report(&project, &id).await.expect("a report");
        match stored.state {
            State::Waiting => time::sleep(Duration::from_millis(1)).await,
            state => {
                assert_eq!(state, State::Written, "{stored:?}");
                return millis(begun);
            }
        }
    }
}

fn projects(count: usize) -> Vec<Project> {
    let read = |nr| config::parse("bench", &text(nr), &Keys).expect("a configuration").projects;
    (0..count).flat_map(read).collect()
}

fn name(nr: usize) -> ProjectId {
    ProjectId::new(format!("shop-{nr:05}"))
}

fn text(nr: usize) -> String {
    let agent = |nr| {
        format!(
            "[[projects.agents]]\nid = \"agent-{nr}\"\nsips = [\"shop_{nr}\"]\nextensions = [\"10{nr}\"]\ncrm_user = \"{nr}\"\n"
        )
    };
    let agents: String = (1..4).map(agent).collect();
    format!(
        "[[projects]]\nid = \"{}\"\nzone = \"Europe/Kyiv\"\nregion = \"UA\"\nsenior = \"agent-1\"\n\
         [projects.connection]\ncrm = \"retailcrm\"\n[projects.connection.settings]\n\
         url = \"{}\"\nsite = \"main\"\n[projects.connection.secrets]\n\
         api_key = {{ env = \"API_KEY\" }}\n{agents}",
        name(nr),
        host(nr)
    )
}

fn host(nr: usize) -> String {
    format!("https://shop-{nr}.example")
}

struct Keys;

impl Sources for Keys {
    fn env(&self, _name: &str) -> Option<String> {
        Some(crm::API_KEY.to_owned())
    }

    fn file(&self, _path: &Path) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fn row(name: &str, value: impl std::fmt::Display) {
    println!("| {name} | {value} |");
}

fn millis(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1_000.0
}

fn share(before: f64, count: usize) -> f64 {
    (resident() - before) / count as f64
}

/// Memory of the program in KiB; 0 where the system does not tell.
fn resident() -> f64 {
    status("VmRSS:")
}

fn threads() -> f64 {
    status("Threads:")
}

fn status(name: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

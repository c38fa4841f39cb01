//! One door against its yardstick, in turns.

use std::{
    env,
    fs::OpenOptions,
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use criterion::{Criterion, SamplingMode, Throughput};
use serde_json::{Value, json};
use tieline_proto::v1::sync_service_client::SyncServiceClient;
use tokio::{runtime::Runtime, task::JoinSet};
use tonic::transport::Channel;

use super::house;

/// Requests of all duels so far: no call is told of twice.
static ASKED: AtomicU64 = AtomicU64::new(0);

/// A client of one side.
pub(crate) type Client = SyncServiceClient<Channel>;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Where to ring, for callers that are known already.
    Route,
    /// To take in a call nobody told of before.
    Sync,
}

impl Ask {
    async fn of(self, client: &mut Client, nr: u64) {
        match self {
            Self::Route => drop(client.route_call(house::ringing(nr)).await.expect("a route")),
            Self::Sync => drop(client.sync_call(house::ended(nr)).await.expect("a receipt")),
        }
    }
}

/// One door against its yardstick.
pub(crate) struct Duel {
    /// What is compared, for a reader.
    name: &'static str,
    /// Requests under way at once, over one connection.
    streams: u64,
    /// The least ratio wanted, where one is.
    target: Option<f64>,
    ask: Ask,
    ours: Client,
    yardstick: Client,
    rounds: Mutex<Vec<Round>>,
}

/// Requests a second on both sides, right after each other.
#[derive(Clone, Copy)]
struct Round {
    iterations: u64,
    ours: f64,
    yardstick: f64,
}

/// How the duels are run, whatever they compare.
pub(crate) fn measure(criterion: &mut Criterion, runtime: &Runtime, duels: &[Arc<Duel>]) {
    let mut group = criterion.benchmark_group("doors");
    group.sampling_mode(SamplingMode::Flat).sample_size(30);
    group.warm_up_time(Duration::from_secs(2)).measurement_time(Duration::from_secs(6));
    for duel in duels {
        group.throughput(Throughput::Elements(duel.streams));
        group.bench_function(duel.name, |bencher| {
            bencher.to_async(runtime).iter_custom(|iterations| Arc::clone(duel).round(iterations));
        });
    }
    group.finish();
}

/// Prints the duels that were run, and appends them to the file that `TIELINE_REPORT` names.
pub(crate) fn table(duels: &[Arc<Duel>]) {
    println!("| requests a second | ours | yardstick | ratio | target | met |");
    println!("|---|---|---|---|---|---|");
    for duel in duels {
        let Some(outcome) = duel.outcome() else { continue };
        let (name, target) = (duel.name, duel.target.map(|target| target.to_string()).unwrap_or_default());
        let met = duel.target.map_or("", |target| if outcome.ratio >= target { "yes" } else { "no" });
        println!(
            "| {name} | {:.0} | {:.0} | {:.2} | {target} | {met} |",
            outcome.ours, outcome.yardstick, outcome.ratio
        );
        append(&json!({
            "part": "door", "name": name, "ours": outcome.ours, "ceiling": outcome.yardstick, "ratio": outcome.ratio,
            "target": duel.target,
        }));
    }
}

fn append(line: &Value) {
    let Some(path) = env::var_os("TIELINE_REPORT") else { return };
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("the report's file");
    writeln!(file, "{line}").expect("room for a line");
}

/// Medians over the rounds.
struct Outcome {
    ours: f64,
    yardstick: f64,
    ratio: f64,
}

impl Duel {
    pub(crate) fn new(
        name: &'static str,
        ask: Ask,
        streams: u64,
        target: Option<f64>,
        ours: Client,
        yardstick: Client,
    ) -> Self {
        Self { name, streams, target, ask, ours, yardstick, rounds: Mutex::default() }
    }

    /// An iteration is one request of every stream. Answers how long our side took.
    async fn round(self: Arc<Self>, iterations: u64) -> Duration {
        let yardstick = self.load(&self.yardstick, iterations).await;
        let ours = self.load(&self.ours, iterations).await;
        let a_second = |time: Duration| (iterations * self.streams) as f64 / time.as_secs_f64();
        let round = Round { iterations, ours: a_second(ours), yardstick: a_second(yardstick) };
        self.rounds.lock().expect("rounds").push(round);
        ours
    }

    async fn load(&self, client: &Client, iterations: u64) -> Duration {
        let first = ASKED.fetch_add(iterations * self.streams, Ordering::Relaxed);
        let begun = Instant::now();
        let mut streams = JoinSet::new();
        for stream in 0..self.streams {
            let (ask, mut client) = (self.ask, client.clone());
            // Numbers rise over all streams together, as an exchange counts its calls.
            let numbers = (first + stream..first + iterations * self.streams).step_by(self.streams as usize);
            streams.spawn(async move {
                for nr in numbers {
                    ask.of(&mut client, nr).await;
                }
            });
        }
        streams.join_all().await;
        begun.elapsed()
    }

    /// Rounds far shorter than the longest were for warming up. `None`: it was not run.
    fn outcome(&self) -> Option<Outcome> {
        let rounds = self.rounds.lock().expect("rounds");
        let longest = rounds.iter().map(|round| round.iterations).max()?;
        let long: Vec<Round> = rounds.iter().copied().filter(|round| round.iterations * 2 > longest).collect();
        Some(Outcome {
            ours: median(&long, |round| round.ours),
            yardstick: median(&long, |round| round.yardstick),
            ratio: median(&long, |round| round.ours / round.yardstick),
        })
    }
}

fn median(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> f64 {
    let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

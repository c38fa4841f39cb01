//! Playing seeds: one after the other in the test suite, any number at once by the command.

use std::{
    cell::Cell,
    io::{self, Write as _},
    panic::{self, AssertUnwindSafe},
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    outside::Outside,
    plan::{Plan, replay},
    tally::Tally,
    watch::{Promise, Violation},
    world::World,
};
use crate::wired::in_virtual_time;

/// Lines of a failed run's story that are shown.
const STORY: usize = 40;

thread_local! {
    static PANICS: Cell<u64> = const { Cell::new(0) };
}

/// How a run ended.
pub(super) struct Run {
    pub(super) tally: Tally,
    pub(super) violation: Option<Violation>,
    pub(super) story: Vec<String>,
    /// Places at which a process may have died.
    pub(super) places: u64,
}

/// Plays a seed.
pub(super) fn play(plan: Plan) -> Run {
    run(plan, None, Script::Seed)
}

/// Plays a few calls; the process dies at a place, if one is given.
pub(super) fn play_few(plan: Plan, dies_at: Option<u64>) -> Run {
    run(plan, dies_at, Script::FewCalls)
}

/// What is played.
#[derive(Clone, Copy)]
enum Script {
    Seed,
    FewCalls,
}

fn run(plan: Plan, dies_at: Option<u64>, script: Script) -> Run {
    count_panics();
    let before = PANICS.get();
    let run = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut ended = None;
        in_virtual_time(async {
            let mut world = World::new(plan, dies_at);
            let played = match script {
                Script::Seed => world.play().await,
                Script::FewCalls => world.play_few().await,
            };
            ended = Some(ended_as(played, &world.outside));
        });
        ended.unwrap()
    }));
    let broken = |text: &str| Some(Violation { of: Promise::Rest, text: text.to_owned() });
    let mut run = run.unwrap_or_else(|_| Run {
        tally: Tally::default(),
        violation: broken("the run panicked"),
        story: Vec::new(),
        places: 0,
    });
    if PANICS.get() > before && run.violation.is_none() {
        run.violation = broken("something panicked on the way");
    }
    run
}

fn ended_as(played: Result<Tally, Violation>, outside: &Outside) -> Run {
    let (story, places) = (outside.story(), outside.places());
    match played {
        Ok(tally) => Run { tally, violation: None, story, places },
        Err(violation) => Run { tally: Tally::default(), violation: Some(violation), story, places },
    }
}

/// Counts the panics of each thread: those of a delivery are caught by the driver.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let shown = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            PANICS.set(PANICS.get() + 1);
            shown(panic);
        }));
    });
}

/// Plays seeds one after the other; panics at the first that fails.
pub(super) fn play_all(seeds: impl Iterator<Item = u64>) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let run = play(Plan::of(seed));
        if let Some(violation) = run.violation {
            panic!("{}", failure(Plan::of(seed), &violation, &run.story));
        }
        tally.add(&run.tally);
    }
    tally
}

/// Plays seeds on all cores; those that fail are printed and counted.
pub(super) fn play_many(seeds: std::ops::Range<u64>) -> Tally {
    let (next, tally) = (AtomicU64::new(seeds.start), Mutex::new(Tally::default()));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let run = play(Plan::of(seed));
                    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                    tally.add(&run.tally);
                    if let Some(violation) = run.violation {
                        tally.fail(seed, violation.of);
                        drop(writeln!(io::stderr(), "{}", failure(Plan::of(seed), &violation, &run.story)));
                    }
                }
            });
        }
    });
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn failure(plan: Plan, violation: &Violation, story: &[String]) -> String {
    let shown = if std::env::var_os("TIELINE_STORY").is_some() { story.len() } else { STORY };
    let story = story[story.len().saturating_sub(shown)..].join("\n");
    let Violation { of, text } = violation;
    format!("{story}\n{plan:?}: {of:?}: {text}\nreplay: {}\n", replay(plan.seed))
}

/// The seeds asked for: `TIELINE_SEEDS=17` is one, `TIELINE_SEEDS=0..5000` a range.
pub(super) fn asked_for() -> Option<std::ops::Range<u64>> {
    let text = std::env::var("TIELINE_SEEDS").ok()?;
    Some(match text.split_once("..") {
        Some((from, to)) => from.parse().unwrap()..to.parse().unwrap(),
        None => {
            let seed = text.parse().unwrap();
            seed..seed + 1
        }
    })
}

//! Bad input for readers: mutations of good input, guided by what the reader makes of it.
//!
//! A target is a function of bytes that panics when it finds a fault, and else names the kind of answer it got. An
//! input that brings a kind nobody saw before joins the corpus and is mutated further: this is what a coverage-guided
//! fuzzer does, with the reader's own answers for coverage, and it needs nothing but the stable toolchain.
//!
//! | variable | meaning |
//! |---|---|
//! | `TIELINE_FUZZ_CASES` | cases per target instead of the target's own few |
//! | `TIELINE_FUZZ_SECONDS` | run each target for so long, from another seed every time |
//! | `TIELINE_FUZZ_SEED` | where the random numbers begin |
//! | `TIELINE_FUZZ_INPUT` | one input in hexadecimal, or `@` and a file: replays it |
//!
//! Without them a run is the same every time.

#![allow(clippy::panic, reason = "a fault that is found ends the test")]

mod json;
mod mutate;
mod random;
mod replay;
mod shrink;

use std::{
    collections::BTreeSet,
    env,
    panic::{self, AssertUnwindSafe},
    str::FromStr,
    time::{Duration, Instant, SystemTime},
};

use mutate::Mutator;
pub use random::Random;

/// Inputs kept for further mutation, at most.
const CORPUS_MAX: usize = 4_096;
/// How often an input that took too long is tried again: a busy machine is no fault of the reader.
const SLOW_TRIES: usize = 3;

/// One target's run.
pub struct Fuzz {
    name: &'static str,
    seeds: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    cases: u64,
    bytes_max: usize,
    within: Duration,
}

/// How long a run lasts.
enum Extent {
    Cases(u64),
    Until(Instant),
}

impl Fuzz {
    /// A target by its name, with 2,000 cases of at most 64 KiB that take at most two seconds each.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let within = Duration::from_secs(2);
        Self { name, seeds: Vec::new(), words: Vec::new(), cases: 2_000, bytes_max: 64 << 10, within }
    }

    /// Good input to begin with.
    #[must_use]
    pub fn seeds<T: AsRef<[u8]>>(mut self, seeds: impl IntoIterator<Item = T>) -> Self {
        self.seeds.extend(seeds.into_iter().map(|seed| seed.as_ref().to_vec()));
        self
    }

    /// Words the reader knows, to be put in anywhere.
    #[must_use]
    pub fn words<T: AsRef<[u8]>>(mut self, words: impl IntoIterator<Item = T>) -> Self {
        self.words.extend(words.into_iter().map(|word| word.as_ref().to_vec()));
        self
    }

    /// Cases of a run that is not told how long to go on.
    #[must_use]
    pub fn cases(mut self, cases: u64) -> Self {
        self.cases = cases;
        self
    }

    /// Longest input in bytes.
    #[must_use]
    pub fn bytes_max(mut self, bytes: usize) -> Self {
        self.bytes_max = bytes;
        self
    }

    /// Longest time for one input, on a machine that does other things too.
    #[must_use]
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Runs the target. It panics where it finds a fault, and returns the kind of answer otherwise.
    ///
    /// # Panics
    /// With the smallest input found that shows the fault, and how to replay it.
    pub fn run(self, target: impl Fn(&[u8]) -> String) {
        replay::quiet_panics();
        if let Some(input) = replay::given() {
            let kind = target(&input);
            return replay::say(&format!("{}: {kind}", self.name));
        }
        let (extent, seed) = self.extent();
        let mut run = Run { seen: BTreeSet::new(), corpus: Vec::new(), fuzz: &self, target: &target, seed };
        for seed in &self.seeds {
            run.case(seed.clone());
        }
        run.corpus.clone_from(&self.seeds);
        if run.corpus.is_empty() {
            run.corpus.push(Vec::new());
        }
        let mutator = Mutator { words: &self.words, bytes_max: self.bytes_max };
        let mut random = Random::seeded(seed);
        let mut done = 0_u64;
        while extent.goes_on(done) {
            let input = mutator.mutated(&run.corpus, &mut random);
            run.case(input);
            done += 1;
        }
        let Run { seen, corpus, .. } = &run;
        let (kinds, inputs) = (seen.len(), corpus.len());
        replay::say(&format!("{}: {done} cases from seed {seed}, {kinds} kinds, {inputs} inputs", self.name));
    }

    fn extent(&self) -> (Extent, u64) {
        let seconds = variable::<u64>("TIELINE_FUZZ_SECONDS");
        let extent = match seconds {
            Some(seconds) => Extent::Until(Instant::now() + Duration::from_secs(seconds)),
            None => Extent::Cases(variable("TIELINE_FUZZ_CASES").unwrap_or(self.cases)),
        };
        let of_name = random::hash(self.name.as_bytes());
        let of_now = || SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| u64::from(since.subsec_nanos()));
        let seed = if seconds.is_some() { of_name ^ of_now() } else { of_name };
        (extent, variable("TIELINE_FUZZ_SEED").unwrap_or(seed))
    }
}

impl Extent {
    fn goes_on(&self, done: u64) -> bool {
        match self {
            Self::Cases(cases) => done < *cases,
            Self::Until(end) => Instant::now() < *end,
        }
    }
}

/// A run on its way.
struct Run<'a, T> {
    fuzz: &'a Fuzz,
    target: &'a T,
    seed: u64,
    seen: BTreeSet<u64>,
    corpus: Vec<Vec<u8>>,
}

impl<T: Fn(&[u8]) -> String> Run<'_, T> {
    fn case(&mut self, input: Vec<u8>) {
        match tried(self.target, &input, self.fuzz.within) {
            Ok(kind) => {
                if self.seen.insert(random::hash(kind.as_bytes())) && self.corpus.len() < CORPUS_MAX {
                    self.corpus.push(input);
                }
            }
            Err(_) => self.fail(input),
        }
    }

    fn fail(&self, input: Vec<u8>) -> ! {
        let fails = |input: &[u8]| tried(self.target, input, self.fuzz.within).is_err();
        let small = shrink::smallest(input, fails);
        let fault = tried(self.target, &small, self.fuzz.within).err().unwrap_or_else(|| "not every time".to_owned());
        panic!("{} (seed {}): {fault}\n{}", self.fuzz.name, self.seed, replay::how(self.fuzz.name, &small));
    }
}

/// The kind of answer, or what is wrong with it.
fn tried(target: &impl Fn(&[u8]) -> String, input: &[u8], within: Duration) -> Result<String, String> {
    let mut took = Duration::MAX;
    for _ in 0..SLOW_TRIES {
        let start = Instant::now();
        let kind = replay::quietly(|| panic::catch_unwind(AssertUnwindSafe(|| target(input))))
            .map_err(|panicked| replay::text_of(&*panicked))?;
        took = took.min(start.elapsed());
        if took <= within {
            return Ok(kind);
        }
    }
    Err(format!("took {took:?}, more than {within:?}"))
}

fn variable<T: FromStr>(name: &str) -> Option<T> {
    env::var(name).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(fuzz: Fuzz, target: impl Fn(&[u8]) -> String) -> String {
        let panicked = panic::catch_unwind(AssertUnwindSafe(|| fuzz.run(target)));
        panicked.err().map(|panicked| replay::text_of(&*panicked)).unwrap_or_default()
    }

    #[test]
    fn a_fault_behind_several_conditions_is_found_and_made_small() {
        let target = |input: &[u8]| {
            let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(input) else { return "no".to_owned() };
            let deep = object.get("a").and_then(|a| a.get("b")).is_some_and(serde_json::Value::is_null);
            assert!(!deep, "a null in the depth");
            "object".to_owned()
        };
        let text = found(Fuzz::new("own").seeds([r#"{"a": {"b": 1, "c": [1, 2]}, "d": "long long text"}"#]), target);
        assert!(text.contains("a null in the depth") && text.contains("TIELINE_FUZZ_INPUT="), "{text}");
        assert!(!text.contains("long long"), "{text}");
    }

    #[test]
    fn an_input_that_takes_too_long_is_a_fault() {
        let spin = |input: &[u8]| {
            let end = Instant::now() + Duration::from_millis(if input.contains(&b'!') { 3 } else { 0 });
            while Instant::now() < end {}
            String::new()
        };
        let text = found(Fuzz::new("slow").seeds(["abc!"]).within(Duration::from_millis(2)), spin);
        assert!(text.contains("more than 2ms"), "{text}");
    }

    #[test]
    fn a_run_without_faults_is_the_same_every_time() {
        let inputs = || {
            let (fuzz, seen) = (Fuzz::new("same").seeds(["{\"a\": [1]}"]).cases(200), std::cell::RefCell::default());
            fuzz.run(|input: &[u8]| {
                let seen: &mut Vec<Vec<u8>> = &mut seen.borrow_mut();
                seen.push(input.to_vec());
                input.len().to_string()
            });
            seen.into_inner()
        };
        assert_eq!(inputs(), inputs());
    }
}

//! The real engine, driver, dialects and store logic in virtual time against simulated CRMs, an exchange, people, and
//! seeded faults of every kind. One seed is one run; `tests/simulation` plays any number of them.

mod dice;
mod disk;
mod faults;
mod host;
mod life;
mod load;
mod oracle;
mod outside;
mod people;
mod plan;
mod seeds;
mod tally;
mod watch;
mod wire;
mod world;

use std::{fs, io::Write as _};

/// Seeds of each CRM in the suite, in so many parts, which run side by side.
const SEEDS: u64 = 400;
const PARTS: u64 = 4;

macro_rules! suite {
    ($($crm:ident: $nr:literal;)*) => {
        $(mod $crm {
            #[test]
            fn the_first_seeds_lose_and_double_nothing() {
                super::play_part($nr, 0);
            }

            #[test]
            fn the_second_seeds_lose_and_double_nothing() {
                super::play_part($nr, 1);
            }

            #[test]
            fn the_third_seeds_lose_and_double_nothing() {
                super::play_part($nr, 2);
            }

            #[test]
            fn the_fourth_seeds_lose_and_double_nothing() {
                super::play_part($nr, 3);
            }
        })*
    };
}

suite! {
    zoho: 0;
    retailcrm: 1;
    remonline: 2;
    sendpulse: 3;
    dataverse: 4;
}

fn play_part(crm: u64, part: u64) {
    let rounds = SEEDS / PARTS;
    seeds::play_all((part * rounds..(part + 1) * rounds).map(|round| round * 5 + crm));
}

/// What `tests/simulation` runs.
#[test]
fn the_seeds_asked_for_lose_and_double_nothing() {
    let tally = seeds::play_many(seeds::asked_for().unwrap_or(0..10));
    let mut out = std::io::stdout();
    write!(out, "{tally}").unwrap();
    if let Some(path) = std::env::var_os("TIELINE_REPORT") {
        let mut report = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        writeln!(report, "{}", tally.json()).unwrap();
    }
    assert!(tally.failed.is_empty(), "seeds that fail: {:?}", tally.failed);
}

#[test]
fn the_same_seed_gives_the_same_run_twice() {
    for seed in 0..20 {
        let [one, two] = [(), ()].map(|()| seeds::play(plan::Plan::of(seed), None).story);
        let different = one.iter().zip(&two).find(|(one, two)| one != two);
        assert_eq!(different, None, "seed {seed}");
        assert_eq!(one.len(), two.len(), "seed {seed}");
    }
}

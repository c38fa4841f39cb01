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

use std::{fs, io::Write as _, time::Duration};

use tieline_engine::{
    call::{Call, Direction, Outcome, Phase},
    ids::CallId,
    phone::Phone,
};
use tokio::time::{self, Instant};

use self::world::World;
use crate::wired::in_virtual_time;

/// Seeds of each CRM in the suite, in so many parts, which run side by side.
const SEEDS: u64 = 400;
const PARTS: u64 = 4;

macro_rules! suite {
    ($($crm:ident: $nr:literal;)*) => {
        $(mod $crm {
            #[test]
            fn dying_at_every_await_point_loses_and_doubles_nothing() {
                super::die_everywhere($nr);
            }

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

/// Dies at every place one after the other where a process touches the CRM or the store: before a request is sent, while
/// it is on its way, before and after its answer, before and after something is stored.
fn die_everywhere(crm: u64) {
    let plan = plan::Plan::of(crm);
    let undisturbed = seeds::play_few(plan, None);
    assert_eq!(undisturbed.violation, None, "{:?}", plan.kind);
    assert!(undisturbed.places > 50, "{:?} has {} places only", plan.kind, undisturbed.places);
    for place in 0..undisturbed.places {
        let run = seeds::play_few(plan, Some(place));
        if let Some(violation) = run.violation {
            panic!("{}dies at place {place}", seeds::failure(plan, &violation, &run.story));
        }
        assert_eq!(run.tally.crashes, 1, "{:?} dies at place {place}", plan.kind);
    }
}

#[test]
fn while_the_disk_is_full_a_delivery_is_tried_about_once_a_second() {
    in_virtual_time(async {
        let plan = plan::Plan::of(1);
        let world = World::new(plan, None);
        time::sleep(Duration::from_secs(10)).await;
        let outside = &world.outside;
        let mut call = Call::new(outside.project.clone(), CallId::new("full"), Direction::Incoming);
        (call.phase, call.outcome) = (Phase::Ended, Some(Outcome::NoAnswer));
        call.client.phone = Some(Phone::new("0671110001"));
        let (sidecar, _) = world.hosts()[0].sidecar().unwrap();
        sidecar.accept(call, None, None).await.unwrap();
        let minute = Duration::from_secs(60);
        outside.weather().disk_full = Instant::now() + minute;
        time::sleep(minute).await;
        let tries = outside.tally().times("disk_full");
        assert!((20..=70).contains(&tries), "{tries} tries in a minute");
    });
}

#[test]
fn the_same_seed_gives_the_same_run_twice() {
    for seed in 0..10 {
        let [one, two] = [(), ()].map(|()| seeds::play(plan::Plan::of(seed)).story);
        let different = one.iter().zip(&two).find(|(one, two)| one != two);
        assert_eq!(different, None, "seed {seed}");
        assert_eq!(one.len(), two.len(), "seed {seed}");
    }
}

//! The real engine, driver, dialects and store logic in virtual time against simulated CRMs with seeded faults and
//! crashes. One seed is one run.

mod load;
mod oracle;
mod world;

use tieline_sandbox::CrmKind;

use self::world::World;
use crate::wired::in_virtual_time;

/// Seeds each CRM is played with in the test suite.
const SEEDS: u64 = 40;

fn play(kind: CrmKind, seed: u64) {
    in_virtual_time(async {
        let mut world = World::new(kind, seed).await;
        world.play().await;
        oracle::check(&world).await;
    });
}

/// The seeds to play: `TIELINE_SEEDS=17` plays one, `TIELINE_SEEDS=0..5000` a range.
fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("TIELINE_SEEDS") else { return 0..SEEDS };
    match text.split_once("..") {
        Some((from, to)) => from.parse().unwrap()..to.parse().unwrap(),
        None => {
            let seed = text.parse().unwrap();
            seed..seed + 1
        }
    }
}

fn play_all(kind: CrmKind) {
    for seed in seeds() {
        let run = std::panic::catch_unwind(|| play(kind, seed));
        if run.is_err() {
            panic!(
                "{kind:?} fails with this seed; replay: TIELINE_SEEDS={seed} cargo nextest run -p tieline simulation"
            );
        }
    }
}

#[test]
fn zoho_loses_and_doubles_nothing_under_seeded_faults_and_crashes() {
    play_all(CrmKind::Zoho);
}

#[test]
fn retailcrm_loses_and_doubles_nothing_under_seeded_faults_and_crashes() {
    play_all(CrmKind::RetailCrm);
}

#[test]
fn remonline_loses_and_doubles_nothing_under_seeded_faults_and_crashes() {
    play_all(CrmKind::RemOnline);
}

#[test]
fn sendpulse_loses_and_doubles_nothing_under_seeded_faults_and_crashes() {
    play_all(CrmKind::SendPulse);
}

#[test]
fn dataverse_loses_and_doubles_nothing_under_seeded_faults_and_crashes() {
    play_all(CrmKind::Dataverse);
}

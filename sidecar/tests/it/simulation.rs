//! The real engine, driver, dialects and store logic in virtual time against simulated CRMs with seeded faults and
//! crashes. One seed is one run.

mod load;
mod oracle;
mod world;

use tieline_sandbox::CrmKind;

use self::world::World;
use crate::wired::in_virtual_time;

/// Seeds each CRM is played with in the test suite, with one sidecar and with two, which take longer.
const SEEDS: [u64; 2] = [40, 20];

fn play(kind: CrmKind, sidecars: u8, seed: u64) {
    in_virtual_time(async {
        let mut world = if sidecars == 1 { World::new(kind, seed).await } else { World::of_two(kind, seed).await };
        world.play().await;
        oracle::check(&world).await;
    });
}

/// The seeds to play: `TIELINE_SEEDS=17` plays one, `TIELINE_SEEDS=0..5000` a range.
fn seeds(sidecars: u8) -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("TIELINE_SEEDS") else { return 0..SEEDS[usize::from(sidecars) - 1] };
    match text.split_once("..") {
        Some((from, to)) => from.parse().unwrap()..to.parse().unwrap(),
        None => {
            let seed = text.parse().unwrap();
            seed..seed + 1
        }
    }
}

fn play_all(kind: CrmKind, sidecars: u8) {
    for seed in seeds(sidecars) {
        let run = std::panic::catch_unwind(|| play(kind, sidecars, seed));
        if run.is_err() {
            panic!(
                "{kind:?} fails with this seed; replay: TIELINE_SEEDS={seed} cargo nextest run -p tieline simulation"
            );
        }
    }
}

#[test]
fn zoho_loses_and_doubles_nothing_under_seeded_faults_and_crashes() {
    play_all(CrmKind::Zoho, 1);
}

#[test]
fn retailcrm_loses_and_doubles_nothing_under_seeded_faults_and_crashes() {
    play_all(CrmKind::RetailCrm, 1);
}

#[test]
fn two_sidecars_on_one_store_lose_and_double_nothing_in_zoho() {
    play_all(CrmKind::Zoho, 2);
}

#[test]
fn two_sidecars_on_one_store_lose_and_double_nothing_in_retailcrm() {
    play_all(CrmKind::RetailCrm, 2);
}

#[test]
fn remonline_loses_and_doubles_nothing_under_seeded_faults_and_crashes() {
    play_all(CrmKind::RemOnline, 1);
}

#[test]
fn sendpulse_loses_and_doubles_nothing_under_seeded_faults_and_crashes() {
    play_all(CrmKind::SendPulse, 1);
}

#[test]
fn dataverse_loses_and_doubles_nothing_under_seeded_faults_and_crashes() {
    play_all(CrmKind::Dataverse, 1);
}

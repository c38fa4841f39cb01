//! Projects come, change and go while their calls are delivered.

use std::collections::BTreeMap;

use tieline::{
    sidecar::{Basis, Refused},
    store::Status,
};
use tieline_sandbox::CrmKind;
use tokio::time::{self, Instant};

use super::{
    crowd::{Crowd, name},
    in_virtual_time, seconds,
};

/// Seeds played.
const SEEDS: u64 = 6;
/// Clients of a run: few, so that they have calls that wait for one another.
const CLIENTS: u64 = 5;

fn client(nr: u64) -> String {
    format!("67123450{nr}")
}

#[test]
fn no_client_is_served_under_two_configurations_at_once() {
    for seed in 0..SEEDS {
        in_virtual_time(async {
            let crowd = Crowd::new(CrmKind::RetailCrm, 2).await;
            crowd.be_slow();
            for _ in 0..seed {
                crowd.chance(2);
            }
            let shop = name(0);
            let mut last = 0;
            for nr in 0..40_u64 {
                let of = client(crowd.chance(CLIENTS));
                crowd.accept(&shop, &nr.to_string(), &format!("0{of}")).await;
                if crowd.chance(3) == 0 {
                    last = crowd.put(&shop, "").await;
                }
                time::sleep(std::time::Duration::from_millis(crowd.chance(2_000))).await;
            }
            for nr in 0..40 {
                crowd.finished(&shop, &nr.to_string()).await;
            }
            crowd.deliver(&shop, "last", "0671234500").await;
            let asked = crowd.asked();
            assert!(asked.iter().any(|asked| asked.by == last && asked.text.contains(&client(0))), "seed {seed}");
            let mut by: BTreeMap<String, u32> = BTreeMap::new();
            for asked in asked.iter().filter(|asked| asked.project == shop) {
                for of in (0..CLIENTS).map(client).filter(|of| asked.text.contains(of)) {
                    let newest = by.entry(of).or_insert(asked.by);
                    assert!(asked.by >= *newest, "seed {seed}: an older configuration went on: {asked:?}");
                    *newest = asked.by;
                }
            }
            assert_eq!(by.len() as u64, CLIENTS, "seed {seed}: each client was asked for");
        });
    }
}

#[test]
fn a_project_that_is_added_works_at_once_and_finds_its_calls() {
    in_virtual_time(async {
        let mut crowd = Crowd::new(CrmKind::RetailCrm, 1).await;
        crowd.crash().await;
        crowd.keep(&name(1), "kept", "0671234501").await;
        crowd.start().await;
        assert!(matches!(crowd.ring(&name(1), "0671234500").await, Err(Refused::UnknownProject(_))));
        crowd.put(&name(1), "").await;
        crowd.finished(&name(1), "kept").await;
        crowd.deliver(&name(1), "1", "0671234500").await;
        assert_eq!(crowd.sidecar().driver().connections().len(), 2);
    });
}

#[test]
fn another_configuration_counts_at_once_keeps_the_calls_and_forgets_what_was_found() {
    in_virtual_time(async {
        let crowd = Crowd::new(CrmKind::RetailCrm, 1).await;
        let shop = name(0);
        crowd.ring(&shop, "0671234500").await.unwrap();
        assert_eq!(crowd.ring(&shop, "0671234500").await.unwrap().basis, Basis::Cached);
        let before = crowd.connection(&shop);
        before.deactivate().await.unwrap();
        crowd.accept(&shop, "1", "0671234501").await;
        crowd.put(&shop, "[projects.routing]\nbound_ms = 700").await;
        let after = crowd.connection(&shop);
        assert!(before.is_over() && !after.is_over());
        assert_eq!(after.state().status, Status::Inactive, "it stands where it stood");
        before.activate().await.unwrap();
        assert!(after.is_active(), "whoever has the earlier one at hand changes the same state");
        crowd.finished(&shop, "1").await;
        assert_eq!(crowd.ring(&shop, "0671234500").await.unwrap().basis, Basis::Fresh, "it is asked again");
        crowd.hang(true);
        let begun = Instant::now();
        assert_eq!(crowd.ring(&shop, "0671234502").await.unwrap().basis, Basis::Fallback);
        assert_eq!(begun.elapsed(), std::time::Duration::from_millis(700), "as configured now");
    });
}

#[test]
fn a_project_that_goes_ends_its_deliveries_and_begins_none() {
    in_virtual_time(async {
        let crowd = Crowd::new(CrmKind::RetailCrm, 2).await;
        time::sleep(seconds(5)).await;
        crowd.be_slow();
        for nr in 0..CLIENTS {
            crowd.accept(&name(0), &format!("{nr}a"), &format!("0{}", client(nr))).await;
            crowd.accept(&name(0), &format!("{nr}b"), &format!("0{}", client(nr))).await;
        }
        time::sleep(seconds(1)).await;
        crowd.sidecar().driver().remove(&name(0)).await;
        let (asked, waiting) = (crowd.asked().len(), crowd.waiting(&name(0)).await);
        assert!(waiting >= CLIENTS, "those that had not begun wait: {waiting}");
        assert!(matches!(crowd.ring(&name(0), "0671234500").await, Err(Refused::UnknownProject(_))));
        time::sleep(seconds(600)).await;
        assert_eq!((crowd.asked().len(), crowd.waiting(&name(0)).await), (asked, waiting));
        assert_eq!(crowd.tasks(), super::TASKS);
        crowd.put(&name(0), "").await;
        for nr in 0..CLIENTS {
            crowd.finished(&name(0), &format!("{nr}b")).await;
        }
    });
}

#[test]
fn a_project_whose_crm_hangs_goes_all_the_same() {
    in_virtual_time(async {
        let crowd = Crowd::new(CrmKind::RetailCrm, 2).await;
        time::sleep(seconds(5)).await;
        crowd.hang(true);
        crowd.accept(&name(0), "1", "0671234500").await;
        time::sleep(seconds(1)).await;
        let begun = Instant::now();
        crowd.sidecar().driver().remove(&name(0)).await;
        assert!(begun.elapsed() <= seconds(60), "{:?}", begun.elapsed());
        assert_eq!(crowd.waiting(&name(0)).await, 1, "its call is kept");
        crowd.hang(false);
        crowd.deliver(&name(1), "1", "0671234500").await;
    });
}

//! Many projects on one sidecar, in virtual time: what the idle ones cost, that those at work are not kept waiting, and
//! that projects come, change and go while calls are delivered.

mod changes;
mod crowd;

use std::{collections::BTreeSet, time::Duration};

use tieline::sidecar::Basis;
use tieline_sandbox::CrmKind;
use tokio::time::{self, Instant};

use self::crowd::{Crowd, name};
use crate::wired::in_virtual_time;

/// Tasks of a sidecar without doors: its schedule, and the test itself is none.
const TASKS: usize = 1;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn ten_thousand_idle_projects_have_no_task_each() {
    in_virtual_time(async {
        let crowd = Crowd::new(CrmKind::Zoho, 10_000).await;
        time::sleep(seconds(5)).await;
        // Some are being learned.
        assert!(crowd.tasks() <= TASKS + 8, "{} tasks", crowd.tasks());
        crowd.deliver(&name(9_999), "1", "0671234567").await;
        assert!(crowd.tasks() <= TASKS + 8, "{} tasks", crowd.tasks());
    });
}

#[test]
fn an_idle_project_asks_its_crm_once_and_then_for_nothing() {
    in_virtual_time(async {
        let crowd = Crowd::new(CrmKind::Zoho, 40).await;
        time::sleep(seconds(60)).await;
        assert_eq!(crowd.tasks(), TASKS);
        let asked = crowd.asked();
        assert_eq!(crowd.with_token(&asked), (0..40).map(name).collect());
        time::sleep(seconds(30 * 24 * 60 * 60)).await;
        assert_eq!(crowd.asked().len(), asked.len(), "a month without a call");
        // Whoever has work again learns anew, and nobody else does.
        crowd.deliver(&name(7), "1", "0671234567").await;
        let again: BTreeSet<_> = crowd.asked().split_off(asked.len()).into_iter().map(|asked| asked.project).collect();
        assert_eq!(again, BTreeSet::from([name(7)]));
    });
}

#[test]
fn after_a_start_tokens_are_asked_for_by_those_that_work_and_by_the_others_one_after_another() {
    in_virtual_time(async {
        let mut crowd = Crowd::new(CrmKind::Zoho, 1_000).await;
        time::sleep(seconds(2)).await;
        crowd.crash().await;
        let at_work = [name(900), name(950), name(999)];
        for project in &at_work {
            crowd.keep(project, "1", "0671234567").await;
        }
        let before = crowd.asked().len();
        crowd.start().await;
        time::sleep(seconds(1)).await;
        let asked = crowd.with_token(&crowd.asked().split_off(before));
        assert!(at_work.iter().all(|project| asked.contains(project)), "{asked:?}");
        assert!(asked.len() <= at_work.len() + 21, "{} asked for a token within a second", asked.len());
        for project in &at_work {
            crowd.finished(project, "1").await;
        }
    });
}

#[test]
fn a_call_of_one_of_ten_thousand_is_delivered_at_once() {
    in_virtual_time(async {
        let crowd = Crowd::new(CrmKind::RetailCrm, 10_000).await;
        let begun = Instant::now();
        crowd.deliver(&name(7_777), "1", "0671234567").await;
        assert!(begun.elapsed() < seconds(3), "{:?}", begun.elapsed());
    });
}

#[test]
fn a_busy_project_does_not_keep_the_others_waiting() {
    in_virtual_time(async {
        let crowd = Crowd::new(CrmKind::RetailCrm, 20).await;
        time::sleep(seconds(10)).await;
        for nr in 0..500 {
            crowd.keep(&name(3), &nr.to_string(), &format!("067{nr:07}")).await;
        }
        let begun = Instant::now();
        crowd.deliver(&name(4), "1", "0671234567").await;
        assert!(begun.elapsed() < seconds(3), "{:?}", begun.elapsed());
        assert!(crowd.waiting(&name(3)).await > 300, "the busy one is at work still");
    });
}

#[test]
fn a_phone_that_rings_before_the_crm_was_learned_is_answered_from_the_crm_in_time() {
    in_virtual_time(async {
        let crowd = Crowd::new(CrmKind::Zoho, 10_000).await;
        let begun = Instant::now();
        let routed = crowd.ring(&name(9_000), "0671234567").await.unwrap();
        assert_eq!(routed.basis, Basis::Fresh);
        assert!(begun.elapsed() <= seconds(2), "{:?}", begun.elapsed());
        assert!(crowd.connection(&name(9_000)).learned_at().is_some(), "it was learned for the ring");
    });
}

#[test]
fn a_phone_that_rings_is_answered_in_time_by_a_crm_that_hangs_and_was_never_learned() {
    in_virtual_time(async {
        let crowd = Crowd::new(CrmKind::Zoho, 2).await;
        crowd.hang(true);
        let begun = Instant::now();
        let routed = crowd.ring(&name(1), "0671234567").await.unwrap();
        assert_eq!((routed.basis, begun.elapsed()), (Basis::Fallback, seconds(2)));
    });
}

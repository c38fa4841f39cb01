//! The quota in virtual time: a backlog beside other users of the account, ringing phones beside a backlog.

use std::time::Duration;

use serde_json::json;
use tieline::{
    driver::quota::Priority,
    sidecar::Stage,
    store::{State, Store as _, resend::Selection},
};
use tieline_engine::{
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    ids::CallId,
    phone::Phone,
};
use tieline_sandbox::{CrmKind, FaultName, FaultSpec};
use tokio::time::{self, Instant};

use crate::wired::{Core, in_virtual_time};

fn call(core: &Core, client: u64) -> Call {
    let mut call = Call::new(core.project.clone(), CallId::new(format!("call-{client}")), Direction::Incoming);
    call.phase = Phase::Ended;
    call.client.phone = Some(Phone::new(format!("+38067{client:07}")));
    call.line = Some(Phone::new("380442000000"));
    call.started_at = Some(core.now());
    (call.outcome, call.talk_seconds) = (Some(Outcome::Answered), 60);
    let agent = AgentRef { sip: Some("shop_one".to_owned()), ..AgentRef::default() };
    call.legs = vec![Leg { agent, answered: true, talk_seconds: 60, started_at: call.started_at, ..Leg::default() }];
    call
}

/// Calls that came while the connection was off, and then it is switched on.
async fn with_backlog(core: &Core, calls: std::ops::Range<u64>) {
    let connection = core.sidecar().connection(&core.project).unwrap();
    connection.deactivate().await.unwrap();
    for client in calls {
        core.sidecar().accept(call(core, client), None, None).await.unwrap();
    }
    connection.activate().await.unwrap();
}

/// Requests and refusals the CRM has counted.
fn counted(core: &Core, refusal: &str) -> (u64, u64) {
    let sim = core.sim.lock().unwrap();
    let counts = sim.counts();
    (counts.requests, counts.by_status.get(refusal).copied().unwrap_or(0))
}

fn others(core: &Core, per_second: f64) {
    let mut sim = core.sim.lock().unwrap();
    sim.clear_fault(FaultName::OtherUsers);
    if per_second > 0.0 {
        sim.set_fault(core.now(), FaultSpec::new(FaultName::OtherUsers).per_second(per_second)).unwrap();
    }
}

/// What of the quota is taken at present, in parts of its best.
fn taken(core: &Core) -> f64 {
    let figures = core.sidecar().connection(&core.project).unwrap().gate.figures();
    figures.per_second / figures.per_second_most
}

/// CRMs with a rate a second: how they refuse, others' requests a second, calls of the backlog.
const CROWDS: [(CrmKind, &str, f64, u64); 3] = [
    (CrmKind::RetailCrm, "503", 6.0, 450),
    (CrmKind::RemOnline, "429", 1.5, 150),
    (CrmKind::SendPulse, "429", 6.0, 450),
];

#[test]
fn a_backlog_beside_other_users_shrinks_to_what_is_free_and_grows_back_with_few_refusals() {
    for (kind, refusal, per_second, calls) in CROWDS {
        in_virtual_time(async {
            let core = Core::new(kind, 7).await;
            time::sleep(Duration::from_secs(30)).await;
            others(&core, per_second);
            with_backlog(&core, 0..calls).await;
            time::sleep(Duration::from_secs(90)).await;
            assert!(taken(&core) < 0.75, "{kind}: {}", taken(&core));
            let before = counted(&core, refusal);
            time::sleep(Duration::from_secs(200)).await;
            let after = counted(&core, refusal);
            let (sent, refused) = (after.0 - before.0, after.1 - before.1);
            let share = refused as f64 / sent as f64;
            println!("{kind}: {sent} sent beside {per_second} a second, {refused} refused");
            assert!(share < 0.02, "{kind}: {refused} of {sent} refused");
            assert!(sent > 150, "{kind}: {sent}");
            others(&core, 0.0);
            time::sleep(Duration::from_secs(900)).await;
            assert!(taken(&core) > 0.999, "{kind}: {}", taken(&core));
            core.settle().await;
            let last = counted(&core, refusal);
            assert_eq!(last.1, after.1, "{kind}: refused although nobody else asks");
            assert!(core.sim.lock().unwrap().audit().clean());
        });
    }
}

#[test]
fn requests_at_once_shrink_where_others_hold_places() {
    in_virtual_time(async {
        let core = Core::with(CrmKind::Zoho, 7, "edition = \"professional\"\nper_second = 100", "").await;
        core.sim.lock().unwrap().set_latency_ms(500);
        core.sim.lock().unwrap().configure(&json!({"edition": "professional"})).unwrap();
        time::sleep(Duration::from_secs(30)).await;
        // Nine places of fifteen.
        others(&core, 18.0);
        with_backlog(&core, 0..450).await;
        time::sleep(Duration::from_secs(120)).await;
        let before = counted(&core, "429");
        let at_once = core.sidecar().connection(&core.project).unwrap().gate.figures().at_once;
        assert!(at_once < 12, "{at_once}");
        time::sleep(Duration::from_secs(180)).await;
        let after = counted(&core, "429");
        let (sent, refused) = (after.0 - before.0, after.1 - before.1);
        println!("zoho: {sent} sent, {refused} refused");
        assert!((refused as f64) < sent as f64 * 0.02, "{refused} of {sent} refused");
        others(&core, 0.0);
        core.settle().await;
        time::sleep(Duration::from_secs(1_800)).await;
        assert_eq!(core.sidecar().connection(&core.project).unwrap().gate.figures().at_once, 12);
    });
}

#[test]
fn when_a_days_credits_run_short_the_backlog_rests_and_live_calls_go_on() {
    in_virtual_time(async {
        let core = Core::with(CrmKind::Zoho, 7, "edition = \"standard\"\ncredits_per_day = 1000", "").await;
        core.sim.lock().unwrap().configure(&json!({"daily_credits": 1_000})).unwrap();
        time::sleep(Duration::from_secs(30)).await;
        with_backlog(&core, 0..250).await;
        time::sleep(Duration::from_secs(1_800)).await;
        let connection = core.sidecar().connection(&core.project).unwrap();
        assert!(connection.gate.figures().backlog_rests);
        let left = connection.gate.figures().budgets[0].left;
        println!("{left} credits are left");
        assert!((280.0..=365.0).contains(&left), "{left}");
        let live = call(&core, 5_000);
        core.sidecar().accept(live.clone(), None, None).await.unwrap();
        time::sleep(Duration::from_secs(5)).await;
        let stored = core.store.call(&core.project, &live.id).await.unwrap().unwrap();
        assert_eq!(stored.state, State::Written);
        assert_eq!(counted(&core, "429").1, 0);
        let mut resend = core.sidecar().resend(&core.project, Selection::default()).await.unwrap();
        let mut stage = Stage::Choosing;
        while stage == Stage::Choosing {
            stage = resend.next().await.unwrap().unwrap().stage;
        }
        assert_eq!(stage, Stage::Resting, "who watches is told why nothing is sent");
        // The day gives back what was spent, and the backlog ends.
        let mut days = 0;
        while core.store.next_due(&core.project, true).await.unwrap().is_some() {
            time::sleep(Duration::from_secs(86_400)).await;
            days += 1;
            assert!(days < 4);
        }
        assert_eq!(counted(&core, "429").1, 0);
        assert!(core.sim.lock().unwrap().audit().clean());
    });
}

#[test]
fn a_ringing_phone_is_looked_up_at_once_while_a_backlog_is_written() {
    for kind in [CrmKind::RetailCrm, CrmKind::Zoho, CrmKind::RemOnline, CrmKind::SendPulse, CrmKind::Dataverse] {
        in_virtual_time(async {
            let core = Core::new(kind, 7).await;
            core.sim.lock().unwrap().set_latency_ms(300);
            time::sleep(Duration::from_secs(30)).await;
            with_backlog(&core, 0..60).await;
            time::sleep(Duration::from_secs(5)).await;
            let connection = core.sidecar().connection(&core.project).unwrap();
            assert!(connection.gate.waiting(Priority::Backlog) > 0, "{kind}");
            let mut longest = Duration::ZERO;
            for client in 7_000..7_010 {
                let policy = connection.policy();
                let ask = tieline_engine::next::caller_look_up(&call(&core, client), &policy).unwrap();
                let rung = Instant::now();
                core.sidecar().driver().callers.look_up(&connection, "lane", &ask, Priority::Ringing).await.unwrap();
                core.sidecar().driver().callers.forget(&core.project, "lane").await;
                longest = longest.max(rung.elapsed());
                time::sleep(Duration::from_millis(700)).await;
            }
            println!("{kind}: {longest:?}");
            // The look-up's own requests, one request's time for a place, and the distance the rate asks for.
            assert!(longest < Duration::from_millis(2_000), "{kind}: {longest:?}");
        });
    }
}

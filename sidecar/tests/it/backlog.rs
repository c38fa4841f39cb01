//! Backlog on its way into a simulated CRM, in virtual time: by worth, never ahead of live calls, within the quota, and
//! resendings that are cancelled and resumed.

use std::{collections::BTreeMap, time::Duration};

use tieline::{
    sidecar::{Resend, Stage},
    store::{Filter, State, StateIs, Store as _, StoredCall, resend::Selection},
};
use tieline_engine::{
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    ids::CallId,
    jiff::{SignedDuration, Timestamp},
    phone::Phone,
    reason::ReasonCode,
};
use tieline_sandbox::CrmKind;
use tokio::time;

use crate::wired::{Core, in_virtual_time};

/// Clients served at once over RetailCRM at most: twice its requests a second.
const AT_ONCE: usize = 20;

impl Core {
    async fn take_in(&self, call: Call) {
        self.sidecar().accept(call, None, None).await.unwrap();
    }

    async fn stored(&self, id: &str) -> StoredCall {
        self.store.call(&self.project, &CallId::new(id)).await.unwrap().unwrap()
    }

    /// Everything stored, by order of acceptance.
    async fn all(&self) -> Vec<StoredCall> {
        self.store.list(&self.project, Filter::default(), 0, 1_000).await.unwrap()
    }

    async fn count(&self, state: StateIs) -> u64 {
        let filter = Filter { states: vec![state], ..Filter::default() };
        self.store.count(&self.project, filter).await.unwrap()
    }

    async fn switch(&self, on: bool) {
        let connection = self.sidecar().connection(&self.project).unwrap();
        match on {
            true => assert!(connection.activate().await.is_ok()),
            false => connection.deactivate().await.unwrap(),
        }
    }

    /// Answers of the CRM that refuse because of its limits.
    fn refusals(&self) -> u64 {
        let sim = self.sim.lock().unwrap();
        let counts = sim.counts();
        ["429", "503"].iter().filter_map(|status| counts.by_status.get(*status)).sum()
    }

    /// Keeps calls without sending them, as an activation does whose option is off.
    async fn keep(&self, calls: impl IntoIterator<Item = Call>) {
        self.switch(false).await;
        self.sidecar().connection(&self.project).unwrap().set_keep_data(false).await.unwrap();
        for call in calls {
            self.take_in(call).await;
        }
        self.switch(true).await;
    }

    async fn resend(&self) -> Resend {
        self.sidecar().resend(&self.project, Selection::default()).await.unwrap()
    }
}

fn call(core: &Core, id: &str, client: &str, direction: Direction, outcome: Outcome) -> Call {
    let mut call = Call::new(core.project.clone(), CallId::new(id), direction);
    (call.phase, call.outcome) = (Phase::Ended, Some(outcome));
    call.client.phone = Some(Phone::new(client));
    call.line = Some(Phone::new("380442000000"));
    call.started_at = Some(core.now() - SignedDuration::from_secs(60));
    let answered = outcome == Outcome::Answered;
    call.talk_seconds = if answered { 30 } else { 0 };
    let agent = AgentRef { sip: Some("shop_one".to_owned()), ..AgentRef::default() };
    call.legs = vec![Leg { agent, answered, talk_seconds: call.talk_seconds, ..Leg::default() }];
    call
}

fn missed(core: &Core, id: &str, client: &str) -> Call {
    call(core, id, client, Direction::Incoming, Outcome::NoAnswer)
}

fn talk(core: &Core, id: &str, client: &str) -> Call {
    call(core, id, client, Direction::Incoming, Outcome::Answered)
}

fn clients(network: &str, count: usize) -> Vec<String> {
    (0..count).map(|nr| format!("380{network}{nr:07}")).collect()
}

/// When something of a call was first written.
fn begun_at(stored: &StoredCall) -> Timestamp {
    stored.written.iter().map(|written| written.at).min().unwrap()
}

async fn watch_to_the_end(mut resend: Resend) -> tieline::sidecar::Progress {
    let mut last = None;
    while let Some(progress) = resend.next().await.unwrap() {
        assert_eq!(progress.total, progress.sent + progress.skipped + progress.failed + progress.waiting);
        last = Some(progress);
    }
    last.unwrap()
}

#[test]
fn after_a_break_the_crm_gets_missed_calls_of_new_clients_first_and_talks_with_known_ones_last() {
    in_virtual_time(async {
        let core = Core::new(CrmKind::RetailCrm, 1).await;
        let (known, new, lost) = (clients("50", 60), clients("67", 30), clients("93", 30));
        for client in &known {
            core.take_in(talk(&core, &format!("before {client}"), client)).await;
        }
        core.settle().await;
        core.switch(false).await;
        for nr in 0..30 {
            core.take_in(talk(&core, &format!("4 {nr}"), &known[nr])).await;
            core.take_in(talk(&core, &format!("3 {nr}"), &new[nr])).await;
            core.take_in(missed(&core, &format!("2 {nr}"), &known[30 + nr])).await;
            core.take_in(missed(&core, &format!("1 {nr}"), &lost[nr])).await;
        }
        core.switch(true).await;
        core.settle().await;
        let listing = core.sim.lock().unwrap().listing();
        let told: Vec<String> = listing["calls"].as_array().unwrap().iter().map(|row| row.to_string()).collect();
        let mut places: BTreeMap<char, Vec<usize>> = BTreeMap::new();
        for stored in core.all().await.iter().filter(|stored| !stored.call.id.as_str().starts_with("before")) {
            let phone = stored.call.client.phone.as_ref().unwrap().raw();
            let place = told.iter().rposition(|row| row.contains(phone)).expect("every call is told");
            places.entry(stored.call.id.as_str().chars().next().unwrap()).or_default().push(place);
        }
        let mean = |of: char| places[&of].iter().sum::<usize>() / 30;
        assert!(mean('1') < mean('2') && mean('2') < mean('3') && mean('3') < mean('4'), "{places:?}");
        let last = |of: char| *places[&of].iter().max().unwrap();
        let first = |of: char| *places[&of].iter().min().unwrap();
        assert!(last('1') < first('3') && last('2') < first('4'), "only as many overlap as are served at once");
        let in_order = |of: &char| places[of].windows(AT_ONCE).all(|some| some[0] < some[AT_ONCE - 1]);
        assert!(places.keys().all(in_order), "equal ones go by acceptance: {places:?}");
    });
}

#[test]
fn a_live_call_is_begun_at_once_though_the_backlog_has_all_its_places() {
    in_virtual_time(async {
        let core = Core::new(CrmKind::RetailCrm, 2).await;
        core.keep(clients("67", 200).iter().map(|client| missed(&core, client, client)).collect::<Vec<_>>()).await;
        let resend = core.resend().await;
        time::sleep(Duration::from_secs(20)).await;
        for nr in 0..5 {
            let id = format!("live {nr}");
            core.take_in(talk(&core, &id, &format!("38066000000{nr}"))).await;
            let (left, accepted_at) = (core.count(StateIs::Waiting).await, core.now());
            while core.stored(&id).await.state == State::Waiting {
                time::sleep(Duration::from_millis(20)).await;
            }
            let after = core.all().await;
            let begun_after = after.iter().filter(|stored| !stored.written.is_empty() && stored.backlog);
            let overtook = begun_after
                .filter(|stored| begun_at(stored) > accepted_at && begun_at(stored) < begun_at_of(&after, &id));
            assert!(overtook.count() <= 2, "call {nr}: only what was being asked when it came");
            let begun = begun_at_of(&after, &id).duration_since(accepted_at);
            assert!(begun < SignedDuration::from_millis(1_500), "call {nr}: {begun}");
            assert!(left as usize > AT_ONCE, "the backlog was not over before");
            time::sleep(Duration::from_secs(3)).await;
        }
        assert_eq!(watch_to_the_end(resend).await.sent, 200);
        assert_eq!(core.refusals(), 0);
    });
}

fn begun_at_of(all: &[StoredCall], id: &str) -> Timestamp {
    begun_at(all.iter().find(|stored| stored.call.id.as_str() == id).unwrap())
}

#[test]
fn backlog_drains_at_the_quota_and_no_crm_ever_says_that_it_is_too_much() {
    for kind in CrmKind::all() {
        in_virtual_time(async {
            let core = Core::new(*kind, 3).await;
            core.switch(false).await;
            for client in clients("67", 60) {
                core.take_in(missed(&core, &client, &client)).await;
            }
            core.switch(true).await;
            core.settle().await;
            assert_eq!((core.count(StateIs::Written).await, core.refusals()), (60, 0), "{kind}");
        });
    }
}

#[test]
fn a_cancelled_resending_loses_nothing_and_goes_on_after_a_restart() {
    in_virtual_time(async {
        let mut core = Core::new(CrmKind::RetailCrm, 4).await;
        core.keep(clients("67", 120).iter().map(|client| missed(&core, client, client)).collect::<Vec<_>>()).await;
        let mut resend = core.resend().await;
        let id = loop {
            let progress = resend.next().await.unwrap().unwrap();
            if progress.sent >= 10 {
                assert!(progress.rate_per_second > 0.0 && progress.eta_seconds.is_some());
                break progress.id;
            }
        };
        assert_eq!(core.sidecar().order_resend(&core.project, None, true).await.unwrap(), id);
        let last = watch_to_the_end(resend).await;
        assert_eq!((last.stage, last.total, last.failed, last.eta_seconds), (Stage::Cancelled, 120, 0, None));
        time::sleep(Duration::from_secs(600)).await;
        let (written, kept) = (core.count(StateIs::Written).await, core.count(StateIs::Skipped).await);
        assert!((10..60).contains(&written), "{written} were sent before it was cancelled");
        assert_eq!(written + kept, 120, "nothing waits, nothing is lost");
        let all = core.all().await;
        let is_as_before = |stored: &&StoredCall| stored.state == State::Skipped(ReasonCode::ResendOff);
        assert_eq!(all.iter().filter(is_as_before).count() as u64, kept);

        core.crash().await;
        core.start().await;
        let watched = core.sidecar().watch_resend(&core.project, Some(id)).await.unwrap();
        assert_eq!(watch_to_the_end(watched).await.stage, Stage::Cancelled);
        core.sidecar().order_resend(&core.project, Some(id), false).await.unwrap();
        time::sleep(Duration::from_secs(5)).await;
        core.crash().await;
        core.start().await;
        let watched = core.sidecar().watch_resend(&core.project, None).await.unwrap();
        let last = watch_to_the_end(watched).await;
        assert_eq!((last.stage, last.id, last.sent, last.failed, last.waiting), (Stage::Finished, id, 120, 0, 0));
        let audit = core.sim.lock().unwrap().audit();
        assert!(audit.clean(), "{audit:?}");
    });
}

#[test]
fn an_activation_is_followed_by_the_deactivation_that_came_while_it_was_under_way() {
    in_virtual_time(async {
        let core = Core::new(CrmKind::RetailCrm, 1).await;
        let connection = core.sidecar().connection(&core.project).unwrap();
        connection.deactivate().await.unwrap();
        let (activated, deactivated) = tokio::join!(connection.activate(), connection.deactivate());
        assert!(activated.is_ok() && deactivated.is_ok());
        assert!(!connection.is_active());
    });
}

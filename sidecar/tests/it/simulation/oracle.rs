//! What must hold of the store and of the CRM as a whole: at events, and after the run.

use std::{collections::BTreeMap, sync::PoisonError, time::Duration};

use tieline::store::{Filter, LedgerDay, Piece, Receipt, State, StateIs, Store as _, StoredCall};
use tieline_engine::{call::Call, ids::CallId, jiff::civil::Date, policy::Patience};
use tieline_sandbox::CrmKind;

use super::{
    people::Deed,
    watch::{Promise, Violation},
    world::World,
};

/// A quota that was cut by refusals grows back within this time (docs/quota.md).
const QUOTA_HEALS: Duration = Duration::from_secs(6 * 60);
/// More calls than a run has.
const ALL: usize = 10_000;

fn broken<T>(of: Promise, text: String) -> Result<T, Violation> {
    Err(Violation { of, text })
}

/// The ledger balances, knows of nothing but calls that were told, and misses none that was answered for; and nothing
/// that is watched was found broken.
pub(super) async fn balances(world: &World) -> Result<(), Violation> {
    if let Some(violation) = world.outside.watch().violation() {
        return Err(violation.clone());
    }
    let days = ledger(world).await;
    let received: u64 = days.iter().map(|day| day.received).sum();
    let (acked, known) = (acked(world).len() as u64, world.outside.watch().calls().count() as u64);
    if !days.iter().all(LedgerDay::balances) || !(acked..=known).contains(&received) {
        return broken(Promise::Rest, format!("the ledger is wrong: {acked} answered for, {known} told: {days:?}"));
    }
    Ok(())
}

/// What was answered for is stored.
pub(super) async fn nothing_is_lost(world: &World) -> Result<(), Violation> {
    for id in acked(world) {
        if world.outside.store.call(&world.outside.project, &id).await.unwrap().is_none() {
            return broken(Promise::NothingLost, format!("{id} was answered for and is not stored"));
        }
    }
    Ok(())
}

/// Whether nothing waits. Failed calls are visible with their trouble, and tried again by a person.
pub(super) async fn is_drained(world: &World) -> Result<bool, Violation> {
    let failed = list(world, StateIs::Failed).await;
    if let Some(hidden) = failed.iter().find(|stored| stored.trouble.is_none()) {
        return broken(Promise::NothingLost, format!("{} failed without a word why", hidden.call.id));
    }
    if !failed.is_empty() {
        world.outside.tally().count_times("failed_and_retried", failed.len() as u64);
        world.outside.tell(|| format!("an administrator retries: {:?} {:?}", failed[0].call.id, failed[0].reasons));
        for host in world.hosts() {
            if let Some((sidecar, _)) = host.sidecar() {
                sidecar.retry_failed(&world.outside.project, Filter::default()).await.unwrap();
                break;
            }
        }
        return Ok(false);
    }
    Ok(list(world, StateIs::Waiting).await.is_empty())
}

/// Virtual time in which everything must be settled once the faults are over. What is under way is given up after half
/// a minute, an attempt that failed is repeated after the longest wait, clocks that were put back have to catch up; then
/// each call of the fullest lane takes its turn with a proof that waits for the search's lag, and all of them pass the
/// quota.
pub(super) async fn drain_bound(world: &World) -> Duration {
    let waiting = list(world, StateIs::Waiting).await;
    let mut lanes: BTreeMap<&str, u32> = BTreeMap::new();
    waiting.iter().for_each(|stored| *lanes.entry(&stored.lane).or_default() += 1);
    let longest = lanes.values().max().copied().unwrap_or_default();
    let behind = world.hosts().iter().map(|host| host.behind()).max().unwrap_or_default();
    let retries = world.outside.plan.retry_longest() * 2;
    let calls =
        Duration::from_secs(40) * (longest + 3) + Duration::from_secs(15) * u32::try_from(waiting.len()).unwrap();
    Duration::from_secs(120) + retries + behind + calls + patience(world) + QUOTA_HEALS
}

/// How long a call that is over waits for its recording before it is finished, where that is a step of its own. Known
/// without a sidecar, as none may be alive at the moment.
fn patience(world: &World) -> Duration {
    let seconds = match world.outside.plan.kind {
        CrmKind::Dataverse => Patience::default().recording_seconds,
        _ => 0,
    };
    Duration::from_secs(seconds.into())
}

/// Still in time.
pub(super) async fn in_time(world: &World, took: Duration, bound: Duration) -> Result<(), Violation> {
    if let Some(violation) = world.outside.watch().violation() {
        return Err(violation.clone());
    }
    if took > bound {
        let waiting = list(world, StateIs::Waiting).await;
        let told = |call: &StoredCall| {
            let StoredCall { call, lane, due_at, retrying, attempts, .. } = call;
            format!("{} of {lane}, due {due_at}, retrying {retrying}, attempts {attempts}", call.id)
        };
        let waiting: Vec<String> = waiting.iter().map(told).collect();
        return broken(Promise::Rest, format!("the backlog did not drain in {bound:?} of virtual time: {waiting:?}"));
    }
    Ok(())
}

/// A ringing phone has its answer in time.
pub(super) fn rang_in_time(outside: &super::outside::Outside, took: Duration, bound: Duration) {
    if took > bound + Duration::from_millis(100) {
        outside.watch().breaks(Promise::Rest, format!("a ringing phone waited for {took:?}"));
    }
}

/// What must hold when all is over.
pub(super) async fn check(world: &World) -> Result<(), Violation> {
    balances(world).await?;
    nothing_is_lost(world).await?;
    everything_is_settled(world).await?;
    replay_changes_nothing(world).await?;
    nothing_is_doubled(world)?;
    everything_told_is_in_the_crm(world).await
}

async fn everything_is_settled(world: &World) -> Result<(), Violation> {
    for stored in all(world).await {
        if !matches!(stored.state, State::Written | State::Skipped(_)) {
            let text =
                format!("{} ended as {:?}: {:?} {:?}", stored.call.id, stored.state, stored.trouble, stored.reasons);
            return broken(Promise::NothingLost, text);
        }
    }
    let days = ledger(world).await;
    let (received, told) = (days.iter().map(|day| day.received).sum::<u64>(), acked(world).len() as u64);
    if received != told || days.iter().any(|day| day.waiting + day.failed > 0) {
        return broken(Promise::Rest, format!("the ledger is wrong: {told} answered for: {days:?}"));
    }
    Ok(())
}

/// Every piece that was answered for is part of what is stored: told again, it brings nothing new.
async fn replay_changes_nothing(world: &World) -> Result<(), Violation> {
    let pieces = world.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let now = world.outside.now();
    for call in pieces {
        let id = call.id.clone();
        let (lane_of, day) = (std::sync::Arc::new(|_: &Call| "replay".to_owned()), Date::constant(2026, 11, 16));
        let piece = Piece { call, lane_of, at: now, day, raw: None, trace: None };
        let accepted = world.outside.store.accept(piece).await.unwrap();
        if accepted.receipt != Receipt::Repeated {
            return broken(Promise::NothingLost, format!("a piece of {id} was answered for and is not stored"));
        }
    }
    Ok(())
}

fn nothing_is_doubled(world: &World) -> Result<(), Violation> {
    let audit = world.outside.sim().audit();
    if !audit.doubled_calls.is_empty() || !audit.doubled_tasks.is_empty() {
        return broken(Promise::NothingDoubled, format!("{audit:?}"));
    }
    Ok(())
}

/// As many call records as calls that say they wrote one: none lost, none made up. Their recordings are told.
async fn everything_told_is_in_the_crm(world: &World) -> Result<(), Violation> {
    let calls = all(world).await;
    let logged = calls.iter().filter(|stored| {
        stored.facts.entry.is_some() && stored.facts.steps.keys().any(|key| key.as_str() == "call_record")
    });
    let audit = world.outside.sim().audit();
    let listing = world.outside.sim().listing().to_string();
    let is_call = |name: &str| ["calls", "phonecalls"].contains(&name.to_lowercase().as_str());
    let held: u64 = audit.totals.iter().filter(|(name, _)| is_call(name)).map(|(_, count)| *count).sum();
    if held != logged.count() as u64 {
        return broken(Promise::NothingLost, format!("calls say they were logged, and the CRM has {:?}", audit.totals));
    }
    // Whoever deletes a client deletes what was told on it in some CRMs; RemOnline's comments are not repeated here.
    let deleted = [Deed::Delete, Deed::Merge].iter().any(|deed| world.outside.tally().times(deed.name()) > 0);
    let may_lack = deleted || world.outside.plan.kind == CrmKind::RemOnline;
    for entry in calls.iter().filter_map(|stored| stored.facts.entry.as_ref()).filter(|_| !may_lack) {
        let link = entry.recording.as_ref().map(|link| link.expose());
        if let Some(link) = link.filter(|link| !listing.contains(link)) {
            return broken(Promise::NothingLost, format!("the recording of {} is nowhere: {link}", entry.call));
        }
    }
    Ok(())
}

/// Calls that were answered for.
pub(super) fn acked(world: &World) -> std::collections::BTreeSet<CallId> {
    let told = world.told.lock().unwrap_or_else(PoisonError::into_inner);
    told.iter().map(|call| call.id.clone()).collect()
}

async fn ledger(world: &World) -> Vec<LedgerDay> {
    world.outside.store.ledger(&world.outside.project, Date::MIN, Date::MAX).await.unwrap()
}

async fn list(world: &World, state: StateIs) -> Vec<StoredCall> {
    let filter = Filter { states: vec![state], ..Filter::default() };
    world.outside.store.list(&world.outside.project, filter, 0, ALL).await.unwrap()
}

async fn all(world: &World) -> Vec<StoredCall> {
    world.outside.store.list(&world.outside.project, Filter::default(), 0, ALL).await.unwrap()
}

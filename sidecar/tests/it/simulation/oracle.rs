//! What must hold after every run (the invariants of field.md 3).

use tieline::store::{Filter, State, Store as _};
use tieline_engine::jiff::civil::Date;

use super::world::World;

pub(super) async fn check(world: &World) {
    everything_accepted_is_settled(world).await;
    the_ledger_balances(world).await;
    nothing_is_doubled(world);
    every_write_traces_to_a_call(world).await;
}

async fn everything_accepted_is_settled(world: &World) {
    for id in &world.accepted {
        let stored = world.core.store.call(&world.core.project, id).await.unwrap();
        let stored = stored.unwrap_or_else(|| panic!("{id} was accepted and is lost"));
        let settled = matches!(stored.state, State::Written | State::Skipped(_));
        assert!(settled, "{id} ended as {:?}: {:?} {:?}", stored.state, stored.trouble, stored.reasons);
    }
}

async fn the_ledger_balances(world: &World) {
    let days = world.core.store.ledger(&world.core.project, Date::MIN, Date::MAX).await.unwrap();
    assert!(days.iter().all(|day| day.balances()), "{days:?}");
    let received: u64 = days.iter().map(|day| day.received).sum();
    assert_eq!(received, world.accepted.len() as u64, "the ledger counts what was accepted");
    assert_eq!(days.iter().map(|day| day.waiting + day.failed).sum::<u64>(), 0, "{days:?}");
}

fn nothing_is_doubled(world: &World) {
    let audit = world.core.sim.lock().unwrap().audit();
    assert!(audit.clean(), "{audit:?}");
}

/// As many call records as calls that say they wrote one: none lost, none made up.
async fn every_write_traces_to_a_call(world: &World) {
    let stored = world.core.store.list(&world.core.project, Filter::default(), 0, 1000).await.unwrap();
    let logged = stored.iter().filter(|stored| {
        stored.facts.entry.is_some() && stored.facts.steps.keys().any(|key| key.as_str() == "call_record")
    });
    let audit = world.core.sim.lock().unwrap().audit();
    let is_call = |name: &str| ["calls", "phonecalls"].contains(&name.to_lowercase().as_str());
    let held: u64 = audit.totals.iter().filter(|(name, _)| is_call(name)).map(|(_, count)| *count).sum();
    assert_eq!(held, logged.count() as u64, "{:?}", audit.totals);
}

//! Claims: one client is one sidecar's at a time, whatever becomes of the sidecars.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use proptest::prelude::*;
use tieline::store::{
    Claim, ConnectionState, KeptToken, Progress, Renewal, State, Status, Store, StoreError, StoredCall, Turns,
    postgres::PostgresStore,
};
use tokio::time;

use super::{in_new_database, open, open_for};
use crate::{
    database::Database,
    store_suite::fixtures::{accept, at, call, deal_made, ids, progress, shop, stored},
};

/// Longest wait for something another sidecar does with its next beat.
const BOUND: Duration = Duration::from_secs(20);

async fn claim(store: &PostgresStore) -> Vec<StoredCall> {
    store.due(&shop(), at(100), &[], Turns::all(100)).await.unwrap()
}

async fn both() -> (PostgresStore, PostgresStore, Database) {
    let (one, database) = in_new_database().await;
    let two = open(&database, "two").await;
    (one, two, database)
}

/// As if its lease were over.
async fn bury(database: &Database, name: &str) {
    let buried = database.client().await.execute("DELETE FROM sidecars WHERE id = $1", &[&name]).await.unwrap();
    assert_eq!(buried, 1, "{name}");
}

#[tokio::test]
async fn a_lane_is_given_to_one_sidecar_only_however_they_hurry() {
    let (one, two, _database) = both().await;
    for nr in 0..60 {
        accept(if nr % 2 == 0 { &one } else { &two }, call(&nr.to_string(), &(nr / 2).to_string()), 0).await;
    }
    let hurry = (0..4).flat_map(|_| [&one, &two]).map(|store| store.due(&shop(), at(1), &[], Turns::all(8)));
    let given = futures::future::join_all(hurry).await;
    let mut holders: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (nr, calls) in given.into_iter().enumerate() {
        for stored in calls.unwrap() {
            holders.entry(stored.claim.unwrap().lane).or_default().insert(nr % 2);
        }
    }
    assert!(holders.values().all(|holders| holders.len() == 1), "{holders:?}");
    let rest = claim(&one).await.len() + claim(&two).await.len();
    assert_eq!(rest, 30, "every lane is somebody's");
}

#[tokio::test]
async fn who_wants_live_calls_only_claims_no_client_of_the_backlog() {
    let (one, two, _database) = both().await;
    accept(&one, call("old", "1"), 0).await;
    one.demote_waiting(&shop()).await.unwrap();
    accept(&one, call("live", "2"), 1).await;
    assert_eq!(ids(&one.due(&shop(), at(100), &[], Turns::live(100)).await.unwrap()), ["live"]);
    assert_eq!(ids(&claim(&two).await), ["old"]);
}

#[tokio::test]
async fn a_lane_that_is_held_is_nobody_elses_before_the_delivery_ends() {
    let (one, two, _database) = both().await;
    accept(&one, call("a", "1"), 0).await;
    let held = claim(&one).await.remove(0);
    assert_eq!(two.next_due(&shop(), true).await.unwrap(), None, "nothing for this one to wait for");
    one.save(Progress { rests: false, ..progress(&held, State::Waiting, 1) }).await.unwrap();
    assert!(claim(&two).await.is_empty());
    accept(&two, call("b", "1"), 2).await;
    assert!(claim(&two).await.is_empty(), "a later call of the same client waits too");
    one.save(progress(&held, State::Written, 3)).await.unwrap();
    assert!(two.next_due(&shop(), true).await.unwrap().is_some());
    assert_eq!(ids(&claim(&two).await), ["b"]);
}

#[tokio::test]
async fn whoever_gets_a_lane_from_another_sidecar_is_told_so() {
    let (one, two, _database) = both().await;
    let mut moved = Vec::new();
    for (nr, store) in [&one, &one, &two, &two, &one].into_iter().enumerate() {
        accept(store, call(&nr.to_string(), "1"), 0).await;
        let held = claim(store).await.remove(0);
        moved.push(held.claim.as_ref().unwrap().moved);
        store.save(progress(&held, State::Written, 1)).await.unwrap();
    }
    assert_eq!(moved, [false, false, true, false, true]);
}

#[tokio::test]
async fn progress_under_a_claim_that_has_passed_on_is_refused_and_changes_nothing() {
    let (one, two, database) = both().await;
    accept(&one, call("a", "1"), 0).await;
    let late = claim(&one).await.remove(0);
    bury(&database, "one").await;
    let taken = claim(&two).await.remove(0);
    assert!(taken.claim.as_ref().unwrap().fence > late.claim.as_ref().unwrap().fence);
    let told = Progress { written: vec![deal_made(1)], ..progress(&late, State::Written, 1) };
    assert_eq!(one.save(told.clone()).await, Err(StoreError::Taken));
    assert_eq!(one.save(Progress { claim: None, ..told }).await, Err(StoreError::Taken), "nor without a claim");
    let after = stored(&two, "a").await;
    assert_eq!((after.state, after.written, after.changed_at), (State::Waiting, Vec::new(), taken.changed_at));
    two.save(progress(&taken, State::Written, 2)).await.unwrap();
    assert_eq!(stored(&one, "a").await.state, State::Written);
}

#[tokio::test]
async fn progress_whose_answer_was_lost_is_stored_once_when_it_is_stored_again() {
    let (one, _two, _database) = both().await;
    accept(&one, call("a", "1"), 0).await;
    let held = claim(&one).await.remove(0);
    let told = Progress { written: vec![deal_made(1)], ..progress(&held, State::Written, 1) };
    one.save(told.clone()).await.unwrap();
    one.save(told).await.unwrap();
    let after = stored(&one, "a").await;
    assert_eq!((after.state, after.written), (State::Written, vec![deal_made(1)]));
}

#[tokio::test]
async fn the_work_of_a_killed_sidecar_is_taken_over_within_its_lease() {
    let database = Database::fresh().await;
    let lease = Duration::from_millis(1_500);
    let (one, two) = (open_for(&database, "one", lease).await, open_for(&database, "two", lease).await);
    let state = ConnectionState { status: Status::Active, since: at(0), why: None, keep_data: true };
    one.put_connection(&shop(), state).await.unwrap();
    accept(&one, call("a", "1"), 0).await;
    let held = claim(&one).await.remove(0);
    let mut beats = two.others().unwrap();
    // Dropped without being closed, it does what a killed one does: nothing.
    drop(one);
    let killed = Instant::now();
    assert!(claim(&two).await.is_empty(), "not before the lease is over");
    time::timeout(BOUND, beats.wait_for(|beat| beat.sidecars == 1)).await.unwrap().unwrap();
    assert!(beats.borrow().due.contains(&shop()), "its loop is told that there is work");
    assert!(held.claim.unwrap().lease.left().is_zero(), "whoever had it has stopped before");
    // A beat more, and a machine that is busy with other tests.
    assert!(killed.elapsed() < lease * 4, "{:?}", killed.elapsed());
    assert_eq!(ids(&claim(&two).await), ["a"]);
}

#[tokio::test]
async fn a_sidecar_that_was_taken_for_dead_goes_on_under_a_new_name_without_its_claims() {
    let database = Database::fresh().await;
    let one = open_for(&database, "one", Duration::from_millis(1_500)).await;
    accept(&one, call("a", "1"), 0).await;
    let lost = claim(&one).await.remove(0);
    bury(&database, "one").await;
    let reborn = async {
        while one.name() == "one" {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(BOUND, reborn).await.unwrap();
    assert!(lost.claim.as_ref().unwrap().lease.left().is_zero());
    let again = claim(&one).await.remove(0);
    assert!(again.claim.as_ref().unwrap().moved, "somebody may have had it meanwhile");
    assert_eq!(one.save(progress(&lost, State::Written, 1)).await, Err(StoreError::Taken));
    one.save(progress(&again, State::Written, 1)).await.unwrap();
}

#[tokio::test]
async fn a_sidecar_that_ends_in_good_order_is_gone_at_once() {
    let (one, two, _database) = both().await;
    accept(&one, call("a", "1"), 0).await;
    let held = claim(&one).await.remove(0);
    one.save(progress(&held, State::Waiting, 1)).await.unwrap();
    let mut beats = two.others().unwrap();
    time::timeout(BOUND, beats.wait_for(|beat| beat.sidecars == 2)).await.unwrap().unwrap();
    one.close().await.unwrap();
    time::timeout(BOUND, beats.wait_for(|beat| beat.sidecars == 1)).await.unwrap().unwrap();
    assert_eq!(ids(&claim(&two).await), ["a"]);
}

#[tokio::test]
async fn a_delivery_that_was_cut_short_keeps_its_lane_for_the_lease() {
    let (one, two, _database) = both().await;
    accept(&one, call("a", "1"), 0).await;
    claim(&one).await;
    one.close().await.unwrap();
    assert!(claim(&two).await.is_empty(), "a request may still be on its way to the CRM");
}

#[tokio::test]
async fn a_change_of_a_connection_is_told_to_the_others() {
    let (one, two, _database) = both().await;
    let mut beats = two.others().unwrap();
    let before = beats.borrow().connections;
    let state = ConnectionState { status: Status::Suspended, since: at(0), why: None, keep_data: true };
    one.put_connection(&shop(), state.clone()).await.unwrap();
    time::timeout(BOUND, beats.wait_for(|beat| beat.connections != before)).await.unwrap().unwrap();
    assert_eq!(two.connection(&shop()).await.unwrap(), Some(state));
}

fn token(name: &str, seconds: i64) -> KeptToken {
    KeptToken { sealed: name.as_bytes().to_vec(), expires_at: at(seconds) }
}

async fn renewal(store: &PostgresStore, known: Option<&str>) -> String {
    match store.renew_token(&shop(), known.map(str::as_bytes), at(300)).await.unwrap() {
        Renewal::Yours => "yours".to_owned(),
        Renewal::Another => "another's".to_owned(),
        Renewal::Newer(token) => String::from_utf8(token.sealed).unwrap(),
    }
}

#[tokio::test]
async fn one_sidecar_renews_the_token_and_the_others_get_what_it_got() {
    let (one, two, _database) = both().await;
    assert_eq!(renewal(&one, None).await, "yours");
    assert_eq!(renewal(&two, None).await, "another's");
    one.renewed(&shop(), Some(token("first", 3_600))).await.unwrap();
    assert_eq!(renewal(&two, None).await, "first");
    assert_eq!(renewal(&two, Some("first")).await, "yours", "the CRM no longer takes it");
    assert_eq!(renewal(&one, Some("first")).await, "another's");
    two.renewed(&shop(), None).await.unwrap();
    assert_eq!(renewal(&one, Some("first")).await, "yours", "the other has not got one");
    one.renewed(&shop(), Some(token("short", 200))).await.unwrap();
    assert_eq!(renewal(&two, Some("first")).await, "yours", "what dies soon is of no use");
}

#[tokio::test]
async fn a_late_renewal_replaces_no_newer_token() {
    let (one, two, database) = both().await;
    assert_eq!(renewal(&one, None).await, "yours");
    bury(&database, "one").await;
    assert_eq!(renewal(&two, None).await, "yours", "whoever was renewing it is dead");
    two.renewed(&shop(), Some(token("newer", 3_600))).await.unwrap();
    one.renewed(&shop(), Some(token("older", 3_600))).await.unwrap();
    assert_eq!(two.token(&shop()).await.unwrap().unwrap().sealed, b"newer");
}

/// Something that happens among three sidecars.
#[derive(Clone, Debug)]
enum Event {
    /// A client calls, and one of them is told.
    Call(usize, u8),
    /// One looks for work, so many lanes at most.
    Look(usize, usize),
    /// One stores progress of a delivery, by its place among all begun; it may end with it.
    Save(usize, bool),
    /// One is taken for dead; another takes its place.
    Die(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0..3_usize, 0..4_u8).prop_map(|(who, client)| Event::Call(who, client)),
        4 => (0..3_usize, 1..4_usize).prop_map(|(who, limit)| Event::Look(who, limit)),
        4 => (0..40_usize, any::<bool>()).prop_map(|(which, ends)| Event::Save(which, ends)),
        1 => (0..3_usize).prop_map(Event::Die),
    ]
}

/// A delivery begun, and by which life of a sidecar.
struct Begun {
    by: usize,
    stored: StoredCall,
    claim: Claim,
}

/// Three sidecars, and what must hold of them.
struct Trio {
    database: Database,
    /// Every life so far; the dead ones go on as if they had not noticed.
    lives: Vec<PostgresStore>,
    names: Vec<String>,
    /// The life at each of the three places.
    places: [usize; 3],
    begun: Vec<Begun>,
    /// By lane: the latest fence and whose it is, while it is held.
    held: BTreeMap<String, (u64, usize)>,
    calls: usize,
}

impl Trio {
    async fn new() -> Self {
        let database = Database::fresh().await;
        let (mut lives, mut names) = (Vec::new(), Vec::new());
        for name in ["0", "1", "2"] {
            lives.push(open(&database, name).await);
            names.push(name.to_owned());
        }
        let (begun, held) = (Vec::new(), BTreeMap::new());
        Self { database, lives, names, places: [0, 1, 2], begun, held, calls: 0 }
    }

    fn lives(&self, life: usize) -> bool {
        self.places.contains(&life)
    }

    async fn happen(&mut self, event: &Event) {
        match event {
            Event::Call(who, client) => {
                self.calls += 1;
                let told = call(&self.calls.to_string(), &client.to_string());
                accept(&self.lives[self.places[*who]], told, 0).await;
            }
            Event::Look(who, limit) => self.look(self.places[*who], *limit).await,
            Event::Save(which, ends) if !self.begun.is_empty() => self.save(which % self.begun.len(), *ends).await,
            Event::Save(..) => {}
            Event::Die(who) => {
                bury(&self.database, &self.names[self.places[*who]]).await;
                let name = self.lives.len().to_string();
                self.places[*who] = self.lives.len();
                self.lives.push(open(&self.database, &name).await);
                self.names.push(name);
            }
        }
    }

    async fn look(&mut self, life: usize, limit: usize) {
        let mine = self.held.iter().filter(|(_, (_, holder))| *holder == life);
        let busy: Vec<String> = mine.map(|(lane, _)| lane.clone()).collect();
        for stored in self.lives[life].due(&shop(), at(1), &busy, Turns::all(limit)).await.unwrap() {
            let claim = stored.claim.clone().unwrap();
            if let Some((fence, holder)) = self.held.insert(claim.lane.clone(), (claim.fence, life)) {
                assert!(!self.lives(holder), "{} had {} and lives", holder, claim.lane);
                assert!(claim.fence > fence);
            }
            self.begun.push(Begun { by: life, stored, claim });
        }
    }

    async fn save(&mut self, which: usize, ends: bool) {
        let Begun { by, stored, claim } = self.begun.swap_remove(which);
        let state = if ends { State::Written } else { State::Waiting };
        let told = Progress { rests: ends, ..progress(&stored, state, 1) };
        let answer = self.lives[by].save(told).await;
        let is_current = self.held.get(&claim.lane) == Some(&(claim.fence, by));
        match answer {
            Ok(()) => {
                assert!(
                    is_current,
                    "{by} stored progress of {} under {}, now {:?}",
                    claim.lane, claim.fence, self.held
                );
                if ends {
                    self.held.remove(&claim.lane);
                } else {
                    self.begun.push(Begun { by, stored, claim });
                }
            }
            // A life that has noticed its death has another name.
            Err(StoreError::Taken) => assert!(!is_current || !self.lives(by), "{by} had {} and lives", claim.lane),
            Err(error) => panic!("{error}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_two_sidecars_ever_have_one_client(events in prop::collection::vec(event(), 10..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut trio = Trio::new().await;
            for event in &events {
                trio.happen(event).await;
            }
        });
    }
}

//! How many requests an event costs, counted by the simulated CRMs and held against the tables of the wire references
//! (zoho.md 10, retailcrm.md 1.10, remonline.md 2.9, sendpulse.md 3.6, dataverse.md 5). What was learned of the CRM and the access token are there already, as in a sidecar
//! that has been running for a minute.

mod dataverse;
mod remonline;
mod retailcrm;
mod sendpulse;
mod zoho;

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use tieline::{
    sidecar::{Basis, RouteAsk},
    store::{State, Store as _},
};
use tieline_engine::{
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    ids::CallId,
    jiff::SignedDuration,
    phone::Phone,
};
use tokio::time;

use crate::wired::{Core, in_virtual_time};

const CLIENT: &str = "380671234567";

/// A row of a table: an event under circumstances, and what it costs.
struct Row {
    event: &'static str,
    before: &'static [Before],
    then: Then,
    /// By the reference's table.
    page: u64,
    /// Here. Where it is not the same, the table says why.
    ours: u64,
}

/// What was before the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// The client is in the CRM, with a contact only.
    Known,
    /// The client is in the CRM, with something open.
    KnownWithDeal,
    /// The phone rang, and the client was looked up.
    Rang,
    /// Somebody else made the client after that.
    LostRace,
    /// The call is written already.
    Written,
}

/// The event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Rings,
    Answered,
    /// Answered, with advertising marks that are mapped to fields of a deal.
    AnsweredFromAd,
    /// Answered, with the browser's analytics id.
    AnsweredFromSite,
    Missed,
    /// Answered, with its recording; of a call that was told before when it was.
    Recording,
}

/// Plays every row in a world of its own and compares the whole table, so that one run shows all that changed.
fn hold<F: Future<Output = Core>>(rows: &[Row], world: impl Fn() -> F, seed: fn(&Core, Before)) {
    in_virtual_time(async {
        for row in rows {
            let counter = Counter { core: world().await, seed };
            counter.learned().await;
            for before in row.before {
                counter.prepare(*before).await;
            }
            let counted = counter.count(row.then).await;
            let total: u64 = counted.values().sum();
            assert_eq!(total, row.ours, "{} (by the reference: {}): {counted:#?}", row.event, row.page);
        }
    });
}

struct Counter {
    core: Core,
    seed: fn(&Core, Before),
}

impl Counter {
    /// A minute after the start the CRM is learned and a token is there.
    async fn learned(&self) {
        time::sleep(Duration::from_secs(60)).await;
        let connection = self.core.sidecar().connection(&self.core.project).unwrap();
        assert!(connection.is_ready(), "the CRM was learned");
    }

    async fn prepare(&self, before: Before) {
        match before {
            Before::Known | Before::KnownWithDeal | Before::LostRace => (self.seed)(&self.core, before),
            Before::Rang => drop(self.ring().await),
            Before::Written => self.tell(self.ended(Then::Answered)).await,
        }
    }

    /// Requests by method and path that an event makes.
    async fn count(&self, then: Then) -> BTreeMap<String, u64> {
        let before = self.by_route();
        match then {
            Then::Rings => drop(self.ring().await),
            _ => self.tell(self.ended(then)).await,
        }
        let mut counted = self.by_route();
        for (route, count) in before {
            if let Some(now) = counted.get_mut(&route) {
                *now -= count;
            }
        }
        counted.retain(|_, count| *count > 0);
        counted
    }

    fn by_route(&self) -> BTreeMap<String, u64> {
        self.core.sim.lock().unwrap().counts().by_route.clone()
    }

    async fn ring(&self) -> Basis {
        let (project, call) = (self.core.project.clone(), CallId::new("call-1"));
        let ask = RouteAsk { project, call, client: Phone::new(CLIENT), line: Some(Phone::new("380442000000")) };
        let routed = self.core.sidecar().route(&ask, None).await.unwrap();
        assert_ne!(routed.basis, Basis::Fallback, "the CRM answers");
        routed.basis
    }

    /// Tells of a call and lets it be written.
    async fn tell(&self, call: Call) {
        let id = call.id.clone();
        self.core.sidecar().accept(call, None, None).await.unwrap();
        self.core.settle().await;
        let stored = self.core.store.call(&self.core.project, &id).await.unwrap().unwrap();
        assert_eq!(stored.state, State::Written, "{:?} {:?}", stored.trouble, stored.reasons);
    }

    fn ended(&self, then: Then) -> Call {
        let now = self.core.now();
        let mut call = Call::new(self.core.project.clone(), CallId::new("call-1"), Direction::Incoming);
        (call.phase, call.started_at) = (Phase::Ended, Some(now - SignedDuration::from_secs(60)));
        (call.client.phone, call.line) = (Some(Phone::new(CLIENT)), Some(Phone::new("380442000000")));
        let answered = then != Then::Missed;
        call.outcome = Some(if answered { Outcome::Answered } else { Outcome::NoAnswer });
        call.talk_seconds = if answered { 50 } else { 0 };
        let agent = AgentRef { sip: Some("shop_one".to_owned()), ..AgentRef::default() };
        call.legs = vec![Leg { agent, answered, talk_seconds: call.talk_seconds, ..Leg::default() }];
        match then {
            Then::AnsweredFromAd => call.utm.source = Some("google".to_owned()),
            Then::AnsweredFromSite => call.client.google_client_id = Some("1182736451.1763270000".to_owned()),
            Then::Recording => call.recording = Some("https://records.example/1.mp3".to_owned().into()),
            Then::Rings | Then::Answered | Then::Missed => {}
        }
        call
    }
}

fn put(core: &Core, records: &Value) -> Value {
    core.sim.lock().unwrap().seed(core.now(), records).unwrap()
}

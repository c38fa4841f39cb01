//! One run of a case: a core in virtual time, what was told to it, and what must hold at the end.

use std::time::Duration;

use serde_json::Value;
use tieline::store::{State, Status, Store as _};
use tieline_engine::{
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    ids::CallId,
    jiff::{SignedDuration, civil::Date},
    phone::Phone,
};
use tieline_sandbox::{Audit, FaultSpec};
use tokio::time::{self, Instant};

use super::{
    faults::Fault,
    profile::{Client, Desk, Held, HeldClient, Profile, user},
    readings::Reading,
};
use crate::wired::Core;

/// The client of every case, as the PBX spells the number.
pub(super) const CLIENT: &str = "380671234567";
/// What a person called the client.
pub(super) const NAME: &str = "Anna";
/// Her owner.
pub(super) const OWNER: &str = "two";

pub(super) struct World<'a> {
    pub(super) core: Core,
    pub(super) profile: &'a dyn Profile,
    fault: Fault,
    specs: Vec<FaultSpec>,
    owns_clients: bool,
    accepted: Vec<CallId>,
}

/// What a case must come to.
#[derive(Debug)]
pub(super) struct Expected {
    /// Texts and entries in which calls are told in the CRM.
    pub(super) told: usize,
    /// Deals, open and closed.
    pub(super) deals: usize,
    /// Deals that are open.
    pub(super) open_deals: usize,
    /// Whose tasks there are, by agent.
    pub(super) tasks: Vec<&'static str>,
    /// The client's owner, by agent.
    pub(super) owner: Owner,
    /// What a person called the client.
    pub(super) name: Option<&'static str>,
}

/// Whose the client is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner {
    /// Typed by a person: nobody changes it.
    Kept(&'static str),
    /// A client the scenario has made for one of these.
    New(&'static [&'static str]),
}

impl<'a> World<'a> {
    /// A core that has learned its CRM.
    pub(super) async fn new(profile: &'a dyn Profile, reading: &Reading, fault: Fault, specs: Vec<FaultSpec>) -> Self {
        let settings = format!("{}\n{}", profile.settings(fault), reading.settings);
        let core = Core::with(profile.kind(), 1, &settings, profile.sections()).await;
        core.sim.lock().unwrap().configure(&reading.sim).unwrap();
        time::sleep(Duration::from_secs(60)).await;
        let connection = core.sidecar().connection(&core.project).unwrap();
        assert!(connection.is_ready(), "the CRM was not learned: {:?}", connection.state());
        Self { core, profile, fault, specs, owns_clients: profile.owns_clients(&settings), accepted: Vec::new() }
    }

    /// From now on the fault strikes.
    pub(super) fn strike(&mut self) {
        let mut sim = self.core.sim.lock().unwrap();
        for spec in self.specs.drain(..) {
            sim.set_fault(self.core.now(), spec).unwrap();
        }
    }

    /// Whether the fault has met a request.
    pub(super) fn was_struck(&self) -> bool {
        self.core.sim.lock().unwrap().counts().by_fault.contains_key(self.fault.name())
    }

    pub(super) fn desk(&self) -> Desk<'_> {
        Desk { core: &self.core }
    }

    /// The client as a person has put her in.
    pub(super) fn known(&self, phone: &'static str) -> Value {
        self.profile.put_client(&self.desk(), &Client { name: NAME, phone, owner: OWNER })
    }

    /// A call of the client that has just ended.
    pub(super) fn call(&self, id: &str, answered: bool, agent: &str) -> Call {
        let mut call = Call::new(self.core.project.clone(), CallId::new(id), Direction::Incoming);
        (call.phase, call.started_at) = (Phase::Ended, Some(self.core.now() - SignedDuration::from_secs(60)));
        (call.client.phone, call.line) = (Some(Phone::new(CLIENT)), Some(Phone::new("380442000000")));
        call.outcome = Some(if answered { Outcome::Answered } else { Outcome::NoAnswer });
        call.talk_seconds = if answered { 50 } else { 0 };
        call.utm.source = Some("google".to_owned());
        call.client.google_client_id = Some("1182736451.1763270000".to_owned());
        let agent = AgentRef { sip: Some(format!("shop_{agent}")), ..AgentRef::default() };
        call.legs = vec![Leg { agent, answered, talk_seconds: call.talk_seconds, ..Leg::default() }];
        call
    }

    pub(super) async fn tell(&mut self, call: Call) {
        if !self.accepted.contains(&call.id) {
            self.accepted.push(call.id.clone());
        }
        self.core.sidecar().accept(call, None, None).await.unwrap();
    }

    /// Lets time pass; somebody activates a suspended connection.
    pub(super) async fn pass(&self, span: Duration) {
        let until = Instant::now() + span;
        while Instant::now() < until {
            self.activate().await;
            time::sleep(Duration::from_secs(5).min(until - Instant::now())).await;
        }
    }

    async fn activate(&self) {
        let connection = self.core.sidecar().connection(&self.core.project).unwrap();
        if connection.state().status == Status::Suspended {
            connection.activate().await.unwrap();
        }
    }

    pub(super) async fn settle(&self) {
        self.core.settle().await;
    }

    pub(super) fn held(&self) -> Held {
        self.profile.held(&self.core.sim.lock().unwrap().listing())
    }

    /// The one record of the client.
    pub(super) fn client(&self) -> HeldClient {
        let (mut clients, tail) = (self.held().clients, "671234567");
        let digits = |phone: &String| phone.chars().filter(char::is_ascii_digit).collect::<String>();
        clients.retain(|client| client.phones.iter().any(|phone| digits(phone).ends_with(tail)));
        assert_eq!(clients.len(), 1, "one contact for one client: {clients:?}");
        clients.remove(0)
    }

    /// What must hold after every case under every fault.
    pub(super) async fn check(&self, expected: &Expected) {
        self.everything_is_written().await;
        self.nothing_is_doubled();
        let (client, held) = (self.client(), self.held());
        assert!(self.owned(&client.owner, expected.owner), "the owner is {}: {expected:?}", client.owner);
        if let Some(name) = expected.name {
            assert_eq!(client.name, name, "what a person typed stays");
        }
        let (told, most) = (expected.told, if self.may_repeat_comments() { expected.told + 3 } else { expected.told });
        let is = held.told.len();
        assert!((told..=most).contains(&is), "told {is} times instead of {told}: {:#?}", held.told);
        if self.profile.makes().deals {
            let open = held.deals.iter().filter(|deal| deal.open).count();
            assert_eq!((held.deals.len(), open), (expected.deals, expected.open_deals), "deals, open ones: {held:#?}");
        }
        let mut owners: Vec<&str> = held.tasks.iter().map(|task| task.owner.as_str()).collect();
        let mut wanted: Vec<&str> = expected.tasks.iter().map(|agent| self.holder(agent)).collect();
        owners.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(owners, wanted, "whose tasks there are");
    }

    /// Who gets the task of an owner: the senior manager where clients have none.
    fn holder(&self, agent: &str) -> &'static str {
        let has_owner = agent != OWNER || self.owns_clients;
        user(self.profile.kind(), if has_owner { agent } else { "three" })
    }

    fn owned(&self, owner: &str, expected: Owner) -> bool {
        let is = |agent: &str| owner == user(self.profile.kind(), agent);
        match (expected, self.profile.makes().owner_of_new) {
            (Owner::Kept(agent), _) => is(agent),
            (Owner::New(_), _) if !self.owns_clients => owner.is_empty(),
            (Owner::New(_), Some(always)) => owner == always,
            (Owner::New(agents), None) => agents.iter().any(|agent| is(agent)),
        }
    }

    async fn everything_is_written(&self) {
        for id in &self.accepted {
            let stored = self.core.store.call(&self.core.project, id).await.unwrap().unwrap();
            assert_eq!(stored.state, State::Written, "{id}: {:?} {:?}", stored.trouble, stored.reasons);
        }
        let days = self.core.store.ledger(&self.core.project, Date::MIN, Date::MAX).await.unwrap();
        let written: u64 = days.iter().map(|day| day.written).sum();
        assert!(days.iter().all(|day| day.balances()) && written == self.accepted.len() as u64, "{days:?}");
    }

    fn nothing_is_doubled(&self) {
        let audit: Audit = self.core.sim.lock().unwrap().audit();
        let is_comment = |key: &str| ["client ", "lead ", "order "].iter().any(|on| key.starts_with(on));
        let calls = audit.doubled_calls.iter().filter(|call| !(self.may_repeat_comments() && is_comment(&call.key)));
        assert!(calls.count() == 0 && audit.doubled_clients.is_empty() && audit.doubled_tasks.is_empty(), "{audit:?}");
    }

    /// Where a comment whose answer was lost cannot be looked up, it is written again.
    fn may_repeat_comments(&self) -> bool {
        self.fault == Fault::LostReply && self.profile.repeats_lost_comments()
    }
}

//! One run: sidecars on their machines, an exchange that reports calls, people, and faults.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tieline::{
    sidecar::{Refused, RouteAsk},
    store::Status,
};
use tieline_engine::{call::Call, ids::CallId, phone::Phone};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::{self, Instant},
};

use super::{
    dice::Dice,
    faults::{self, Event},
    host::Host,
    oracle,
    outside::Outside,
    people,
    plan::Plan,
    tally::Tally,
    watch::Violation,
};

/// Events between two looks at every call.
const LOOK_EVERY: usize = 8;

/// One run.
pub(super) struct World {
    pub(super) outside: Arc<Outside>,
    hosts: Vec<Arc<Host>>,
    keepers: Vec<JoinHandle<()>>,
    exchange: JoinSet<()>,
    /// Pieces the sidecars have answered for.
    pub(super) told: Arc<Mutex<Vec<Call>>>,
    dice: Dice,
}

impl World {
    /// A world before its first event. `dies_at`: the first process dies at that place.
    pub(super) fn new(plan: Plan, dies_at: Option<u64>) -> Self {
        let outside = Outside::new(plan);
        let (hosts, keepers) = (0..plan.sidecars).map(|nr| Host::start(&outside, dies_at.filter(|_| nr == 0))).unzip();
        let told = Arc::default();
        Self { outside, hosts, keepers, exchange: JoinSet::new(), told, dice: Dice::new(plan.seed) }
    }

    /// Plays the events of the seed, then lets the dust settle.
    pub(super) async fn play(&mut self) -> Result<Tally, Violation> {
        let events = faults::events(self.outside.plan, &mut self.dice, self.outside.now());
        self.play_events(events).await
    }

    /// Plays a few calls without any fault but the death of the first process.
    pub(super) async fn play_few(&mut self) -> Result<Tally, Violation> {
        let events = faults::few_calls(&mut self.dice, self.outside.now());
        self.play_events(events).await
    }

    /// Plays events, then lets the dust settle.
    async fn play_events(&mut self, events: faults::Events) -> Result<Tally, Violation> {
        let begun = Instant::now();
        for (nr, (at, event)) in events.into_iter().enumerate() {
            time::sleep_until(begun + Duration::try_from(at).unwrap()).await;
            self.meet(event).await;
            oracle::balances(self).await?;
            if nr % LOOK_EVERY == 0 {
                oracle::nothing_is_lost(self).await?;
            }
        }
        self.outside.calm();
        let drain = self.settle().await?;
        for host in &self.hosts {
            host.retire();
        }
        for keeper in self.keepers.drain(..) {
            drop(keeper.await);
        }
        oracle::check(self).await?;
        Ok(self.tally(drain))
    }

    async fn meet(&mut self, event: Event) {
        let host = Arc::clone(&self.hosts[usize::try_from(self.dice.below(self.hosts.len() as u64)).unwrap()]);
        let outside = Arc::clone(&self.outside);
        let count = |happened: bool, name: &str| outside.tally().count_if(happened, name);
        match event {
            Event::Piece { call, again, late } => {
                count(again, "duplicated_piece");
                count(late, "reordered_piece");
                outside.watch().knows(&call);
                let caller = self.caller();
                self.exchange.spawn(caller.tells(*call));
            }
            Event::Ring { call, phone } => {
                let caller = self.caller();
                self.exchange.spawn(caller.rings(call, phone));
            }
            Event::Crm(fault) => self.strike(fault),
            Event::RefreshRace(faults) => {
                count(true, "refresh_race");
                faults.into_iter().for_each(|fault| self.strike(fault));
            }
            Event::Crash if host.kill() => self.crashed("killed anywhere"),
            Event::Crash => {}
            Event::CrashAt(places) => drop(host.sidecar().map(|(_, life)| life.die_at(places))),
            Event::KillInDrain(after) if host.stop() => {
                time::sleep(after).await;
                if host.kill() {
                    self.crashed("killed in the drain");
                }
            }
            Event::Restart => count(host.stop(), "restart"),
            Event::KillInDrain(_) => {}
            Event::CutOff(time) => count(host.cut_off(time), "cut_off"),
            Event::Clock(millis) => {
                outside.tell(|| format!("a clock steps by {millis} ms"));
                count(true, if millis > 0 { "clock_forward" } else { "clock_back" });
                // Machines that share a store agree about the time (docs/several-sidecars.md).
                self.hosts.iter().for_each(|host| host.step_clock(millis));
            }
            Event::Person(deed, phone) => {
                let dice = &mut self.dice;
                let done = outside.by_hand(|sim, now| people::act(sim, now, deed, &phone, dice));
                count(done, deed.name());
            }
            Event::Activate => self.activate(&host).await,
            weather => self.change_weather(&weather),
        }
    }

    fn strike(&self, fault: tieline_sandbox::FaultSpec) {
        self.outside.tell(|| format!("the CRM's fault {:?}", fault.name));
        let now = self.outside.now();
        self.outside.sim().set_fault(now, fault).unwrap();
    }

    fn change_weather(&self, event: &Event) {
        self.outside.tell(|| format!("{event:?}"));
        let (mut weather, now) = (self.outside.weather(), Instant::now());
        match event {
            Event::DiskFull(time) => weather.disk_full = now + *time,
            Event::DiskSlow(time) => weather.disk_slow = now + *time,
            Event::AnswersLost(time) => weather.answers_lost = now + *time,
            Event::RequestsLate(time) => weather.requests_late = now + *time,
            Event::RepliesLate(time) => weather.replies_late = now + *time,
            other => panic!("{other:?} is no weather"),
        }
    }

    fn crashed(&self, how: &str) {
        self.outside.tell(|| format!("a process is {how}"));
        self.outside.tally().crash(how);
    }

    /// An administrator activates a suspended connection.
    async fn activate(&self, host: &Host) {
        let Some((sidecar, life)) = host.sidecar() else { return };
        let connection = sidecar.connection(&self.outside.project).unwrap();
        if connection.state().status != Status::Suspended {
            return;
        }
        self.outside.tell(|| "an administrator activates the connection".to_owned());
        tokio::select! {
            biased;
            () = life.ended() => {}
            // A store that cannot write says so; the administrator comes back.
            activated = connection.activate() => drop(activated),
        }
    }

    fn caller(&mut self) -> Caller {
        let (outside, hosts) = (Arc::clone(&self.outside), self.hosts.clone());
        Caller { outside, hosts, told: Arc::clone(&self.told), dice: Dice::new(self.dice.roll()) }
    }

    /// Lets the deliveries come to rest, with an administrator who activates and retries; says how long it took.
    async fn settle(&mut self) -> Result<Duration, Violation> {
        let begun = Instant::now();
        let bound = oracle::drain_bound(self).await;
        loop {
            for host in &self.hosts {
                self.activate(host).await;
            }
            while self.exchange.try_join_next().is_some() {}
            if self.exchange.is_empty() && oracle::is_drained(self).await? {
                return Ok(begun.elapsed());
            }
            oracle::in_time(self, begun.elapsed(), bound).await?;
            time::sleep(Duration::from_secs(5)).await;
        }
    }

    pub(super) fn hosts(&self) -> &[Arc<Host>] {
        &self.hosts
    }

    fn tally(&self, drain: Duration) -> Tally {
        let mut tally = self.outside.tally().clone();
        for (name, times) in &self.outside.sim().counts().by_fault {
            tally.count_times(name, *times);
        }
        tally.seeds = 1;
        tally.accepted = oracle::acked(self).len() as u64;
        tally.contacts_per_client_max = self.outside.watch().contacts_max;
        tally.longest_drain = drain;
        tally
    }
}

/// The exchange: repeats a piece until a sidecar has answered for it.
struct Caller {
    outside: Arc<Outside>,
    hosts: Vec<Arc<Host>>,
    told: Arc<Mutex<Vec<Call>>>,
    dice: Dice,
}

impl Caller {
    async fn tells(mut self, call: Call) {
        while !self.tell(&call).await {
            time::sleep(Duration::from_millis(self.dice.between(500, 5_000))).await;
        }
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// Whether a sidecar has answered for it.
    async fn tell(&mut self, call: &Call) -> bool {
        let Some((sidecar, life)) = self.dice.pick(&self.hosts).sidecar() else { return false };
        let answer = tokio::select! {
            biased;
            () = life.ended() => return false,
            answer = sidecar.accept(call.clone(), None, None) => answer,
        };
        self.outside.tell(|| format!("{} {:?}: {:?}", call.id, call.phase, answer.as_ref().map(|taken| taken.receipt)));
        match answer {
            Ok(_) => true,
            Err(Refused::Store(_)) => {
                self.outside.tally().count("intake_refused");
                false
            }
            Err(refused) => panic!("{refused}"),
        }
    }

    async fn rings(mut self, call: CallId, client: Phone) {
        let Some((sidecar, life)) = self.dice.pick(&self.hosts).sidecar() else { return };
        let ask = RouteAsk { project: self.outside.project.clone(), call, client, line: None };
        let (begun, bound) = (Instant::now(), Duration::from_secs(2));
        tokio::select! {
            biased;
            () = life.ended() => {}
            routed = sidecar.route(&ask, Some(bound)) => {
                let took = begun.elapsed();
                self.outside.tell(|| format!("{} rings after {took:?}: {}", ask.call, routed.is_ok()));
                oracle::rang_in_time(&self.outside, took, bound);
            }
        }
    }
}

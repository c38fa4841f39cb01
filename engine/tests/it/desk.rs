//! The driver of the tests: asks the engine, does what it says against [`TestCrm`], in virtual time.

use std::collections::{BTreeMap, BTreeSet};

use tieline_engine::{
    call::Call,
    client,
    facts::{Facts, OwnRecord, StepFact},
    ids::CallId,
    jiff::{SignedDuration, Timestamp},
    lookup::LookUp,
    next::{End, Next, Orders, PEOPLE, Verdict, Wait, next},
    policy::Policy,
    reason::{Reason, ReasonCode},
    record::Kind,
    scenario::TaskAbout,
    step::{Action, Ref, Step, StepKey},
};

use super::{crm::TestCrm, office};

/// More rounds than any way through the engine takes.
const ROUNDS_MAX: usize = 40;

/// Waits that only another piece of the call ends.
const CALL_GOES_ON: [ReasonCode; 2] = [ReasonCode::NotFinal, ReasonCode::BeforeMoment];

pub(crate) struct Desk {
    pub(crate) crm: TestCrm,
    pub(crate) policy: Policy,
    pub(crate) now: Timestamp,
    /// How many steps go into one request.
    pub(crate) bundle: usize,
    /// So many write requests are let through; then the CRM asks to wait.
    pub(crate) writes_left: usize,
    /// Whoever sends a request that is lost dies with it: the facts say only that it was begun.
    pub(crate) dies_with_requests: bool,
    pub(crate) looked_up: Vec<LookUp>,
    pub(crate) ordered: Vec<Orders>,
    cases: BTreeMap<CallId, (Call, Facts)>,
    own: BTreeMap<String, Vec<OwnRecord>>,
}

/// Where a call rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Wait(Wait),
    Done(Verdict),
}

impl Rest {
    pub(crate) fn end(&self) -> End {
        match self {
            Self::Done(verdict) => verdict.end,
            Self::Wait(wait) => panic!("it waits: {}", wait.reason.render()),
        }
    }

    pub(crate) fn waits_for(&self) -> ReasonCode {
        match self {
            Self::Wait(wait) => wait.reason.code,
            Self::Done(verdict) => panic!("it is done: {:?}", verdict.end),
        }
    }
}

impl Desk {
    pub(crate) fn new(policy: Policy) -> Self {
        let lag = SignedDuration::from_secs(i64::from(policy.abilities.search_lag_seconds));
        Self {
            crm: TestCrm { lag, ..TestCrm::default() },
            policy,
            now: office::noon(),
            bundle: usize::MAX,
            writes_left: usize::MAX,
            dies_with_requests: false,
            looked_up: Vec::new(),
            ordered: Vec::new(),
            cases: BTreeMap::new(),
            own: BTreeMap::new(),
        }
    }

    /// A piece of a call comes in; everything that can be done now is done.
    pub(crate) fn report(&mut self, piece: Call) -> Rest {
        let id = piece.id.clone();
        match self.cases.get_mut(&id) {
            Some((call, _)) => call.amend(piece),
            None => {
                self.cases.insert(id.clone(), (piece, Facts::new(self.now)));
            }
        }
        self.run(&id)
    }

    /// As [`Desk::report`], and then waits for anything but the call itself are sat out.
    pub(crate) fn report_beyond_doubt(&mut self, piece: Call) -> Rest {
        let id = piece.id.clone();
        let mut rest = self.report(piece);
        for _ in 0..ROUNDS_MAX {
            match &rest {
                Rest::Wait(wait) if !CALL_GOES_ON.contains(&wait.reason.code) => self.now = wait.until,
                Rest::Wait(_) | Rest::Done(_) => return rest,
            }
            rest = self.run(&id);
        }
        panic!("no end: {rest:?}");
    }

    /// As [`Desk::report`], and then every wait is sat out.
    pub(crate) fn deliver(&mut self, piece: Call) -> End {
        let id = piece.id.clone();
        let mut rest = self.report(piece);
        for _ in 0..ROUNDS_MAX {
            match rest {
                Rest::Done(verdict) => return verdict.end,
                Rest::Wait(wait) => {
                    assert!(wait.until > self.now, "a wait that is over already: {wait:?}");
                    self.now = wait.until;
                    rest = self.run(&id);
                }
            }
        }
        panic!("no end: {rest:?}");
    }

    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    pub(crate) fn facts(&self, id: &str) -> &Facts {
        &self.cases.get(&CallId::from(id)).expect("a call").1
    }

    pub(crate) fn forgive(&mut self, id: &str) -> Rest {
        let id = CallId::from(id);
        self.cases.get_mut(&id).expect("a call").1.forgive();
        self.run(&id)
    }

    /// Asks and does until there is nothing to do now.
    pub(crate) fn run(&mut self, id: &CallId) -> Rest {
        let (call, mut facts) = self.cases.get(id).expect("a call").clone();
        let lane = client::identify(&call, &self.policy).map_or(String::new(), |key| key.lane());
        facts.own = self.own.get(&lane).cloned().unwrap_or_default();
        for _ in 0..ROUNDS_MAX {
            facts.now = self.now;
            let decision = next(&call, &self.policy, &facts);
            assert_eq!(decision, next(&call, &self.policy, &facts), "the same question, another answer");
            match decision {
                Next::LookUp(ask) => {
                    facts.learn_found(self.crm.look_up(&ask, self.now), &self.policy);
                    self.looked_up.push(ask);
                }
                Next::Do(_) if self.writes_left == 0 => {
                    let reason = Reason::new(ReasonCode::NotFinal);
                    return self.rest(id, facts, &lane, Rest::Wait(Wait { until: self.now, reason }));
                }
                Next::Do(orders) => {
                    self.writes_left -= 1;
                    self.obey(&call, &mut facts, &orders);
                    self.ordered.push(*orders);
                }
                Next::Wait(wait) => return self.rest(id, facts, &lane, Rest::Wait(wait)),
                Next::Done(verdict) => return self.rest(id, facts, &lane, Rest::Done(verdict)),
            }
            facts = stored(&facts);
        }
        panic!("no end after {ROUNDS_MAX} rounds: {facts:#?}");
    }

    fn obey(&mut self, call: &Call, facts: &mut Facts, orders: &Orders) {
        check(orders);
        let steps: Vec<Step> = orders.steps.iter().take(self.bundle).cloned().collect();
        facts.begin(orders, &steps, self.now);
        *facts = stored(facts);
        self.now += SignedDuration::from_millis(30);
        match self.crm.perform(&call.id, &steps, self.now) {
            Some(results) => facts.learn_results(orders, &steps, &results, self.now),
            None => {
                self.wait(2);
                if !self.dies_with_requests {
                    facts.answer_lost(&steps, self.now);
                }
            }
        }
    }

    fn rest(&mut self, id: &CallId, facts: Facts, lane: &str, rest: Rest) -> Rest {
        let own = self.own.entry(lane.to_owned()).or_default();
        for kind in PEOPLE {
            if let Some(StepFact::Done { record: Some(record), at, .. }) = facts.steps.get(&StepKey::create(kind))
                && own.iter().all(|known| known.id != *record)
            {
                let contact = facts.made(&StepKey::create(Kind::Contact)).filter(|_| kind != Kind::Contact);
                own.push(OwnRecord {
                    kind,
                    id: record.clone(),
                    at: *at,
                    owner: None,
                    contact: contact.cloned(),
                    open: true,
                });
            }
        }
        if let Some(task) = facts.made(&StepKey::task(TaskAbout::MissedCall))
            && own.iter().all(|known| known.id != *task)
        {
            let (kind, id) = (Kind::Task, task.clone());
            own.push(OwnRecord { kind, id, at: self.now, owner: None, contact: None, open: true });
        }
        for known in own.iter_mut().filter(|known| known.kind == Kind::Task) {
            known.open &= !facts.is_done(&StepKey::close_task(&known.id));
        }
        self.cases.get_mut(id).expect("a call").1 = facts;
        rest
    }
}

/// What survives a restart: the facts as they are stored.
fn stored(facts: &Facts) -> Facts {
    let text = serde_json::to_string(facts).expect("facts can be stored");
    let read: Facts = serde_json::from_str(&text).expect("facts can be read");
    Facts { own: facts.own.clone(), now: facts.now, ..read }
}

/// What holds for all orders: no name twice, references point backwards, updates leave alone what agents type.
fn check(orders: &Orders) {
    let mut seen = BTreeSet::new();
    for step in &orders.steps {
        let text = serde_json::to_value(&step.action).expect("a step can be stored");
        let (mut made, mut open) = (Vec::new(), vec![&text]);
        while let Some(value) = open.pop() {
            made.extend(value.get("made").and_then(|key| key.as_str()));
            open.extend(value.as_object().into_iter().flat_map(|object| object.values()));
        }
        for key in made {
            assert!(seen.contains(key), "{} refers to {key}, which does not stand before it", step.key);
        }
        assert!(seen.insert(step.key.as_str().to_owned()), "{} stands twice in {orders:#?}", step.key);
        if let Action::Update { record, fields, .. } = &step.action {
            assert!(matches!(record, Ref::Known(_)));
            let typed = fields.name.is_some() || fields.owner.is_some() || fields.phone.is_some();
            assert!(!typed && fields.phone_text.is_none() && fields.place.is_none(), "{fields:?}");
        }
    }
}

//! The project of the tests: its agents, its lines, its calls.

use tieline_engine::{
    agents::{Agent, Agents},
    call::{AgentRef, Call, Chat, Direction, Leg, Outcome, Phase, Source},
    ids::{AgentId, CallId, ProjectId, UserId},
    jiff::{SignedDuration, Timestamp, tz::TimeZone},
    phone::{NumberPlan, Phone, Region},
    policy::Policy,
    record::{Abilities, Kind},
    scenario::Scenario,
    stop_list::{Line, StopList},
};

/// A client of no agent.
pub(crate) const CLIENT: &str = "380671234567";
/// The project's line.
pub(crate) const LINE: &str = "380443334455";
/// The SIP logins of two agents, and of somebody the list does not know.
pub(crate) const OLENA: &str = "olena-101";
pub(crate) const BOHDAN: &str = "bohdan-102";
pub(crate) const STRANGER: &str = "stranger-555";

pub(crate) fn noon() -> Timestamp {
    "2026-03-10T10:00:00Z".parse().expect("a time")
}

pub(crate) fn ukraine() -> NumberPlan {
    NumberPlan::new(Region::parse("UA").expect("a region"))
}

pub(crate) fn kyiv() -> TimeZone {
    TimeZone::get("Europe/Kyiv").expect("a zone")
}

/// A CRM that can do everything and whose search is two seconds behind.
pub(crate) fn abilities() -> Abilities {
    let kinds = [Kind::Contact, Kind::Lead, Kind::Deal, Kind::Task, Kind::CallRecord, Kind::Note];
    Abilities {
        notes_on: [Kind::Contact, Kind::Lead, Kind::Deal].into(),
        amends_call_record: true,
        search_lag_seconds: 2,
        ..Abilities::new(kinds)
    }
}

/// Olena (u1), Bohdan (u2), Taras without a CRM user, and Iryna (u9), the senior manager.
pub(crate) fn policy(scenario: Scenario) -> Policy {
    let mut policy = Policy::new(ukraine(), kyiv(), abilities(), scenario);
    policy.agents = Agents::new(staff(), Some(AgentId::from("iryna")), None);
    policy.stop_list = StopList { lines: vec![line(LINE, "line-1")], entries: Vec::new() };
    policy
}

pub(crate) fn staff() -> Vec<Agent> {
    vec![
        agent("olena", OLENA, "380501110001", Some("u1")),
        Agent {
            other_numbers: vec![Phone::new("+380 50 111 00 22")],
            ..agent("bohdan", BOHDAN, "380501110002", Some("u2"))
        },
        agent("taras", "taras-103", "380501110003", None),
        agent("iryna", "iryna-109", "380501110009", Some("u9")),
    ]
}

fn agent(id: &str, sip: &str, number: &str, user: Option<&str>) -> Agent {
    Agent {
        id: id.to_owned(),
        sips: vec![sip.to_owned()],
        numbers: vec![Phone::new(number)],
        crm_user: user.map(UserId::from),
        ..Agent::default()
    }
}

pub(crate) fn line(number: &str, sip: &str) -> Line {
    Line { number: Phone::new(number), sip: Some(sip.to_owned()) }
}

/// A scenario as configuration has it.
pub(crate) fn scenario(rows: serde_json::Value) -> Scenario {
    serde_json::from_value(rows).expect("a scenario")
}

/// A call under construction, ringing at noon.
#[derive(Clone)]
pub(crate) struct TestCall(pub(crate) Call);

pub(crate) fn incoming(id: &str) -> TestCall {
    TestCall::new(id, Direction::Incoming)
}

pub(crate) fn outgoing(id: &str) -> TestCall {
    TestCall::new(id, Direction::Outgoing)
}

/// A messenger request an agent sent to the CRM.
pub(crate) fn messenger(id: &str, channel: &str, chat: &str, by: &str) -> TestCall {
    let mut call = TestCall::new(id, Direction::Incoming).from("");
    call.0.source = Source::Messenger;
    call.0.line = None;
    call.0.client.chat = Some(Chat { channel: channel.to_owned(), id: chat.to_owned() });
    call.0.legs = vec![leg(by, true)];
    call
}

pub(crate) fn leg(sip: &str, answered: bool) -> Leg {
    Leg { agent: AgentRef { sip: Some(sip.to_owned()), ..AgentRef::default() }, answered, ..Leg::default() }
}

impl TestCall {
    fn new(id: &str, direction: Direction) -> Self {
        let mut call = Call::new(ProjectId::from("p"), CallId::from(id), direction);
        call.started_at = Some(noon());
        call.line = Some(Phone::new(LINE));
        Self(call).from(CLIENT)
    }

    pub(crate) fn from(mut self, number: &str) -> Self {
        self.0.client.phone = Some(number).filter(|number| !number.is_empty()).map(Phone::new);
        self
    }

    pub(crate) fn at(mut self, at: Timestamp) -> Self {
        self.0.started_at = Some(at);
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Call)) -> Self {
        change(&mut self.0);
        self
    }

    pub(crate) fn picked_up_by(self, sip: &str) -> Self {
        let sip = sip.to_owned();
        self.with(|call| {
            call.phase = Phase::PickedUp;
            call.legs = vec![leg(&sip, true)];
        })
    }

    /// A talk of a minute.
    pub(crate) fn answered_by(self, sip: &str) -> Self {
        self.picked_up_by(sip).ended(Outcome::Answered).with(|call| call.talk_seconds = 60)
    }

    pub(crate) fn missed(self) -> Self {
        self.ended(Outcome::NoAnswer)
    }

    /// Over after a minute and a half.
    pub(crate) fn ended(mut self, outcome: Outcome) -> Self {
        self.0.phase = Phase::Ended;
        self.0.outcome = Some(outcome);
        self.0.ended_at = self.0.started_at.map(|at| at + SignedDuration::from_secs(90));
        self
    }

    pub(crate) fn recorded(self, link: &str) -> Self {
        let link = link.to_owned();
        self.with(|call| call.recording = Some(link.into()))
    }

    pub(crate) fn utm(self, source: &str) -> Self {
        let source = source.to_owned();
        self.with(|call| call.utm.source = Some(source))
    }

    pub(crate) fn done(self) -> Call {
        self.0
    }
}

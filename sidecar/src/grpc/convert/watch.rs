//! What happens at the telephones, as the contract tells it (watch.proto).

use tieline_engine::{
    agents::Agent,
    call::AgentRef,
    ids::{AgentId, RecordId},
    jiff::Timestamp,
    phone::{Phone, PhoneKey},
    policy::Policy,
    record::Kind,
    redact::Private,
};
use tieline_proto::v1::{self, watch_response::Event as Message};

use super::{
    call,
    check::{Check, Violation},
    moment,
    report::call_state,
    words,
};
use crate::{
    store::State,
    watch::{Card, Client, Dial, Event, Placed},
};

/// Most records of a client (route_call.proto).
const RECORDS_MAX: usize = 8;
/// Most agents of a filter.
const AGENTS_MAX: usize = 256;

/// The agents of a filter.
///
/// # Errors
/// Everything that is wrong with them.
pub fn watched_agents(agents: &[v1::AgentRef]) -> Result<Vec<AgentRef>, Vec<Violation>> {
    let mut check = Check::default();
    if agents.len() > AGENTS_MAX {
        check.wrong("agents", format!("are more than {AGENTS_MAX}"));
    }
    let agents = agents.iter().take(AGENTS_MAX).enumerate();
    let read = agents.map(|(index, from)| check.within(&format!("agents[{index}]"), |check| call::agent(check, from)));
    let read = read.collect();
    check.done(read)
}

/// What a watcher is told.
pub enum Told<'a> {
    /// An event.
    Event(&'a Placed),
    /// Events are gone; how many at most, where that is known.
    Missed(Option<u64>),
    /// Nothing: the stream is alive.
    Heartbeat,
}

/// A message to a watcher. Agents are named by the project's policy.
#[must_use]
pub fn watched(told: Told<'_>, cursor: String, now: Timestamp, policy: Option<&Policy>) -> v1::WatchResponse {
    let (at, event) = match told {
        Told::Event(placed) => (placed.at, event(&placed.event, policy)),
        Told::Missed(count) => (now, Message::Missed(v1::Missed { count })),
        Told::Heartbeat => (now, Message::Heartbeat(v1::Heartbeat {})),
    };
    v1::WatchResponse { cursor, at: Some(moment(at)), event: Some(event) }
}

/// An agent as answers name one.
#[must_use]
pub fn agent(agent: &Agent) -> v1::AgentRef {
    let first = |list: &[String]| list.first().cloned().unwrap_or_default();
    v1::AgentRef {
        sip_login: first(&agent.sips),
        number: agent.numbers.first().map(|number| number.raw().to_owned()).unwrap_or_default(),
        extension: first(&agent.extensions),
        employee_id: first(&agent.employee_ids),
        email: agent.emails.first().map(|email| email.expose().to_owned()).unwrap_or_default(),
        name: agent.name.expose().to_owned(),
    }
}

/// A client's records, the most telling first: open lead, open deal, contact.
#[must_use]
pub fn records(records: &[(Kind, RecordId, Option<String>)]) -> Vec<v1::CrmRecord> {
    let telling = |kind: Kind| match kind {
        Kind::Lead => 0,
        Kind::Deal => 1,
        Kind::Contact | Kind::Task | Kind::CallRecord | Kind::Note => 2,
    };
    let mut records: Vec<_> = records.iter().collect();
    records.sort_by_key(|(kind, ..)| telling(*kind));
    let record = |(kind, id, link): &(Kind, RecordId, Option<String>)| v1::CrmRecord {
        kind: words::entity_kind(*kind).into(),
        id: id.as_str().to_owned(),
        url: link.clone().unwrap_or_default(),
    };
    records.into_iter().take(RECORDS_MAX).map(record).collect()
}

fn event(event: &Event, policy: Option<&Policy>) -> Message {
    match event {
        Event::Card(card) => Message::CallerCard(caller_card(card, policy)),
        Event::Finished { call, state, agent } => Message::CallFinished(v1::CallFinished {
            call_id: call.as_str().to_owned(),
            state: call_state(*state, None).into(),
            code: match state {
                State::Skipped(code) => code.as_str().to_owned(),
                State::Waiting | State::Written | State::Failed => String::new(),
            },
            agent: named(agent.as_ref(), policy),
        }),
        Event::Dial(dial) => Message::DialRequest(dial_request(dial, policy)),
    }
}

fn caller_card(card: &Card, policy: Option<&Policy>) -> v1::CallerCard {
    let number = card.number.as_ref().map(PhoneKey::as_str).or_else(|| card.number_text.as_ref().map(Phone::raw));
    v1::CallerCard {
        call_id: card.call.as_str().to_owned(),
        direction: words::call_direction(card.direction).into(),
        phase: words::call_phase(card.phase).into(),
        client_number: number.unwrap_or_default().to_owned(),
        client: Some(client(&card.client, policy)),
        crm_answered: card.client.known.is_some(),
        agent: named(card.agent.as_ref(), policy),
        new_deal_url: card.client.new_deal.clone().unwrap_or_default(),
    }
}

fn client(client: &Client, policy: Option<&Policy>) -> v1::Client {
    v1::Client {
        known: client.known == Some(true),
        name: client.name.as_ref().map(Private::expose).unwrap_or_default().to_owned(),
        records: records(&client.records),
        owner: named(client.owner.as_ref(), policy),
    }
}

fn dial_request(dial: &Dial, policy: Option<&Policy>) -> v1::DialRequest {
    v1::DialRequest {
        dial_id: dial.id.clone(),
        agent: named(Some(&dial.agent), policy),
        agent_place: dial.agent_place.clone(),
        client_number: dial.client.raw().to_owned(),
        client_first: dial.client_first,
        carried_out: dial.carried_out,
        line_number: dial.line.as_ref().map(Phone::raw).unwrap_or_default().to_owned(),
    }
}

fn named(id: Option<&AgentId>, policy: Option<&Policy>) -> Option<v1::AgentRef> {
    let id = id?;
    policy?.agents.list().iter().find(|agent| agent.id == id.as_str()).map(agent)
}

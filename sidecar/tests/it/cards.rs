//! Caller cards in virtual time: when they are told, what they say, and that they cost nothing nobody asked for.

use std::time::Duration;

use serde_json::json;
use tieline::{
    sidecar::{Basis, RouteAsk},
    store::State,
    watch::{Card, Event, From, Placed, Seen, Watcher},
};
use tieline_engine::{
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    ids::AgentId,
    jiff::SignedDuration,
    phone::Phone,
    record::Kind,
};
use tieline_sandbox::CrmKind;
use tokio::time;

use crate::wired::{Core, in_virtual_time};

const CLIENT: &str = "380671234567";
const LINE: &str = "380442000000";
const SETTINGS: &str = "new_deal_url = \"/orders/add?customer={contact}\"";

/// A CRM that knows the client, with an order, owned by the first agent.
fn with_client(core: &Core) {
    let customer = json!({"firstName": "Iryna", "phones": [{"number": CLIENT}], "managerId": 1});
    let made = core.sim.lock().unwrap().seed(core.now(), &json!({"customers": [customer]})).unwrap();
    let order = json!({"customer": {"id": made["ids"]["customers"][0]}, "status": "new", "managerId": 1});
    core.sim.lock().unwrap().seed(core.now(), &json!({"orders": [order]})).unwrap();
}

/// A sidecar that has learned its CRM, and somebody who watches.
async fn watched(sections: &str) -> (Core, Watcher) {
    let core = Core::with(CrmKind::RetailCrm, 1, SETTINGS, sections).await;
    time::sleep(Duration::from_secs(60)).await;
    let watcher = core.sidecar().driver().hub.watch(&core.project, From::Now).unwrap();
    (core, watcher)
}

fn call(core: &Core, id: &str, direction: Direction, phase: Phase) -> Call {
    let mut call = Call::new(core.project.clone(), id.into(), direction);
    (call.phase, call.started_at) = (phase, Some(core.now()));
    (call.client.phone, call.line) = (Some(Phone::new(CLIENT)), Some(Phone::new(LINE)));
    call
}

fn leg(login: &str, answered: bool) -> Leg {
    Leg { agent: AgentRef { sip: Some(login.to_owned()), ..AgentRef::default() }, answered, ..Leg::default() }
}

async fn tell(core: &Core, call: Call) {
    core.sidecar().accept(call, None, None).await.unwrap();
}

async fn route(core: &Core, bound: Option<Duration>) -> Basis {
    let (project, line) = (core.project.clone(), Some(Phone::new(LINE)));
    let ask = RouteAsk { project, call: "1".into(), client: Phone::new(CLIENT), line };
    core.sidecar().route(&ask, bound).await.unwrap().basis
}

/// What is seen next, within a minute.
async fn next(watcher: &mut Watcher) -> Event {
    match time::timeout(Duration::from_secs(60), watcher.next()).await {
        Ok(Seen::Event(Placed { event, .. })) => event,
        other => panic!("no event: {other:?}"),
    }
}

async fn next_card(watcher: &mut Watcher) -> Card {
    match next(watcher).await {
        Event::Card(card) => (*card).clone(),
        other => panic!("no card: {other:?}"),
    }
}

async fn nothing(watcher: &mut Watcher) {
    assert!(time::timeout(Duration::from_secs(60), watcher.next()).await.is_err(), "something was told");
}

fn kinds(card: &Card) -> Vec<Kind> {
    card.client.records.iter().map(|(kind, ..)| *kind).collect()
}

#[test]
fn ro_18_sp_02_a_known_callers_card_has_name_owner_links_and_the_new_deal() {
    in_virtual_time(async {
        let (core, mut watcher) = watched("").await;
        with_client(&core);
        assert_eq!(route(&core, None).await, Basis::Fresh);
        let card = next_card(&mut watcher).await;
        assert_eq!((card.call.as_str(), card.phase, card.direction), ("1", Phase::Ringing, Direction::Incoming));
        assert_eq!(card.client.known, Some(true));
        assert_eq!(card.client.name.as_ref().map(tieline_engine::redact::Private::expose), Some("Iryna"));
        assert_eq!((card.client.owner.clone(), card.agent.clone()), (Some(AgentId::new("one")), Some("one".into())));
        assert_eq!(kinds(&card), [Kind::Contact, Kind::Deal]);
        assert!(
            card.client.records.iter().all(|(.., link)| link.as_ref().is_some_and(|link| link.starts_with("http")))
        );
        assert!(card.client.new_deal.unwrap().contains("/orders/add?customer="));
        // The same again, by a report of the ringing: it says nothing new.
        tell(&core, call(&core, "1", Direction::Incoming, Phase::Ringing)).await;
        nothing(&mut watcher).await;
        // Who picked up is news.
        let mut picked = call(&core, "1", Direction::Incoming, Phase::PickedUp);
        picked.legs = vec![leg("shop_two", true)];
        tell(&core, picked).await;
        let card = next_card(&mut watcher).await;
        assert_eq!((card.agent, card.phase), (Some("two".into()), Phase::PickedUp));
    });
}

#[test]
fn a_new_callers_card_is_the_number() {
    in_virtual_time(async {
        let (core, mut watcher) = watched("").await;
        tell(&core, call(&core, "1", Direction::Incoming, Phase::Ringing)).await;
        let card = next_card(&mut watcher).await;
        assert_eq!((card.client.known, card.client.name, card.client.new_deal), (Some(false), None, None));
        assert_eq!(card.number.unwrap().as_str(), "+380671234567");
    });
}

#[test]
fn sp_05_who_is_being_called_is_shown_to_who_dials() {
    in_virtual_time(async {
        let (core, mut watcher) = watched("").await;
        with_client(&core);
        let mut dialled = call(&core, "1", Direction::Outgoing, Phase::Ringing);
        dialled.legs = vec![leg("shop_two", false)];
        tell(&core, dialled).await;
        let card = next_card(&mut watcher).await;
        assert_eq!((card.direction, card.agent), (Direction::Outgoing, Some("two".into())));
        assert_eq!(card.client.known, Some(true));
    });
}

const AT_THE_RING: &str = r#"
[[projects.scenario]]
name = "everybody, when it rings"
then = { contact = "create_and_update", call_record = true, owner = ["agent", "senior"], moment = "ringing" }
"#;

#[test]
fn sp_01_sm_11_the_contact_made_at_the_ring_is_on_the_next_card_and_the_end_is_told() {
    in_virtual_time(async {
        let (core, mut watcher) = watched(AT_THE_RING).await;
        tell(&core, call(&core, "1", Direction::Incoming, Phase::Ringing)).await;
        let first = next_card(&mut watcher).await;
        assert_eq!(first.client.known, Some(false));
        let second = next_card(&mut watcher).await;
        assert_eq!((second.client.known, kinds(&second)), (Some(true), vec![Kind::Contact]));
        assert!(second.client.records[0].2.as_ref().unwrap().contains("/customers/"));
        assert_eq!(second.client.owner, Some("three".into()), "the senior manager owns it");
        assert!(second.client.new_deal.is_some());
        let mut ended = call(&core, "1", Direction::Incoming, Phase::Ended);
        (ended.outcome, ended.talk_seconds, ended.ended_at) = (Some(Outcome::Answered), 9, Some(core.now()));
        ended.legs = vec![leg("shop_two", true)];
        tell(&core, ended).await;
        let finished = next(&mut watcher).await;
        let Event::Finished { call, state, agent } = finished else { panic!("{finished:?}") };
        assert_eq!((call.as_str(), state, agent), ("1", State::Written, Some("two".into())));
    });
}

#[test]
fn a_card_is_told_again_when_the_crm_answers_late() {
    in_virtual_time(async {
        let (core, mut watcher) = watched("").await;
        with_client(&core);
        assert_eq!(route(&core, Some(Duration::from_millis(5))).await, Basis::Fallback);
        assert_eq!(next_card(&mut watcher).await.client.known, None);
        let late = next_card(&mut watcher).await;
        assert_eq!((late.client.known, late.agent), (Some(true), Some("one".into())));
    });
}

#[test]
fn what_nobody_watches_asks_the_crm_nothing() {
    in_virtual_time(async {
        let (core, watcher) = watched("").await;
        drop(watcher);
        time::sleep(Duration::from_secs(11 * 60)).await;
        let before = core.sim.lock().unwrap().counts().by_route.clone();
        tell(&core, call(&core, "1", Direction::Incoming, Phase::Ringing)).await;
        time::sleep(Duration::from_secs(60)).await;
        assert_eq!(core.sim.lock().unwrap().counts().by_route, before);
        assert_eq!(core.sidecar().driver().hub.told(&core.project).cards, 0);
    });
}

#[test]
fn a_call_without_a_client_has_no_card_and_its_end_is_told() {
    in_virtual_time(async {
        let (core, mut watcher) = watched("").await;
        let mut withheld = call(&core, "1", Direction::Incoming, Phase::Ended);
        withheld.client.phone = None;
        withheld.ended_at = Some(core.now() + SignedDuration::from_secs(1));
        withheld.outcome = Some(Outcome::NoAnswer);
        tell(&core, withheld).await;
        assert!(matches!(next(&mut watcher).await, Event::Finished { state: State::Skipped(_), agent: None, .. }));
    });
}

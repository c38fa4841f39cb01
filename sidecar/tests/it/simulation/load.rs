//! A seeded stream of call pieces and faults.

use serde_json::json;
use tieline_engine::{
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    ids::{CallId, ProjectId},
    jiff::{SignedDuration, Timestamp},
    phone::Phone,
};
use tieline_sandbox::{CrmKind, FaultSpec};

/// xorshift64*: small, seeded, the same everywhere.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        (self.roll() >> 11) % bound
    }

    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub(super) fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()].clone()
    }
}

/// What happens at a moment of the run, in seconds from its start.
pub(super) enum Event {
    Piece(Box<Call>),
    Fault(FaultSpec),
    Crash,
}

/// Numbers of clients, without spelling.
const CLIENTS: [&str; 7] = ["671110001", "671110002", "501110003", "931110004", "661110005", "991110006", "441110007"];

fn spell(number: &str, dice: &mut Dice) -> String {
    let (code, rest) = number.split_at(2);
    let (first, last) = rest.split_at(3);
    match dice.below(6) {
        0 => format!("+380{number}"),
        1 => format!("380{number}"),
        2 => format!("0{number}"),
        3 => format!("+38 (0{code}) {first}-{last}"),
        4 => format!("8 0{code} {first} {last}"),
        _ => format!("00380{number}"),
    }
}

/// The events of a run in order of time.
pub(super) fn events(kind: CrmKind, dice: &mut Dice, start: Timestamp) -> Vec<(SignedDuration, Event)> {
    let mut events = Vec::new();
    for index in 0..(6 + dice.below(14)) {
        let begins = SignedDuration::from_millis(i64::try_from(dice.below(1_200_000)).unwrap());
        call(index, begins, dice, start, &mut events);
        if dice.percent(25) {
            // Another call of the same moment: the same client 90 ms later, perhaps.
            call(1000 + index, begins + SignedDuration::from_millis(90), dice, start, &mut events);
        }
    }
    for _ in 0..dice.below(5) {
        let at = SignedDuration::from_secs(i64::try_from(dice.below(1_300)).unwrap());
        events.push((at, Event::Fault(fault(kind, dice))));
    }
    for _ in 0..dice.below(4) {
        events.push((SignedDuration::from_millis(i64::try_from(dice.below(1_400_000)).unwrap()), Event::Crash));
    }
    events.sort_by_key(|(at, _)| *at);
    events
}

/// The pieces of one call: perhaps its ring, its end, perhaps its recording; some twice, some late.
fn call(
    index: u64,
    begins: SignedDuration,
    dice: &mut Dice,
    start: Timestamp,
    events: &mut Vec<(SignedDuration, Event)>,
) {
    let mut ended = ended(index, begins, dice, start);
    let length = SignedDuration::from_secs(i64::from(ended.ring_seconds + ended.talk_seconds));
    let mut late = |piece: &Call, after: SignedDuration, dice: &mut Dice| {
        for _ in 0..(1 + u64::from(dice.percent(20))) {
            let delay = if dice.percent(15) {
                SignedDuration::from_secs(i64::try_from(dice.below(400)).unwrap())
            } else {
                SignedDuration::ZERO
            };
            events.push((begins + after + delay, Event::Piece(Box::new(piece.clone()))));
        }
    };
    if dice.percent(50) {
        let mut ringing = Call::new(ended.project.clone(), ended.id.clone(), ended.direction);
        (ringing.client, ringing.line, ringing.started_at) =
            (ended.client.clone(), ended.line.clone(), ended.started_at);
        late(&ringing, SignedDuration::ZERO, dice);
        if ended.is_answered() && dice.percent(60) {
            ringing.phase = Phase::PickedUp;
            ringing.legs.clone_from(&ended.legs);
            late(&ringing, SignedDuration::from_secs(i64::from(ended.ring_seconds)), dice);
        }
    }
    let recording = ended.recording.take();
    late(&ended, length, dice);
    if let Some(link) = recording {
        let mut with_recording = ended.clone();
        with_recording.recording = Some(link);
        late(&with_recording, length + SignedDuration::from_secs(20), dice);
    }
}

fn ended(index: u64, begins: SignedDuration, dice: &mut Dice, start: Timestamp) -> Call {
    let direction = if dice.percent(70) { Direction::Incoming } else { Direction::Outgoing };
    let mut call = Call::new(ProjectId::new("shop"), CallId::new(format!("sim-{index}")), direction);
    call.phase = Phase::Ended;
    call.client.phone = Some(Phone::new(spell(dice.pick::<&str>(&CLIENTS), dice)));
    call.line = Some(Phone::new("380442000000"));
    call.started_at = Some(start + begins);
    call.ring_seconds = 3 + u32::try_from(dice.below(30)).unwrap();
    let answered = dice.percent(65);
    call.outcome = Some(if answered {
        Outcome::Answered
    } else {
        dice.pick(&[Outcome::NoAnswer, Outcome::Busy, Outcome::Voicemail])
    });
    call.talk_seconds = if answered { 5 + u32::try_from(dice.below(300)).unwrap() } else { 0 };
    let sip = dice.pick(&["shop_one", "shop_two", "shop_three", "shop_stranger"]).to_owned();
    let agent = AgentRef { sip: Some(sip), ..AgentRef::default() };
    call.legs =
        vec![Leg { agent, answered, talk_seconds: call.talk_seconds, started_at: call.started_at, ..Leg::default() }];
    if dice.percent(40) {
        call.utm.source = Some("google".to_owned());
        call.client.google_client_id = Some(format!("77.{index}"));
    }
    if answered && dice.percent(70) {
        call.recording = Some(format!("https://records.example/{index}.mp3").into());
    }
    call
}

/// Within the lag each dialect's settings assume: SMART CRM 5 s, the others 30 s.
fn lag_ms(kind: CrmKind, dice: &mut Dice) -> u64 {
    if kind == CrmKind::Dataverse { 500 + dice.below(4_000) } else { 1_000 + dice.below(20_000) }
}

fn fault(kind: CrmKind, dice: &mut Dice) -> FaultSpec {
    let seconds = 5 + dice.below(300);
    let chance = 0.05 + 0.3 * (dice.below(100) as f64 / 100.0);
    let mut choices = vec![
        json!({"name": "outage", "for_seconds": seconds}),
        json!({"name": "outage", "mode": "cut", "for_seconds": seconds}),
        json!({"name": "rate_limit", "times": 1 + dice.below(20)}),
        json!({"name": "slow", "ms": 200 + dice.below(20_000), "for_seconds": seconds}),
        json!({"name": "lost_reply", "probability": chance, "for_seconds": seconds}),
        json!({"name": "lost_request", "probability": chance, "for_seconds": seconds}),
        json!({"name": "html_error_page", "probability": chance, "for_seconds": seconds}),
        json!({"name": "internal_error", "probability": chance, "for_seconds": seconds}),
        json!({"name": "token_revoked", "for_seconds": seconds}),
        json!({"name": "search_lag", "ms": lag_ms(kind, dice), "for_seconds": 2_000}),
    ];
    if kind != CrmKind::RetailCrm {
        choices.push(json!({"name": "token_expired", "times": 1 + dice.below(3)}));
    }
    serde_json::from_value(dice.pick(&choices)).unwrap()
}

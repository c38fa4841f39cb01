//! A seeded stream of call pieces.

use tieline_engine::{
    call::{AgentRef, Call, Direction, Leg, Outcome, Phase},
    ids::{CallId, ProjectId},
    jiff::{SignedDuration, Timestamp},
    phone::Phone,
};

use super::{
    dice::Dice,
    faults::{Event, Events},
    plan::Manner,
};

/// Calls are named by this and their number.
pub(super) const CALL: &str = "sim-";
/// What stands before a call's number in texts that tell of this call only: in its recording, its advertisement's words
/// and its visit.
pub(super) const WORDS: [&str; 3] = ["records.example/", "word ", "77."];

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

/// The calls of a run.
pub(super) fn calls(manner: Manner, dice: &mut Dice, start: Timestamp, events: &mut Events) {
    let span_ms = match manner {
        Manner::Storm => 1_200_000,
        Manner::Week => 8 * 24 * 3_600_000,
    };
    some_calls(dice.between(6, 20), span_ms, dice, start, events);
}

/// So many calls within a time.
pub(super) fn some_calls(count: u64, span_ms: u64, dice: &mut Dice, start: Timestamp, events: &mut Events) {
    for index in 0..count {
        let begins = SignedDuration::from_millis(i64::try_from(dice.below(span_ms)).unwrap());
        call(index, begins, dice, start, events);
        if dice.percent(25) {
            // Another call of the same moment: the same client 90 ms later, perhaps.
            call(1000 + index, begins + SignedDuration::from_millis(90), dice, start, events);
        }
    }
}

/// One of the clients' numbers, in some spelling.
pub(super) fn a_number(dice: &mut Dice) -> String {
    spell(dice.pick::<&str>(&CLIENTS), dice)
}

/// The pieces of one call: perhaps its ring, its end, perhaps its recording; some twice, some late.
fn call(index: u64, begins: SignedDuration, dice: &mut Dice, start: Timestamp, events: &mut Events) {
    let mut ended = ended(index, begins, dice, start);
    let length = SignedDuration::from_secs(i64::from(ended.ring_seconds + ended.talk_seconds));
    if dice.percent(50) {
        let mut ringing = Call::new(ended.project.clone(), ended.id.clone(), ended.direction);
        (ringing.client, ringing.line, ringing.started_at) =
            (ended.client.clone(), ended.line.clone(), ended.started_at);
        if ringing.direction == Direction::Incoming && dice.percent(50) {
            let phone = ended.client.phone.clone().unwrap();
            events.push((begins, Event::Ring { call: ended.id.clone(), phone }));
        }
        pieces(&ringing, begins, dice, events);
        if ended.is_answered() && dice.percent(60) {
            ringing.phase = Phase::PickedUp;
            ringing.legs.clone_from(&ended.legs);
            pieces(&ringing, begins + SignedDuration::from_secs(i64::from(ended.ring_seconds)), dice, events);
        }
    }
    let recording = ended.recording.take();
    pieces(&ended, begins + length, dice, events);
    if let Some(link) = recording {
        let mut with_recording = ended.clone();
        with_recording.recording = Some(link);
        pieces(&with_recording, begins + length + SignedDuration::from_secs(20), dice, events);
    }
}

/// One piece at its time; some twice, some late.
fn pieces(piece: &Call, at: SignedDuration, dice: &mut Dice, events: &mut Events) {
    for again in 0..=u64::from(dice.percent(20)) {
        let late = dice.percent(15);
        let delay = if late { i64::try_from(dice.below(400)).unwrap() } else { 0 };
        let call = Box::new(piece.clone());
        events.push((at + SignedDuration::from_secs(delay), Event::Piece { call, again: again > 0, late }));
    }
}

fn ended(index: u64, begins: SignedDuration, dice: &mut Dice, start: Timestamp) -> Call {
    let direction = if dice.percent(70) { Direction::Incoming } else { Direction::Outgoing };
    let mut call = Call::new(ProjectId::new("shop"), CallId::new(format!("{CALL}{index}")), direction);
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
    // RemOnline's comments carry no mark: by this, two calls of one client in one second do not read alike.
    call.utm.term = Some(format!("word {index}"));
    if answered && dice.percent(70) {
        call.recording = Some(format!("https://records.example/{index}.mp3").into());
    }
    call
}

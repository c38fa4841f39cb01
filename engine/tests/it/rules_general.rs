//! rules.md 4.0: what holds for every CRM.

use tieline_engine::{
    call::{Call, Direction, Outcome, Phase, Source},
    client::{self, ClientKey},
    ids::UserId,
    jiff::SignedDuration,
    next::End,
    note::NotePart,
    phone::Phone,
    reason::ReasonCode,
    record::Kind,
    scenario::{Scenario, TaskAbout},
    step::StepKey,
};

use super::{
    desk::{Desk, Rest},
    office::{self, BOHDAN, CLIENT, LINE, OLENA, STRANGER, incoming, outgoing},
};

fn desk() -> Desk {
    Desk::new(office::policy(Scenario::standard()))
}

fn skipped(call: Call) -> ReasonCode {
    let mut desk = desk();
    let end = desk.deliver(call);
    assert!(desk.looked_up.is_empty() && desk.crm.done.is_empty(), "nobody is asked about a skipped call");
    match end {
        End::Skipped(code) => code,
        End::Written | End::Failed => panic!("{end:?}"),
    }
}

#[test]
fn g_02_rc_10_an_internal_call_sends_nothing() {
    let internal = incoming("a").answered_by(OLENA).with(|call| call.direction = Direction::Internal);
    assert_eq!(skipped(internal.done()), ReasonCode::InternalCall);
    assert_eq!(skipped(incoming("b").from("101").answered_by(OLENA).done()), ReasonCode::InternalCall);
}

#[test]
fn g_03_a_call_told_twice_and_out_of_order_is_written_once() {
    let mut desk = desk();
    let ended = incoming("a").answered_by(OLENA).done();
    assert_eq!(desk.deliver(ended.clone()), End::Written);
    let written = desk.crm.done.clone();
    for piece in [ended.clone(), incoming("a").done(), incoming("a").picked_up_by(OLENA).done(), ended] {
        assert_eq!(desk.report(piece).end(), End::Written);
    }
    assert_eq!(desk.crm.done, written);
}

#[test]
fn g_03_a_recording_that_comes_later_amends_the_entry_once() {
    let mut desk = desk();
    desk.deliver(incoming("a").answered_by(OLENA).done());
    desk.wait(300);
    let later = incoming("a").recorded("https://records.example/1").done();
    for _ in 0..3 {
        assert_eq!(desk.report(later.clone()).end(), End::Written);
    }
    let [entry] = desk.crm.entries()[..] else { panic!("one entry") };
    assert_eq!(entry.recording.as_ref().map(|link| link.expose()), Some("https://records.example/1"));
    let amended = desk.crm.done.iter().filter(|(_, key)| *key == StepKey::amend_call_record(1)).count();
    assert_eq!(amended, 1);
}

#[test]
fn g_03_where_an_entry_cannot_be_changed_a_note_tells_the_rest() {
    let mut desk = desk();
    desk.policy.abilities.amends_call_record = false;
    desk.deliver(incoming("a").answered_by(OLENA).done());
    desk.report(incoming("a").recorded("https://records.example/1").done());
    desk.report(incoming("a").with(|call| call.ring_seconds = 7).done());
    let notes = desk.crm.notes();
    assert_eq!(notes.len(), 1, "ring seconds tell a reader of notes nothing: {notes:#?}");
    assert!(format!("{:?}", notes[0].action).contains("Recording"));
}

#[test]
fn g_03_an_answer_that_comes_after_a_settled_miss_corrects_the_entry() {
    let mut desk = desk();
    assert_eq!(desk.deliver(incoming("a").done()), End::Written);
    assert_eq!(desk.crm.entries()[0].outcome, Outcome::NoAnswer);
    assert_eq!(desk.report(incoming("a").answered_by(OLENA).done()).end(), End::Written);
    let [entry] = desk.crm.entries()[..] else { panic!("one entry") };
    assert_eq!((entry.outcome, entry.talk_seconds), (Outcome::Answered, 60));
    assert_eq!((desk.crm.of(Kind::Contact).len(), desk.crm.of(Kind::Deal).len()), (1, 1));
}

#[test]
fn g_04_a_call_that_is_not_final_waits_and_is_not_missed() {
    let mut desk = desk();
    let not_final = incoming("a").with(|call| call.phase = Phase::Ended);
    assert_eq!(desk.report(not_final.clone().done()).waits_for(), ReasonCode::NotFinal);
    desk.wait(60 * 60);
    assert_eq!(desk.report(not_final.done()).waits_for(), ReasonCode::NotFinal);
    assert!(desk.crm.done.is_empty());
    assert_eq!(desk.report(incoming("a").answered_by(OLENA).done()).end(), End::Written);
    assert_eq!(desk.crm.entries()[0].outcome, Outcome::Answered);
}

#[test]
fn g_04_at_the_age_limit_a_call_is_settled_from_what_is_known() {
    let mut ringing = desk();
    let Rest::Wait(wait) = ringing.report(incoming("a").done()) else { panic!("it waits") };
    assert_eq!(wait.until, office::noon() + SignedDuration::from_hours(2));
    assert_eq!(ringing.deliver(incoming("a").done()), End::Written);
    assert_eq!(ringing.crm.entries()[0].outcome, Outcome::NoAnswer);
    let settled = ReasonCode::SettledWithoutEnd;
    assert!(ringing.ordered[0].reasons.iter().any(|reason| reason.code == settled));

    let mut picked_up = desk();
    assert_eq!(picked_up.deliver(incoming("a").with(|call| call.phase = Phase::PickedUp).done()), End::Written);
    assert_eq!(picked_up.crm.entries()[0].outcome, Outcome::Answered);
}

#[test]
fn g_05_voicemail_is_missed_even_with_seconds_of_talk() {
    let mut desk = desk();
    desk.deliver(incoming("a").ended(Outcome::Voicemail).with(|call| call.talk_seconds = 25).done());
    let [task] = desk.crm.tasks()[..] else { panic!("one task") };
    assert_eq!((task.about, task.done), (TaskAbout::MissedCall, false));
    assert!(!task.parts.contains(&NotePart::Talk(25)));
}

#[test]
fn g_06_neither_the_projects_line_nor_an_agent_is_a_client() {
    for number in [LINE, "0443334455", "0501110001", "+38 (050) 111-00-22"] {
        assert_eq!(
            skipped(incoming("a").from(number).answered_by(OLENA).done()),
            ReasonCode::ClientIsAgent,
            "{number}"
        );
    }
    assert_eq!(skipped(incoming("b").from("anonymous").missed().done()), ReasonCode::NumberWithheld);
    assert_eq!(skipped(incoming("c").from("").missed().done()), ReasonCode::NoNumber);
}

#[test]
fn g_07_a_callback_counts_as_incoming() {
    for direction in [Direction::Incoming, Direction::Outgoing] {
        let mut desk = desk();
        let callback = incoming("a").answered_by(OLENA).with(|call| {
            call.direction = direction;
            call.source = Source::Callback;
        });
        assert_eq!(desk.deliver(callback.done()), End::Written, "{direction:?}");
        let [entry] = desk.crm.entries()[..] else { panic!("one entry") };
        assert_eq!((entry.direction, entry.source), (Direction::Incoming, Source::Callback));
        assert_eq!(desk.ordered[0].situation.direction, Direction::Incoming);
        desk.crm.only(Kind::Contact);
    }
}

#[test]
fn g_08_an_unknown_agent_leads_to_a_task_for_the_senior_manager() {
    let mut desk = desk();
    desk.deliver(incoming("a").answered_by(STRANGER).done());
    let senior = Some(UserId::from("u9"));
    let [task] = desk.crm.tasks()[..] else { panic!("one task") };
    assert_eq!((task.about, &task.owner), (TaskAbout::CheckSettings, &senior));
    assert_eq!(task.unmapped_agent.as_deref(), Some(STRANGER));
    assert!(task.parts.contains(&NotePart::UnmappedAgent(STRANGER.to_owned())));
    assert_eq!(desk.crm.only(Kind::Contact).record.owner, senior);
    assert_eq!(desk.crm.only(Kind::Deal).record.owner, senior);
}

#[test]
fn g_08_an_agent_without_a_crm_user_counts_as_unknown() {
    let mut desk = desk();
    desk.deliver(incoming("a").answered_by("taras-103").done());
    let [task] = desk.crm.tasks()[..] else { panic!("one task") };
    assert_eq!((task.about, task.unmapped_agent.as_deref()), (TaskAbout::CheckSettings, Some("taras-103")));
}

#[test]
fn g_09_an_agent_is_recognised_by_another_number_too() {
    let mut desk = desk();
    let by_mobile = incoming("a").answered_by("").with(|call| {
        call.legs[0].agent.sip = None;
        call.legs[0].agent.number = Some(Phone::new("0501110022"));
    });
    desk.deliver(by_mobile.done());
    assert_eq!(desk.crm.only(Kind::Deal).record.owner, Some(UserId::from("u2")));
    assert!(desk.crm.tasks().is_empty());
}

#[test]
fn g_10_placeholders_are_passed_on_but_say_nothing() {
    let mut call = incoming("a").answered_by(OLENA).utm("(direct)").done();
    for (placeholder, other) in [("(direct)", "google"), ("(none)", "cpc"), ("(not set)", "fb"), ("none)", "x")] {
        call.utm.source = Some(placeholder.to_owned());
        assert!(!call.utm.says_something(), "{placeholder}");
        let mut amended = call.clone();
        amended.amend(incoming("a").utm(other).done());
        assert_eq!(amended.utm.source.as_deref(), Some(other), "a mark wins over {placeholder}, however long");
    }
    let mut desk = desk();
    desk.deliver(call);
    let marks = &desk.crm.only(Kind::Deal).fields.marks;
    assert_eq!(marks.get("utm_source").map(String::as_str), Some("none)"));
}

#[test]
fn g_12_a_colleagues_talk_is_a_done_task_for_them_and_an_open_one_for_the_owner() {
    let mut desk = desk();
    let contact = desk.crm.seed(Kind::Contact, CLIENT, Some("u1"));
    let deal = desk.crm.seed(Kind::Deal, "", Some("u1"));
    desk.crm.edit(&deal, |record| record.contact = Some(contact));
    let call = incoming("a").answered_by(BOHDAN).done();
    let ended_at = call.ended_at.expect("an end");
    desk.now = ended_at;
    desk.deliver(call);
    let tasks: Vec<_> =
        desk.crm.tasks().into_iter().map(|task| (task.about, task.owner.clone(), task.due_at)).collect();
    let due = ended_at + SignedDuration::from_hours(4);
    assert_eq!(
        tasks,
        [(TaskAbout::Talk, Some(UserId::from("u2")), None), (TaskAbout::Review, Some(UserId::from("u1")), Some(due)),]
    );
    desk.crm.only(Kind::Deal);
}

#[test]
fn g_12_the_owners_own_talk_makes_no_task() {
    let mut desk = desk();
    let contact = desk.crm.seed(Kind::Contact, CLIENT, Some("u1"));
    let deal = desk.crm.seed(Kind::Deal, "", Some("u1"));
    desk.crm.edit(&deal, |record| record.contact = Some(contact));
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Written);
    assert!(desk.crm.tasks().is_empty());
    assert_eq!(desk.crm.entries().len(), 1);
}

#[test]
fn g_20_an_outgoing_call_makes_nobody_new_and_is_logged_on_whom_it_reached() {
    let mut desk = desk();
    assert_eq!(desk.deliver(outgoing("a").answered_by(OLENA).done()), End::Skipped(ReasonCode::RowMakesNothing));
    desk.crm.seed(Kind::Contact, CLIENT, Some("u1"));
    for (id, call) in [("b", outgoing("b").answered_by(OLENA)), ("c", outgoing("c").missed())] {
        assert_eq!(desk.deliver(call.at(desk.now).done()), End::Written, "{id}");
    }
    assert_eq!(desk.crm.entries().len(), 2);
    desk.crm.only(Kind::Contact);
    assert!(desk.crm.of(Kind::Deal).is_empty());
}

#[test]
fn g_15_numbers_that_have_no_key_are_compared_as_text() {
    let policy = office::policy(Scenario::standard());
    let key = client::identify(&incoming("a").from("99-99-99-9").missed().done(), &policy);
    assert_eq!(key, Ok(ClientKey::Text(Phone::new("9999999"))));
}

//! Who the client is among the CRM's records: one client, one contact.

use tieline_engine::{
    call::Chat,
    jiff::SignedDuration,
    matching::{MatchPolicy, Prefer},
    next::End,
    phone::Phone,
    reason::ReasonCode,
    record::Kind,
    scenario::{ClientIs, Scenario},
};

use super::{
    desk::Desk,
    office::{self, CLIENT, OLENA, incoming},
};

fn desk() -> Desk {
    Desk::new(office::policy(Scenario::standard()))
}

/// One answered call of the client, and whom the engine took them for.
fn is_known(desk: &mut Desk) -> bool {
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Written);
    desk.ordered[0].situation.client == ClientIs::Known
}

#[test]
fn z_13_international_spellings_in_the_crm_are_found() {
    for stored in ["+380671234567", "+38-067-123-4567", "380671234567", "+38 (067) 123 45 67", "00380671234567"] {
        let mut desk = desk();
        desk.crm.seed(Kind::Contact, stored, None);
        assert!(is_known(&mut desk), "{stored}");
        desk.crm.only(Kind::Contact);
    }
}

#[test]
fn z_14_rc_09_a_local_spelling_is_the_same_client() {
    for stored in ["0671234567", "067 123-45-67", "80671234567", "671234567"] {
        let mut desk = desk();
        desk.crm.seed(Kind::Contact, stored, None);
        assert!(is_known(&mut desk), "{stored}");
        desk.crm.only(Kind::Contact);
    }
}

#[test]
fn z_15_contact_and_deal_and_lead_are_all_looked_up() {
    let mut desk = desk();
    is_known(&mut desk);
    let sought = desk.looked_up[0].client.as_ref().expect("a client");
    assert_eq!(sought.kinds, [Kind::Contact, Kind::Lead, Kind::Deal].into());
    assert!(sought.spellings.iter().any(|spelling| spelling == "+380671234567"));
    assert!(sought.spellings.iter().any(|spelling| spelling == "0671234567"));
    for kind in [Kind::Contact, Kind::Lead, Kind::Deal] {
        let mut desk = self::desk();
        desk.crm.seed(kind, "0671234567", None);
        assert!(is_known(&mut desk), "known by a {kind} alone");
    }
}

#[test]
fn a_candidate_with_the_same_tail_is_another_client() {
    for stored in ["+380501234567", "1234567", "0501234567 / 0951234567", "+48671234567"] {
        let mut desk = desk();
        desk.crm.seed(Kind::Contact, stored, None);
        assert!(!is_known(&mut desk), "{stored}");
        assert_eq!(desk.crm.of(Kind::Contact).len(), 2);
        let refused = |reason: &tieline_engine::reason::Reason| reason.code == ReasonCode::KeyDiffers;
        assert!(desk.ordered[0].reasons.iter().any(refused), "the explanation names the candidate");
    }
}

#[test]
fn a_field_with_two_numbers_is_both_clients() {
    let mut desk = desk();
    desk.crm.seed(Kind::Contact, "050 765 43 21, 067 123 45 67", None);
    assert!(is_known(&mut desk));
}

#[test]
fn numbers_without_one_meaning_never_merge_with_those_that_have_one() {
    let germany = || {
        let mut policy = office::policy(Scenario::standard());
        let region = tieline_engine::phone::Region::parse("DE").expect("a region");
        policy.plan = tieline_engine::phone::NumberPlan::new(region);
        policy.crm_plan = policy.plan.clone();
        Desk::new(policy)
    };
    let ambiguous = "4915123458244";
    let mut desk = germany();
    desk.crm.seed(Kind::Contact, "+4915123458244", None);
    desk.deliver(incoming("a").from(ambiguous).answered_by(OLENA).done());
    assert_eq!(desk.crm.of(Kind::Contact).len(), 2, "which of the two numbers is meant is not known");
    assert!(desk.ordered[0].reasons.iter().any(|reason| reason.code == ReasonCode::AmbiguousNumber));
    desk.wait(600);
    desk.deliver(incoming("b").from(ambiguous).at(desk.now).answered_by(OLENA).done());
    assert_eq!(desk.crm.of(Kind::Contact).len(), 2, "the very same text is the same client");
}

#[test]
fn digits_of_another_script_do_not_make_all_callers_one_client() {
    let policy = office::policy(Scenario::standard());
    let key = |number: &str| tieline_engine::client::of_number(&Phone::new(number), &policy.plan);
    assert_ne!(key("٩٩٩٩٩٩٩"), key("٩٩٩٩٩٩٨"));
    assert_ne!(key("٩٩٩٩٩٩٩").map(|key| key.lane()), Ok("text:".to_owned()));
}

#[test]
fn the_preferred_of_several_contacts_is_taken_and_said_so() {
    let mut desk = desk();
    let plain = desk.crm.seed(Kind::Contact, CLIENT, None);
    let with_deal = desk.crm.seed(Kind::Contact, "0671234567", None);
    let deal = desk.crm.seed(Kind::Deal, "", None);
    desk.crm.edit(&deal, |record| record.contact = Some(with_deal.clone()));
    desk.crm.edit(&plain, |record| record.modified_at = Some(office::noon()));
    is_known(&mut desk);
    assert_eq!(desk.ordered[0].target.contact, Some(with_deal));
    assert_eq!(desk.ordered[0].target.deal, Some(deal));
    assert!(desk.ordered[0].reasons.iter().any(|reason| reason.code == ReasonCode::SeveralMatched));

    let mut by_change = self::desk();
    by_change.policy.matching = MatchPolicy { prefer: vec![Prefer::Recent] };
    let first = by_change.crm.seed(Kind::Contact, CLIENT, None);
    by_change.crm.seed(Kind::Contact, CLIENT, None);
    by_change.crm.edit(&first, |record| record.modified_at = Some(office::noon()));
    is_known(&mut by_change);
    assert_eq!(by_change.ordered[0].target.contact, Some(first));
}

#[test]
fn two_calls_of_a_new_client_90_ms_apart_make_one_contact_while_the_search_lags() {
    let mut desk = desk();
    desk.policy.abilities.search_lag_seconds = 60;
    desk.crm.lag = SignedDuration::from_secs(60);
    desk.deliver(incoming("a").answered_by(OLENA).done());
    desk.now += SignedDuration::from_millis(90);
    desk.deliver(incoming("b").from("067 123 45 67").at(desk.now).answered_by(OLENA).done());
    desk.crm.only(Kind::Contact);
    desk.crm.only(Kind::Deal);
    assert_eq!(desk.crm.entries().len(), 2);
    let last = desk.ordered.last().expect("orders");
    assert_eq!(last.situation.client, ClientIs::Known);
    assert!(last.reasons.iter().any(|reason| reason.code == ReasonCode::OwnRecordTrusted));
}

#[test]
fn a_record_of_ours_that_somebody_deleted_is_not_trusted_after_the_lag() {
    let mut desk = desk();
    desk.deliver(incoming("a").answered_by(OLENA).done());
    let made = desk.crm.only(Kind::Contact).record.id.clone();
    desk.crm.delete(&made);
    desk.wait(600);
    desk.deliver(incoming("b").at(desk.now).answered_by(OLENA).done());
    assert_ne!(desk.crm.only(Kind::Contact).record.id, made);
}

#[test]
fn sm_14_sp_03_what_an_agent_typed_stays() {
    let mut desk = desk();
    desk.deliver(incoming("a").answered_by(OLENA).utm("google").done());
    let contact = desk.crm.only(Kind::Contact).record.id.clone();
    desk.crm.edit(&contact, |record| {
        record.name = Some("Pani Halyna".into());
        record.owner = Some("u2".into());
    });
    let typed = desk.crm.person(&contact).record.clone();
    desk.wait(3_600);
    desk.deliver(
        incoming("b")
            .at(desk.now)
            .answered_by(OLENA)
            .utm("facebook")
            .with(|call| call.client.name = Some("Halya".into()))
            .done(),
    );
    desk.report(incoming("a").recorded("https://records.example/late").done());
    assert_eq!(desk.crm.person(&contact).record, typed);
    let marks = &desk.crm.person(&contact).fields.marks;
    assert_eq!(marks.get("utm_source").map(String::as_str), Some("facebook"), "call data is brought up to date");
}

#[test]
fn a_messenger_client_without_a_number_is_known_by_the_dialogue_only() {
    let mut desk = desk();
    let request = |id: &str, chat: &str| office::messenger(id, "telegram", chat, OLENA).done();
    desk.deliver(request("a", "77"));
    desk.wait(600);
    desk.deliver(request("b", "77"));
    desk.crm.only(Kind::Contact);
    desk.wait(600);
    desk.deliver(request("c", "78"));
    assert_eq!(desk.crm.of(Kind::Contact).len(), 2, "an empty number is nobody's");
    let chats = |at: usize| desk.crm.of(Kind::Contact)[at].record.chats.clone();
    assert_eq!((chats(0), chats(1)), (vec!["telegram:77".to_owned()], vec!["telegram:78".to_owned()]));
}

#[test]
fn g_13_without_a_dialogue_the_google_client_id_names_the_client() {
    let policy = office::policy(Scenario::standard());
    let mut call = office::messenger("a", "telegram", "77", OLENA).done();
    call.client.google_client_id = Some("111.222".to_owned());
    let lane = |call: &_| tieline_engine::client::identify(call, &policy).map(|key| key.lane());
    assert_eq!(lane(&call), Ok("chat:telegram:77".to_owned()));
    call.client.chat = None;
    assert_eq!(lane(&call), Ok("visit:111.222".to_owned()));
    call.client.google_client_id = None;
    assert_eq!(lane(&call).map_err(|reason| reason.code), Err(ReasonCode::NoNumber));
    call.client.chat = Some(Chat { channel: "viber".to_owned(), id: "5".to_owned() });
    call.client.phone = Some(Phone::new(CLIENT));
    assert_eq!(lane(&call), Ok("+380671234567".to_owned()));
}

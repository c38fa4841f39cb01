//! Which call data goes into which field: Z-02 … Z-05, Z-16, Z-36.

use tieline_engine::{
    mapping::{self, Mapping, RefusedFor},
    next::End,
    record::{CrmField, Kind},
    scenario::Scenario,
    step::{StepKey, StepResult},
};

use super::{
    desk::Desk,
    office::{self, CLIENT, LINE, OLENA, incoming},
};

fn map(entity: Kind, param: &str, field: &str) -> Mapping {
    Mapping { entity, param: param.to_owned(), field: field.to_owned(), length_max: None }
}

fn desk(mappings: Vec<Mapping>) -> Desk {
    let mut desk = Desk::new(office::policy(Scenario::standard()));
    desk.policy.mappings = mappings;
    desk
}

fn custom(desk: &Desk, kind: Kind, field: &str) -> Option<String> {
    desk.crm.only(kind).fields.custom.get(field).cloned()
}

fn whys(refusals: Vec<mapping::Refusal>) -> Vec<(usize, RefusedFor)> {
    refusals.into_iter().map(|refusal| (refusal.index, refusal.why)).collect()
}

#[test]
fn z_02_a_parameter_goes_to_its_field_of_its_entity_only() {
    let mut desk = desk(vec![map(Kind::Deal, "pool_name", "UF_POOL"), map(Kind::Contact, "department", "UF_DEP")]);
    let call = incoming("a").answered_by(OLENA).with(|call| {
        call.pool = Some("Site".to_owned());
        call.department = Some("Sales".to_owned());
    });
    desk.deliver(call.done());
    assert_eq!(custom(&desk, Kind::Deal, "UF_POOL").as_deref(), Some("Site"));
    assert_eq!(custom(&desk, Kind::Contact, "UF_DEP").as_deref(), Some("Sales"));
    assert_eq!((custom(&desk, Kind::Contact, "UF_POOL"), custom(&desk, Kind::Deal, "UF_DEP")), (None, None));
}

#[test]
fn z_02_a_mapped_value_that_comes_later_is_written_later_and_once() {
    let mut desk = desk(vec![map(Kind::Deal, "recording", "UF_REC"), map(Kind::Deal, "pool_name", "UF_POOL")]);
    desk.deliver(incoming("a").answered_by(OLENA).with(|call| call.pool = Some("Site".to_owned())).done());
    assert_eq!(custom(&desk, Kind::Deal, "UF_REC"), None);
    for _ in 0..2 {
        desk.report(incoming("a").recorded("https://records.example/1").done());
    }
    assert_eq!(custom(&desk, Kind::Deal, "UF_REC").as_deref(), Some("https://records.example/1"));
    let updates: Vec<_> =
        desk.ordered.iter().flat_map(|orders| &orders.steps).filter(|step| step.key.is_update()).collect();
    assert_eq!(updates.len(), 1, "{updates:#?}");
    assert!(!format!("{updates:?}").contains("UF_POOL"), "what stands there already is not written again");
}

#[test]
fn z_03_z_04_only_the_users_own_text_fields_are_accepted() {
    let field = |name: &str, custom, text| CrmField {
        entity: Kind::Lead,
        name: name.to_owned(),
        custom,
        text,
        length_max: None,
    };
    let fields = [field("UF_TEXT", true, true), field("TITLE", false, true), field("UF_DATE", true, false)];
    let mappings = [
        map(Kind::Lead, "pool_name", "UF_TEXT"),
        map(Kind::Lead, "pool_name", "TITLE"),
        map(Kind::Lead, "pool_name", "UF_DATE"),
        map(Kind::Lead, "pool_name", "UF_GONE"),
        map(Kind::Deal, "pool_name", "UF_TEXT"),
        map(Kind::Task, "pool_name", "UF_TEXT"),
    ];
    assert_eq!(
        whys(mapping::check(&mappings, &fields)),
        [
            (1, RefusedFor::NotUserMade),
            (2, RefusedFor::NotText),
            (3, RefusedFor::NoSuchField),
            (4, RefusedFor::NoSuchField),
            (5, RefusedFor::WrongEntity),
        ]
    );
}

#[test]
fn z_05_two_parameters_do_not_go_to_one_field_of_an_entity() {
    let mappings = [
        map(Kind::Lead, "pool_name", "UF_A"),
        map(Kind::Lead, "department", "UF_A"),
        map(Kind::Deal, "department", "UF_A"),
    ];
    assert_eq!(whys(mapping::check_list(&mappings)), [(1, RefusedFor::FieldTaken)]);
}

#[test]
fn z_01_z_16_without_any_set_up_recording_numbers_status_and_marks_are_passed() {
    let mut desk = desk(vec![map(Kind::Deal, "status", "UF_STATUS"), map(Kind::Deal, "dst", "UF_LINE")]);
    let call = incoming("a").answered_by(OLENA).recorded("https://records.example/1").utm("google");
    desk.report(incoming("a").with(|call| call.status = Some("IN PROGRESS".to_owned())).done());
    desk.deliver(call.with(|call| call.status = Some("ANSWERED".to_owned())).done());
    let [entry] = desk.crm.entries()[..] else { panic!("one entry") };
    assert_eq!(entry.recording.as_ref().map(|link| link.expose()), Some("https://records.example/1"));
    assert_eq!(entry.client.as_ref().map(|key| key.digits()), Some(CLIENT));
    assert_eq!(entry.line.as_ref().map(|line| line.raw()), Some(LINE));
    assert_eq!(
        custom(&desk, Kind::Deal, "UF_STATUS").as_deref(),
        Some("ANSWERED"),
        "the final status, not the longest"
    );
    assert_eq!(custom(&desk, Kind::Deal, "UF_LINE").as_deref(), Some(LINE));
    let marks = &desk.crm.only(Kind::Contact).fields.marks;
    assert_eq!(marks.get("utm_source").map(String::as_str), Some("google"));
}

#[test]
fn z_36_messenger_requests_have_mappings_of_their_own() {
    let mappings = vec![
        map(Kind::Contact, "messenger.channel", "UF_SOURCE"),
        map(Kind::Contact, "messenger.client_name", "UF_NAME"),
        map(Kind::Contact, "messenger.phone", "UF_PHONE"),
        map(Kind::Contact, "call.pool_name", "UF_SOURCE"),
    ];
    assert!(mapping::check_list(&mappings).is_empty());
    let unscoped = [mappings.clone(), vec![map(Kind::Contact, "department", "UF_SOURCE")]].concat();
    assert_eq!(whys(mapping::check_list(&unscoped)), [(4, RefusedFor::FieldTaken)]);

    let mut chat = desk(mappings.clone());
    let request = office::messenger("a", "viber", "5", OLENA).from(CLIENT).with(|call| {
        call.client.name = Some("Halyna".into());
        call.pool = Some("Site".to_owned());
    });
    chat.deliver(request.done());
    let field = |name| custom(&chat, Kind::Contact, name);
    assert_eq!(field("UF_SOURCE").as_deref(), Some("viber"));
    assert_eq!((field("UF_NAME").as_deref(), field("UF_PHONE").as_deref()), (Some("Halyna"), Some(CLIENT)));

    let mut call = desk(mappings);
    call.deliver(incoming("a").answered_by(OLENA).with(|call| call.pool = Some("Site".to_owned())).done());
    assert_eq!(custom(&call, Kind::Contact, "UF_SOURCE").as_deref(), Some("Site"));
    assert_eq!(custom(&call, Kind::Contact, "UF_PHONE"), None);
}

#[test]
fn values_longer_than_a_field_are_cut_by_characters() {
    let mapping = Mapping { length_max: Some(3), ..map(Kind::Deal, "pool_name", "UF_POOL") };
    let mut desk = desk(vec![mapping]);
    desk.deliver(incoming("a").answered_by(OLENA).with(|call| call.pool = Some("Київ".to_owned())).done());
    assert_eq!(custom(&desk, Kind::Deal, "UF_POOL").as_deref(), Some("Киї"));
}

#[test]
fn a_refused_field_is_left_out_and_the_rest_is_written() {
    let refused = |field: &str| StepResult::FieldRefused { field: field.to_owned(), text: "no such field".to_owned() };
    let mut desk = desk(vec![map(Kind::Contact, "pool_name", "UF_A"), map(Kind::Deal, "pool_name", "UF_A")]);
    // Both steps of one request are refused for the same field: that is one lesson, not two.
    let (contact, deal) = (StepKey::create(Kind::Contact), StepKey::create(Kind::Deal));
    desk.crm.scripted = vec![(contact, refused("UF_A")), (deal, refused("UF_A"))];
    let call = incoming("a").answered_by(OLENA).utm("google").with(|call| call.pool = Some("Site".to_owned()));
    assert_eq!(desk.deliver(call.done()), End::Written);
    assert_eq!(custom(&desk, Kind::Contact, "UF_A"), None);
    assert_eq!(custom(&desk, Kind::Deal, "UF_A"), None);
    assert_eq!(desk.crm.only(Kind::Contact).fields.marks.len(), 1);
}

#[test]
fn a_field_refused_again_although_left_out_ends_the_call() {
    let refused = || StepResult::FieldRefused { field: "OWNER".to_owned(), text: "not allowed".to_owned() };
    let mut desk = desk(Vec::new());
    let key = StepKey::create(Kind::Contact);
    desk.crm.scripted = vec![(key.clone(), refused()), (key, refused())];
    assert_eq!(desk.deliver(incoming("a").answered_by(OLENA).done()), End::Failed);
    assert!(desk.crm.of(Kind::Deal).is_empty(), "no deal hangs loose while its contact is refused");
    assert_eq!(desk.forgive("a").end(), End::Written);
    let contact = desk.crm.only(Kind::Contact).record.id.clone();
    assert_eq!(desk.crm.only(Kind::Deal).record.contact, Some(contact));
}

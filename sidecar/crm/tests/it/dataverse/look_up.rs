//! Looking up contacts by number and rows by their ids (dataverse.md 4.1, 4.6).

use futures::executor::block_on;
use tieline_crm::Trouble;
use tieline_engine::{
    client::ClientKey,
    facts::Found,
    lookup::{LookUp, Sought, SoughtMark},
    phone::Phone,
    reason::{Reason, ReasonCode},
    record::Kind,
    step::StepKey,
};

use super::{AGENT, API, CONTACT, asked, at, client, dialect, error, mark, row, session};
use crate::scripted::Scripted;

const NOBODY: &str = r#"{"@odata.context":"x","value":[]}"#;

fn sought(kinds: &[Kind]) -> Sought {
    let spellings = ["+380671234567", "380671234567", "0671234567"].map(str::to_owned).into();
    Sought {
        key: ClientKey::Phone(client()),
        spellings,
        chat: None,
        name: None,
        kinds: kinds.iter().copied().collect(),
    }
}

fn ask(client: Option<Sought>, marks: Vec<SoughtMark>) -> LookUp {
    LookUp { client, marks, fresh: true, reason: Reason::new(ReasonCode::LookUpNeeded) }
}

fn sought_mark(key: StepKey) -> SoughtMark {
    let kind = key.makes().unwrap();
    SoughtMark { mark: mark(&key), key, kind, since: at("2026-11-22T08:00:00Z") }
}

fn find(settings: &[(&str, &str)], net: &Scripted, ask: &LookUp) -> Result<Found, Trouble> {
    block_on(dialect(settings).look_up(&session(net), ask))
}

#[test]
fn what_stands_in_the_place_of_a_code_and_is_none_is_not_repeated() {
    let net = Scripted::new([(400, error("380671234567", "no number").as_str())]);
    let trouble = find(&[], &net, &ask(Some(sought(&[Kind::Contact])), Vec::new())).unwrap_err();
    assert!(matches!(&trouble, Trouble::Malformed(text) if text.contains("http_400")), "{trouble}");
}

#[test]
fn a_client_costs_one_request_over_every_spelling_and_column() {
    let net = Scripted::new([(200, NOBODY)]);
    let found = find(&[], &net, &ask(Some(sought(&[Kind::Contact])), Vec::new())).unwrap();
    assert_eq!((found.at, found.records.len()), (at("2026-11-22T08:05:00Z"), 0));
    let sent = net.sent().remove(0);
    let filter = "statecode%20eq%200%20and%20(\
        telephone1%20eq%20'%2B380671234567'%20or%20telephone1%20eq%20'380671234567'%20or%20\
        telephone1%20eq%20'0671234567'%20or%20mobilephone%20eq%20'%2B380671234567'%20or%20\
        mobilephone%20eq%20'380671234567'%20or%20mobilephone%20eq%20'0671234567')";
    let url = format!(
        "{API}contacts?$select=contactid,fullname,telephone1,mobilephone,_ownerid_value,createdon,modifiedon\
         &$filter={filter}&$orderby=createdon%20asc&$top=50"
    );
    assert_eq!(sent.url, url);
    assert_eq!(sent.authorization.as_deref(), Some("authorization: Bearer t-1"));
    let headers = [
        ("accept", "application/json"),
        ("odata-maxversion", "4.0"),
        ("odata-version", "4.0"),
        ("if-none-match", "null"),
    ];
    assert_eq!(sent.headers, headers.map(|(name, value)| (name, value.to_owned())));
}

#[test]
fn contacts_come_back_with_numbers_owner_and_times() {
    let body = format!(
        r#"{{"value":[
            {{"@odata.etag":"W/\"1\"","contactid":"{CONTACT}","fullname":null,"telephone1":"+380671234567",
              "mobilephone":"067 123-45-67","_ownerid_value":"{AGENT}","createdon":"2026-01-02T03:04:05Z"}},
            {{"fullname":"without an id"}},
            {{"contactid":"33333333-3333-3333-3333-333333333333","fullname":"Olena","telephone1":null}}]}}"#
    );
    let net = Scripted::new([(200, &body)]);
    let records = find(&[], &net, &ask(Some(sought(&[Kind::Contact])), Vec::new())).unwrap().records;
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].kind, records[0].id.as_str(), records[0].open), (Kind::Contact, CONTACT, true));
    assert_eq!(records[0].phones, [Phone::new("+380671234567"), Phone::new("067 123-45-67")]);
    assert_eq!(records[0].owner.as_ref().unwrap().as_str(), AGENT);
    assert_eq!((&records[0].name, records[0].created_at), (&None, Some(at("2026-01-02T03:04:05Z"))));
    assert_eq!(records[1].name.as_ref().unwrap().expose(), "Olena");
    assert!(records[1].phones.is_empty());
}

#[test]
fn the_searched_columns_are_the_projects_choice() {
    let net = Scripted::new([(200, NOBODY)]);
    let mut sought = sought(&[Kind::Contact]);
    sought.spellings = vec!["o'1".to_owned()];
    sought.chat = Some("viber:9".to_owned());
    let settings = [("phone_fields", "cr_digits"), ("chat_field", "cr_chat")];
    find(&settings, &net, &ask(Some(sought), Vec::new())).unwrap();
    let url = net.sent().remove(0).url;
    assert!(
        url.contains("$filter=statecode%20eq%200%20and%20(cr_digits%20eq%20'o''1'%20or%20cr_chat%20eq%20'viber%3A9')")
    );
    assert!(url.contains("$select=contactid,fullname,cr_digits,cr_chat,_ownerid_value"));
}

#[test]
fn nobody_is_asked_for_what_cannot_be_found() {
    let nothing = Scripted::new([]);
    let found = find(&[], &nothing, &ask(Some(sought(&[Kind::Deal])), Vec::new())).unwrap();
    assert!(found.records.is_empty());
    let mut numberless = sought(&[Kind::Contact]);
    numberless.spellings.clear();
    assert!(find(&[], &nothing, &ask(Some(numberless), Vec::new())).unwrap().records.is_empty());
}

#[test]
fn one_mark_is_one_question_by_id() {
    let key = StepKey::call_record();
    let net = Scripted::new([(200, r#"{"activityid":"x"}"#)]);
    let found = find(&[], &net, &ask(None, vec![sought_mark(key.clone())])).unwrap();
    let row = row(&key);
    assert_eq!(asked(&net), [format!("GET phonecalls({row})?$select=activityid")]);
    assert_eq!(found.marks[&mark(&key)].as_str(), row);
    let gone = error("0x80040217", "phonecall With Id = 1 Does Not Exist");
    let net = Scripted::new([(404, &gone)]);
    let found = find(&[], &net, &ask(None, vec![sought_mark(key.clone())])).unwrap();
    assert!(found.marks.is_empty() && found.asked.contains(&mark(&key)));
}

#[test]
fn several_marks_are_one_batch_of_reads() {
    let (contact, call) = (StepKey::create(Kind::Contact), StepKey::call_record());
    let part = |status: &str, body: &str| {
        format!(
            "--batchresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
             HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\r\n{body}\r\n"
        )
    };
    let gone = error("0x80040217", "contact With Id = 1 Does Not Exist");
    let body = part("404 Not Found", &gone) + &part("200 OK", r#"{"activityid":"x"}"#) + "--batchresponse_1--\r\n";
    let net = Scripted::new([(200, &body)]);
    let marks = vec![sought_mark(contact.clone()), sought_mark(call.clone())];
    let found = find(&[], &net, &ask(None, marks)).unwrap();
    assert_eq!(found.marks.keys().collect::<Vec<_>>(), [&mark(&call)]);
    assert_eq!(found.asked, [mark(&contact), mark(&call)].into());
    let sent = net.sent().remove(0);
    assert_eq!(sent.url, format!("{API}$batch"));
    assert!(sent.headers.contains(&("prefer", "odata.continue-on-error".to_owned())));
    assert!(
        sent.body.contains(&format!("GET /api/data/v9.2/contacts({})?$select=contactid HTTP/1.1\r\n", row(&contact)))
    );
    assert!(!sent.body.contains("changeset"));
}

#[test]
fn a_batch_of_reads_that_is_cut_short_says_nothing() {
    let marks = || vec![sought_mark(StepKey::create(Kind::Contact)), sought_mark(StepKey::call_record())];
    let net = Scripted::new([(200, "--batchresponse_1--\r\n")]);
    assert!(matches!(find(&[], &net, &ask(None, marks())), Err(Trouble::Unavailable(_))));
    let net = Scripted::new([(401, "")]);
    assert_eq!(find(&[], &net, &ask(None, marks())).unwrap_err(), Trouble::TokenExpired);
}

#[test]
fn marks_of_kinds_there_are_none_of_are_not_counted_as_asked() {
    let found = find(&[], &Scripted::new([]), &ask(None, vec![sought_mark(StepKey::note(Kind::Contact, 0))])).unwrap();
    assert!(found.asked.is_empty());
}

//! Webhook bodies, forms and queries. An input is a line that says how it comes, the query, and the body:
//! `after_call application/json`, then `a=b`, then the rest.

use bad_input::Fuzz;
use tieline::{
    intake::{self, Delivery, EVENT_NAMES, Event},
    project::Project,
};
use tieline_engine::call::Call;

/// The platform's samples: each event and each shape it is known to send.
const SAMPLES: &[(&str, &str)] = &[
    ("after_call application/json", include_str!("../payloads/01_in_after_call_live_flat.json")),
    ("after_call application/json", include_str!("../payloads/02_in_voicemail_implementer_test.json")),
    ("after_outgoing application/json", include_str!("../payloads/03_out_after_call_implementer_test.json")),
    ("after_call application/json", include_str!("../payloads/05_in_after_call_nested_RECONSTRUCTED.json")),
    ("after_outgoing application/json", include_str!("../payloads/08_out_callee_equals_line_full_num.json")),
    ("before_call application/json", include_str!("../payloads/09_before_call_implementer_test.json")),
    ("after_call application/x-www-form-urlencoded", include_str!("../payloads/10_custom_named_form_post.urlencoded")),
    ("unknown application/json", include_str!("../payloads/21_calls_list_all_fields_docs.json")),
    ("unknown application/json", include_str!("../payloads/24_calls_list_transit_rows.json")),
    ("unknown application/json", include_str!("../payloads/26_third_party_relay_rows_html_escaped.json")),
];

const WORDS: &[&str] = &[
    "after_call",
    "before_outgoing",
    "text/plain",
    "multipart/form-data",
    "application/json; charset=utf-16",
    "additional_call_data",
    "extraFields",
    "uniqueid",
    "caller",
    "dst",
    "callee",
    "call_date",
    "billsec",
    "disposition",
    "VOICEMAIL",
    "recording",
    "has_recording",
    "userfield",
    "call_type",
    "transitout",
    "callback",
    "employee_id",
    "utm_source",
    "380671112233",
    "sip:testsitecom_manager1@pbx",
    "2024-03-31 03:30:00",
    "1711843200000",
];

fn seeds() -> Vec<String> {
    let mut seeds: Vec<String> = SAMPLES.iter().map(|(how, body)| format!("{how}\n\n{body}")).collect();
    seeds.push("after_call -\nuniqueid=u1&caller=%2B380671112233&billsec=5&call_date=2024-03-31+03:30:00\n".to_owned());
    seeds.push("pick_up application/x-www-form-urlencoded\nuniqueid=u2\ncaller=0671112233&a=1&a=2".to_owned());
    seeds.push("after_call application/json\nuniqueid=q\n{\"uniqueid\": \"a\", \"uniqueid\": \"b\"}".to_owned());
    seeds
}

#[test]
fn any_delivery_is_read_or_refused_with_a_reason() {
    let projects = [crate::sample::project(), crate::sample::project_naming(&[("phone_of_client", "userfield")])];
    let fuzz = Fuzz::new("intake").seeds(seeds()).words(WORDS).cases(1_500).bytes_max(300 << 10);
    fuzz.run(|input| {
        let (delivery, project) = (delivery(input), &projects[input.len() % projects.len()]);
        match intake::read(&delivery, project) {
            Ok(calls) => {
                assert_eq!(intake::read(&delivery, project).as_ref(), Ok(&calls), "the same delivery, other calls");
                calls.iter().for_each(|call| holds(call, project));
                calls.first().map_or_else(|| "no call".to_owned(), kind_of)
            }
            Err(error) => {
                assert!(!error.to_string().is_empty() && !error.hint().is_empty());
                assert!(error.to_string().len() < 2_000, "a refusal is no echo");
                let field = error.field().unwrap_or_default();
                format!("{:?} {}", std::mem::discriminant(&error), field.get(..6).unwrap_or(&field))
            }
        }
    });
}

/// What the store and the engine rely on in every call that was taken.
fn holds(call: &Call, project: &Project) {
    assert!((1..=128).contains(&call.id.as_str().len()), "an id out of bounds");
    assert_eq!(call.project, project.id);
    let mut once = call.clone().settled();
    once.amend(call.clone());
    let mut twice = once.clone();
    twice.amend(call.clone());
    assert_eq!(twice, once, "a repeat changes a call");
    let kept = serde_json::to_string(call).expect("a call is written");
    assert_eq!(serde_json::from_str::<Call>(&kept).expect("a call is read"), *call, "the store changes a call");
}

fn kind_of(call: &Call) -> String {
    let shape = (call.direction, call.phase, call.outcome, call.source);
    format!("{shape:?} {} {} {}", call.legs.len(), call.recording.is_some(), call.client.phone.is_some())
}

fn delivery(input: &[u8]) -> Delivery<'_> {
    let (how, rest) = cut(input);
    let (query, body) = cut(rest);
    let (event, content_type) = std::str::from_utf8(how).unwrap_or_default().split_once(' ').unwrap_or_default();
    let index = how.len() % EVENT_NAMES.len();
    Delivery {
        event: Event::parse(event).unwrap_or(EVENT_NAMES[index].1),
        content_type: Some(content_type).filter(|content_type| *content_type != "-"),
        query: std::str::from_utf8(query).ok().filter(|query| !query.is_empty()),
        body,
    }
}

/// The first line and the rest.
fn cut(input: &[u8]) -> (&[u8], &[u8]) {
    let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    (&input[..at], input.get(at + 1..).unwrap_or_default())
}

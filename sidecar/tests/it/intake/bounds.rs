//! What is refused, with what is said about it, and that nothing breaks the reader.

use proptest::prelude::*;
use tieline::intake::{self, BODY_MAX, Delivery, Event, IntakeError};

use super::{FORM, JSON, all, read};

fn refused(body: &str) -> IntakeError {
    read(&crate::sample::project(), Event::AfterCall, body).expect_err("refused")
}

#[test]
fn what_is_too_large_is_refused_before_it_is_parsed() {
    let body = format!("{{\"uniqueid\": \"{}\"}}", "x".repeat(BODY_MAX));
    assert_eq!(refused(&body), IntakeError::TooLarge);
    let many: Vec<String> = (0..201).map(|index| format!("\"p{index}\": 1")).collect();
    assert!(matches!(refused(&format!("{{{}}}", many.join(","))), IntakeError::TooManyParams { row: None, max: 200 }));
    assert!(matches!(refused(&format!("[{}]", vec!["{}"; 1001].join(","))), IntakeError::TooManyRows { max: 1000 }));
    let caller = "3".repeat(4097);
    let error = refused(&format!(r#"{{"uniqueid": "u", "caller": "{caller}"}}"#));
    assert_eq!(error.field().as_deref(), Some("caller"));
    assert!(!error.to_string().contains("333"), "a value is never repeated");
}

#[test]
fn a_free_parameter_that_is_too_long_does_not_cost_the_call() {
    let body =
        format!(r#"{{"uniqueid": "u", "caller": "380671112233", "landing": "{}", "kept": "1"}}"#, "l".repeat(5000));
    let call = all(Event::AfterCall, &body).remove(0);
    assert_eq!(call.param("landing"), None);
    assert_eq!(call.param("left_out_params").as_deref(), Some("landing"));
    assert_eq!(call.param("kept").as_deref(), Some("1"));
}

#[test]
fn a_refusal_names_the_parameter_as_it_was_sent_and_its_row() {
    let body = r#"[{"uniqueid": "a", "caller": "380671112233"}, {"cdr_id": "b", "call_date": "soon"}]"#;
    let error = refused(body);
    assert_eq!(error.field().as_deref(), Some("[1].call_date"));
    assert!(error.hint().contains("YYYY-MM-DD HH:MM:SS"));
    let error = refused(r#"{"uniqueid": "u", "billsec": "long"}"#);
    assert_eq!(error.field().as_deref(), Some("billsec"));
    let error = refused(r#"{"uniqueid": "with blanks"}"#);
    assert_eq!(error.field().as_deref(), Some("uniqueid"));
    assert_eq!(refused(r#"[{"uniqueid": "a"}, 7]"#).field().as_deref(), Some("[1]"));
}

#[test]
fn a_body_that_is_not_what_it_says_is_refused_with_the_place() {
    assert!(matches!(refused("{\"uniqueid\": "), IntakeError::Malformed { kind: "JSON", .. }));
    let project = crate::sample::project();
    let of = |content_type, body: &'static [u8]| {
        intake::read(&Delivery { event: Event::AfterCall, content_type, query: None, body }, &project)
    };
    assert_eq!(
        of(Some("multipart/form-data; boundary=x"), b"x"),
        Err(IntakeError::UnsupportedType("multipart/form-data".to_owned()))
    );
    assert_eq!(of(JSON, b""), Err(IntakeError::Empty));
    assert!(matches!(of(FORM, b"caller=\xff\xfe"), Err(IntakeError::Malformed { kind: "form", .. })));
    assert!(matches!(of(JSON, b"\"text\""), Err(IntakeError::NotARow { row: 0 })));
}

#[test]
fn json_with_a_forms_type_and_a_bare_query_are_read() {
    let project = crate::sample::project();
    let deliver = |content_type, query, body: &'static [u8]| {
        let delivery = Delivery { event: Event::AfterCall, content_type, query, body };
        intake::read(&delivery, &project).expect("a call").remove(0)
    };
    let json = deliver(FORM, None, br#"{"uniqueid": "u", "caller": "380671112233"}"#);
    let query = deliver(None, Some("uniqueid=u&caller=%2B380671112233&tag=1"), b"");
    assert_eq!((json.id.as_str(), query.id.as_str()), ("u", "u"));
    assert_eq!(query.client.phone.as_ref().map(|phone| phone.raw()), Some("+380671112233"));
    assert_eq!(query.param("tag").as_deref(), Some("1"));
    let braces = deliver(FORM, None, b"{{x}}=1&uniqueid=u&caller=380671112233");
    assert_eq!(braces.param("x").as_deref(), Some("1"), "a form whose first name is in braces is no JSON");
    let both = deliver(JSON, Some("tag=2"), br#"{"{{uniqueid}}": "u", "caller": "380671112233"}"#);
    assert_eq!((both.id.as_str(), both.param("tag").as_deref()), ("u", Some("2")), "static parameters come in the URL");
}

/// Parameters' names and values that have caused trouble.
fn awkward() -> impl Strategy<Value = serde_json::Value> {
    let name = prop_oneof![
        Just("uniqueid"),
        Just("calldate"),
        Just("caller"),
        Just("dst"),
        Just("E164"),
        Just("callee"),
        Just("type"),
        Just("disposition"),
        Just("billsec"),
        Just("duration_ms"),
        Just("connected_with"),
        Just("additional_call_data"),
        Just("outbound_number"),
        Just("recording"),
        Just("x"),
    ];
    let text = prop_oneof![
        "[0-9+() -]{0,16}",
        "\\PC{0,12}",
        Just("\"A\" <sip:b@c>".to_owned()),
        Just("&lt;&amp;gt;<".to_owned()),
        Just("2026-13-45 99:99:99".to_owned()),
        Just("in".to_owned()),
        Just("out".to_owned()),
        Just("transitout".to_owned()),
        Just("-1".to_owned()),
        Just("1e400".to_owned()),
        Just("NaN".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("NO ANSWER".to_owned()),
        Just("2026-01-02 10:00:00".to_owned()),
    ];
    let leaf = prop_oneof![
        text.prop_map(serde_json::Value::from),
        any::<i64>().prop_map(Into::into),
        Just(serde_json::Value::Null)
    ];
    leaf.prop_recursive(3, 32, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            prop::collection::vec((name.clone(), inner), 0..8)
                .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_calls_or_a_typed_refusal(body: Vec<u8>, kind in 0_usize..4, query in "\\PC{0,40}") {
        let project = crate::sample::project();
        let content_type = [None, JSON, FORM, Some("text/plain")][kind];
        let delivery = Delivery { event: Event::Unknown, content_type, query: Some(&query), body: &body };
        if let Err(error) = intake::read(&delivery, &project) {
            prop_assert!(!error.hint().is_empty() && !error.to_string().is_empty());
        }
    }

    #[test]
    fn awkward_objects_are_calls_or_a_typed_refusal_and_the_same_twice(body in awkward(), after: bool) {
        let project = crate::sample::project();
        let event = if after { Event::AfterCall } else { Event::Unknown };
        let first = read(&project, event, &body.to_string());
        if let Ok(calls) = &first {
            for call in calls {
                prop_assert!(!call.id.as_str().is_empty() && call.legs.len() <= 1);
            }
        }
        prop_assert_eq!(first, read(&project, event, &body.to_string()));
    }
}

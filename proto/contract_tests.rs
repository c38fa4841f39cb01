//! The contract as callers in other languages see it: the descriptor set.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};
use tonic::Code;

use crate::v1::{Actor, AgentRef, Call, ErrorReason, Leg};
use crate::{ERROR_DOMAIN, FILE_DESCRIPTOR_SET};

const METHODS: [&str; 18] = [
    "AdminService.ActivateConnection",
    "AdminService.CheckConnection",
    "AdminService.DeactivateConnection",
    "AdminService.DropCalls",
    "AdminService.Forget",
    "AdminService.GetLedger",
    "AdminService.ListConnections",
    "AdminService.ListFailedCalls",
    "AdminService.RetryCalls",
    "AdminService.SetKeepData",
    "SyncService.CancelResend",
    "SyncService.GetCall",
    "SyncService.PlanCall",
    "SyncService.PushMessengerLead",
    "SyncService.ReportAgents",
    "SyncService.ResendBacklog (stream)",
    "SyncService.ResumeResend",
    "SyncService.RouteCall",
    "SyncService.SyncCall",
    "SyncService.Watch (stream)",
];

#[test]
fn the_services_have_exactly_these_methods() {
    let mut methods = Vec::new();
    for service in contract().iter().flat_map(|file| &file.service) {
        for method in &service.method {
            assert!(!method.client_streaming(), "{} takes a stream", method.name());
            let stream = if method.server_streaming() { " (stream)" } else { "" };
            methods.push(format!("{}.{}{stream}", service.name(), method.name()));
        }
    }
    methods.sort();
    assert_eq!(methods, METHODS);
}

#[test]
fn everything_in_the_contract_has_a_comment() {
    let (mut seen, mut bare) = (0, Vec::new());
    for file in contract() {
        let comments = comments(&file);
        for (path, name) in documentable(&file) {
            seen += 1;
            if !comments.contains_key(&path) {
                bare.push(name);
            }
        }
    }
    assert!(seen > 200, "only {seen} things were looked at");
    assert!(bare.is_empty(), "without a comment: {bare:#?}");
}

#[test]
fn every_text_list_and_map_of_a_request_states_its_bound() {
    let files = contract();
    let sent = sent_by_callers(&files);
    let (mut seen, mut boundless) = (0, Vec::new());
    for file in &files {
        let comments = comments(file);
        for (m, message) in file.message_type.iter().enumerate() {
            if !sent.contains(&format!(".tieline.v1.{}", message.name())) {
                continue;
            }
            for (f, field) in message.field.iter().enumerate() {
                let list = field.label() == Label::Repeated;
                if field.r#type() != Type::String && !list {
                    continue;
                }
                seen += 1;
                let comment = comments.get(&path([4, m, 2, f]));
                if !comment.is_some_and(|text| text.contains("t most ")) {
                    boundless.push(format!("{}.{}", message.name(), field.name()));
                }
            }
        }
    }
    assert!(seen > 50, "only {seen} fields were looked at");
    assert!(boundless.is_empty(), "without a bound: {boundless:#?}");
}

#[test]
fn the_comment_of_every_error_reason_says_its_code_and_who_acts() {
    let files = contract();
    let file = files.iter().find(|file| file.name().ends_with("/error_reason.proto")).expect("the file of the reasons");
    let comments = comments(file);
    let values = &file.enum_type[0].value;
    assert_eq!(file.enum_type[0].name(), "ErrorReason");
    for (v, value) in values.iter().enumerate() {
        let reason = ErrorReason::try_from(value.number()).expect("a value of the list");
        let expected = format!("{}, {} acts. ", code_name(reason.code()), reason.actor().word());
        let comment = &comments[&path([5, 0, 2, v])];
        assert!(comment.starts_with(&expected), "{}: {comment}", value.name());
    }
}

#[test]
fn a_reason_survives_the_way_through_an_error_info() {
    assert_eq!(ErrorReason::UnknownProject.reason(), "UNKNOWN_PROJECT");
    assert_eq!(ERROR_DOMAIN, "tieline");
    for reason in (0..).map_while(|number| ErrorReason::try_from(number).ok()) {
        // google.rpc.ErrorInfo: at most 63 characters of [A-Z0-9_].
        assert!(reason.reason().len() <= 63);
        assert_eq!(ErrorReason::from_reason(reason.reason()), Some(reason));
    }
    assert_eq!(ErrorReason::from_reason("FROM_THE_FUTURE"), None);
    assert_eq!(Actor::Administrator.word(), "administrator");
}

#[test]
fn debug_of_a_call_shows_its_id_and_no_personal_data() {
    let agent = AgentRef {
        sip_login: "acme_olena".into(),
        number: "380501112233".into(),
        extension: "101".into(),
        employee_id: "e-17".into(),
        email: "olena@example.com".into(),
        name: "Olena Bondar".into(),
    };
    let call = Call {
        call_id: "ua9_-1790775458.2139025".into(),
        client_number: "380671112233".into(),
        recording_urls: vec!["https://records.example.com/1?token=secret".into()],
        params: BTreeMap::from([("userfield".into(), "380671112233".into())]),
        legs: vec![Leg {
            agent: Some(agent.clone()),
            recording_url: "https://records.example.com/2?token=secret".into(),
            ..Leg::default()
        }],
        agent: Some(agent),
        ..Call::default()
    };
    let shown = format!("{call:?}");
    assert!(shown.contains("ua9_-1790775458.2139025") && shown.contains("e-17"));
    for secret in ["38067", "38050", "olena", "Olena", "101", "secret", "records."] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

/// The files of `tieline.v1`, without those they import.
fn contract() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("a descriptor set");
    let files: Vec<_> = set.file.into_iter().filter(|file| file.package() == "tieline.v1").collect();
    assert!(!files.is_empty(), "the package is there");
    files
}

/// Comments by place, as descriptor.proto numbers the places: 4 message, 5 enum, 6 service, within
/// them 2 field, value or method, 8 oneof.
fn comments(file: &FileDescriptorProto) -> BTreeMap<Vec<i32>, String> {
    let locations = file.source_code_info.iter().flat_map(|info| &info.location);
    locations
        .filter(|place| !place.leading_comments().trim().is_empty())
        .map(|place| (place.path.clone(), one_line(place.leading_comments())))
        .collect()
}

fn one_line(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Everything that has a name in the file, with its place. Maps bring a message of their own, which
/// nobody writes and which lies inside another: it is not listed.
fn documentable(file: &FileDescriptorProto) -> Vec<(Vec<i32>, String)> {
    let mut found = Vec::new();
    for (m, message) in file.message_type.iter().enumerate() {
        found.push((path([4, m]), message.name().to_owned()));
        for (f, field) in message.field.iter().enumerate() {
            found.push((path([4, m, 2, f]), format!("{}.{}", message.name(), field.name())));
        }
    }
    for (e, list) in file.enum_type.iter().enumerate() {
        found.push((path([5, e]), list.name().to_owned()));
        for (v, value) in list.value.iter().enumerate() {
            found.push((path([5, e, 2, v]), value.name().to_owned()));
        }
    }
    for (s, service) in file.service.iter().enumerate() {
        found.push((path([6, s]), service.name().to_owned()));
        for (m, method) in service.method.iter().enumerate() {
            found.push((path([6, s, 2, m]), format!("{}.{}", service.name(), method.name())));
        }
    }
    found
}

/// The full names of the requests and of every message they are made of.
fn sent_by_callers(files: &[FileDescriptorProto]) -> BTreeSet<String> {
    let messages: BTreeMap<String, &DescriptorProto> = files
        .iter()
        .flat_map(|file| &file.message_type)
        .map(|message| (format!(".tieline.v1.{}", message.name()), message))
        .collect();
    let methods = files.iter().flat_map(|file| &file.service).flat_map(|service| &service.method);
    let mut waiting: Vec<String> = methods.map(|method| method.input_type().to_owned()).collect();
    let mut sent = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        let Some(message) = messages.get(&name) else {
            continue;
        };
        if sent.insert(name) {
            waiting.extend(message.field.iter().map(|field| field.type_name().to_owned()));
        }
    }
    sent
}

fn path<const N: usize>(places: [usize; N]) -> Vec<i32> {
    places.into_iter().map(|place| i32::try_from(place).expect("a small number")).collect()
}

/// The name gRPC's documentation gives a code.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::Unauthenticated => "UNAUTHENTICATED",
        Code::PermissionDenied => "PERMISSION_DENIED",
        _ => "a code no reason uses",
    }
}

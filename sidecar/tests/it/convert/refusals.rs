//! What a refused caller gets.

use std::time::Duration;

use tieline::{
    grpc::{convert::Violation, errors::Refusal},
    store::StoreError,
};
use tieline_crm::Trouble;
use tieline_proto::v1::ErrorReason;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

fn violation(field: &str) -> Violation {
    Violation { field: field.to_owned(), description: "is required".to_owned() }
}

#[test]
fn every_reason_carries_its_code_and_who_must_act() {
    for reason in (0..).map_while(|number| ErrorReason::try_from(number).ok()) {
        let status = Status::from(Refusal::new(reason, "text"));
        let info = status.get_details_error_info().expect("an ErrorInfo");
        assert_eq!(
            (status.code(), info.reason.as_str(), info.domain.as_str()),
            (reason.code(), reason.reason(), "tieline")
        );
        assert_eq!(info.metadata.get("actor"), Some(&reason.actor().word()));
    }
}

#[test]
fn all_wrong_fields_travel_together() {
    let status = Status::from(Refusal::invalid(vec![violation("call.project"), violation("call.phase")]));
    assert_eq!(status.code(), Code::InvalidArgument);
    let fields = status.get_details_bad_request().expect("a BadRequest").field_violations;
    assert_eq!(fields.iter().map(|wrong| wrong.field.as_str()).collect::<Vec<_>>(), ["call.project", "call.phase"]);
    assert!(status.get_details_retry_info().is_none(), "an unchanged repeat is useless");
    let many = Refusal::invalid((0..500).map(|index| violation(&index.to_string())).collect());
    assert_eq!(Status::from(many).get_details_bad_request().expect("a BadRequest").field_violations.len(), 50);
}

#[test]
fn what_may_succeed_later_says_when() {
    let retry = |refusal: Refusal| Status::from(refusal).get_details_retry_info().and_then(|info| info.retry_delay);
    let (broken, damaged) = ("/data/calls.db: disk full".to_owned(), "/data/calls.db: page 7".to_owned());
    for error in [StoreError::Full, StoreError::Broken(broken), StoreError::Unreadable(damaged), StoreError::Closed] {
        let status = Status::from(Refusal::from(error.clone()));
        assert!(status.get_details_retry_info().is_some(), "{error}");
        assert!(matches!(status.code(), Code::Unavailable | Code::ResourceExhausted), "{error}");
        assert!(!status.message().contains("/data"), "a caller is told no paths: {status}");
    }
    let limited = Trouble::RateLimited { retry_after: Some(Duration::from_secs(9)) };
    assert_eq!(retry(Refusal::trouble(&limited)), Some(Duration::from_secs(9)), "the CRM's own word counts");
    assert!(retry(Refusal::trouble(&Trouble::CredentialsDead("refused".to_owned()))).is_none());
}

#[test]
fn an_unavailable_messenger_names_its_cause() {
    // Z-27
    for cause in ["connection_inactive", "no_sip_account", "no_bot"] {
        let status = Status::from(Refusal::messenger_unavailable(cause));
        let info = status.get_details_error_info().expect("an ErrorInfo");
        assert_eq!(
            (info.reason.as_str(), info.metadata.get("cause").map(String::as_str)),
            ("MESSENGER_UNAVAILABLE", Some(cause))
        );
    }
}

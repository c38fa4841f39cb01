//! What webhooks are read as, by the sample payloads of the telephone platform (each named by its number).

mod bounds;
mod payloads;
mod rules;

use tieline::{
    intake::{self, Delivery, Event, IntakeError},
    project::Project,
};
use tieline_engine::{
    call::{Call, Leg},
    jiff::Timestamp,
};

pub(crate) const JSON: Option<&str> = Some("application/json");
pub(crate) const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

pub(crate) fn read(project: &Project, event: Event, body: &str) -> Result<Vec<Call>, IntakeError> {
    let content_type = if body.trim_start().starts_with(['{', '[']) { JSON } else { FORM };
    intake::read(&Delivery { event, content_type, query: None, body: body.as_bytes() }, project)
}

pub(crate) fn one(event: Event, body: &str) -> Call {
    let mut calls = all(event, body);
    assert_eq!(calls.len(), 1, "one call");
    calls.remove(0)
}

pub(crate) fn all(event: Event, body: &str) -> Vec<Call> {
    read(&crate::sample::project(), event, body).expect("calls")
}

pub(crate) fn client(call: &Call) -> Option<&str> {
    call.client.phone.as_ref().map(|phone| phone.raw())
}

pub(crate) fn line(call: &Call) -> Option<&str> {
    call.line.as_ref().map(|phone| phone.raw())
}

pub(crate) fn leg(call: &Call) -> &Leg {
    assert_eq!(call.legs.len(), 1, "one leg");
    &call.legs[0]
}

pub(crate) fn sip(call: &Call) -> Option<&str> {
    leg(call).agent.sip.as_deref()
}

pub(crate) fn recording(call: &Call) -> Option<String> {
    call.main_recording().map(|link| link.expose().to_owned())
}

pub(crate) fn at(moment: Option<Timestamp>) -> Option<String> {
    moment.map(|moment| moment.to_string())
}

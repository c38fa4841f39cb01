//! A question where to ring (route_call.proto).

use tieline_engine::{
    call::{Call, Direction},
    ids::{CallId, ProjectId},
};
use tieline_proto::v1;

use super::{
    call::{self, ID_MAX, PROJECT_MAX},
    check::{Check, Violation},
};

/// The ringing call of a `RouteCallRequest`. Its id is empty when the exchange has none yet: such a call is never
/// stored.
///
/// # Errors
/// Everything that is wrong with the request.
pub fn route_call(request: &v1::RouteCallRequest) -> Result<Call, Vec<Violation>> {
    let mut check = Check::default();
    let project = check.required("project", &request.project, PROJECT_MAX);
    let id = match request.call_id.is_empty() {
        true => String::new(),
        false => check.id("call_id", &request.call_id, ID_MAX),
    };
    let mut call = Call::new(ProjectId::new(project), CallId::new(id), Direction::Incoming);
    call.client.phone = call::number(&mut check, "client_number", &request.client_number);
    call.line = call::number(&mut check, "project_number", &request.project_number);
    check.done(call)
}

//! A project as administrators see it (projects.proto).

use tieline_proto::v1;

use super::{moment, words};
use crate::projects::{Origin, Shown};

/// A project.
#[must_use]
pub fn project(shown: &Shown) -> v1::Project {
    let origin = match shown.origin {
        Origin::File => v1::ProjectOrigin::File,
        Origin::Store => v1::ProjectOrigin::Store,
    };
    let state = shown.status.map_or(v1::ConnectionState::Unspecified, words::connection_state);
    v1::Project {
        project: shown.id.as_str().to_owned(),
        origin: origin.into(),
        revision: shown.revision,
        updated_at: shown.updated_at.map(moment),
        connection_state: state.into(),
        fault: shown.fault.clone().unwrap_or_default(),
        sealed_with_older_key: shown.older_key,
    }
}

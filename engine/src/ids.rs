//! Identifiers as types, so that a user id is never passed where a record id belongs.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text of the id as its giver wrote it.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }
    };
}

id! {
    /// A tenant of the sidecar.
    ProjectId
}
id! {
    /// One conversation attempt, named by the PBX; unique within its project.
    CallId
}
id! {
    /// An employee in the project's own list.
    AgentId
}
id! {
    /// A user of the CRM, by the CRM's id.
    UserId
}
id! {
    /// A record in the CRM, by the CRM's id; unique within its kind.
    RecordId
}

//! A project's connection as the store keeps it, and what the sidecars that share the store tell each other of it.

use serde::{Deserialize, Serialize};
use tieline_engine::{ids::ProjectId, jiff::Timestamp};

use super::call::KeptTrouble;

/// A connection's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionState {
    /// Inactive, active or suspended.
    pub status: Status,
    /// Since when.
    pub since: Timestamp,
    /// Why it is suspended.
    pub why: Option<KeptTrouble>,
    /// Calls kept while it is off are sent on activation (Z-18, Z-19).
    pub keep_data: bool,
}

/// Inactive, active or suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Switched off by an administrator.
    Inactive,
    /// Working.
    Active,
    /// Stopped by the CRM's refusal of the credentials; everything waits.
    Suspended,
}

/// An access token as kept.
#[derive(Clone)]
pub struct KeptToken {
    /// The token, sealed by the caller.
    pub sealed: Vec<u8>,
    /// When it dies.
    pub expires_at: Timestamp,
}

/// What the sidecars that share a store do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// Sidecars alive, this one included.
    pub sidecars: u32,
    /// Changes whenever a connection's state does.
    pub connections: u64,
    /// Changes whenever a project that is kept in the store does.
    pub projects: u64,
    /// Projects in which a call is due that nobody delivers.
    pub due: Vec<ProjectId>,
}

/// Whether an access token is to be renewed.
#[derive(Clone)]
pub enum Renewal {
    /// Renew it, then call [`super::Store::renewed`].
    Yours,
    /// Another sidecar has renewed it.
    Newer(KeptToken),
    /// Another sidecar is renewing it; ask again shortly.
    Another,
}

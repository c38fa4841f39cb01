//! Webhook intake: what the telephone platform posts, read into calls. Pure: no socket, no clock, no store.
//!
//! A delivery is a JSON object or list, a form or a query, named by the platform, by the customer or by a relay
//! between them (telephony/events.md 2.1, 2.2). Parameters are merged in the order root, nested block, query; the
//! first that says something counts.
//!
//! | step | file |
//! | --- | --- |
//! | bytes to rows of named texts, and the bounds | `body.rs` |
//! | aliases of the platform's names | `names.rs` |
//! | one row's parameters as typed values | `params.rs`, `when.rs`, `link.rs` |
//! | what a field names: number, SIP login, extension | `end.rs` |
//! | which way, who is the client, which line, which agent | `sides.rs`, `sides/` |
//! | status words | `status.rs` |
//! | the call itself, and an id when the platform gave none | `assemble.rs`, `derived_id.rs` |

mod assemble;
mod body;
mod derived_id;
mod end;
mod error;
mod link;
mod names;
mod params;
mod sides;
pub mod status;
mod when;

pub use error::IntakeError;

use tieline_engine::call::Call;

use crate::project::Project;
use params::Params;

/// Longest body, as in the gRPC contract.
pub const BODY_MAX: usize = 256 * 1024;

/// One webhook as it came.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// Which moment the webhook is configured for.
    pub event: Event,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The query, still encoded.
    pub query: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// The moment a webhook is configured for (telephony/events.md 2.1), by its own path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An incoming call rings or is led to another place.
    BeforeCall,
    /// An agent is being connected with a client they call.
    BeforeOutgoing,
    /// An agent took an incoming call.
    PickUp,
    /// An incoming call is over.
    AfterCall,
    /// An outgoing call is over.
    AfterOutgoing,
    /// Not said: polled rows, relays. Read from the parameters.
    Unknown,
}

/// The names of events in paths.
pub const EVENT_NAMES: &[(&str, Event)] = &[
    ("before_call", Event::BeforeCall),
    ("before_outgoing", Event::BeforeOutgoing),
    ("pick_up", Event::PickUp),
    ("after_call", Event::AfterCall),
    ("after_outgoing", Event::AfterOutgoing),
    ("unknown", Event::Unknown),
];

impl Event {
    /// The event a path names; `-` and `_` and case do not matter.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        EVENT_NAMES.iter().find(|(known, _)| names::same(known, name)).map(|(_, event)| *event)
    }

    /// The call it tells of is over.
    fn is_after(self) -> bool {
        matches!(self, Self::AfterCall | Self::AfterOutgoing)
    }

    /// The call it tells of goes on.
    fn is_before_end(self) -> bool {
        matches!(self, Self::BeforeCall | Self::BeforeOutgoing | Self::PickUp)
    }
}

/// Reads the calls a webhook tells of, one per row; an empty list tells of none. Rows with one call id are pieces of
/// one call: [`Call::amend`] joins them.
///
/// # Errors
/// The first thing that cannot be taken, with the parameter it is about. Nothing is taken then: the platform keeps
/// a refused webhook and sends it whole again.
pub fn read(delivery: &Delivery<'_>, project: &Project) -> Result<Vec<Call>, IntakeError> {
    let rows = body::rows(delivery, &project.intake.names)?;
    let several = rows.len() > 1;
    let read = |(index, row)| {
        let params = Params::of(row, several.then_some(index), &project.intake.names)?;
        assemble::call(params, delivery.event, project)
    };
    rows.into_iter().enumerate().map(read).collect()
}

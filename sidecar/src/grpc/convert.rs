//! Between the contract's messages and the values the sidecar works with; nothing else knows both.
//!
//! Inwards every field is checked against the bound its comment in `proto/tieline/v1` states, and all that is wrong
//! is reported at once. Outwards nothing can fail.
//!
//! | file | what it converts |
//! | --- | --- |
//! | `check.rs` | texts, moments, numbers: the bounds |
//! | `call.rs` | a report of a call |
//! | `messenger.rs` | a messenger request |
//! | `report.rs` | what became of a call |
//! | `plan.rs`, `step.rs` | what would be done |
//! | `route.rs` | a question where to ring |
//! | `watch.rs` | what happens at the telephones |
//! | `presence.rs` | what the agents' telephones are doing |
//! | `ledger.rs`, `connection.rs` | what administrators see |
//! | `words.rs` | enumerations, one table each |

mod call;
mod check;
mod connection;
mod ledger;
mod messenger;
mod plan;
mod presence;
mod project;
mod report;
mod route;
mod step;
mod watch;
mod words;

pub use call::{plan_call, sync_call};
pub use check::Violation;
pub use connection::{Counts, connection, finding};
pub use ledger::ledger_day;
pub use messenger::{PushRefused, messenger_id, push_messenger_lead};
pub use plan::{expected_state, lookups};
pub use presence::{noted, report_agents};
pub use project::project;
pub use report::{call_state, decision, failed_call, failure, receipt, report};
pub use route::route_call;
pub use step::{RecordLink, kept_record, planned_steps};
pub use watch::{Told, agent, records, watched, watched_agents};
pub use words::{channel, entity_kind};

use tieline_engine::jiff::Timestamp;

/// A moment as the contract writes it.
#[must_use]
pub fn moment(at: Timestamp) -> prost_types::Timestamp {
    let (mut seconds, mut nanos) = (at.as_second(), at.subsec_nanosecond());
    // Before 1970 the fraction counts forward in the contract and backward here.
    if nanos < 0 {
        (seconds, nanos) = (seconds - 1, nanos + 1_000_000_000);
    }
    prost_types::Timestamp { seconds, nanos }
}

//! The gRPC door: the contract's services over the sidecar's parts.
//!
//! | what | file |
//! | --- | --- |
//! | `SyncService` | `sync.rs`, `routed.rs`, `planned.rs`, `resend.rs`, `watch.rs` |
//! | `AdminService` | `admin.rs`, `admin/` |
//! | what every method shares: deadlines, traces, bounds | `desk.rs`, `deadline.rs` |
//! | reading administrators' requests | `asked.rs` |
//! | messages and values | `convert.rs` |
//! | refusals and their status | `errors.rs`, `refused.rs` |

pub mod admin;
mod asked;
pub mod convert;
mod deadline;
pub mod desk;
pub mod errors;
mod planned;
mod refused;
mod resend;
mod routed;
pub mod sync;
mod watch;

//! The project as a whole: its walls, and the real program end to end.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod accounts;
mod audit;
mod crash;
mod crms;
#[path = "../../sidecar/tests/it/database.rs"]
mod database;
#[cfg(target_os = "linux")]
mod disk;
mod exchange;
mod feed;
mod moment;
mod pages;
mod program;
mod projects;
mod restart;
mod several;
mod sources;
mod tally;
mod walls;

//! The sidecar's parts against each other.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod cli_check;
mod cli_phone;
mod cli_serve;
mod config;
mod convert;
mod demo;
mod fuzz;
mod grpc;
mod house;
mod intake;
mod number;
mod requests;
mod sample;
mod simulation;
mod store_damage;
mod store_sqlite;
mod store_suite;
mod webhook;
mod wired;

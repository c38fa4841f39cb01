//! The sidecar's parts against each other.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod access;
mod authority;
mod cli_check;
mod cli_phone;
mod cli_serve;
mod config;
mod convert;
mod demo;
mod grpc;
mod hostile;
mod house;
mod intake;
mod number;
mod outgoing;
mod printed;
mod requests;
mod sample;
mod simulation;
mod store_sqlite;
mod store_suite;
mod webhook;
mod wired;

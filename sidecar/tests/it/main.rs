//! The sidecar's parts against each other.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod cards;
mod cli_check;
mod cli_check_live;
mod cli_phone;
mod cli_serve;
mod config;
mod convert;
mod database;
mod demo;
mod dial;
mod grpc;
mod house;
mod intake;
mod number;
mod requests;
mod sample;
mod simulation;
mod smart_phone;
mod store_postgres;
mod store_sqlite;
mod store_suite;
mod webhook;
mod wired;

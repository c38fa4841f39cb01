//! The sidecar's parts against each other.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod access;
mod authority;
mod backlog;
mod callers;
mod cards;
mod cli_check;
mod cli_check_live;
mod cli_phone;
mod cli_sandbox;
mod cli_serve;
mod config;
mod conformance;
mod convert;
mod database;
mod demo;
mod dial;
mod fuzz;
mod grpc;
mod hostile;
mod house;
mod intake;
mod many;
mod number;
mod outgoing;
mod printed;
mod quota;
mod requests;
mod sample;
mod simulation;
mod smart_phone;
mod store_damage;
mod store_postgres;
mod store_sqlite;
mod store_suite;
mod webhook;
mod wired;

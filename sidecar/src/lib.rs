//! The Tieline sidecar: every socket, file and clock around the sync engine.

pub mod access;
pub mod callers;
pub mod cards;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dialing;
pub mod driver;
pub mod grpc;
pub mod http;
pub mod inspection;
pub mod intake;
pub mod net;
pub mod outcomes;
pub mod presence;
pub mod project;
pub mod retention;
pub mod seal;
pub mod server;
pub mod sidecar;
pub mod smart_phone;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod troubles;
pub mod watch;

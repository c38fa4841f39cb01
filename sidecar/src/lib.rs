//! The Tieline sidecar: every socket, file and clock around the sync engine.

pub mod access;
pub mod callers;
pub mod cli;
pub mod clock;
pub mod config;
pub mod driver;
pub mod grpc;
pub mod http;
pub mod intake;
pub mod net;
pub mod outcomes;
pub mod project;
pub mod server;
pub mod sidecar;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod troubles;
pub mod watch;

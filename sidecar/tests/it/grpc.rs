//! The services over a real port.

mod backlog;
mod connections;
mod messenger;
mod reports;
mod routing;
mod server;
mod trace;
mod watch;

//! The services over a real port.

mod backlog;
mod connections;
mod forget;
mod messenger;
mod projects;
mod reports;
mod routing;
mod server;
mod trace;
mod watch;

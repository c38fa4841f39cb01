#![doc = include_str!("../README.md")]

pub mod agents;
pub mod backlog;
pub mod call;
pub mod client;
pub mod dialing;
pub mod facts;
pub mod ids;
pub mod lookup;
pub mod mapping;
pub mod matching;
pub mod next;
pub mod note;
pub mod phone;
pub mod policy;
pub mod reason;
pub mod record;
pub mod redact;
pub mod retry;
pub mod routing;
pub mod rules;
pub mod scenario;
pub mod step;
pub mod stop_list;
pub mod worth;

pub use jiff;

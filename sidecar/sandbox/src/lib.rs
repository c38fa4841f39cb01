//! Simulated CRMs to develop, test and demonstrate against.
//!
//! Each CRM is a state machine written from its wire reference alone: a [`Sim`] takes a
//! request and the time, and gives the reply. It opens no socket and reads no clock, so a
//! simulation can run it in virtual time. A [`Sandbox`] puts such machines behind HTTP,
//! with endpoints to look at what they hold and to switch faults on by name.
//!
//! What is not written in any reference and had to be chosen is marked `[I]` (inferred)
//! or `[?]` (unknown, and switchable by a setting) in the README.

mod audit;
mod changes;
mod counts;
mod credentials;
pub mod dataverse;
mod faults;
mod kind;
mod rate;
pub mod remonline;
pub mod retailcrm;
mod rng;
pub mod sendpulse;
mod server;
mod sim;
mod simulator;
mod text;
mod wire;
pub mod zoho;

pub use audit::{Audit, DoubledClient, DoubledRecord};
pub use changes::{Change, Hand, What};
pub use counts::Counts;
pub use credentials::Credential;
pub use faults::{BadFault, FaultEntry, FaultName, FaultSpec, On, OutageMode, catalogue};
pub use kind::{CrmKind, UnknownCrm};
pub use server::{RunningSandbox, Sandbox, SandboxConfig, StartError};
pub use sim::Sim;
pub use simulator::{BadInput, Class, Handled, Route, Simulator, Strikes};
pub use wire::{SimAnswer, SimReply, SimRequest};

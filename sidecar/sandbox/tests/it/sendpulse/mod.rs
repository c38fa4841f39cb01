//! Claims about the simulated SendPulse CRM.

mod bench;
mod contacts;
mod deals;
mod faults;
mod gate;
mod reference;
mod report;
mod search;
mod tasks;

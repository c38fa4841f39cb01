//! Claims about the simulated RetailCRM.

mod customers;
mod gate;
mod orders;
mod reference;
mod tasks;
mod telephony;

//! Bad input at every door and from every CRM: nothing panics, nothing takes long, nothing private is repeated.

mod configuration;
mod crm;
mod exchange;
mod intake;
mod proto;

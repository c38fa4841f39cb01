//! Claims about the simulated Zoho CRM.

mod composite;
mod coql;
mod metadata;
mod records;
mod search;
mod tokens;

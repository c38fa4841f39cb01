//! Zoho CRM against answers written from its wire reference.

mod activities;
mod answers;
mod auth;
mod bundles;
mod closing;
mod composites;
mod inspect;
mod journeys;
mod lookup;
mod organisation;
mod reference;
mod scenario;
mod settings;
mod support;
mod values;

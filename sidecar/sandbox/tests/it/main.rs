//! The sandbox's tests: each claim about a CRM, its faults and the HTTP around it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test may fail the test")]

mod dataverse;
mod faults;
mod fuzz;
mod helpers;
mod remonline;
mod retailcrm;
mod seeding;
mod sendpulse;
mod shell;
mod zoho;

//! Dialects against written answers of their CRMs.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

mod dataverse;
mod remonline;
mod retailcrm;
mod scripted;
mod sendpulse;
mod zoho;

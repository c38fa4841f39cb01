//! What the HTTP door answers besides probes and metrics.

pub mod number;
mod secret;
pub mod webhook;

//! What the HTTP door answers besides probes and metrics.

pub mod dial;
pub mod number;
mod secret;
pub mod webhook;

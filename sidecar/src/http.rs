//! What the HTTP door answers besides probes and metrics.

pub mod dial;
pub mod number;
pub mod secret;
pub mod webhook;

//! What the HTTP door answers besides probes and metrics.

pub mod webhook;

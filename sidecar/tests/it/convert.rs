//! Between the contract's messages and the sidecar's values.

mod inwards;
mod outwards;
mod refusals;

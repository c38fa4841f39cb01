//! Tieline's gRPC contract: the messages, clients and servers of `tieline.v1`, and its descriptor
//! set. Everything is generated from `proto/tieline/v1`, whose comments are the reference; beside
//! it there is only what the comments of [`v1::ErrorReason`] promise.
//!
//! `Debug` of a message leaves out the fields the contract marks `debug_redact`: numbers, names,
//! recordings, texts about clients. Maps are ordered. Clients work over any `tonic` channel.

mod error_reason;

pub use error_reason::ERROR_DOMAIN;

/// The package `tieline.v1`.
#[allow(
    missing_docs,
    clippy::all,
    unused_qualifications,
    reason = "generated: its documentation and its form are those of the .proto files"
)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/tieline.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/redacted_debug.rs"));
}

/// Every file of the contract and what it imports, with comments, as an encoded
/// `google.protobuf.FileDescriptorSet`: what gRPC reflection serves.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

#[cfg(test)]
mod contract_tests;

//! The program `tieline`: the sidecar, and what helps whoever looks after it.

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;
use tieline::cli::{Cli, Failure};

/// Many small values live for one request and often end on another thread than they began on.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // Fails only when a provider was installed before.
    drop(rustls::crypto::ring::default_provider().install_default());
    let done = Cli::try_parse().map_err(Failure::of_usage).and_then(Cli::run);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

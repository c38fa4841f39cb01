//! The program `tieline`: the sidecar, and what helps whoever looks after it.

use std::process::ExitCode;

use clap::Parser as _;
use tieline::cli::{Cli, Failure};

fn main() -> ExitCode {
    // Fails only when a provider was installed before.
    drop(rustls::crypto::ring::default_provider().install_default());
    let done = Cli::try_parse().map_err(Failure::of_usage).and_then(Cli::run);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

//! `tieline serve`: the sidecar itself.

use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Failure, Out, load};
use crate::{
    server::{self, signals},
    telemetry,
};

/// How to run.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file; `tieline check` tells what is wrong with it.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Serves until SIGTERM or SIGINT. The addresses are printed once they are listened on.
///
/// # Errors
/// The configuration has faults, or a port or the store cannot be opened.
pub async fn run(args: Args) -> Result<(), Failure> {
    let config = load(&args.config)?;
    let guard = telemetry::start(&config.telemetry).map_err(Failure::of)?;
    if !config.server.core_dumps {
        keep_memory_off_disk();
    }
    take_all_files();
    let stop = signals::watch().map_err(Failure::of)?;
    let running = server::serve(config, stop).await.map_err(Failure::of)?;
    announce(&running)?;
    let ended = running.join().await;
    // Sending blocks: the exporter waits for its collector.
    if tokio::task::spawn_blocking(move || guard.flush()).await.is_err() {
        tracing::warn!("the last spans were lost");
    }
    ended.map_err(Failure::of)
}

/// A crash leaves no picture of the memory.
fn keep_memory_off_disk() {
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        tracing::warn!(%error, "a crash would leave the memory on disk");
    }
}

/// As many open files as the system allows: the usual thousand is less than the CRMs of many projects and the doors'
/// clients together take.
fn take_all_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "no more files can be opened than before");
    }
}

fn announce(running: &server::Running) -> Result<(), Failure> {
    let mut out = Out::new();
    out.line(format_args!("grpc {}", running.grpc_addr))?;
    out.line(format_args!("http {}", running.http_addr))?;
    out.flush()
}

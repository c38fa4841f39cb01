//! `tieline sandbox`: simulated CRMs on a port, until told to stop.

use std::net::SocketAddr;

use tieline_sandbox::{CrmKind, Sandbox, SandboxConfig};

use super::{Failure, Out};
use crate::server::signals;

/// What to simulate, and where.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The CRM to simulate; all of them when left out.
    #[arg(long)]
    crm: Option<CrmKind>,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7080")]
    listen: SocketAddr,
    /// Where all chance comes from: the same seed gives the same ids and faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long each request takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
}

/// Simulates until SIGTERM or SIGINT.
///
/// # Errors
/// The address cannot be listened on, or the output not written.
pub async fn run(args: Args) -> Result<(), Failure> {
    let crms = args.crm.map_or_else(|| CrmKind::all().to_vec(), |crm| vec![crm]);
    let config = SandboxConfig {
        bind: args.listen,
        crms: crms.clone(),
        seed: args.seed,
        latency_ms: args.latency_ms,
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::start(config).await.map_err(Failure::of)?;
    let stop = signals::watch().map_err(Failure::of)?;
    announce(&crms, |crm| sandbox.crm_url(crm))?;
    signals::told(stop).await;
    sandbox.stop().await;
    Ok(())
}

fn announce(crms: &[CrmKind], url: impl Fn(CrmKind) -> String) -> Result<(), Failure> {
    let mut out = Out::new();
    for crm in crms {
        out.line(format_args!("{crm} at {}", url(*crm)))?;
    }
    out.flush()
}

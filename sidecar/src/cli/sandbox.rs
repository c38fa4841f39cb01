//! `tieline sandbox`: simulated CRMs on a port with their credentials, until told to stop.

use std::net::SocketAddr;

use tieline_sandbox::{CrmKind, RunningSandbox, Sandbox, SandboxConfig};

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
    announce(&sandbox, &crms)?;
    signals::told(stop).await;
    sandbox.stop().await;
    Ok(())
}

/// Where each CRM is and what it takes for credentials, then where faults and records are.
fn announce(sandbox: &RunningSandbox, crms: &[CrmKind]) -> Result<(), Failure> {
    let mut out = Out::new();
    for crm in crms {
        out.line(format_args!("{crm} at {}", sandbox.crm_url(*crm)))?;
        for (name, value) in crm.credentials() {
            out.line(format_args!("  {name:14} {value}"))?;
        }
    }
    out.line(format_args!("control at {}/sandbox/", sandbox.url()))?;
    out.flush()
}

//! `tieline check`: every fault of a configuration at once, or what it says.

use std::path::PathBuf;

use super::{Failure, Out, load};
use crate::{config::StoreConfig, project::Project, tls::TlsFiles};

/// What to check.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Checks a configuration and sums it up.
///
/// # Errors
/// The configuration has faults, or the output cannot be written.
pub fn run(args: &Args) -> Result<(), Failure> {
    let config = load(&args.config)?;
    let StoreConfig::Sqlite { path } = &config.store;
    let mut out = Out::new();
    out.line(format_args!("{} is in order", args.config.display()))?;
    let server = &config.server;
    let (grpc, http) = (tls(server.tls.as_ref()), tls(server.http_tls.as_ref()));
    out.line(format_args!("gRPC on {}{grpc}, HTTP on {}{http}", server.grpc_listen, server.http_listen))?;
    match config.access.tokens() {
        0 => out.line("nobody is asked who they are: there are no access.tokens")?,
        tokens => out.line(format_args!("{tokens} tokens may come in"))?,
    }
    out.line(format_args!("calls are kept in {}", path.display()))?;
    for project in &config.projects {
        out.line(sum_up(project))?;
    }
    out.flush()
}

fn tls(files: Option<&TlsFiles>) -> &'static str {
    match files {
        None => "",
        Some(TlsFiles { client_ca: None, .. }) => " (TLS)",
        Some(TlsFiles { client_ca: Some(_), .. }) => " (mutual TLS)",
    }
}

fn sum_up(project: &Project) -> String {
    let policy = &project.policy;
    format!(
        "project {}: {} ({}), {}, numbers of {}, {} agents, {} stage rules, {} mappings",
        project.id,
        project.connection.crm.name(),
        if project.connection.starts_active { "starts active" } else { "starts inactive" },
        policy.zone.iana_name().unwrap_or("a fixed offset"),
        policy.plan.region,
        policy.agents.list().len(),
        policy.stage_rules.len(),
        policy.mappings.len(),
    )
}

//! `tieline check`: every fault of a configuration at once, or what it says; with `--live`, what its CRMs say to it.

mod live;

use std::path::PathBuf;

pub use self::live::run as run_live;
use super::{Failure, Out, load};
use crate::{config::StoreConfig, project::Project, tls::TlsFiles};

/// What to check.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Ask the CRM of every project what the credentials may do, which mapped fields are there and take text, who of
    /// the agents is a user, which statuses count as closed. Nothing is written. The exit code is 0 only when all is
    /// as it should be.
    #[arg(long)]
    live: bool,
    /// One JSON document instead of lines.
    #[arg(long, requires = "live")]
    json: bool,
}

impl Args {
    /// Whether the CRMs are asked.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.live
    }
}

/// Checks a configuration and sums it up.
///
/// # Errors
/// The configuration has faults, or the output cannot be written.
pub fn run(args: &Args) -> Result<(), Failure> {
    let config = load(&args.config)?;
    let store = match &config.store {
        StoreConfig::Sqlite { path } => path.display().to_string(),
        StoreConfig::Postgres(config) => config.place(),
    };
    let mut out = Out::new();
    out.line(format_args!("{} is in order", args.config.display()))?;
    let server = &config.server;
    let (grpc, http) = (tls(server.tls.as_ref()), tls(server.http_tls.as_ref()));
    out.line(format_args!("gRPC on {}{grpc}, HTTP on {}{http}", server.grpc_listen, server.http_listen))?;
    match config.access.tokens() {
        0 => out.line("nobody is asked who they are: there are no access.tokens")?,
        tokens => out.line(format_args!("{tokens} tokens may come in"))?,
    }
    out.line(format_args!("calls are kept in {store}"))?;
    if config.keys.is_some() {
        out.line("projects may be kept in the store, too; tieline projects list shows them")?;
    }
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

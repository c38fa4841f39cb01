//! The command line: one file per command.
//!
//! Exit codes: 0 done, 1 failed, 64 wrong usage or configuration (EX_USAGE of sysexits.h).

pub mod check;
pub mod demo;
pub mod dial_link;
pub mod door;
pub mod forget;
pub mod ledger;
mod out;
pub mod phone;
pub mod plan;
pub mod projects;
pub mod register;
pub mod resend;
pub mod sandbox;
pub mod serve;
mod shown;

use std::{future::Future, net::SocketAddr, path::Path};

use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

pub use self::out::{Failure, Out};
use crate::{
    config::{self, Config},
    project::Project,
};

/// Joins a telephone exchange to a CRM: every call becomes the right records, once.
#[derive(Debug, Parser)]
#[command(name = "tieline", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the sidecar until it is told to stop (SIGTERM or SIGINT).
    Serve(serve::Args),
    /// Check a configuration and tell every fault in it; with --live, ask the CRMs too.
    Check(check::Args),
    /// Show what would be done for a call, without doing it.
    Plan(plan::Args),
    /// Read telephone numbers: any spelling to its canonical form.
    Phone(phone::Args),
    /// Let a running sidecar send kept calls again, and watch.
    Resend(resend::Args),
    /// Show what became of every call, by project and day.
    Ledger(ledger::Args),
    /// List, put, show and delete projects while the sidecar runs.
    Projects(projects::Args),
    /// Remove what is stored of a person, and name their records in the CRM.
    Forget(forget::Args),
    /// Make a signed link that calls one number.
    DialLink(dial_link::Args),
    /// Put the exchange into the CRM's telephony settings, for clicks to call.
    Register(register::Args),
    /// Run simulated CRMs to develop and test against.
    Sandbox(sandbox::Args),
    /// Show a sidecar and a simulated CRM at work.
    Demo(demo::Args),
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// It failed, or what was asked is wrong.
    pub fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Serve(args) => block_on(serve::run(args)),
            Command::Check(args) if args.is_live() => block_on(check::run_live(args)),
            Command::Check(args) => check::run(&args),
            Command::Plan(args) => block_on(plan::run(args)),
            Command::Phone(args) => phone::run(&args),
            Command::Resend(args) => block_on(resend::run(args)),
            Command::Ledger(args) => block_on(ledger::run(args)),
            Command::Projects(args) => block_on(projects::run(args)),
            Command::Forget(args) => block_on(forget::run(args)),
            Command::DialLink(args) => dial_link::run(&args),
            Command::Register(args) => block_on(register::run(args)),
            Command::Sandbox(args) => block_on(sandbox::run(args)),
            Command::Demo(args) => block_on(demo::run(args)),
        }
    }
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = Runtime::new().map_err(|error| Failure::Failed(format!("the system gives no threads: {error}")))?;
    runtime.block_on(work)
}

/// Reads a configuration; its faults are wrong usage.
fn load(path: &Path) -> Result<Config, Failure> {
    config::load(path, &config::System).map_err(|faults| Failure::Usage(faults.to_string()))
}

/// A project of a configuration; one that is not there is wrong usage.
fn project_of(config: Config, id: &str) -> Result<Project, Failure> {
    let project = config.projects.into_iter().find(|project| project.id.as_str() == id);
    project.ok_or_else(|| Failure::Usage(format!("there is no project {id:?} in the configuration")))
}

/// A sidecar that listens on every address is reached on this machine's own.
fn reachable(mut address: SocketAddr, is_sealed: bool) -> String {
    if address.ip().is_unspecified() {
        let home = if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        address.set_ip(home);
    }
    format!("{}://{address}", if is_sealed { "https" } else { "http" })
}

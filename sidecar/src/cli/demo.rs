//! `tieline demo`: a sidecar and a simulated CRM at work.

use super::Failure;

/// How to show it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Go on running when everything was shown.
    #[arg(long)]
    pub keep: bool,
    /// Where all chance comes from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Shows it.
///
/// # Errors
/// A port cannot be opened, or the output not written.
#[expect(clippy::unused_async, reason = "the demonstration waits for a sidecar and a sandbox")]
pub async fn run(_args: Args) -> Result<(), Failure> {
    Err(Failure::Failed("there is no demonstration in this build".to_owned()))
}

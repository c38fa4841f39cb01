//! `tieline dial-link`: a signed link that calls one number, to try click to call and to compare other programs'
//! signatures with.

use std::path::PathBuf;

use tieline_engine::jiff::{SignedDuration, Timestamp};

use super::{Failure, Out, load, project_of, reachable};
use crate::dialing::link::Link;

/// What the link allows.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The project.
    #[arg(long, value_name = "PROJECT")]
    project: String,
    /// The number that is called.
    #[arg(long, value_name = "NUMBER")]
    phone: String,
    /// Who talks: an agent's id, SIP login or extension; whom the project's settings choose when left out.
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// Minutes the link lives; as long as the project allows when left out.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..))]
    minutes: Option<u32>,
    /// Show also the text that is signed, for programs that make links themselves.
    #[arg(long)]
    show_text: bool,
}

/// Makes the link.
///
/// # Errors
/// The configuration has faults, or the project allows no such link.
pub fn run(args: &Args) -> Result<(), Failure> {
    let config = load(&args.config)?;
    let base = config
        .server
        .public_url
        .clone()
        .unwrap_or_else(|| reachable(config.server.http_listen, config.server.http_tls.is_some()));
    let project = project_of(config, &args.project)?;
    let settings = project.click_to_call.ok_or_else(no_click_to_call)?;
    let longest = SignedDuration::try_from(settings.link_bound).unwrap_or(SignedDuration::MAX);
    let life = args.minutes.map_or(longest, |minutes| SignedDuration::from_mins(minutes.into()));
    if life > longest {
        let text = format!("links of the project live {} minutes at most", longest.as_mins());
        return Err(Failure::Usage(text));
    }
    let expires = Timestamp::now().saturating_add(life).map_err(Failure::of)?;
    let (phone, agent) = (args.phone.trim(), args.agent.as_deref().unwrap_or_default().trim());
    let link = Link { project: project.id.as_str(), phone, agent, expires };
    let signature = link.signature(&settings.secret);
    if !link.is_signed(&settings.secret, &signature) {
        return Err(Failure::Usage("phone and agent may hold no line ends or other control characters".to_owned()));
    }
    let mut out = Out::new();
    out.line(link.address(&base, &settings.secret))?;
    if args.show_text {
        out.line(format_args!("signed: {:?}", link.text()))?;
    }
    out.flush()
}

/// The project's people cannot click.
pub(super) fn no_click_to_call() -> Failure {
    Failure::Usage("the project has no click to call; write [projects.click_to_call] with a secret".to_owned())
}

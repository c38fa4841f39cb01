//! `tieline register`: puts the exchange into the CRM's telephony settings, so that its users can click to call.

use std::{collections::BTreeMap, path::PathBuf};

use tieline_crm::dialect::{Exchange, Registered};
use tieline_engine::{
    agents::{Agent, Agents},
    ids::UserId,
};

use super::{Failure, Out, dial_link::no_click_to_call, load, plan, project_of};
use crate::dialing::link;

/// What to register.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The project.
    #[arg(long, value_name = "PROJECT")]
    project: String,
    /// Only show what would be registered.
    #[arg(long)]
    dry_run: bool,
}

/// Registers the address for clicks and the agents' extensions. May be repeated; the CRM's list of extensions is
/// brought up to date.
///
/// # Errors
/// The configuration has faults or no public address, or the CRM does not take it.
pub async fn run(args: Args) -> Result<(), Failure> {
    let config = load(&args.config)?;
    let base = config.server.public_url.clone();
    let base =
        base.ok_or_else(|| Failure::Usage("server.public_url is missing: the CRM must be told where".to_owned()))?;
    let project = project_of(config, &args.project)?;
    let settings = project.click_to_call.as_ref().ok_or_else(no_click_to_call)?;
    let make_call_url = link::click_address(&base, project.id.as_str(), &settings.secret);
    let id = project.id.clone();
    let sidecar = plan::sidecar(project).await?;
    let connection = sidecar.connection(&id).map_err(Failure::of)?;
    let policy = connection.policy();
    let exchange = Exchange { make_call_url, extensions: extensions(&policy.agents) };
    let mut out = Out::new();
    tell(&mut out, &exchange, &policy.agents)?;
    if args.dry_run {
        out.line("nothing was registered: this was a dry run")?;
        return out.flush();
    }
    match connection.register(&exchange).await.map_err(Failure::of)? {
        Registered::Done => out.line("the CRM knows the exchange now")?,
        Registered::NotNeeded => {
            out.line("this CRM has no settings for it: write the address where its users click, or use signed links")?;
        }
    }
    out.flush()
}

/// The main extension of every agent the CRM has a user of.
fn extensions(agents: &Agents) -> BTreeMap<UserId, String> {
    let pair = |agent: &Agent| Some((agent.crm_user.clone()?, agent.extensions.first()?.clone()));
    agents.list().iter().filter_map(pair).collect()
}

fn tell(out: &mut Out, exchange: &Exchange, agents: &Agents) -> Result<(), Failure> {
    out.line(format_args!("clicks go to {}", exchange.make_call_url))?;
    for agent in agents.list() {
        match (&agent.crm_user, agent.extensions.first()) {
            (Some(user), Some(extension)) => {
                out.line(format_args!("agent {}: CRM user {user}, extension {extension}", agent.id))?;
            }
            (None, _) => out.line(format_args!("agent {}: the CRM has no such user; set crm_user", agent.id))?,
            (Some(user), None) => {
                out.line(format_args!("agent {}: CRM user {user}, without an extension", agent.id))?;
            }
        }
    }
    Ok(())
}

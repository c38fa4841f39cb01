//! Starts every simulated CRM and keeps answering until interrupted:
//! `cargo run -p tieline-sandbox --example serve -- 127.0.0.1:8700 zoho,retailcrm`
#![allow(clippy::print_stdout, reason = "it tells where it listens")]

use std::error::Error;

use tieline_sandbox::{CrmKind, Sandbox, SandboxConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let bind = arguments.next();
    let crms = match arguments.next() {
        Some(names) => names.split(',').map(CrmKind::parse).collect::<Result<_, _>>()?,
        None => CrmKind::all().to_vec(),
    };
    let config =
        SandboxConfig { bind: bind.as_deref().unwrap_or("127.0.0.1:8700").parse()?, crms, ..SandboxConfig::default() };
    let crms = config.crms.clone();
    let sandbox = Sandbox::start(config).await?;
    println!("control  {}/sandbox/", sandbox.url());
    for kind in crms {
        println!("{kind:8} {}", sandbox.crm_url(kind));
    }
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}

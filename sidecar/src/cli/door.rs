//! The way to a running sidecar, and what it says when it refuses.

use std::{path::PathBuf, time::Duration};

use tonic::{
    Status,
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt as _;

use super::{
    Failure, load, reachable,
    shown::{Shown, Token},
};

/// Time for connecting to the sidecar.
const CONNECT_BOUND: Duration = Duration::from_secs(5);

/// Where the sidecar is.
#[derive(Debug, clap::Args)]
pub struct Door {
    /// The sidecar's configuration: its address is read there.
    #[arg(long, value_name = "FILE", required_unless_present = "address", conflicts_with = "address")]
    config: Option<PathBuf>,
    /// The sidecar's gRPC address, such as 127.0.0.1:7071, or https://tieline.example:7071 where it speaks TLS.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
    #[command(flatten)]
    shown: Shown,
}

impl Door {
    /// Connects.
    ///
    /// # Errors
    /// The configuration has faults, the address is none, token or certificates cannot be used, or nobody answers.
    pub(super) async fn open(&self) -> Result<InterceptedService<Channel, Token>, Failure> {
        let token = self.shown.token()?;
        let address = match (&self.config, &self.address) {
            (Some(config), _) => {
                let server = load(config)?.server;
                reachable(server.grpc_listen, server.tls.is_some())
            }
            (None, Some(address)) if address.contains("://") => address.clone(),
            (None, address) => format!("http://{}", address.as_deref().unwrap_or_default()),
        };
        let wrong = |error| Failure::Usage(format!("{address} is no address: {error}"));
        let mut endpoint = Endpoint::from_shared(address.clone()).map_err(wrong)?.connect_timeout(CONNECT_BOUND);
        if address.starts_with("https://") {
            let unfit = |error| Failure::Usage(format!("the certificates cannot be used: {error}"));
            endpoint = endpoint.tls_config(self.shown.tls()?).map_err(unfit)?;
        }
        let channel = endpoint.connect().await;
        let channel = channel.map_err(|_| Failure::Failed(format!("no sidecar answers at {address}")))?;
        Ok(InterceptedService::new(channel, token))
    }
}

/// What a refusal says, with its reason.
pub(super) fn refused(status: &Status) -> Failure {
    let reason = status.get_details_error_info().map_or_else(String::new, |info| format!(" ({})", info.reason));
    Failure::Failed(format!("the sidecar refuses: {}{reason}", status.message()))
}

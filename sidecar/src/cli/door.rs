//! The way to a running sidecar, and what it says when it refuses.

use std::{path::PathBuf, time::Duration};

use tonic::{
    Status,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt as _;

use super::{Failure, load, reachable};

/// Time for connecting to the sidecar.
const CONNECT_BOUND: Duration = Duration::from_secs(5);

/// Where the sidecar is.
#[derive(Debug, clap::Args)]
pub struct Door {
    /// The sidecar's configuration: its address is read there.
    #[arg(long, value_name = "FILE", required_unless_present = "address", conflicts_with = "address")]
    config: Option<PathBuf>,
    /// The sidecar's gRPC address, such as 127.0.0.1:7071.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
}

impl Door {
    /// Connects.
    ///
    /// # Errors
    /// The configuration has faults, the address is none, or nobody answers there.
    pub(super) async fn open(&self) -> Result<Channel, Failure> {
        let address = match (&self.config, &self.address) {
            (Some(config), _) => reachable(load(config)?.server.grpc_listen),
            (None, Some(address)) if address.contains("://") => address.clone(),
            (None, address) => format!("http://{}", address.as_deref().unwrap_or_default()),
        };
        let wrong = |error| Failure::Usage(format!("{address} is no address: {error}"));
        let endpoint = Endpoint::from_shared(address.clone()).map_err(wrong)?.connect_timeout(CONNECT_BOUND);
        endpoint.connect().await.map_err(|_| Failure::Failed(format!("no sidecar answers at {address}")))
    }
}

/// What a refusal says, with its reason.
pub(super) fn refused(status: &Status) -> Failure {
    let reason = status.get_details_error_info().map_or_else(String::new, |info| format!(" ({})", info.reason));
    Failure::Failed(format!("the sidecar refuses: {}{reason}", status.message()))
}

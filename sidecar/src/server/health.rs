//! Whether the sidecar can take work: while it can, gRPC health says SERVING and `/readyz` answers 200.

use std::{sync::Arc, time::Duration};

use tieline_engine::ids::ProjectId;
use tieline_proto::v1::{admin_service_server::AdminServiceServer, sync_service_server::SyncServiceServer};
use tokio::{sync::watch, time};
use tonic::server::NamedService;
use tonic_health::{ServingStatus, server::HealthReporter};

use super::{ServeError, signals};
use crate::{
    grpc::{admin::Admin, sync::Sync},
    store::Store,
};

/// How often the store is asked whether it is there.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// A store that takes longer than this is not there.
const ASK_BOUND: Duration = Duration::from_secs(3);

/// What health is told of; the empty name stands for all.
const SERVICES: [&str; 3] = ["", SyncServiceServer::<Sync>::NAME, AdminServiceServer::<Admin>::NAME];

/// Whether the sidecar can take work.
#[derive(Clone)]
pub struct Health {
    store: Arc<dyn Store>,
    stopping: watch::Receiver<bool>,
}

impl Health {
    /// Health of a sidecar over a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, stopping: watch::Receiver<bool>) -> Self {
        Self { store, stopping }
    }

    /// Whether work can be taken now: not stopping, and the store answers.
    pub async fn is_ready(&self) -> bool {
        if *self.stopping.borrow() {
            return false;
        }
        // That there is no such project is an answer as well.
        let asked = time::timeout(ASK_BOUND, self.store.next_due(&ProjectId::new(""), true)).await;
        matches!(asked, Ok(Ok(_)))
    }

    /// Tells gRPC health until the sidecar stops, and then that it does not serve.
    ///
    /// # Errors
    /// None; the parts of the server end alike.
    pub(super) async fn report(self, mut reporter: HealthReporter) -> Result<(), ServeError> {
        while time::timeout(ASK_EVERY, signals::told(self.stopping.clone())).await.is_err() {
            self.tell(&reporter).await;
        }
        set(&reporter, false).await;
        // Streams of health would otherwise keep their connections open.
        for service in SERVICES {
            reporter.clear_service_status(service).await;
        }
        Ok(())
    }

    /// Tells gRPC health how it is now.
    pub(super) async fn tell(&self, reporter: &HealthReporter) {
        let ready = self.is_ready().await;
        if !ready {
            tracing::warn!("no work is taken: the sidecar is stopping, or its store does not answer");
        }
        set(reporter, ready).await;
    }
}

async fn set(reporter: &HealthReporter, ready: bool) {
    let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
    for service in SERVICES {
        reporter.set_service_status(service, status).await;
    }
}

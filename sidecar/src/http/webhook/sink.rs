//! The sidecar as where webhooks lead.

use std::sync::Arc;

use futures::future::try_join_all;
use tieline_crm::transport::BoxFuture;
use tieline_engine::{call::Call, ids::ProjectId};

use super::WebhookSink;
use crate::{
    project::Project,
    sidecar::{Refused, Sidecar},
    store::StoreError,
};

impl WebhookSink for Sidecar {
    fn project(&self, id: &str) -> Option<Arc<Project>> {
        self.connection(&ProjectId::new(id)).ok().map(|connection| Arc::clone(&connection.project))
    }

    fn is_unreadable(&self, id: &str) -> bool {
        self.projects().is_some_and(|projects| projects.is_unreadable(&ProjectId::new(id)))
    }

    /// All rows at once, so that they share the store's next write to disk. The raw body is kept once, with the
    /// first.
    fn accept<'a>(
        &'a self,
        _project: &'a Project,
        calls: Vec<Call>,
        raw: String,
        trace: Option<String>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut raw = Some(raw);
            let taken = calls.into_iter().map(|call| self.accept(call, raw.take(), trace.clone()));
            try_join_all(taken.collect::<Vec<_>>()).await.map(drop).map_err(store_error)
        })
    }
}

/// The project is known here, so only the store can refuse.
fn store_error(refused: Refused) -> StoreError {
    match refused {
        Refused::Store(error) => error,
        other => StoreError::Broken(other.to_string()),
    }
}

//! The caller's trace.

use std::sync::Arc;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tieline_engine::ids::{CallId, ProjectId};
use tonic::{Request, metadata::MetadataValue};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::house::{Away, House, ended, report};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn the_trace_a_report_came_with_is_kept_with_the_call() {
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    // The whole sidecar runs on this thread.
    let _traced = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let house = House::over(Arc::new(Away), "", "active = false").await;
    let mut request = Request::new(report(ended("1", "0671234567")));
    request.metadata_mut().insert("traceparent", MetadataValue::from_static(PARENT));
    house.sync().sync_call(request).await.unwrap();
    let stored = house.sidecar().report(&ProjectId::new("shop"), &CallId::new("1")).await.unwrap();
    let kept = stored.trace.unwrap();
    assert_eq!(kept.split('-').nth(1), Some(TRACE_ID), "{kept}");
    assert_ne!(kept, PARENT, "the kept parent is the sidecar's own span");
}

#[tokio::test]
async fn without_traces_of_our_own_the_caller_s_is_passed_on_as_it_came() {
    let house = House::over(Arc::new(Away), "", "active = false").await;
    for (id, parent, kept) in [("1", PARENT, Some(PARENT)), ("2", "00-nonsense", None)] {
        let mut request = Request::new(report(ended(id, "0671234567")));
        request.metadata_mut().insert("traceparent", MetadataValue::from_static(parent));
        house.sync().sync_call(request).await.unwrap();
        let stored = house.sidecar().report(&ProjectId::new("shop"), &CallId::new(id)).await.unwrap();
        assert_eq!(stored.trace.as_deref(), kept);
    }
}

//! Logs and traces. Trace context comes in with a request, is kept with the call, and goes out with each CRM request.

use std::{
    future::Future,
    io::{self, IsTerminal as _},
    time::Duration,
};

use opentelemetry::{
    Context,
    propagation::{Injector, TextMapPropagator as _},
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use serde::Deserialize;
use tracing::{Instrument as _, Span, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged and traced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Telemetry {
    /// How logs are written.
    pub format: Format,
    /// Levels, one for all and others by module, such as `info,tieline=debug`.
    pub level: String,
    /// Where traces go by OTLP over gRPC, if anywhere.
    pub otlp_endpoint: Option<String>,
}

/// Keeps telemetry running; [`Guard::flush`] sends what is left.
pub struct Guard {
    provider: Option<SdkTracerProvider>,
}

/// Time for sending the last spans on shutdown.
const FLUSH_BOUND: Duration = Duration::from_secs(3);

/// Starts logging to standard error, and tracing where an endpoint is named. Without one the caller's trace context
/// is passed on as it came.
///
/// # Errors
/// The filter or the endpoint is malformed, or telemetry was started before.
pub fn start(telemetry: &Telemetry) -> Result<Guard, io::Error> {
    let filter: Targets = telemetry.level.parse().map_err(io::Error::other)?;
    let provider = telemetry.otlp_endpoint.as_deref().map(exporting).transpose()?;
    let logs = match telemetry.format {
        Format::Text => {
            tracing_subscriber::fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr).boxed()
        }
        Format::Json => tracing_subscriber::fmt::layer().json().with_writer(io::stderr).boxed(),
    };
    let registry = tracing_subscriber::registry();
    match &provider {
        // One filter before everything costs least.
        None => registry.with(logs).with(filter).try_init(),
        // Whatever is logged, what is exported does not depend on it.
        Some(provider) => {
            let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("tieline"));
            registry.with(logs.with_filter(filter)).with(traces.with_filter(LevelFilter::INFO)).try_init()
        }
    }
    .map_err(io::Error::other)?;
    Ok(Guard { provider })
}

fn exporting(endpoint: &str) -> Result<SdkTracerProvider, io::Error> {
    let resource = Resource::builder().with_service_name("tieline").build();
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build();
    let exporter = exporter.map_err(io::Error::other)?;
    Ok(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build())
}

impl Guard {
    /// Sends what is left.
    pub fn flush(&self) {
        let flushed = self.provider.as_ref().map(|provider| provider.shutdown_with_timeout(FLUSH_BOUND));
        if let Some(Err(error)) = flushed {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

tokio::task_local! {
    /// The `traceparent` work was begun with, for when no span of ours goes on with it.
    static PARENT: Option<String>;
}

/// Does work in a span that is a child of the trace a `traceparent` names; a malformed one is ignored.
pub async fn traced<T>(span: Span, traceparent: Option<&str>, work: impl Future<Output = T>) -> T {
    let parent = traceparent.filter(|parent| join(&span, parent)).map(str::to_owned);
    PARENT.scope(parent, work.instrument(span)).await
}

/// Work for another task that stays in this one's span and trace.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let parent = PARENT.try_with(Clone::clone).ok().flatten();
    PARENT.scope(parent, work.in_current_span())
}

/// Whether the `traceparent` is one that can be gone on with.
fn join(span: &Span, traceparent: &str) -> bool {
    let carrier = std::collections::HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    let is_valid = context.span().span_context().is_valid();
    if is_valid {
        // Fails where nothing is exported, or for a span the filter switched off.
        drop(span.set_parent(context));
    }
    is_valid
}

/// The `traceparent` for what the current span asks of others, when it belongs to a trace.
#[must_use]
pub fn traceparent() -> Option<String> {
    let context = Span::current().context();
    if !context.span().span_context().is_valid() {
        return PARENT.try_with(Clone::clone).ok().flatten();
    }
    let mut carrier = Traceparent(None);
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.0
}

/// Takes the one header that is passed on.
struct Traceparent(Option<String>);

impl Injector for Traceparent {
    fn set(&mut self, name: &str, value: String) {
        if name == "traceparent" {
            self.0 = Some(value);
        }
    }
}

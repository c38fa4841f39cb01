//! Logs and traces. Trace context comes in with a request, is kept with the call, and goes out with each CRM request.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use opentelemetry::{
    Context,
    propagation::{Injector, TextMapPropagator as _},
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use serde::Deserialize;
use tracing::{Span, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

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
    /// Filter in the syntax of `tracing`, such as `info,tieline=debug`.
    pub level: String,
    /// Where traces go by OTLP over gRPC, if anywhere.
    pub otlp_endpoint: Option<String>,
}

/// Keeps telemetry running; [`Guard::flush`] sends what is left.
pub struct Guard {
    provider: SdkTracerProvider,
}

/// Time for sending the last spans on shutdown.
const FLUSH_BOUND: Duration = Duration::from_secs(3);

/// Starts logging to standard error and tracing. Spans get ids even when they are sent nowhere, so that trace
/// context passes through.
///
/// # Errors
/// The filter or the endpoint is malformed, or telemetry was started before.
pub fn start(telemetry: &Telemetry) -> Result<Guard, io::Error> {
    let filter = EnvFilter::try_new(&telemetry.level).map_err(io::Error::other)?;
    let resource = Resource::builder().with_service_name("tieline").build();
    let mut builder = SdkTracerProvider::builder().with_resource(resource);
    if telemetry.otlp_endpoint.is_none() {
        // Nobody would read what spans record; a trace the caller began is passed on all the same.
        builder = builder.with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)));
    }
    if let Some(endpoint) = &telemetry.otlp_endpoint {
        let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build();
        builder = builder.with_batch_exporter(exporter.map_err(io::Error::other)?);
    }
    let provider = builder.build();
    // Whatever is logged, trace context passes through.
    let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("tieline")).with_filter(LevelFilter::INFO);
    let logs = match telemetry.format {
        Format::Text => {
            tracing_subscriber::fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr).boxed()
        }
        Format::Json => tracing_subscriber::fmt::layer().json().with_writer(io::stderr).boxed(),
    };
    tracing_subscriber::registry().with(logs.with_filter(filter)).with(traces).try_init().map_err(io::Error::other)?;
    Ok(Guard { provider })
}

impl Guard {
    /// Sends what is left.
    pub fn flush(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(FLUSH_BOUND) {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

/// Makes a span a child of the trace a `traceparent` names; a malformed one is ignored.
pub fn join(span: &Span, traceparent: Option<&str>) {
    let Some(parent) = traceparent else { return };
    let carrier = std::collections::HashMap::from([("traceparent".to_owned(), parent.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    if context.span().span_context().is_valid() {
        // Fails only for a span the filter switched off.
        drop(span.set_parent(context));
    }
}

/// The `traceparent` of the current span, when it is traced.
#[must_use]
pub fn traceparent() -> Option<String> {
    let context = Span::current().context();
    if !context.span().span_context().is_valid() {
        return None;
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

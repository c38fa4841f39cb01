//! What every method shares: who asks (deadline, trace, rights), how many at once, what is counted, and when it is over.

use std::{future::Future, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tieline_engine::ids::{CallId, ProjectId};
use tieline_proto::v1::ErrorReason;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time,
};
use tonic::{Code, Request, Response, Status, metadata::MetadataMap};
use tracing::{Span, field};

use super::{convert::Violation, deadline, errors::Refusal, gate::Granted, refused, rights::Reach, subject::Subject};
use crate::{
    server::{
        requests::{Door, Requests},
        signals,
    },
    sidecar::{Refused, Sidecar},
    telemetry,
};

/// Requests worked on at once, over all connections. Each holds at most one body of 256 KiB.
const AT_ONCE_MAX: usize = 1024;
/// Ringing phones asked about at once: apart, so that no crowd of reports keeps them waiting.
const RINGING_MAX: usize = 512;
/// Resendings watched at once; each asks the store twice a second.
const WATCHED_MAX: usize = 32;
/// Watchers of calls at once: one for every agent of a large house.
const WATCHERS_MAX: usize = 1024;

/// Where requests are received.
#[derive(Clone)]
pub struct Desk {
    /// The sidecar behind it.
    pub(super) sidecar: Sidecar,
    requests: Arc<Requests>,
    stopping: watch::Receiver<bool>,
    places: Arc<Semaphore>,
    ringing: Arc<Semaphore>,
    watched: Arc<Semaphore>,
    watchers: Arc<Semaphore>,
}

/// Which places a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Places {
    /// Those of ringing phones.
    Ringing,
    /// Those of everything else.
    Usual,
}

/// Who asks.
pub(super) struct Asker {
    /// How long they wait from now on, when they say.
    pub(super) deadline: Option<Duration>,
    traceparent: Option<String>,
    /// Who they are, when they may ask what they ask.
    granted: Result<Granted, Refusal>,
}

impl Asker {
    /// The message apart from who sent it. Whether they may ask about its project is settled here; [`Desk::answer`]
    /// refuses them otherwise.
    pub(super) fn of<T: Subject>(request: Request<T>) -> (Self, T) {
        let (metadata, mut extensions, message) = request.into_parts();
        let text = |name| plain(&metadata, name);
        let deadline = text("grpc-timeout").and_then(deadline::parse);
        let granted = match extensions.remove::<Granted>() {
            Some(granted) => allowed(&granted, message.project()).map(|()| granted),
            None => Err(Refusal::new(ErrorReason::Internal, "the request came past the gate")),
        };
        (Self { deadline, traceparent: text("traceparent").map(str::to_owned), granted }, message)
    }

    /// Their token's name, for logs.
    pub(super) fn name(&self) -> Option<&str> {
        self.granted.as_ref().ok()?.identity.name()
    }

    /// Whether a project is theirs, for methods that are about all they see.
    pub(super) fn sees(&self, project: &ProjectId) -> bool {
        self.granted.as_ref().is_ok_and(|granted| granted.identity.sees(project.as_str()))
    }

    /// Whether the method is the one they were let in to.
    fn may(&self, method: &str) -> Result<(), Refusal> {
        let granted = self.granted.as_ref().map_err(Clone::clone)?;
        let same = granted.right.method == method;
        if same { Ok(()) } else { Err(Refusal::new(ErrorReason::Internal, "the method is not the one asked for")) }
    }
}

/// Whether somebody may ask about a project. To who has a list of projects, one that does not exist and one of
/// somebody else are the same.
fn allowed(Granted { identity, right }: &Granted, project: &str) -> Result<(), Refusal> {
    match (project, right.reach) {
        (_, _) if identity.sees_all() => Ok(()),
        ("", Reach::Seen) => Ok(()),
        ("", Reach::Named) => {
            let description = "is required: the token sees some projects only".to_owned();
            Err(Refusal::invalid(vec![Violation { field: "project".to_owned(), description }]))
        }
        (project, _) if identity.sees(project) => Ok(()),
        _ => {
            let text = "the token does not see a project of this name; use one that does, or correct the name";
            Err(Refusal::new(ErrorReason::ProjectNotAllowed, text))
        }
    }
}

impl Desk {
    /// A desk before a sidecar; `stopping` tells when no more is to be begun.
    #[must_use]
    pub fn new(sidecar: Sidecar, requests: Arc<Requests>, stopping: watch::Receiver<bool>) -> Self {
        Self {
            sidecar,
            requests,
            stopping,
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            ringing: Arc::new(Semaphore::new(RINGING_MAX)),
            watched: Arc::new(Semaphore::new(WATCHED_MAX)),
            watchers: Arc::new(Semaphore::new(WATCHERS_MAX)),
        }
    }

    /// Answers a request within its deadline, in a span that continues the caller's trace.
    pub(super) fn answer<'a, T: Send + 'a>(
        &'a self,
        method: &'static str,
        asker: &'a Asker,
        places: Places,
        work: impl Future<Output = Result<T, Status>> + Send + 'a,
    ) -> impl Future<Output = Result<Response<T>, Status>> + Send + 'a {
        // Boxed at once: every future it is handed through would hold it twice.
        self.answer_boxed(method, asker, places, Box::pin(work))
    }

    async fn answer_boxed<T>(
        &self,
        method: &'static str,
        asker: &Asker,
        places: Places,
        work: BoxFuture<'_, Result<T, Status>>,
    ) -> Result<Response<T>, Status> {
        let span = tracing::info_span!(
            "grpc.request",
            method,
            project.id = field::Empty,
            call.id = field::Empty,
            code = field::Empty
        );
        let begun = time::Instant::now();
        let work = async {
            asker.may(method)?;
            self.in_time(asker, places, work).await
        };
        let answer = telemetry::traced(span.clone(), asker.traceparent.as_deref(), work).await;
        let code = answer.as_ref().map_or_else(Status::code, |_| Code::Ok);
        if code != Code::Ok {
            span.record("code", word(code));
        }
        self.requests.count(Door::Grpc, method, word(code), begun.elapsed());
        answer.map(Response::new)
    }

    async fn in_time<T>(
        &self,
        asker: &Asker,
        places: Places,
        work: BoxFuture<'_, Result<T, Status>>,
    ) -> Result<T, Status> {
        let semaphore = if places == Places::Ringing { &self.ringing } else { &self.places };
        let Ok(_place) = semaphore.try_acquire() else {
            return Err(refused::refuse(ErrorReason::QueueFull, "too many requests are under way; repeat this one"));
        };
        match time::timeout(deadline::for_work(asker.deadline), work).await {
            Ok(answer) => answer,
            Err(_) => Err(refused::refuse(ErrorReason::DeadlineExceeded, "the deadline was over before an answer")),
        }
    }

    /// A place among those who watch a resending; kept as long as they watch.
    pub(super) fn watch(&self) -> Result<OwnedSemaphorePermit, Status> {
        let text = "too many resendings are watched already; the sending does not need a watcher";
        Arc::clone(&self.watched).try_acquire_owned().map_err(|_| refused::refuse(ErrorReason::QueueFull, text))
    }

    /// A place among those who watch calls; kept as long as they watch.
    pub(super) fn watch_calls(&self) -> Result<OwnedSemaphorePermit, Status> {
        let text = "too many watch already; let agents share a stream";
        Arc::clone(&self.watchers).try_acquire_owned().map_err(|_| refused::refuse(ErrorReason::QueueFull, text))
    }

    /// Refuses what would be begun while the sidecar stops.
    pub(super) fn still_open(&self) -> Result<(), Status> {
        if *self.stopping.borrow() { Err(shutting_down()) } else { Ok(()) }
    }

    /// Work that must not hold up the stopping of the sidecar.
    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T, Refused>>) -> Result<T, Status> {
        tokio::select! {
            done = work => Ok(done?),
            () = signals::told(self.stopping.clone()) => Err(shutting_down()),
        }
    }

    /// For streams: tells when the sidecar stops.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.clone()
    }
}

pub(super) fn shutting_down() -> Status {
    refused::refuse(ErrorReason::ShuttingDown, "the sidecar is stopping; repeat the request to the next one")
}

/// Names the project and the call in the request's span, once they are known to be well formed.
pub(super) fn note(project: &ProjectId, call: Option<&CallId>) {
    tracing::record_all!(Span::current(), project.id = project.as_str(), call.id = call.map(CallId::as_str));
}

/// A status code as metrics name it.
pub(super) fn word(code: Code) -> &'static str {
    match code {
        Code::Ok => "ok",
        Code::InvalidArgument => "invalid_argument",
        Code::NotFound => "not_found",
        Code::FailedPrecondition => "failed_precondition",
        Code::ResourceExhausted => "resource_exhausted",
        Code::Unavailable => "unavailable",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::Internal => "internal",
        Code::Unauthenticated => "unauthenticated",
        Code::PermissionDenied => "permission_denied",
        _ => "other",
    }
}

fn plain<'a>(metadata: &'a MetadataMap, name: &str) -> Option<&'a str> {
    metadata.get(name)?.to_str().ok()
}

//! A request's body that must arrive within a time.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// Any error.
pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// A body with an end to patience; what is told then is the door's own.
pub struct Timed<B, F> {
    body: B,
    bound: Duration,
    /// Set when it was first waited for: most bodies are there with their request.
    end: Option<Pin<Box<Sleep>>>,
    late: F,
}

impl<B, F> Timed<B, F> {
    /// A body that fails with `late` when it has not ended within `bound`.
    pub fn new(body: B, bound: Duration, late: F) -> Self {
        Self { body, bound, end: None, late }
    }
}

impl<B, F> Body for Timed<B, F>
where
    B: Body + Unpin,
    B::Error: Into<AnyError>,
    F: Fn() -> AnyError + Unpin,
{
    type Data = B::Data;
    type Error = AnyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
            Poll::Pending => match this.end.get_or_insert_with(|| Box::pin(sleep(this.bound))).as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Some(Err((this.late)()))),
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

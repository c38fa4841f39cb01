//! A connection that is not waited for for ever: its first bytes must come within a time, and what is sent to it must
//! be taken within a time.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// Bytes that begin every HTTP/2 connection (RFC 9113 section 3.4).
pub(super) const H2_PREFACE_LEN: usize = 24;

/// A stream with an end to patience.
pub(super) struct Patient<S> {
    inner: S,
    bound: Duration,
    /// Bytes still to come before the first bound is over.
    missing: usize,
    first: Pin<Box<Sleep>>,
    stalled: Pin<Box<Sleep>>,
    is_stalled: bool,
}

impl<S> Patient<S> {
    /// A stream whose first `begin` bytes must come within `bound`; what is written must be taken within `bound` too.
    pub(super) fn new(inner: S, begin: usize, bound: Duration) -> Self {
        let timer = || Box::pin(sleep(bound));
        Self { inner, bound, missing: begin, first: timer(), stalled: timer(), is_stalled: false }
    }

    /// An answer to a write, unless there was none for too long.
    fn unless_stalled<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.is_stalled = false;
            return done;
        }
        if !self.is_stalled {
            self.is_stalled = true;
            let until = Instant::now() + self.bound;
            self.stalled.as_mut().reset(until);
        }
        ready!(self.stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the other end takes nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.inner).poll_read(cx, buffer);
        if this.missing == 0 {
            return read;
        }
        this.missing = this.missing.saturating_sub(buffer.filled().len() - before);
        if read.is_ready() && this.missing == 0 {
            return read;
        }
        match (this.first.as_mut().poll(cx), read) {
            (Poll::Ready(()), _) => {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the other end says nothing")))
            }
            (Poll::Pending, read) => read,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write(cx, bytes);
        this.unless_stalled(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write_vectored(cx, slices);
        this.unless_stalled(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.inner).poll_flush(cx);
        this.unless_stalled(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = Pin::new(&mut this.inner).poll_shutdown(cx);
        this.unless_stalled(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const BOUND: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_beginning_that_trickles_ends_the_connection_in_time() {
        let (near, mut far) = duplex(64);
        let mut patient = Patient::new(near, H2_PREFACE_LEN, BOUND);
        let trickle = tokio::spawn(async move {
            while far.write_all(b"P").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        let begun = Instant::now();
        let mut read = [0; H2_PREFACE_LEN];
        let ended = patient.read_exact(&mut read).await.unwrap_err();
        assert_eq!((ended.kind(), begun.elapsed().as_secs()), (io::ErrorKind::TimedOut, BOUND.as_secs()));
        drop(patient);
        trickle.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_beginning_reading_waits_and_writing_does_not() {
        let (near, mut far) = duplex(64);
        let mut patient = Patient::new(near, 1, BOUND);
        far.write_all(b"a").await.unwrap();
        assert_eq!(patient.read_u8().await.unwrap(), b'a');
        let later = tokio::spawn(async move {
            sleep(BOUND * 3).await;
            far.write_all(b"b").await.unwrap();
            far
        });
        assert_eq!(patient.read_u8().await.unwrap(), b'b');
        let _far = later.await.unwrap();
        let ended = patient.write_all(&[0; 100]).await.unwrap_err();
        assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
    }
}

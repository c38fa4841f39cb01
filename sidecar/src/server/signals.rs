//! Being told to stop: SIGTERM by a service manager, SIGINT by a person at the keyboard, or another part of the program.

use std::io;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Becomes `true` when a signal comes.
///
/// # Errors
/// The system does not let signals be received.
pub fn watch() -> io::Result<watch::Receiver<bool>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (told, stop) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        told.send_replace(true);
    });
    Ok(stop)
}

/// Returns when it has become `true`.
pub async fn told(mut stop: watch::Receiver<bool>) {
    // A sender that is gone has told as well.
    drop(stop.wait_for(|told| *told).await);
}

/// Returns when a signal comes. Signals before the call are not seen: who says first that it is ready begins with
/// [`watch`].
///
/// # Errors
/// The system does not let signals be received.
pub async fn stop() -> io::Result<()> {
    told(watch()?).await;
    Ok(())
}

//! A door's certificate while it runs: read again when its files change or SIGHUP comes. New connections get the new
//! one, those there are go on; a file that cannot be used leaves the old one in place.

use std::{
    fs,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::ServerConfig;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time,
};
use tokio_rustls::TlsAcceptor;

use super::{ServeError, signals};
use crate::{
    config::System,
    tls::{TlsFault, TlsFiles},
};

/// How often the files are looked at. Certificates are renewed weeks ahead of their end.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What a door's handshakes are made with.
#[derive(Clone)]
pub(super) struct Certificates {
    door: &'static str,
    files: TlsFiles,
    protocol: &'static [u8],
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// They cannot be used.
    pub(super) fn open(door: &'static str, files: TlsFiles, protocol: &'static [u8]) -> Result<Self, TlsFault> {
        let current = Arc::new(RwLock::new(Arc::new(files.read(&System, protocol)?)));
        Ok(Self { door, files, protocol, current })
    }

    /// For the next handshake.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Reads the files again whenever they change, until the sidecar stops.
    ///
    /// # Errors
    /// None; the parts of the server end alike.
    pub(super) async fn keep_fresh(self, stopping: watch::Receiver<bool>) -> Result<(), ServeError> {
        let mut hangup = signal(SignalKind::hangup()).ok();
        let mut seen = self.changed();
        loop {
            let told = async {
                match &mut hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            let asked = tokio::select! {
                () = signals::told(stopping.clone()) => return Ok(()),
                _ = told => true,
                () = time::sleep(LOOK_EVERY) => false,
            };
            let now = self.changed();
            if asked || now != seen {
                seen = now;
                self.read_again();
            }
        }
    }

    fn read_again(&self) {
        match self.files.read(&System, self.protocol) {
            Ok(config) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                tracing::info!(door = self.door, "the certificate was read again");
            }
            Err(fault) => {
                tracing::error!(door = self.door, %fault, "the new certificate cannot be used; the old one stays");
            }
        }
    }

    fn changed(&self) -> Vec<Option<SystemTime>> {
        let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
        self.files.paths().map(|path| changed(path)).collect()
    }
}

//! TLS of a door: its certificate and key, and the authority whose certificates clients must have.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};

use crate::config::Sources;

/// What HTTP/2 and HTTP/1.1 are called in a handshake (RFC 7301 section 6, RFC 9113 section 3.1).
pub const H2: &[u8] = b"h2";
/// See above.
pub const HTTP_1_1: &[u8] = b"http/1.1";

/// Where a door's certificate and key are, as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and behind it those between it and its authority.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Certificates of the authorities whose clients come in; without them no client needs a certificate.
    pub client_ca: Option<PathBuf>,
}

/// What is wrong with the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFault {
    /// The key of the configuration that names the file.
    pub key: &'static str,
    /// What is wrong, and what to do.
    pub text: String,
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.text)
    }
}

impl std::error::Error for TlsFault {}

impl TlsFiles {
    /// Reads the files into what a handshake needs. `protocol` is the one the door speaks.
    ///
    /// # Errors
    /// A file cannot be read, or does not hold what it should.
    pub fn read(&self, sources: &dyn Sources, protocol: &[u8]) -> Result<ServerConfig, TlsFault> {
        let certs = certificates("cert", &self.cert, sources)?;
        let key = text("key", &self.key, sources)?;
        let no_key = |_| fault("key", "holds no private key; give a PEM file with one, without a password");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(no_key)?;
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| fault("cert", format!("cannot be used: {error}")))?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let roots = roots(certificates("client_ca", file, sources)?)?;
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                let unfit = |error| fault("client_ca", format!("cannot be used: {error}"));
                builder.with_client_cert_verifier(verifier.map_err(unfit)?)
            }
        };
        let misfit = |error| fault("key", format!("does not go with the certificate: {error}"));
        let mut config = builder.with_single_cert(certs, key).map_err(misfit)?;
        config.alpn_protocols = vec![protocol.to_vec()];
        Ok(config)
    }

    /// Every file there is.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.cert, &self.key].into_iter().chain(&self.client_ca)
    }
}

fn roots(certs: Vec<CertificateDer<'static>>) -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    for cert in certs {
        let unfit = |error| fault("client_ca", format!("holds a certificate that is no authority's: {error}"));
        roots.add(cert).map_err(unfit)?;
    }
    Ok(roots)
}

fn certificates(
    key: &'static str,
    file: &Path,
    sources: &dyn Sources,
) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let text = text(key, file, sources)?;
    let certs: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let none = || fault(key, "holds no certificate; give a PEM file with one");
    certs.ok().filter(|certs| !certs.is_empty()).ok_or_else(none)
}

fn text(key: &'static str, file: &Path, sources: &dyn Sources) -> Result<String, TlsFault> {
    sources.file(file).map_err(|error| fault(key, crate::config::why_unreadable(&error)))
}

fn fault(key: &'static str, text: impl Into<String>) -> TlsFault {
    TlsFault { key, text: text.into() }
}

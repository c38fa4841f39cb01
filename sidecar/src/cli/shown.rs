//! What a command shows a running sidecar of itself: a token, a certificate, and whose certificate it believes.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::Interceptor,
    transport::{Certificate, ClientTlsConfig, Identity},
};

use super::Failure;
use crate::config::{Sources as _, System};

/// The environment variable of the token.
const TOKEN_ENV: &str = "TIELINE_TOKEN";

/// How to come in where the sidecar asks who calls.
#[derive(Debug, clap::Args)]
pub(super) struct Shown {
    /// A file with the token; without it the environment variable TIELINE_TOKEN is looked at.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A PEM file with the authority of the sidecar's certificate, where the sidecar speaks TLS.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// A PEM file with the client's certificate, and its key in the other, where the sidecar asks for one.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// See --cert.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The name in the sidecar's certificate, where it is not the one in the address.
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
}

impl Shown {
    /// The token, where there is one.
    pub(super) fn token(&self) -> Result<Token, Failure> {
        let text = match &self.token_file {
            Some(file) => Some(SecretString::from(read(file)?)),
            None => System.env(TOKEN_ENV).map(SecretString::from),
        };
        let Some(text) = text.filter(|text| !text.expose_secret().trim().is_empty()) else { return Ok(Token(None)) };
        let value = format!("Bearer {}", text.expose_secret().trim()).parse();
        let mut value: MetadataValue<Ascii> =
            value.map_err(|_| Failure::Usage("the token holds letters no token can have".to_owned()))?;
        value.set_sensitive(true);
        Ok(Token(Some(value)))
    }

    /// The certificates.
    pub(super) fn tls(&self) -> Result<ClientTlsConfig, Failure> {
        let mut tls = ClientTlsConfig::new();
        match &self.ca {
            Some(ca) => tls = tls.ca_certificate(Certificate::from_pem(read(ca)?)),
            None => {
                let text = "the sidecar speaks TLS: name the authority of its certificate with --ca";
                return Err(Failure::Usage(text.to_owned()));
            }
        }
        if let Some(name) = &self.server_name {
            tls = tls.domain_name(name);
        }
        if let Some((cert, key)) = self.cert.as_ref().zip(self.key.as_ref()) {
            tls = tls.identity(Identity::from_pem(read(cert)?, read(key)?));
        }
        Ok(tls)
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    System.file(file).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))
}

/// Puts the token beside each request.
#[derive(Clone, Debug)]
pub(super) struct Token(Option<MetadataValue<Ascii>>);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

//! TLS to the database, by rustls: where it is used, the server's certificate is always checked.

use std::path::{Path, PathBuf};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::StoreError;

/// A way to make TLS connections, with the machine's authorities or those of a file.
pub(super) fn connector(ca_file: Option<&Path>) -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => add_file(&mut roots, path)?,
        // What the machine has that cannot be read is left out; a certificate signed by it is then refused.
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), StoreError> {
    let broken = |why: String| StoreError::Broken(format!("{}: {why}", PathBuf::from(path).display()));
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| broken(error.to_string()))?;
    let mut count = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| broken(error.to_string()))?;
        roots.add(certificate).map_err(|error| broken(error.to_string()))?;
        count += 1;
    }
    if count == 0 {
        return Err(broken("there is no certificate in it".to_owned()));
    }
    Ok(())
}

//! A database that is reached over TLS: its certificate is checked, by the authority and by the name.

use std::{fs, net::TcpListener, time::Duration};

use secrecy::SecretString;
use tempfile::TempDir;
use tieline::store::{
    StoreError,
    postgres::{PostgresConfig, PostgresStore},
};

use crate::{
    authority::Authority,
    database::{Database, Server},
    store_suite::fixtures::{accept, call, stored},
};

const PASSWORD: &str = "not-4711";

/// A server with a certificate for `localhost`, and a database of it.
struct House {
    _server: Server,
    database: Database,
    port: u16,
    folder: TempDir,
}

impl House {
    /// `None`: the PostgreSQL that is here has no TLS.
    async fn open() -> Option<Self> {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
        let (cert, key) = authority.signs("localhost");
        let files = [("cert.pem", cert.as_str()), ("key.pem", &key), ("ca.pem", authority.pem())];
        for (name, text) in files.into_iter().chain([("other.pem", Authority::new().pem())]) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Server::start_over_tls(folder.path(), port)?;
        let database = server.database().await;
        let order = format!("ALTER ROLE tieline PASSWORD '{PASSWORD}'");
        database.client().await.batch_execute(&order).await.unwrap();
        Some(Self { _server: server, database, port, folder })
    }

    /// Opens the store at a name of the machine, with the authorities of a file.
    async fn store(&self, host: &str, authorities: &str, mode: &str) -> Result<PostgresStore, StoreError> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let (_, schema) = self.database.url.split_once("application_name=").unwrap();
        let (port, place) = (self.port, format!("application_name={schema}"));
        let url = format!("postgres://tieline:{PASSWORD}@{host}:{port}/postgres?sslmode={mode}&{place}");
        let mut config = PostgresConfig::new(&SecretString::from(url)).unwrap();
        (config.ca_file, config.patience) = (Some(self.folder.path().join(authorities)), Duration::from_secs(1));
        PostgresStore::open(&config, "one".to_owned()).await
    }

    /// Connections of the store that are encrypted.
    async fn encrypted(&self) -> i64 {
        let client = self.database.client().await;
        let sql =
            "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = $1";
        client.query_one(sql, &[&self.database.name()]).await.unwrap().get(0)
    }
}

#[tokio::test]
async fn a_database_whose_certificate_is_the_authority_s_is_used_over_tls_and_by_password() {
    let Some(house) = House::open().await else { return };
    let store = house.store("localhost", "ca.pem", "require").await.unwrap();
    accept(&store, call("a", "1"), 0).await;
    assert_eq!(stored(&store, "a").await.lane, "1");
    assert!(house.encrypted().await > 0);
}

#[tokio::test]
async fn a_certificate_of_somebody_else_or_for_another_name_and_no_certificate_at_all_are_refused() {
    let Some(house) = House::open().await else { return };
    let not_ours = [("localhost", "other.pem", "require"), ("127.0.0.1", "ca.pem", "require")];
    for (host, authorities, mode) in not_ours {
        let error = house.store(host, authorities, mode).await.err().unwrap().to_string();
        assert!(error.contains("certificate"), "{host}, {authorities}: {error}");
    }
    let error = house.store("localhost", "ca.pem", "disable").await.err().unwrap().to_string();
    assert!(error.contains("no encryption") && !error.contains(PASSWORD), "{error}");
}

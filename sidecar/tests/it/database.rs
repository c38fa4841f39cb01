//! A PostgreSQL server for tests: the one of `TIELINE_TEST_POSTGRES`, else one that `tests/postgres` starts and that ends
//! with this process. Each test has a schema of its own in it.

#![allow(dead_code, reason = "several test programs and a benchmark share it, and each needs a part")]

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use tokio_postgres::{Client, NoTls};

/// A server of this process, started by `tests/postgres`.
pub(crate) struct Server {
    orders: Mutex<(Option<ChildStdin>, BufReader<ChildStdout>)>,
    child: Child,
    url: String,
}

impl Server {
    /// Starts one. A test that stops it or lets it crash needs one of its own.
    pub(crate) fn start() -> Self {
        Self::start_with(&[]).unwrap()
    }

    /// Starts one that flushes as a real one does: for measuring.
    pub(crate) fn start_flushing() -> Self {
        Self::start_with(&[("TIELINE_POSTGRES_FSYNC", "on")]).unwrap()
    }

    /// Starts one that is reached over TLS too, at a port of this machine and with a password, by the certificate and
    /// the key in a folder. `None`: the PostgreSQL that is here was built without TLS, as the one from PyPI is.
    pub(crate) fn start_over_tls(folder: &Path, port: u16) -> Option<Self> {
        let folder = folder.to_string_lossy();
        Self::start_with(&[("TIELINE_POSTGRES_TLS", &folder), ("TIELINE_POSTGRES_PORT", &port.to_string())])
    }

    #[allow(clippy::unwrap_in_result, reason = "only a PostgreSQL without TLS is no mistake")]
    fn start_with(settings: &[(&str, &str)]) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("tests/postgres"));
        let script = script.into_iter().find(|script| script.is_file()).expect("tests/postgres is there");
        let mut command = Command::new(script);
        command.envs(settings.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (orders, mut said) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut url = String::new();
        said.read_line(&mut url).unwrap();
        if url.trim() == "no TLS" {
            drop(child.wait());
            return None;
        }
        assert!(url.starts_with("postgres://"), "tests/postgres has started no server, see above");
        Some(Self { orders: Mutex::new((orders, said)), child, url: url.trim().to_owned() })
    }

    /// `stop`, `start`, `restart`, or `crash`, which is a restart without a word of warning.
    pub(crate) fn order(&self, order: &str) {
        let mut orders = self.orders.lock().unwrap();
        writeln!(orders.0.as_ref().unwrap(), "{order}").unwrap();
        let mut done = String::new();
        orders.1.read_line(&mut done).unwrap();
        assert_eq!(done, "done\n", "{order}");
    }

    /// A fresh database.
    pub(crate) async fn database(&self) -> Database {
        Database::at(&self.url).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its input tells it to stop the server and to clean up.
        drop(self.orders.get_mut().map(|orders| orders.0.take()));
        drop(self.child.wait());
    }
}

/// A schema of its own on a server.
pub(crate) struct Database {
    /// Its address.
    pub(crate) url: String,
}

impl Database {
    /// An empty one.
    pub(crate) async fn fresh() -> Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        match env::var("TIELINE_TEST_POSTGRES") {
            Ok(url) => Self::at(&url).await,
            Err(_) => Self::at(&SERVER.get_or_init(Server::start).url).await,
        }
    }

    async fn at(server: &str) -> Self {
        static NR: AtomicU32 = AtomicU32::new(0);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
        let schema = format!("t_{}_{nanos}_{}", std::process::id(), NR.fetch_add(1, Ordering::Relaxed));
        connect(server).await.batch_execute(&format!("CREATE SCHEMA {schema}")).await.unwrap();
        let joint = if server.contains('?') { '&' } else { '?' };
        Self { url: format!("{server}{joint}application_name={schema}&options=-c%20search_path%3D{schema}") }
    }

    /// Under which its connections are known to the server.
    pub(crate) fn name(&self) -> String {
        let (_, rest) = self.url.split_once("application_name=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    }

    /// The same with another setting of the session.
    pub(crate) fn with_setting(&self, name: &str, value: &str) -> Self {
        let value = value.replace('\\', "%5C").replace(' ', "%20");
        Self { url: format!("{}%20-c%20{name}%3D{value}", self.url) }
    }

    /// A connection beside the stores.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.url).await
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    // It ends with the client.
    tokio::spawn(async move { drop(connection.await) });
    client
}

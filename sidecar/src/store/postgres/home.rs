//! Doing work on a connection: again when another transaction was in the way, on a new connection when the old one
//! broke, and within a time.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use tieline_crm::transport::BoxFuture;
use tokio::time::{self, Instant};
use tokio_postgres::config::{Host, SslMode};

use super::{
    super::{Reply, StoreError},
    PostgresConfig, tls,
    trouble::Trouble,
};

/// The first pause before work is tried again; it doubles up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(5);
const PAUSE_LONGEST: Duration = Duration::from_millis(500);
/// A connection that cannot be made in this time will not be made.
const CONNECT_BOUND: Duration = Duration::from_secs(5);

/// What work answers.
pub(super) type Done<'c, T> = BoxFuture<'c, Result<T, Trouble>>;

/// Connections to one database.
#[derive(Clone)]
pub(super) struct Home(Arc<Inside>);

struct Inside {
    pool: Pool,
    patience: Duration,
}

/// How work is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Statements on their own.
    Plain,
    /// A transaction, committed after the work.
    Transaction,
    /// A transaction that the work itself commits with its last statements, which saves a way there and back.
    Commits,
}

impl Home {
    /// Connections as configured; none is made yet.
    pub(super) fn new(config: &PostgresConfig) -> Result<Self, StoreError> {
        let mut target = config.target.clone();
        target.connect_timeout(CONNECT_BOUND).tcp_user_timeout(config.patience);
        if target.get_application_name().is_none() {
            target.application_name("tieline");
        }
        // Without a word about it: no TLS where nobody can listen, and never less than TLS elsewhere.
        if target.get_ssl_mode() == SslMode::Prefer {
            target.ssl_mode(if is_near(target.get_hosts()) { SslMode::Disable } else { SslMode::Require });
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(target, tls::connector(config.ca_file.as_deref())?, recycling);
        let pool = Pool::builder(manager)
            .max_size(config.connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(config.patience))
            .create_timeout(Some(CONNECT_BOUND))
            .build()
            .map_err(|error| StoreError::Broken(error.to_string()))?;
        Ok(Self(Arc::new(Inside { pool, patience: config.patience })))
    }

    /// Does work on a task of its own: who asked may go, and leaves no connection behind in the middle of something.
    /// Work that was begun may be done again; the last time counts.
    pub(super) fn run<'a, T: Send + 'static>(
        &self,
        mode: Mode,
        work: impl for<'c> Fn(&'c Object) -> Done<'c, T> + Send + Sync + 'static,
    ) -> Reply<'a, T> {
        let inside = Arc::clone(&self.0);
        Box::pin(async move {
            let task = tokio::spawn(async move { inside.persevere(mode, &work).await });
            task.await.unwrap_or(Err(StoreError::Closed))
        })
    }

    /// As [`Home::run`], on the caller's own task.
    pub(super) async fn here<T>(
        &self,
        mode: Mode,
        work: &(impl for<'c> Fn(&'c Object) -> Done<'c, T> + Sync),
    ) -> Result<T, StoreError> {
        self.0.persevere(mode, work).await
    }

    /// Does work once, without trying again.
    pub(super) async fn once<T>(
        &self,
        mode: Mode,
        work: &(impl for<'c> Fn(&'c Object) -> Done<'c, T> + Sync),
    ) -> Result<T, Trouble> {
        self.0.attempt(mode, work).await
    }

    /// Refuses later work.
    pub(super) fn close(&self) {
        self.0.pool.close();
    }
}

/// Prepares statements. What is prepared is on its way when it is first polled: statements joined in an order arrive in
/// this order, and none is waited for before the next is sent.
pub(super) async fn prepare(client: &Object, statements: &[&str]) -> Result<(), Trouble> {
    for sql in statements {
        client.prepare_cached(sql).await?;
    }
    Ok(())
}

impl Inside {
    async fn persevere<T>(
        &self,
        mode: Mode,
        work: &(impl for<'c> Fn(&'c Object) -> Done<'c, T> + Sync),
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + self.patience;
        let mut pause = PAUSE_FIRST;
        loop {
            let Ok(attempt) = time::timeout_at(deadline, self.attempt(mode, work)).await else {
                return Err(StoreError::Away(format!("nothing within {} s", self.patience.as_secs())));
            };
            let trouble = match attempt {
                Ok(value) => return Ok(value),
                Err(Trouble::Final(error)) => return Err(error),
                Err(trouble) => trouble,
            };
            if Instant::now() + pause > deadline {
                return Err(trouble.given_up());
            }
            tracing::debug!(?trouble, "the database is asked again");
            time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_LONGEST);
        }
    }

    async fn attempt<T>(
        &self,
        mode: Mode,
        work: &(impl for<'c> Fn(&'c Object) -> Done<'c, T> + Sync),
    ) -> Result<T, Trouble> {
        let lent = Lent(Some(self.pool.get().await?));
        let client = lent.client()?;
        let answer = match mode {
            Mode::Plain => work(client).await,
            Mode::Transaction | Mode::Commits => transact(client, mode, work).await,
        };
        match &answer {
            Ok(_) => lent.good(),
            Err(Trouble::Lost(_)) => {}
            Err(_) if mode == Mode::Plain => lent.good(),
            Err(_) => {
                if client.batch_execute("ROLLBACK").await.is_ok() {
                    lent.good();
                }
            }
        }
        answer
    }
}

/// The beginning is on its way before the work's first statement, and not waited for.
async fn transact<T>(
    client: &Object,
    mode: Mode,
    work: &(impl for<'c> Fn(&'c Object) -> Done<'c, T> + Sync),
) -> Result<T, Trouble> {
    let begin = async { client.batch_execute("BEGIN").await.map_err(Trouble::from) };
    let ((), value) = futures::try_join!(begin, work(client))?;
    if mode == Mode::Transaction {
        client.batch_execute("COMMIT").await?;
    }
    Ok(value)
}

/// A connection that goes back to the others only when it is known to be in order: work may be cut off anywhere.
struct Lent(Option<Object>);

impl Lent {
    fn client(&self) -> Result<&Object, Trouble> {
        self.0.as_ref().ok_or(PoolError::Closed.into())
    }

    fn good(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

/// On this machine: a socket file, or loopback.
fn is_near(hosts: &[Host]) -> bool {
    hosts.iter().all(|host| match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

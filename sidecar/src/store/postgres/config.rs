//! Which database it is, and how it is used.

use std::{fmt, path::PathBuf, str::FromStr as _, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};

/// Where the database is, and how it is used.
#[derive(Clone)]
pub struct PostgresConfig {
    pub(super) target: tokio_postgres::Config,
    /// Authorities to check the server's certificate with; `None`: the machine's.
    pub ca_file: Option<PathBuf>,
    /// Connections at most.
    pub connections: usize,
    /// How long a sidecar that is not heard of keeps its claims.
    pub lease: Duration,
    /// How long work is tried again while the database is away.
    pub patience: Duration,
    /// Pieces that may wait to be stored; more are refused with [`Full`](crate::store::StoreError::Full).
    pub queue: usize,
}

/// Its text would show the password.
impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig").field("place", &self.place()).finish_non_exhaustive()
    }
}

impl PostgresConfig {
    /// A database by its address, `postgres://user@host:port/database?parameters` or `host=… dbname=…`.
    ///
    /// # Errors
    /// What is wrong with the address, without repeating it.
    pub fn new(url: &SecretString) -> Result<Self, String> {
        let target = tokio_postgres::Config::from_str(url.expose_secret()).map_err(|error| {
            std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
        })?;
        if target.get_hosts().is_empty() && target.get_hostaddrs().is_empty() {
            return Err("it names no host".to_owned());
        }
        let (lease, patience) = (Duration::from_secs(30), Duration::from_secs(10));
        Ok(Self { target, ca_file: None, connections: 8, lease, patience, queue: 4_096 })
    }

    /// The same with a password.
    #[must_use]
    pub fn with_password(mut self, password: &SecretString) -> Self {
        self.target.password(password.expose_secret());
        self
    }

    /// Whether the address holds a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.target.get_password().is_some()
    }

    /// Where the database is, without secrets.
    #[must_use]
    pub fn place(&self) -> String {
        use tokio_postgres::config::Host;
        let name = |host: &Host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        };
        let hosts: Vec<String> = self.target.get_hosts().iter().map(name).collect();
        format!("PostgreSQL database {} at {}", self.target.get_dbname().unwrap_or("of the user"), hosts.join(", "))
    }
}

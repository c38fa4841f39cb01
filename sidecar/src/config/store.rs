//! `[store]`: where calls are kept. An address makes it a shared database, else it is a file of this sidecar's own. With
//! a key, it keeps projects too.

use std::{path::PathBuf, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    secret::{self, Sources},
    section::Section,
};
use crate::{
    seal::{self, KEY_LEN, Keys},
    store::postgres::PostgresConfig,
};

/// Keys that still open, at most: one is taken away when everything is sealed anew.
const KEYS_BEFORE_MAX: usize = 8;

/// Where calls are kept.
#[derive(Clone, Debug)]
pub enum StoreConfig {
    /// A database file on this machine.
    Sqlite {
        /// Its path.
        path: PathBuf,
    },
    /// A PostgreSQL database, which several sidecars may share.
    Postgres(Box<PostgresConfig>),
}

/// Seconds a sidecar that is not heard of keeps its clients: as long as a CRM is waited for at most.
const LEASE_SECONDS: u32 = 30;
/// Connections to the database.
const CONNECTIONS: u32 = 8;
/// Seconds the database may be away before work is refused: a failover takes less.
const PATIENCE_SECONDS: u32 = 10;

/// The store, and the keys of projects that are kept in it.
pub(super) fn store(mut section: Section<'_>, sources: &dyn Sources) -> (Option<StoreConfig>, Option<Keys>) {
    let keys = keys(&mut section, sources);
    (place(section, sources), keys)
}

fn keys(section: &mut Section<'_>, sources: &dyn Sources) -> Option<Keys> {
    let key = section.secret("secrets_key", sources);
    let first = key.and_then(|key| read_key(section, "secrets_key", &key));
    let before = section.values("secrets_keys_before");
    if section.peek("secrets_key").is_none() && !before.is_empty() {
        section.fault("secrets_keys_before", "are of no use without secrets_key; add it");
    }
    if before.len() > KEYS_BEFORE_MAX {
        section.fault("secrets_keys_before", format!("are more than {KEYS_BEFORE_MAX}; take away what opens nothing"));
    }
    let before = before.into_iter().take(KEYS_BEFORE_MAX).filter_map(|(path, value)| {
        let key = secret::resolve(section, &path, value, sources)?;
        read_key(section, "secrets_keys_before", &key)
    });
    let before: Vec<_> = before.collect();
    Some(Keys::new(&first?, &before))
}

fn read_key(section: &Section<'_>, name: &str, key: &SecretString) -> Option<[u8; KEY_LEN]> {
    let key = seal::key_of(key.expose_secret().trim());
    if key.is_none() {
        section.fault(name, "names no key: it is 64 hexadecimal digits; `openssl rand -hex 32` makes one");
    }
    key
}

fn place(mut section: Section<'_>, sources: &dyn Sources) -> Option<StoreConfig> {
    let kind = section.text("kind");
    let is_shared = section.peek("url").is_some();
    let store = if is_shared { postgres(&mut section, sources) } else { Some(sqlite(&mut section)) };
    match kind.as_deref() {
        None => {}
        Some("sqlite") if !is_shared => {}
        Some("postgres") if is_shared => {}
        Some("sqlite") => section.fault("kind", "is sqlite, but there is a url; leave out kind or url"),
        Some("postgres") => section.fault("url", "is needed; write the address of the database"),
        Some(_) => section.fault("kind", "is no kind of store; write sqlite or postgres"),
    }
    section.close();
    store
}

fn sqlite(section: &mut Section<'_>) -> StoreConfig {
    for key in ["password", "ca_file", "lease_seconds", "connections", "patience_seconds"] {
        if section.peek(key).is_some() {
            section.refuse(key, "is for a database; add its url, or leave this out");
        }
    }
    let path = section.text("path").unwrap_or_else(|| "tieline.db".to_owned());
    StoreConfig::Sqlite { path: PathBuf::from(path) }
}

fn postgres(section: &mut Section<'_>, sources: &dyn Sources) -> Option<StoreConfig> {
    if section.peek("path").is_some() {
        section.refuse("path", "is for a file of this sidecar's own; keep it or url");
    }
    let in_clear = section.peek("url").is_some_and(|value| value.get_ref().is_str());
    let url = if in_clear { section.text("url").map(SecretString::from) } else { section.secret("url", sources) };
    let password = section.secret("password", sources);
    let ca_file = section.text("ca_file").map(PathBuf::from);
    let lease = section.number("lease_seconds", LEASE_SECONDS, 5..=600);
    let connections: u32 = section.number("connections", CONNECTIONS, 2..=200);
    let patience = section.number("patience_seconds", PATIENCE_SECONDS, 1..=120);
    let mut config = match PostgresConfig::new(&url?) {
        Ok(config) => config,
        Err(why) => {
            section.fault("url", format!("is no address of a database: {why}; write postgres://user@host/database"));
            return None;
        }
    };
    if in_clear && config.has_password() {
        let text = "holds the password; put it into password = { env = \"NAME\" } or { file = \"path\" }, and change \
                    it, as it has been written down here";
        section.fault("url", text);
    }
    if let Some(password) = &password {
        config = config.with_password(password);
    }
    (config.ca_file, config.connections) = (ca_file, connections as usize);
    (config.lease, config.patience) = (Duration::from_secs(u64::from(lease)), Duration::from_secs(u64::from(patience)));
    Some(StoreConfig::Postgres(Box::new(config)))
}

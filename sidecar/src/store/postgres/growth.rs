//! Tells the database's planner that tables have grown. A new database plans for tables that are next to empty, and keeps
//! those plans until its autovacuum looks again, after a minute by default; a crowd of calls may come sooner, and then
//! every statement would read through all of them.

use std::sync::atomic::{AtomicU64, Ordering};

use deadpool_postgres::Object;

use super::{
    home::{Home, Mode},
    trouble::Trouble,
};

/// Pieces after which the planner is told first, and how many times as many before each next time.
const FIRST: u64 = 256;
const NEXT: u64 = 4;
/// With so many the autovacuum's own look is soon enough: more would not change a plan.
const LAST: u64 = 256 << 10;

/// Pieces this sidecar has stored: as many calls at most.
pub(super) struct Growth {
    stored: AtomicU64,
    due: AtomicU64,
}

impl Growth {
    /// Nothing was stored yet.
    pub(super) const fn new() -> Self {
        Self { stored: AtomicU64::new(0), due: AtomicU64::new(FIRST) }
    }

    /// Pieces were stored; where that were many, the planner is told beside other work.
    pub(super) fn stored(&self, home: &Home, pieces: usize) {
        let stored = self.stored.fetch_add(pieces as u64, Ordering::Relaxed) + pieces as u64;
        let due = self.due.load(Ordering::Relaxed);
        let next = due.saturating_mul(NEXT);
        if stored < due
            || due > LAST
            || self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return;
        }
        let told = home.run(Mode::Plain, move |client| Box::pin(tell(client, stored)));
        tokio::spawn(async move {
            if let Err(error) = told.await {
                tracing::debug!(%error, "the database's planner could not be told how large the tables are");
            }
        });
    }
}

/// Unless the planner knows of more calls than can have come from here.
async fn tell(client: &Object, stored: u64) -> Result<(), Trouble> {
    let known: f32 =
        client.query_one("SELECT reltuples FROM pg_class WHERE oid = 'calls'::regclass", &[]).await?.try_get(0)?;
    if f64::from(known) < stored as f64 {
        client.batch_execute("ANALYZE calls, lanes, pieces").await?;
    }
    Ok(())
}

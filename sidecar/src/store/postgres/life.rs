//! This sidecar's life among the others on the same database.
//!
//! A sidecar lives while its row stands in `sidecars`. It moves the end of its lease ahead with every beat; whoever
//! finds a lease that is over buries its owner by deleting the row, and only then may the owner's lanes be claimed. The
//! owner counts its own end from before it asked for more time, so it always stops relying on its claims before another
//! can have them. A sidecar that was buried alive (it was cut off for longer than its lease) goes on under a new name:
//! what it had claimed is lost.
//!
//! Times are the database's; the clocks of the sidecars may differ.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::Object;
use tieline_engine::jiff::Timestamp;
use tokio::{
    sync::watch,
    time::{self, Instant},
};

use super::{
    super::{Beat, StoreError, lease::Lease, values::unsigned},
    home::{Home, Mode},
    queue, schema,
    trouble::Trouble,
};

/// Longest time between two beats: how late a sidecar notices what another one did.
const BEAT_LONGEST: Duration = Duration::from_secs(1);

/// Beats that fit into a lease at least, so that one or two that fail cost nothing.
const BEATS_PER_LEASE: u32 = 5;

/// Under which name this sidecar claims.
#[derive(Clone, Debug)]
pub(super) struct Me {
    pub(super) id: String,
    pub(super) lease: Lease,
}

/// A sidecar among others.
pub(super) struct Life {
    home: Home,
    name: String,
    lives: AtomicU64,
    lasts: Duration,
    me: Mutex<Me>,
    beat: watch::Sender<Beat>,
}

impl Life {
    /// Begins to live: other sidecars count this one from now on.
    pub(super) async fn begin(home: Home, name: String, lasts: Duration) -> Result<Arc<Self>, StoreError> {
        let me = Me { id: name.clone(), lease: Lease::until(Instant::now()) };
        let beat = watch::channel(Beat { sidecars: 1, connections: 0, projects: 0, due: Vec::new() }).0;
        let life = Self { home, name, lives: AtomicU64::new(0), lasts, me: Mutex::new(me), beat };
        life.be_born().await?;
        life.pulse().await.map_err(Trouble::given_up)?;
        Ok(Arc::new(life))
    }

    /// Under which name to claim now.
    pub(super) fn me(&self) -> Me {
        self.me.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the others do, told anew with every beat.
    pub(super) fn beats(&self) -> watch::Receiver<Beat> {
        self.beat.subscribe()
    }

    /// Beats for ever.
    pub(super) async fn go_on(self: Arc<Self>) {
        let every = (self.lasts / BEATS_PER_LEASE).min(BEAT_LONGEST);
        loop {
            time::sleep(every).await;
            if let Err(error) = self.beat_once(every * 2).await {
                tracing::warn!(%error, left_seconds = self.me().lease.left().as_secs(), "the database was not told that this sidecar lives");
            }
        }
    }

    async fn beat_once(&self, bound: Duration) -> Result<(), StoreError> {
        let bound = bound.max(BEAT_LONGEST);
        let away = |_| StoreError::Away(format!("nothing within {} ms", bound.as_millis()));
        match time::timeout(bound, self.pulse()).await.map_err(away)? {
            Ok(true) => Ok(()),
            Ok(false) => {
                tracing::warn!("this sidecar was taken for dead; it goes on, and others do what it had begun");
                self.me().lease.end();
                time::timeout(bound, self.be_born()).await.map_err(away)?
            }
            Err(trouble) => Err(trouble.given_up()),
        }
    }

    /// Ends the life, if nothing is left under way; else the lease lets it end.
    pub(super) async fn end(&self) -> Result<(), StoreError> {
        let id = self.me().id;
        self.home
            .run(Mode::Plain, move |client| {
                let id = id.clone();
                Box::pin(async move { Ok(client.execute(END, &[&id]).await?) })
            })
            .await
            .map(drop)
    }

    /// A row under a name nobody had.
    async fn be_born(&self) -> Result<(), StoreError> {
        let life = self.lives.fetch_add(1, Ordering::Relaxed);
        let id = if life == 0 { self.name.clone() } else { format!("{}.{life}", self.name) };
        let begun = Instant::now();
        let lasts = seconds(self.lasts);
        let named = id.clone();
        self.home
            .run(Mode::Plain, move |client| {
                let id = named.clone();
                Box::pin(async move {
                    client.execute(BE_BORN, &[&id, &env!("CARGO_PKG_VERSION"), &lasts]).await?;
                    Ok(())
                })
            })
            .await?;
        *self.me.lock().unwrap_or_else(PoisonError::into_inner) = Me { id, lease: Lease::until(begun + self.lasts) };
        Ok(())
    }

    /// Asks for more time and looks at the others. `false`: this sidecar is taken for dead.
    async fn pulse(&self) -> Result<bool, Trouble> {
        let (me, begun, lasts) = (self.me(), Instant::now(), seconds(self.lasts));
        let id = me.id.clone();
        let beat = self
            .home
            .once(Mode::Plain, &|client| {
                let id = id.clone();
                Box::pin(async move { pulse(client, &id, lasts).await })
            })
            .await?;
        let Some(beat) = beat else { return Ok(false) };
        me.lease.extend(begun + self.lasts);
        self.beat.send_replace(beat);
        Ok(true)
    }
}

async fn pulse(client: &Object, id: &str, lasts: f64) -> Result<Option<Beat>, Trouble> {
    // A newer program may have taken a step that this one cannot follow: then it must not live on.
    let schema = client.query_one(&client.prepare_cached(schema::STATE).await?, &[]).await?;
    schema::check(schema.try_get(0)?, schema.try_get(1)?, schema::VERSION)?;
    if client.execute(&client.prepare_cached(LIVE_ON).await?, &[&id, &lasts]).await? == 0 {
        return Ok(None);
    }
    let buried = client.execute(&client.prepare_cached(BURY).await?, &[]).await?;
    if buried > 0 {
        tracing::warn!(sidecars = buried, "sidecars have not been heard of for a lease; their work is taken over");
    }
    let look = client.prepare_cached(LOOK).await?;
    let row = client.query_one(&look, &[]).await?;
    let due = queue::with_work(client, id, Timestamp::now()).await?;
    let sidecars = u32::try_from(row.try_get::<_, i64>(0)?).unwrap_or(u32::MAX).max(1);
    let (connections, projects) = (unsigned(row.try_get(1)?), unsigned(row.try_get(2)?));
    Ok(Some(Beat { sidecars, connections, projects, due }))
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

const BE_BORN: &str = "INSERT INTO sidecars (id, program, lease_until)
    VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
    ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until";

const LIVE_ON: &str = "UPDATE sidecars SET lease_until = clock_timestamp() + make_interval(secs => $2) WHERE id = $1";

/// A sidecar that asks for more time at this moment is waited for, and then looked at again.
const BURY: &str = "DELETE FROM sidecars WHERE lease_until < clock_timestamp()";

const LOOK: &str = "SELECT (SELECT count(*) FROM sidecars), connections, projects FROM pulse";

/// While a call waits in a lane that is held, its holder answers for what is begun there.
const END: &str = "DELETE FROM sidecars s WHERE s.id = $1 AND NOT EXISTS (
    SELECT 1 FROM lanes l JOIN calls c ON c.project = l.project AND c.lane = l.lane AND c.state = 'waiting'
    WHERE l.holder = s.id)";

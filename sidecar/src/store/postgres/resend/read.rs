//! What is read of resendings: their rows, and their calls in the order of the walk.

use std::sync::LazyLock;

use deadpool_postgres::Object;
use tieline_engine::ids::ProjectId;
use tokio_postgres::{Row, types::ToSql};

use super::super::{
    bulk::PORTION,
    row::{self, COLUMNS},
    trouble::Trouble,
};
use crate::store::{
    StoredCall,
    resend::{Counts, Resending},
    values::unsigned,
};

/// What is kept with a call of a resending.
pub(super) struct Kept {
    pub(super) worth: i64,
    pub(super) was: Option<String>,
}

/// Calls of a resending that fit a condition, with what is kept with them.
pub(super) async fn select(
    client: &Object,
    which: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<(StoredCall, Kept)>, Trouble> {
    let sql = client.prepare_cached(&format!("SELECT {COLUMNS}, worth, kept_as FROM calls WHERE {which}")).await?;
    let read = |row: &Row| {
        let kept = Kept { worth: i64::from(row.try_get::<_, i16>("worth")?), was: row.try_get("kept_as")? };
        Ok((row::stored(row)?, kept))
    };
    client.query(&sql, params).await?.iter().map(read).collect()
}

/// A resending from its row.
pub(super) fn read(row: &Row) -> Result<Resending, Trouble> {
    let count = |column: &str| Ok::<_, Trouble>(unsigned(row.try_get(column)?));
    let position = |column: &str| Ok::<_, Trouble>(row.try_get::<_, Option<i64>>(column)?.map(unsigned));
    Ok(Resending {
        id: count("id")?,
        project: ProjectId::new(row.try_get::<_, String>("project")?),
        selection: row::json(row, "selection")?,
        begun_at: row::time(row, "begun_at")?,
        cancelled: row.try_get("cancelled")?,
        choosing: position("choosing")?,
        holding: position("holding")?,
        counts: Counts {
            held: count("held")?,
            waiting: count("waiting")?,
            written: count("written")?,
            skipped: count("skipped")?,
            failed: count("failed")?,
        },
    })
}

/// What is held, in order of release: at most so many.
pub(super) const HELD: &str = "resend = $1 AND resend < 0 ORDER BY worth, seq LIMIT $2";

/// What is still held, of some positions.
pub(super) const HELD_AT: &str = "resend = $1 AND seq = ANY ($2) ORDER BY worth, seq";

/// What is in the queue, before a position.
pub(super) static RESENT: LazyLock<String> = LazyLock::new(|| {
    format!("resend = $1 AND resend > 0 AND state = 'waiting' AND seq < $2 ORDER BY seq DESC LIMIT {PORTION}")
});

/// What is still in the queue, of some positions.
pub(super) const RESENT_AT: &str = "resend = $1 AND state = 'waiting' AND seq = ANY ($2) ORDER BY seq DESC";

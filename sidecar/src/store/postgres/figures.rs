//! What there is to count of many projects, in two questions.

use std::collections::BTreeMap;

use deadpool_postgres::Object;
use tieline_engine::{
    ids::ProjectId,
    jiff::{Timestamp, civil::Date},
};
use tokio_postgres::Row;

use super::{
    super::{Figures, LedgerDay, StoreError, values::unsigned},
    row,
    trouble::Trouble,
};

/// See [`super::Store::figures`].
pub(super) async fn figures(
    client: &Object,
    of: &[(ProjectId, Date)],
) -> Result<BTreeMap<ProjectId, Figures>, Trouble> {
    let projects: Vec<&str> = of.iter().map(|(project, _)| project.as_str()).collect();
    let days: Vec<i32> = of.iter().map(|(_, day)| row::day_number(*day)).collect();
    let counted = client.prepare_cached(COUNTED).await?;
    let mut figures = BTreeMap::new();
    for row in client.query(&counted, &[&projects]).await? {
        let of_project = Figures {
            day: None,
            waiting: unsigned(row.try_get(1)?),
            failed: unsigned(row.try_get(2)?),
            oldest: time(&row, 3)?,
            last_received: time(&row, 4)?,
            last_written: time(&row, 5)?,
        };
        figures.insert(ProjectId::new(row.try_get::<_, &str>(0)?), of_project);
    }
    let ledger = client.prepare_cached(LEDGER).await?;
    for row in client.query(&ledger, &[&projects, &days]).await? {
        let (project, day) = (ProjectId::new(row.try_get::<_, &str>(0)?), row::day(row.try_get(1)?)?);
        let Some(of_project) = figures.get_mut(&project) else { continue };
        let day = of_project.day.get_or_insert_with(|| LedgerDay::empty(day));
        day.add(row.try_get(2)?, row.try_get(3)?, unsigned(row.try_get(4)?));
    }
    Ok(figures)
}

fn time(row: &Row, column: usize) -> Result<Option<Timestamp>, Trouble> {
    let micros: Option<i64> = row.try_get(column)?;
    let time = micros.map(Timestamp::from_microsecond).transpose();
    time.map_err(|_| StoreError::Unreadable(format!("column {column}, a time out of range")).into())
}

const COUNTED: &str = "SELECT p.project,
        (SELECT count(*) FROM calls c WHERE c.project = p.project AND c.state = 'waiting'),
        (SELECT count(*) FROM calls c WHERE c.project = p.project AND c.state = 'failed'),
        (SELECT c.received_at FROM calls c WHERE c.project = p.project AND c.state = 'waiting'
            ORDER BY c.seq LIMIT 1),
        (SELECT max(l.received_at) FROM unnest(ARRAY['waiting', 'written', 'skipped', 'failed']) AS s (state)
            CROSS JOIN LATERAL (
                SELECT c.received_at FROM calls c WHERE c.project = p.project AND c.state = s.state
                ORDER BY c.seq DESC LIMIT 1) AS l),
        (SELECT w.at FROM writes w WHERE w.project = p.project)
    FROM unnest($1::text[]) AS p (project)";

const LEDGER: &str = "SELECT k.project, k.day, l.state, l.skip_code, CAST(sum(l.calls) AS BIGINT)
    FROM unnest($1::text[], $2::integer[]) AS k (project, day)
    CROSS JOIN LATERAL (
        SELECT c.state, c.skip_code, count(*) AS calls FROM calls c
        WHERE c.project = k.project AND c.day = k.day GROUP BY c.state, c.skip_code
        UNION ALL
        SELECT d.state, nullif(d.skip_code, '') AS skip_code, d.calls FROM ledger_days d
        WHERE d.project = k.project AND d.day = k.day) AS l
    GROUP BY k.project, k.day, l.state, l.skip_code";

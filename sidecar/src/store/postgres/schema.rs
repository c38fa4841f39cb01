//! Bringing a database to the newest schema, with other sidecars at work on it, also such of another version.
//!
//! Steps only go forward. A step says which programs still work after it: one that only adds may be taken while older
//! sidecars run; one that takes away what they use names its own number, and they stop. Whoever upgrades in two steps
//! (first add, then take away) never has to stop.

use deadpool_postgres::Object;

use super::{super::StoreError, trouble::Trouble};

/// A step to a newer schema.
pub(super) struct Step {
    sql: &'static str,
    /// The oldest schema whose programs go on working after the step.
    serves: i32,
}

/// The steps from an empty database; their count is the schema's version. Steps are only ever added.
const STEPS: &[Step] = &[
    Step { sql: include_str!("schema_1.sql"), serves: 1 },
    // Older programs leave purged days out of the ledger they show, and do everything else.
    Step { sql: include_str!("schema_2.sql"), serves: 1 },
    // Older programs do not serve projects that are kept in the store, and leave their calls to newer ones.
    Step { sql: include_str!("schema_3.sql"), serves: 1 },
    // Older programs deliver backlog by order of acceptance alone, and do everything else.
    Step { sql: include_str!("schema_4.sql"), serves: 1 },
    // Older programs leave old resendings where they are.
    Step { sql: include_str!("schema_5.sql"), serves: 1 },
];

/// The version this program knows.
pub(super) const VERSION: i32 = STEPS.len() as i32;

/// Keeps two sidecars that start at once from taking the same step ("TIEL", and the schema's name beside it).
const LOCK: &str = "SELECT pg_advisory_xact_lock(1414088012, hashtext(current_schema()))";

const TABLE: &str = "CREATE TABLE IF NOT EXISTS tieline_schema (
    version    INTEGER     PRIMARY KEY,
    serves     INTEGER     NOT NULL,
    program    TEXT        NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now())";

/// What the database has: its version, and the oldest programs it serves.
pub(super) const STATE: &str = "SELECT coalesce(max(version), 0), coalesce(max(serves), 0) FROM tieline_schema";

/// Takes the steps that are missing, all or none.
pub(super) async fn migrate(client: &Object) -> Result<(), Trouble> {
    migrate_by(client, STEPS).await
}

/// As [`migrate`], with the steps of a program.
pub(super) async fn migrate_by(client: &Object, steps: &[Step]) -> Result<(), Trouble> {
    client.batch_execute(&format!("{LOCK}; {TABLE}")).await?;
    let row = client.query_one(STATE, &[]).await?;
    let (version, serves): (i32, i32) = (row.try_get(0)?, row.try_get(1)?);
    let known = i32::try_from(steps.len()).unwrap_or(i32::MAX);
    check(version, serves, known)?;
    for (nr, step) in (1..=known).zip(steps).filter(|(nr, _)| *nr > version) {
        client.batch_execute(step.sql).await?;
        let program = env!("CARGO_PKG_VERSION");
        client
            .execute(
                "INSERT INTO tieline_schema (version, serves, program) VALUES ($1, $2, $3)",
                &[&nr, &step.serves, &program],
            )
            .await?;
    }
    Ok(())
}

/// Whether a program that knows schemas up to a version may work on a database.
pub(super) fn check(version: i32, serves: i32, known: i32) -> Result<(), StoreError> {
    if serves > known {
        return Err(StoreError::Unreadable(format!(
            "the database's schema is version {version} and serves programs that know version {serves} or later, this \
             one knows versions up to {known}: run the newer program"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_program_works_on_a_newer_schema_that_says_so() {
        assert_eq!(check(0, 0, 1), Ok(()), "an empty database");
        assert_eq!(check(3, 1, 1), Ok(()), "two steps that only add");
        let refused = check(3, 2, 1).unwrap_err().to_string();
        assert!(refused.contains("version 3") && refused.contains("newer program"), "{refused}");
    }

    #[test]
    fn no_step_serves_programs_that_do_not_know_it_by_mistake() {
        for (nr, step) in (1..).zip(STEPS) {
            assert!((1..=nr).contains(&step.serves), "step {nr}");
        }
    }
}

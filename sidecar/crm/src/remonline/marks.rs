//! Finding again what may have been written. The mark stands in the text of what was made: a client's notes, a
//! lead's description, an order's manager notes, a task's description (remonline.md 2.4 … 2.8).

use tieline_engine::{
    facts::Found,
    ids::RecordId,
    lookup::{LookUp, SoughtMark},
    record::Kind,
    step::{Mark, StepKey},
};

use crate::{dialect::Session, trouble::Trouble};

use super::{
    Remonline, api,
    lists::{self, Query},
    records::Row,
};

/// Pages of tasks that are read at most, half at either end of the list: five hundred tasks.
const TASK_PAGES_MAX: u64 = 10;

/// Kinds whose creation takes the note on it along.
const PEOPLE: [Kind; 3] = [Kind::Contact, Kind::Lead, Kind::Deal];

/// Adds to `found` which marks were asked about, and where they are among the rows read.
pub(super) async fn find(
    crm: &Remonline,
    session: &Session<'_>,
    ask: &LookUp,
    rows: &[Row],
    found: &mut Found,
) -> Result<(), Trouble> {
    let tasks = tasks(crm, session, ask).await?;
    for sought in &ask.marks {
        let record = match sought.kind {
            Kind::Contact | Kind::Lead | Kind::Deal if ask.client.is_none() => continue,
            Kind::Contact | Kind::Lead | Kind::Deal => carrier(rows, &sought.mark, Some(sought.kind)),
            Kind::Task => carrier(&tasks, &sought.mark, None),
            Kind::Note => note(crm, ask, sought, rows),
            Kind::CallRecord => continue,
        };
        found.marks.extend(record.map(|record| (sought.mark.clone(), record)));
        found.asked.insert(sought.mark.clone());
    }
    Ok(())
}

fn carrier(rows: &[Row], mark: &Mark, kind: Option<Kind>) -> Option<RecordId> {
    let of_kind = |row: &&Row| kind.is_none_or(|kind| row.kind == kind);
    rows.iter().filter(of_kind).find(|row| row.carries(mark.as_str())).and_then(Row::id)
}

/// A note that went along with a creation stands in the record's text. A comment cannot be looked for, so the
/// setting says what counts; its mark stands in for the id nobody can know.
fn note(crm: &Remonline, ask: &LookUp, sought: &SoughtMark, rows: &[Row]) -> Option<RecordId> {
    let along = |kind: Kind| {
        let creation = StepKey::create(kind);
        sought.key == StepKey::note(kind, 0) && ask.marks.iter().any(|other| other.key == creation)
    };
    let went_along = PEOPLE.into_iter().any(along);
    let counts = !went_along && !crm.settings.repeat_lost_comments;
    carrier(rows, &sought.mark, None).or_else(|| counts.then(|| RecordId::new(sought.mark.as_str())))
}

/// There is no documented filter for tasks.
async fn tasks(crm: &Remonline, session: &Session<'_>, ask: &LookUp) -> Result<Vec<Row>, Trouble> {
    if ask.marks.iter().all(|sought| sought.kind != Kind::Task) {
        return Ok(Vec::new());
    }
    let (name, query) = ("remonline.tasks.list", Query::new());
    let rows = lists::rows(&crm.settings, session, name, api::TASKS, &query, TASK_PAGES_MAX).await?;
    Ok(rows.into_iter().filter_map(|value| Row::new(Kind::Task, value)).collect())
}

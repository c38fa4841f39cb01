//! What a dry run asked, and where it would end (sync_call.proto).

use std::time::Duration;

use tieline_engine::{client::ClientKey, facts::Found, lookup::LookUp, next::End};
use tieline_proto::v1;

use super::{
    step::{RecordLink, record},
    words,
};

/// The look-ups that one question to the CRM and its answer stand for: one for each kind of record.
#[must_use]
pub fn lookups(asked: &LookUp, found: &Found, took: Duration, link: RecordLink<'_>) -> Vec<v1::Lookup> {
    let took_ms = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
    let lookup =
        |kind, by: &str, found| v1::Lookup { kind: words::entity_kind(kind).into(), by: by.to_owned(), found, took_ms };
    let client = asked.client.iter().flat_map(|sought| {
        let by = if matches!(sought.key, ClientKey::Phone(_) | ClientKey::Text(_)) { "phone" } else { "chat" };
        sought.kinds.iter().map(move |kind| {
            let of_kind = found.records.iter().filter(|record| record.kind == *kind);
            lookup(*kind, by, of_kind.map(|found| record(*kind, &found.id, link)).collect())
        })
    });
    let marks = asked.marks.iter().map(|sought| {
        let id = found.marks.get(&sought.mark);
        lookup(sought.kind, "external_id", id.map(|id| record(sought.kind, id, link)).into_iter().collect())
    });
    client.chain(marks).collect()
}

/// Where the call would stand.
#[must_use]
pub fn expected_state(end: End) -> v1::CallState {
    words::end(end)
}

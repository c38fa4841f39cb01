//! What a test of the real program found, as a line for `tests/reliability`.

use std::{collections::BTreeMap, env, fs::OpenOptions, io::Write as _, time::Instant};

use serde_json::{Value, json};

use crate::{audit::Found, crms::Crms, exchange::Exchange};

/// Kills, counted by what the program was doing.
pub(crate) struct Tally {
    begun: Instant,
    kills: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), kills: BTreeMap::new() }
    }

    /// Counts a kill.
    pub(crate) fn killed(&mut self, during: &'static str) {
        *self.kills.entry(during).or_default() += 1;
    }

    /// Writes the line of a part whose calls were audited.
    pub(crate) async fn report(&self, part: &str, more: Value, crms: &Crms, exchange: &Exchange, found: &Found) {
        let mut line = json!({
            "part": part,
            "kills": self.kills.values().sum::<u64>(),
            "moments": self.kills,
            "accepted": exchange.calls.len(),
            "recordings": exchange.calls.iter().filter_map(|call| call.recording()).count(),
            "lost": found.lost,
            "doubled": found.doubled,
            "extra": found.extra,
            "contacts_per_client_max": found.contacts_per_client_max,
            "comments_repeated": found.comments_repeated,
            "faults": crms.faults().await,
            "seconds": self.begun.elapsed().as_secs(),
        });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        append(&line);
    }
}

/// Appends a line to the file that `TIELINE_REPORT` names, if it names one.
pub(crate) fn append(line: &Value) {
    let Some(file) = env::var_os("TIELINE_REPORT") else { return };
    let mut file = OpenOptions::new().append(true).create(true).open(file).unwrap();
    writeln!(file, "{line}").unwrap();
}

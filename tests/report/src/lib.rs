//! The reliability report: what the parts of `tests/reliability` have found, judged and made readable.
//!
//! Each part appends lines of JSON, an object with the member `part`:
//!
//! | part | members |
//! |---|---|
//! | `simulation` | `seeds`, and the members of an audit |
//! | `kills` | `store`, `programs`, `rounds`, `kills`, `moments` (kills by name), and the members of an audit |
//! | `takeover` | `lease_seconds`, `seconds_to_first_request` and `seconds_to_first_write` (one for each kill), and the members of an audit |
//! | `backlog` | `name`, `value`, `unit`: a figure of the benchmark of that name |
//! | `door` | `name`, `ours`, `ceiling` (requests a second), `ratio`, `target` or null |
//! | `run` | `name`, `seconds`, and `failed` or `not_run` with the reason where it is one |
//!
//! An audit has `accepted`, `lost`, `doubled`, `contacts_per_client_max`, and where it looks for them `extra`,
//! `comments_repeated` and `faults` (hits by name). It asks the simulated CRMs, never Tieline alone.

pub mod figures;
pub mod text;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use figures::Figure;

/// The parts a run has: each tells that it ran, or why it could not.
pub const PARTS: [&str; 8] = [
    "simulation",
    "kills",
    "full-disk",
    "memory-and-drain",
    "accept-sqlite",
    "kills-of-two",
    "take-over",
    "accept-postgresql",
];

/// What was measured in one run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The lines, in the order they came.
    pub lines: Vec<Map<String, Value>>,
}

/// Whether the promises hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of them, by every part that was to run.
    Held,
    /// Not all of them, or a part failed or found nothing: why.
    Broken(Vec<String>),
}

impl Report {
    /// Reads lines of JSON. The error names the line that is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let line = |(nr, line): (usize, &str)| match serde_json::from_str(line) {
            Ok(Value::Object(line)) if line.contains_key("part") => Ok(line),
            _ => Err(format!("line {}: not a part's", nr + 1)),
        };
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        Ok(Self { lines: lines.map(line).collect::<Result<_, _>>()? })
    }

    /// The lines of a part.
    pub fn part<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Map<String, Value>> {
        self.lines.iter().filter(move |line| word(line, "part") == name)
    }

    /// The lines that come from an audit of the simulated CRMs.
    pub fn audits(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.lines.iter().filter(|line| line.contains_key("lost"))
    }

    /// The sum of a count over all audits.
    pub fn sum(&self, count: &str) -> u64 {
        self.audits().map(|line| number(line, count)).sum()
    }

    /// Hits of each fault over all audits.
    pub fn faults(&self) -> BTreeMap<String, u64> {
        let mut faults = BTreeMap::new();
        for (name, hits) in self.audits().filter_map(|line| line.get("faults")?.as_object()).flatten() {
            *faults.entry(name.clone()).or_default() += hits.as_u64().unwrap_or_default();
        }
        faults
    }

    /// What was measured against a target.
    pub fn figures(&self) -> Vec<Figure> {
        figures::of(self)
    }

    /// Holds only what an audit has counted: an audit of no call, and a part that says nothing, hold nothing.
    pub fn verdict(&self) -> Verdict {
        let ran = |part: &str| self.part("run").any(|line| word(line, "name") == part);
        let missing = PARTS.into_iter().filter(|part| !ran(part));
        let mut broken: Vec<String> = missing.map(|part| format!("{part} was not run")).collect();
        for line in self.part("run") {
            let name = word(line, "name");
            if let Some(why) = line.get("failed") {
                broken.push(format!("{name} failed: {}", shown(why)));
            } else if !line.contains_key("not_run") && number(line, "lines") == 0 {
                broken.push(format!("{name} has said nothing"));
            }
        }
        for line in self.audits() {
            let name = text::audited(line);
            broken.extend(wrong(line).map(|what| format!("{name}: {what}")));
        }
        if self.audits().next().is_none() {
            broken.push("nothing was audited".to_owned());
        }
        if broken.is_empty() { Verdict::Held } else { Verdict::Broken(broken) }
    }

    /// The same for programs.
    pub fn json(&self, about: &Map<String, Value>) -> Value {
        let broken = match self.verdict() {
            Verdict::Held => Vec::new(),
            Verdict::Broken(why) => why,
        };
        let figures: Vec<Value> = self.figures().iter().map(Figure::json).collect();
        json!({
            "about": about,
            "held": broken.is_empty(),
            "broken": broken,
            "accepted": self.sum("accepted"),
            "lost": self.sum("lost"),
            "doubled": self.sum("doubled"),
            "extra": self.sum("extra"),
            "faults": self.faults(),
            "figures": figures,
            "parts": self.lines,
        })
    }
}

/// What an audit found that must not be.
fn wrong(line: &Map<String, Value>) -> impl Iterator<Item = String> {
    let not_zero = ["lost", "doubled", "extra"].map(|name| (name, line.get(name).map_or(Some(0), Value::as_u64)));
    let counts = not_zero.into_iter().filter(|(_, count)| *count != Some(0));
    let contacts = line.get("contacts_per_client_max").and_then(Value::as_u64);
    counts
        .map(|(name, count)| {
            format!("{} {name}", count.map_or_else(|| "unreadable".to_owned(), |count| count.to_string()))
        })
        .chain((contacts != Some(1)).then(|| format!("{} contacts for a client", contacts.unwrap_or_default())))
        .chain((number(line, "accepted") == 0).then(|| "no call was accepted".to_owned()))
        .collect::<Vec<_>>()
        .into_iter()
}

/// A count of a line; 0 where there is none.
pub(crate) fn number(line: &Map<String, Value>, name: &str) -> u64 {
    line.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// A text of a line; empty where there is none.
pub(crate) fn word<'a>(line: &'a Map<String, Value>, name: &str) -> &'a str {
    line.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

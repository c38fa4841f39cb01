//! What is measured against a target. A target that is missed is told, and breaks no promise.

use serde_json::{Map, Value, json};

use crate::{Report, number, word};

/// Most memory at a million waiting calls, in MiB.
const MEMORY_MIB: f64 = 150.0;
/// Least share of the CRM's quota that a drain uses.
const DRAIN_SHARE: f64 = 0.9;
/// Seconds after the lease in which another sidecar is to go on: a heartbeat, which comes once a second, and a look at the
/// store.
const AFTER_LEASE_SECONDS: f64 = 2.0;

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// As measured.
    pub measured: String,
    /// What was wanted.
    pub target: String,
    /// Whether it was reached; nothing where there is no target.
    pub met: Option<bool>,
}

impl Figure {
    /// The same for programs.
    pub fn json(&self) -> Value {
        json!({ "name": self.name, "measured": self.measured, "target": self.target, "met": self.met })
    }
}

/// All figures of a report.
pub(crate) fn of(report: &Report) -> Vec<Figure> {
    let mut figures: Vec<Figure> = report.part("takeover").flat_map(takeover).collect();
    figures.extend(backlog(report));
    figures.extend(report.part("simulation").filter_map(longest_drain));
    figures.extend(report.part("door").map(door));
    figures
}

/// Until the other one goes on, and until it has written: a write that may have happened is looked for before.
fn takeover(line: &Map<String, Value>) -> [Figure; 2] {
    let (asked, wrote) = (Times::of(line, "seconds_to_first_request"), Times::of(line, "seconds_to_first_write"));
    let lease = number(line, "lease_seconds");
    let most = lease as f64 + AFTER_LEASE_SECONDS;
    [
        Figure {
            name: format!("take-over after kill -9 at a lease of {lease} s, kills: {}", asked.count),
            measured: asked.text(),
            target: format!("at most {most:.0} s"),
            met: Some(asked.longest <= most),
        },
        Figure {
            name: "the same until written, with the proof of what may have been".to_owned(),
            measured: wrote.text(),
            target: String::new(),
            met: None,
        },
    ]
}

/// Times of the same thing, in seconds; not a number where there are none.
struct Times {
    count: usize,
    median: f64,
    longest: f64,
}

impl Times {
    fn of(line: &Map<String, Value>, name: &str) -> Self {
        let times = line.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut times: Vec<f64> = times.iter().filter_map(Value::as_f64).collect();
        times.sort_by(f64::total_cmp);
        let at = |place: usize| times.get(place).copied().unwrap_or(f64::NAN);
        Self { count: times.len(), median: at(times.len() / 2), longest: at(times.len().saturating_sub(1)) }
    }

    fn text(&self) -> String {
        format!("{:.1} s, longest {:.1} s", self.median, self.longest)
    }
}

fn longest_drain(line: &Map<String, Value>) -> Option<Figure> {
    let seconds = line.get("longest_drain_seconds")?.as_f64()?;
    let name = "longest drain after the last fault of a simulation, virtual time".to_owned();
    Some(Figure { name, measured: format!("{seconds:.0} s"), target: String::new(), met: None })
}

/// What the benchmark `backlog` tells, a line for each `name` with its `value`.
fn backlog(report: &Report) -> Vec<Figure> {
    let of = |name: &str| report.part("backlog").find(|line| word(line, "name") == name)?.get("value")?.as_f64();
    let Some(waiting) = of("calls").map(whole) else { return Vec::new() };
    let row = |name: &str, measured: Option<String>, target: &str, met: Option<bool>| {
        let (name, target) = (name.replace("{}", &waiting), target.to_owned());
        measured.map(|measured| Figure { name, measured, target, met })
    };
    let (peak, share) = (of("memory_peak"), of("crm_quota_used"));
    let (refused, late) = (of("crm_refusals_for_rate"), of("live_calls_not_in_time"));
    let none = |count: Option<f64>| count.map(|count| count == 0.0);
    let rows = [
        row(
            "peak memory at {} waiting calls",
            peak.map(|peak| format!("{peak:.0} MiB")),
            &format!("at most {MEMORY_MIB:.0} MiB"),
            peak.map(|peak| peak <= MEMORY_MIB),
        ),
        row(
            "drain of {} waiting calls, share of the CRM's quota used",
            share.map(|share| format!("{share:.2}, {:.1} calls a second", of("drain_rate").unwrap_or(f64::NAN))),
            &format!("at least {DRAIN_SHARE}"),
            share.map(|share| share >= DRAIN_SHARE),
        ),
        row("requests the CRM refused as too many meanwhile", refused.map(whole), "0", none(refused)),
        row(
            "live call in the CRM meanwhile",
            of("live_call_in_the_crm_p50").map(|half| {
                format!("{half:.1} s, longest {:.1} s", of("live_call_in_the_crm_max").unwrap_or(f64::NAN))
            }),
            "",
            None,
        ),
        row("live calls that were not in the CRM in time meanwhile", late.map(whole), "0", none(late)),
        row(
            "longest wait for SyncCall's answer while {} calls are activated",
            of("accept_during_activation_max").map(|longest| format!("{longest:.0} ms")),
            "",
            None,
        ),
    ];
    rows.into_iter().flatten().collect()
}

fn door(line: &Map<String, Value>) -> Figure {
    let of = |name: &str| line.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let (ratio, target) = (of("ratio"), line.get("target").and_then(Value::as_f64));
    Figure {
        name: word(line, "name").to_owned(),
        measured: format!("{} a second of {}, ratio {ratio:.2}", whole(of("ours")), whole(of("ceiling"))),
        target: target.map(|target| format!("at least {target}")).unwrap_or_default(),
        met: target.map(|target| ratio >= target),
    }
}

fn whole(figure: f64) -> String {
    // A figure that is none becomes 0.
    grouped(figure.round() as u64)
}

/// Digits in groups of three.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

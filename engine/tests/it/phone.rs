//! Phone keys: examples of every trap, properties, the seeds' rules, and a differential run
//! against a second implementation.
#![allow(clippy::expect_used, clippy::panic)]

mod differential;
mod examples;
mod numbers;
mod preferences;
mod properties;
mod rules;
mod text;

use tieline_engine::phone::{NumberForm, NumberPlan, Reading, Region, Verdict, read};

/// The plan of a source at home in a region.
fn plan(region: &str) -> NumberPlan {
    NumberPlan::new(Region::parse(region).expect("a region"))
}

/// The plan of a source that also holds national numbers of other regions.
fn plan_also(region: &str, also: &[&str]) -> NumberPlan {
    let regions = also.iter().map(|code| Region::parse(code).expect("a region"));
    plan(region).with_also(regions.collect())
}

fn form(region: &str, form: NumberForm) -> NumberPlan {
    plan(region).with_form(form)
}

/// A reading as one line, unredacted: `key +380671234567 missing_plus`.
fn line(reading: &Reading) -> String {
    let keys = |keys: &[tieline_engine::phone::PhoneKey]| {
        let texts: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        texts.join(" ")
    };
    let verdict = match &reading.verdict {
        Verdict::Key(key) => format!("key {}", key.as_str()),
        Verdict::Ambiguous(several) => format!("ambiguous {}", keys(several)),
        Verdict::Several(several) => format!("several {}", keys(several)),
        Verdict::Text(text) => format!("text {}", text.as_str()),
        Verdict::Internal(extension) => format!("extension {extension}"),
        Verdict::Withheld => "withheld".to_owned(),
        Verdict::NotANumber => "none".to_owned(),
    };
    match &reading.extension {
        Some(extension) => format!("{verdict} ext {extension}"),
        None => verdict,
    }
}

/// Checks rows of (spelling, expected line, expected reason) and reports all that differ.
fn check(plan: &NumberPlan, rows: &[(&str, &str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(raw, expected, reason)| {
            let reading = read(raw, plan);
            let (got, why) = (line(&reading), reading.reason().as_str());
            (got != *expected || why != *reason)
                .then(|| format!("{raw:?}: {got:?} ({why}), expected {expected:?} ({reason})"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} under {:?}:\n{}", wrong.len(), plan, wrong.join("\n"));
}

//! Phone keys against the two libraries, in one run, so that the ratios hold on any machine:
//! `cargo bench -p tieline-engine --bench phone`.
//!
//! Each figure is the median over [`ROUNDS`] rounds of the mean time of one call, over spellings a
//! PBX and a CRM hold: with a plus, without it, national, grouped. `rlib` is rlibphonenumber's
//! parse + validity + E.164 (what a key needs), `rlib parse` its parse alone, `phonenumber` that
//! crate's parse + validity + E.164.

#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};
use tieline_engine::phone::{NumberPlan, Region, read, warm};

const ROUNDS: usize = 15;

/// The countries, with a national number each, as written inside and after the country code.
const COUNTRIES: [(&str, &str, [&str; 3]); 8] = [
    ("UA", "380", ["0671234567", "067 123 45 67", "671234567"]),
    ("PL", "48", ["512345678", "512 345 678", "512345678"]),
    ("DE", "49", ["015112345678", "0151 12345678", "15112345678"]),
    ("IT", "39", ["3912312312", "391 231 2312", "3912312312"]),
    ("KZ", "7", ["87011234567", "8 (701) 123-45-67", "7011234567"]),
    ("BY", "375", ["80291234567", "8 029 123-45-67", "291234567"]),
    ("US", "1", ["6502530000", "(650) 253-0000", "6502530000"]),
    ("GB", "44", ["07912345678", "07912 345678", "7912345678"]),
];

struct Case {
    plan: NumberPlan,
    region: rlibphonenumber::Region,
    country: phonenumber::country::Id,
    raw: String,
}

impl Case {
    /// The same number as a PBX's caller field carries it.
    fn wrapped(self) -> Self {
        let raw = format!("\"Olga\" <sip:{}@pbx.example.org>", self.raw);
        Self { raw, ..self }
    }
}

fn main() {
    println!("{:<12}{:>14}{:>14}{:>14}{:>16}", "ns per call", "read", "rlib", "rlib parse", "phonenumber");
    for countries in [1, 8] {
        let start = Instant::now();
        let cases = cases(countries);
        for case in &cases {
            warm(&case.plan);
        }
        let warmed = start.elapsed().as_micros() as f64 / 1000.0;
        let ours = median(&cases, 400, |case| {
            black_box(read(black_box(&case.raw), &case.plan).key());
        });
        let full = median(&cases, 100, |case| {
            black_box(rlib(case, true));
        });
        let parse = median(&cases, 100, |case| {
            black_box(rlib(case, false));
        });
        // Milliseconds a call with eight countries: one pass is enough.
        let slow = median(&cases, if countries == 1 { 50 } else { 1 }, |case| {
            black_box(phonenumber(case));
        });
        let wrapped: Vec<Case> = cases.into_iter().map(Case::wrapped).collect();
        let long_way = median(&wrapped, 400, |case| {
            black_box(read(black_box(&case.raw), &case.plan).key());
        });
        let label = format!("{countries} countr{}", if countries == 1 { "y" } else { "ies" });
        println!("{label:<12}{ours:>14.0}{full:>14.0}{parse:>14.0}{slow:>16.0}");
        println!("{:<12}{:>14}{:>14.2}{:>14.2}{:>16.4}", "ratio", "1", ours / full, ours / parse, ours / slow);
        println!("  ready in {warmed:.1} ms; read with a name and a URI around it {long_way:.0} ns");
    }
}

fn cases(countries: usize) -> Vec<Case> {
    let mut all = Vec::new();
    for (iso, code, [national, grouped, bare]) in COUNTRIES.iter().take(countries) {
        for raw in [format!("+{code}{bare}"), format!("{code}{bare}"), (*national).to_owned(), (*grouped).to_owned()] {
            all.push(Case {
                plan: NumberPlan::new(Region::parse(iso).expect("a region")),
                region: rlibphonenumber::Region::try_from(*iso).expect("a region"),
                country: iso.parse().expect("a country"),
                raw,
            });
        }
    }
    all
}

fn rlib(case: &Case, whole: bool) -> Option<String> {
    let number = PHONE_NUMBER_UTIL.parse(black_box(&case.raw), Some(case.region)).ok()?;
    if !whole {
        return black_box(number.extension);
    }
    let valid = PHONE_NUMBER_UTIL.is_valid_number(&number);
    valid.then(|| number.format_as(PhoneNumberFormat::E164).into_owned())
}

fn phonenumber(case: &Case) -> Option<String> {
    let number = phonenumber::parse(Some(case.country), black_box(&case.raw)).ok()?;
    phonenumber::is_valid(&number).then(|| number.to_string())
}

/// Nanoseconds per call: the median over rounds of the mean over `passes` passes.
fn median(cases: &[Case], passes: usize, mut call: impl FnMut(&Case)) -> f64 {
    cases.iter().for_each(&mut call);
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..passes {
                cases.iter().for_each(&mut call);
            }
            start.elapsed().as_nanos() as f64 / (passes * cases.len()) as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

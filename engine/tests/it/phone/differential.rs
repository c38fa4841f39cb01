//! Our reading against rlibphonenumber's over generated spellings. Every difference must belong
//! to a class of [`CLASSES`], which says why it is right and how often it may occur; one that
//! fits no class fails the test.

use std::collections::BTreeMap;

use rlibphonenumber::PhoneNumberFormat::{E164, International, National, RFC3966};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber};
use tieline_engine::phone::{NumberPlan, Reading, ReadingReason as Why, Verdict, read};

use super::numbers::{REGIONS, Random, examples, oracle_region, varied, written};
use super::{line, plan};

/// Numbers per region; each is written in eleven forms and read under two plans.
const NUMBERS: usize = 170;

/// One spelling and what both made of it.
struct Difference {
    region: &'static str,
    raw: String,
    ours: Reading,
    /// The oracle's E.164, when it takes the number for valid.
    oracle: Option<String>,
}

/// A kind of difference that is wanted.
struct Class {
    name: &'static str,
    why: &'static str,
    holds: fn(&Difference) -> bool,
    at_most: usize,
}

const CLASSES: [Class; 5] = [
    Class {
        name: "missing plus",
        why: "another country's number without its plus, which the oracle takes for a bad national \
              one; it takes our key for a valid number",
        holds: |d| refused_but_valid(d, &[Why::MissingPlus]),
        at_most: 11_000,
    },
    Class {
        name: "trunk of the past",
        why: "Poland's 0 before a national number or after +48, the Soviet 8; the oracle takes our \
              key for a valid number",
        holds: |d| refused_but_valid(d, &[Why::TrunkZeroDropped, Why::LegacyTrunk8]),
        at_most: 500,
    },
    Class {
        name: "foreign prefix",
        why: "00 or 810 in a country that dials abroad with something else; the oracle takes our \
              key for a valid number",
        holds: |d| refused_but_valid(d, &[Why::IddPrefix, Why::Legacy810]),
        at_most: 2_100,
    },
    Class {
        name: "undecided",
        why: "the digits fit a number at home and one with its country code: the oracle takes the \
              first, we say so; its answer is among ours",
        holds: |d| match (&d.ours.verdict, &d.oracle) {
            (Verdict::Ambiguous(keys), Some(oracle)) => keys.iter().any(|key| key.as_str() == oracle),
            _ => false,
        },
        at_most: 750,
    },
    Class {
        name: "metadata version",
        why: "the two crates carry metadata nine releases apart (9.0.33, 9.0.42); the crate our \
              metadata comes from judges the number as we do",
        holds: |d| {
            let number = d.oracle.as_deref().or(d.ours.key().map(|key| key.as_str()));
            let judged = number.and_then(|number| phonenumber::parse(None, number).ok());
            let valid = judged.is_some_and(|number| phonenumber::is_valid(&number));
            valid == d.ours.key().is_some()
        },
        at_most: 20,
    },
];

/// The oracle refuses the spelling, but not the number we found behind it.
fn refused_but_valid(difference: &Difference, reasons: &[Why]) -> bool {
    let key = difference.ours.key();
    difference.oracle.is_none()
        && reasons.contains(&difference.ours.reason())
        && key.is_some_and(|key| oracle(key.as_str(), None).is_some())
}

#[test]
fn every_difference_from_a_second_implementation_is_a_wanted_one() {
    let (left, right) = REGIONS.split_at(REGIONS.len() / 2);
    let (mut compared, mut differences) = (0, Vec::new());
    std::thread::scope(|scope| {
        let halves = [left, right].map(|half| scope.spawn(|| compare(half)));
        for half in halves {
            let (count, found) = half.join().expect("a half");
            compared += count;
            differences.extend(found);
        }
    });
    assert!(compared >= 100_000, "{compared} spellings");
    judge(&differences);
}

/// Sorts the differences into the classes; what fits none, or too often, fails.
fn judge(differences: &[Difference]) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unwanted = Vec::new();
    for difference in differences {
        match CLASSES.iter().find(|class| (class.holds)(difference)) {
            Some(class) => *counts.entry(class.name).or_default() += 1,
            None => unwanted.push(format!(
                "{} {:?}: ours {} ({}), oracle {:?}",
                difference.region,
                difference.raw,
                line(&difference.ours),
                difference.ours.reason(),
                difference.oracle,
            )),
        }
    }
    let shown = unwanted.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(unwanted.is_empty(), "{} unwanted:\n{shown}", unwanted.len());
    for class in &CLASSES {
        let count = counts.get(class.name).copied().unwrap_or_default();
        assert!(count <= class.at_most, "{}: {count} ({})", class.name, class.why);
    }
}

/// Each spelling is read at home and in some other region.
fn compare(regions: &[&'static str]) -> (usize, Vec<Difference>) {
    let (mut compared, mut differences) = (0, Vec::new());
    for region in regions.iter().copied() {
        let examples = examples(region);
        let mut random = Random::seeded(region.bytes().map(u64::from).product());
        for _ in 0..NUMBERS {
            let example = &examples[random.below(examples.len() as u64) as usize];
            let digits = varied(example, &mut random);
            let abroad = REGIONS[random.below(REGIONS.len() as u64) as usize];
            for raw in spellings(&digits) {
                for home in [region, abroad] {
                    compared += 1;
                    differences.extend(difference(home, &plan(home), &raw));
                }
            }
        }
    }
    (compared, differences)
}

fn difference(region: &'static str, plan: &NumberPlan, raw: &str) -> Option<Difference> {
    let ours = read(raw, plan);
    let oracle = oracle(raw, Some(region));
    let key = ours.key().map(|key| key.as_str());
    (key != oracle.as_deref()).then_some(Difference { region, raw: raw.to_owned(), ours, oracle })
}

/// The oracle's E.164 of a spelling, when it is a valid number.
fn oracle(raw: &str, region: Option<&str>) -> Option<String> {
    let number = PHONE_NUMBER_UTIL.parse(raw, region.map(oracle_region)).ok()?;
    PHONE_NUMBER_UTIL.is_valid_number(&number).then(|| written(&number, E164))
}

/// The forms a PBX, a CRM and a person give a number.
fn spellings(digits: &str) -> Vec<String> {
    let plus = format!("+{digits}");
    let Ok(number) = PHONE_NUMBER_UTIL.parse(&plus, None) else {
        return vec![plus];
    };
    let national = written(&number, National);
    let grouped = written(&number, International);
    let significant = significant(&number, digits);
    vec![
        plus,
        digits.to_owned(),
        format!("00{digits}"),
        grouped.replace(' ', "-"),
        format!("({})", digits),
        grouped.replacen(' ', " (0) ", 1),
        grouped,
        written(&number, RFC3966),
        national.chars().filter(char::is_ascii_digit).collect(),
        national,
        significant,
    ]
}

fn significant(number: &PhoneNumber, digits: &str) -> String {
    let code = number.country_code.to_string();
    digits.strip_prefix(code.as_str()).unwrap_or(digits).to_owned()
}

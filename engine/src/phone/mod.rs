//! Phone numbers: from any spelling to a canonical key, and from a key to the spellings a CRM may
//! hold.
//!
//! `phonenumber` supplies Google's metadata, as data; the reading is done here, because the
//! spellings PBXs and CRMs hold are wider than what a dialling library accepts, and because a
//! wrong guess merges two clients or makes a second one. [`read`] therefore never chooses among
//! several possible numbers without a documented reason (see `hypotheses.rs`).
//!
//! | step | file |
//! | --- | --- |
//! | one alphabet: entities, native digits, invisible marks | `fold.rs` |
//! | display names, URIs, extensions, asides | `field.rs`, `words.rs` |
//! | several numbers in one field | `split.rs` |
//! | every way the digits could be meant | `hypotheses.rs` |
//! | which numbers exist, per calling code | `country.rs` |
//! | prefixes, per region | `territory.rs`, `trunk.rs` |
//! | the way back: spellings | `spell.rs`, `format.rs` |

mod country;
mod digits;
mod field;
mod fold;
mod format;
mod hypotheses;
mod key;
mod plan;
mod reading;
mod spell;
mod split;
mod territory;
mod trunk;
mod words;

pub use key::{MalformedKey, Phone, PhoneKey, TextKey};
pub use plan::{NumberForm, NumberPlan, Region, UnknownRegion};
pub use reading::{Reading, ReadingReason, Verdict};
pub use spell::{MAX_SPELLINGS, spellings};

use split::Found;
use territory::Territory;

/// Longest field that is looked at, in characters.
pub const MAX_CHARS: usize = 250;

/// Reads one field as the plan's source would mean it. Never panics, whatever the text; compiles
/// the matchers of a country when it meets it first (see [`warm`]) and takes no lock afterwards.
pub fn read(raw: &str, plan: &NumberPlan) -> Reading {
    let short = raw.len() <= MAX_CHARS;
    let plain = if short { split::plain(raw) } else { None };
    match plain {
        Some(piece) => hypotheses::interpret(&piece.digits, piece.plus, plan),
        None => read_field(raw, plan),
    }
}

/// Whether both fields hold the same single, certain number.
#[must_use]
pub fn same_client(a: &str, b: &str, plan: &NumberPlan) -> bool {
    match (read(a, plan).key(), read(b, plan).key()) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// Compiles the matchers and formats of the plan's regions, so that the first call is not the
/// slow one.
pub fn warm(plan: &NumberPlan) {
    for region in std::iter::once(&plan.region).chain(&plan.also) {
        if let Some(territory) = Territory::of(*region) {
            territory.country.formats();
        }
    }
}

/// The long way: text around the digits, other scripts, several numbers.
fn read_field(raw: &str, plan: &NumberPlan) -> Reading {
    if raw.chars().nth(MAX_CHARS).is_some() {
        return Reading::new(Verdict::NotANumber, ReadingReason::TooLong);
    }
    let field = field::open(&fold::fold(raw));
    let (found, behind_comma) = split::pieces(&field.text);
    let mut readings: Vec<Reading> = found
        .iter()
        .map(|found| match found {
            Found::Piece(piece) => hypotheses::interpret(&piece.digits, piece.plus, plan),
            Found::Unreadable => Reading::new(Verdict::NotANumber, ReadingReason::LettersAmongDigits),
            Found::Nothing => without_digits(&field.text),
        })
        .collect();
    let reading = match readings.len() {
        1 => readings.remove(0),
        _ => combined(readings),
    };
    reading.with_extension(field.extension.or(behind_comma))
}

fn without_digits(text: &str) -> Reading {
    if words::is_withheld(text) {
        Reading::new(Verdict::Withheld, ReadingReason::Withheld)
    } else {
        Reading::new(Verdict::NotANumber, ReadingReason::NoDigits)
    }
}

/// Several numbers in one field: the same one twice is one; what cannot be read does not spoil
/// what can.
fn combined(readings: Vec<Reading>) -> Reading {
    let mut keys: Vec<PhoneKey> = Vec::new();
    let mut first: Option<Reading> = None;
    for reading in readings {
        if let Some(key) = reading.key()
            && !keys.contains(key)
        {
            keys.push(key.clone());
        }
        let better = first.as_ref().is_none_or(|first| first.key().is_none());
        if first.is_none() || (better && reading.key().is_some()) {
            first = Some(reading);
        }
    }
    if keys.len() > 1 {
        return Reading::new(Verdict::Several(keys), ReadingReason::SeveralNumbers);
    }
    first.unwrap_or_else(|| Reading::new(Verdict::NotANumber, ReadingReason::NoDigits))
}

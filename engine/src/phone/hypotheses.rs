//! From digits to a number: every way the spelling could be meant is tried, and only what exists
//! in its country's numbering plan is kept.
//!
//! One reading left is the key. Several different ones are ambiguous, unless one of these
//! preferences applies, in this order:
//! 1. a plus, an international prefix, a written trunk prefix (today's or a legacy one) at home:
//!    the spelling says how it is meant;
//! 2. a source that declares its form ([`NumberForm`]) is believed;
//! 3. the home country's code in front beats a national reading in another region;
//! 4. up to [`SHORT`] digits, a national reading beats another country's number without its plus
//!    (`3232345678` is Los Angeles for an American source, not Antwerp). The same country's own
//!    code and area code stay ambiguous (Germany's `4915123458244`).

use super::country::Country;
use super::digits::Digits;
use super::key::{PhoneKey, TextKey};
use super::plan::{NumberForm, NumberPlan};
use super::reading::{Reading, ReadingReason as Why, Verdict};
use super::territory::{Territory, drops_zero};

/// Full international numbers have more digits than this in nearly every country, national ones
/// have not more in countries with closed numbering.
const SHORT: usize = 10;

/// A foreign number without its plus has at least this many digits. With fewer it is likelier a
/// local number without its area code: Kyiv's `431-23-56` is not Austrian.
const FOREIGN: usize = 10;

/// More regions than any source mixes; bounds the work for one number.
const MAX_ALSO: usize = 16;

/// `ANONYMOUS` on a keypad: what some exchanges send instead of a withheld number.
const KEYPAD_ANONYMOUS: &[u8] = b"266696687";

/// A number that exists, and the way it was found.
#[derive(Clone, Copy)]
struct Candidate {
    digits: Digits,
    why: Why,
}

/// Reads cleaned digits; `plus` tells whether they were written with one.
pub(super) fn interpret(digits: &Digits, plus: bool, plan: &NumberPlan) -> Reading {
    let written = digits.as_bytes();
    if written.is_empty() {
        return Reading::new(Verdict::NotANumber, Why::NoDigits);
    }
    if !plus && digits.len() <= usize::from(plan.extension_digits_max) {
        return Reading::new(Verdict::Internal(digits.to_text()), Why::Internal);
    }
    if digits.all_zero() || written == KEYPAD_ANONYMOUS {
        return Reading::new(Verdict::Withheld, Why::Withheld);
    }
    let reading = Territory::of(plan.region)
        .and_then(|home| if plus { with_plus(digits, home, plan) } else { without_plus(digits, home, plan) });
    reading.unwrap_or_else(|| {
        let sign = if plus { "+" } else { "" };
        let text = TextKey::new(format!("{sign}{}", digits.to_text()));
        Reading::new(Verdict::Text(text), Why::NotValidKeptAsText)
    })
}

/// A plus is believed: the digits are E.164, or a slip of the pen away from it.
fn with_plus(digits: &Digits, home: &Territory, plan: &NumberPlan) -> Option<Reading> {
    let written = digits.as_bytes();
    if let Some(exact) = international(written, Why::ValidInternational) {
        return exact.reading();
    }
    match written.first() {
        // No country code begins with a zero: the plus was put before a national number.
        Some(b'0') => without_plus(digits, home, plan),
        Some(b'8') => behind_eight(digits, home)?.reading(),
        _ => None,
    }
}

fn without_plus(digits: &Digits, home: &Territory, plan: &NumberPlan) -> Option<Reading> {
    if plan.form == NumberForm::E164NoPlus
        && let Some(full) = international(digits.as_bytes(), Why::MissingPlus)
    {
        return full.reading();
    }
    if let Some(certain) = says_itself(digits, home) {
        return certain.reading();
    }
    let nationals = nationals(digits, home, plan);
    match (nationals.as_slice(), plan.form) {
        ([], _) => missing_plus(digits, home)?.reading(),
        (readings, NumberForm::National) => settle(readings),
        (readings, _) => weigh(digits, home, readings, missing_plus(digits, home)),
    }
}

/// Country code and number without the plus. Another country's is taken only as it should be
/// written: two slips in one number are one guess too many.
fn missing_plus(digits: &Digits, home: &Territory) -> Option<Candidate> {
    let full = international(digits.as_bytes(), Why::MissingPlus)?;
    let at_home = digits.after(home.code.as_bytes()).is_some();
    let as_written = full.digits == *digits && digits.len() >= FOREIGN;
    (at_home || as_written).then_some(full)
}

/// Spellings whose prefix leaves no doubt about what they are.
fn says_itself(digits: &Digits, home: &Territory) -> Option<Candidate> {
    behind_international_prefix(digits, home)
        .or_else(|| written_national(digits.as_bytes(), home, Why::ValidNational))
        .or_else(|| behind_eight(digits, home))
        .or_else(|| {
            let rest = digits.after(b"0").filter(|_| home.dropped_zero)?;
            bare_national(rest, home, Why::TrunkZeroDropped)
        })
}

/// The region's own international prefix, or the 00 that most of the world dials.
fn behind_international_prefix(digits: &Digits, home: &Territory) -> Option<Candidate> {
    let why = if digits.after(b"810").is_some() { Why::Legacy810 } else { Why::IddPrefix };
    home.after_international_prefix(digits.as_bytes())
        .and_then(|rest| international(rest, why))
        .or_else(|| international(digits.after(b"00")?, Why::IddPrefix))
}

/// The Soviet prefixes: 810 for abroad, 8 before a code written with its own zero.
fn behind_eight(digits: &Digits, home: &Territory) -> Option<Candidate> {
    if !home.soviet_trunk {
        return None;
    }
    digits
        .after(b"810")
        .and_then(|rest| international(rest, Why::Legacy810))
        .or_else(|| written_national(digits.as_bytes(), home, Why::ValidNational))
        .or_else(|| written_national(digits.after(b"8")?, home, Why::LegacyTrunk8))
}

/// What people at home, or in the plan's other regions, would mean by the digits.
fn nationals(digits: &Digits, home: &Territory, plan: &NumberPlan) -> Vec<Candidate> {
    let written = digits.as_bytes();
    let mut found: Vec<Candidate> = Vec::new();
    found.extend(bare_national(written, home, Why::ValidNational));
    for region in plan.also.iter().take(MAX_ALSO) {
        let Some(other) = Territory::of(*region) else {
            continue;
        };
        let reading = written_national(written, other, Why::ValidNational)
            .or_else(|| bare_national(written, other, Why::ValidNational));
        if let Some(reading) = reading
            && found.iter().all(|known| known.digits != reading.digits)
        {
            found.push(reading);
        }
    }
    found
}

/// National readings against the reading as an international number without its plus.
fn weigh(digits: &Digits, home: &Territory, nationals: &[Candidate], full: Option<Candidate>) -> Option<Reading> {
    let Some(full) = full.filter(|full| nationals.iter().all(|n| n.digits != full.digits)) else {
        return settle(nationals);
    };
    let country_of =
        |candidate: &Candidate| Country::split(candidate.digits.as_bytes()).map(|(country, _)| country.code());
    let code = country_of(&full);
    let own_code_doubled = nationals.iter().any(|national| country_of(national) == code);
    if !own_code_doubled {
        if code == Some(home.country.code()) {
            return full.reading();
        }
        if digits.len() <= SHORT {
            return settle(nationals);
        }
    }
    let mut all = nationals.to_vec();
    all.push(full);
    settle(&all)
}

/// One candidate is the key, several are ambiguous.
fn settle(candidates: &[Candidate]) -> Option<Reading> {
    if let [only] = candidates {
        return only.reading();
    }
    let mut keys: Vec<PhoneKey> = candidates.iter().filter_map(|one| one.key()).collect();
    keys.sort_unstable();
    keys.dedup();
    (!keys.is_empty()).then(|| Reading::new(Verdict::Ambiguous(keys), Why::Ambiguous))
}

/// Full international digits, with the trunk prefix written after the country code forgiven.
fn international(digits: &[u8], why: Why) -> Option<Candidate> {
    let (country, national) = Country::split(digits)?;
    let (code, _) = digits.split_at_checked(digits.len() - national.len())?;
    if country.is_valid(national) {
        return Candidate::new(&[code, national], why);
    }
    if let Some(stripped) = country.trunk().strip(national)
        && country.is_valid(stripped.as_bytes())
    {
        return Candidate::new(&[code, stripped.as_bytes()], Why::TrunkZeroDropped);
    }
    let rest = national.strip_prefix(b"0").filter(|_| drops_zero(country.code()))?;
    country.is_valid(rest).then(|| Candidate::new(&[code, rest], Why::TrunkZeroDropped))?
}

/// A national number behind its trunk prefix.
fn written_national(digits: &[u8], region: &Territory, why: Why) -> Option<Candidate> {
    let stripped = region.trunk.strip(digits)?;
    bare_national(stripped.as_bytes(), region, why)
}

/// A national number as it is.
fn bare_national(digits: &[u8], region: &Territory, why: Why) -> Option<Candidate> {
    region.country.is_valid(digits).then(|| Candidate::new(&[region.code.as_bytes(), digits], why))?
}

impl Candidate {
    /// Longer than E.164 allows is no candidate, whatever the metadata says.
    fn new(parts: &[&[u8]], why: Why) -> Option<Self> {
        let digits = Digits::concat(parts)?;
        (digits.len() <= 15).then_some(Self { digits, why })
    }

    fn key(&self) -> Option<PhoneKey> {
        PhoneKey::of_digits(self.digits.as_bytes())
    }

    fn reading(&self) -> Option<Reading> {
        Some(Reading::new(Verdict::Key(self.key()?), self.why))
    }
}

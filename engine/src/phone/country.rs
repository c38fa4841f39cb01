//! Which numbers exist under a country calling code: one compiled matcher per code, built from
//! Google's metadata on first use and kept for the life of the process.
//!
//! A number is valid when some territory of its calling code claims it: the territory's general
//! pattern and one of its number types match the whole national number, each at one of its
//! possible lengths. All these patterns are compiled into a single automaton, so one pass over
//! at most 15 digits answers for all of them. There is one slot per possible code (0–999), so
//! memory is bounded by the world's numbering plans; a test holds the figure.

use std::sync::OnceLock;

use phonenumber::metadata::{DATABASE, Descriptor};
use phonenumber::{Metadata, Type};
use regex_automata::dfa::{Automaton, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{primitives::StateID, syntax};
use regex_automata::{Anchored, Input, MatchKind};

use super::format::Formats;
use super::trunk::Trunk;

/// The types libphonenumber counts towards validity. Short codes, emergency numbers and the
/// "no international dialling" list are not among them.
const TYPES: [Type; 10] = [
    Type::PremiumRate,
    Type::TollFree,
    Type::SharedCost,
    Type::Voip,
    Type::PersonalNumber,
    Type::Pager,
    Type::Uan,
    Type::Voicemail,
    Type::FixedLine,
    Type::Mobile,
];

/// Bounds one automaton: the largest (calling code 1, 25 territories) needs a tenth of it.
const MAX_AUTOMATON_BYTES: usize = 1 << 20;

static SLOTS: [OnceLock<Option<Box<Country>>>; 1000] = [const { OnceLock::new() }; 1000];

/// The numbering plan behind one country calling code.
pub(super) struct Country {
    automaton: dense::DFA<Vec<u32>>,
    start: StateID,
    rules: Vec<Rule>,
    trunk: Trunk,
    code: u16,
    formats: OnceLock<Formats>,
}

/// What a match of one pattern of the automaton says.
struct Rule {
    /// One bit per territory of the code, in libphonenumber's order.
    territory: u32,
    says: Says,
    /// Bit n set: national numbers of n digits may match.
    lengths: u32,
}

#[derive(Clone, Copy)]
enum Says {
    /// The leading digits belong to this territory alone.
    Leading,
    /// The territory's general pattern matches.
    General,
    /// One of the territory's number types matches.
    Typed,
}

impl Country {
    /// The plan of a calling code, compiled on first use; `None` when no country has the code.
    pub(super) fn of_code(code: u16) -> Option<&'static Self> {
        SLOTS.get(usize::from(code))?.get_or_init(|| build(code).map(Box::new)).as_deref()
    }

    /// Splits international digits into the country and its national number. Calling codes are
    /// prefix-free, so at most one fits.
    pub(super) fn split(digits: &[u8]) -> Option<(&'static Self, &[u8])> {
        let mut code = 0;
        for taken in 1..=3 {
            let digit = digits.get(taken - 1)?;
            code = code * 10 + u16::from(digit.wrapping_sub(b'0'));
            if code == 0 {
                return None;
            }
            if let Some(country) = Self::of_code(code) {
                return Some((country, digits.get(taken..)?));
            }
        }
        None
    }

    /// The calling code, as a number.
    pub(super) fn code(&self) -> u16 {
        self.code
    }

    /// How the main territory of the code writes its trunk prefix.
    pub(super) fn trunk(&self) -> &Trunk {
        &self.trunk
    }

    /// How the main territory writes its numbers; compiled on first use.
    pub(super) fn formats(&self) -> &Formats {
        self.formats.get_or_init(|| Formats::of(main_territory(self.code)))
    }

    /// Whether `national` is a number of this country.
    pub(super) fn is_valid(&self, national: &[u8]) -> bool {
        if national.is_empty() || national.len() > 17 {
            return false;
        }
        let mut state = self.start;
        for digit in national {
            state = self.automaton.next_state(state, *digit);
        }
        state = self.automaton.next_eoi_state(state);
        self.automaton.is_match_state(state) && self.claimed(state, national.len())
    }

    /// The first territory that claims the number decides, as in libphonenumber.
    fn claimed(&self, state: StateID, length: usize) -> bool {
        let (mut leading, mut general, mut typed) = (0_u32, 0_u32, 0_u32);
        for index in 0..self.automaton.match_len(state) {
            let pattern = self.automaton.match_pattern(state, index);
            let Some(rule) = self.rules.get(pattern.as_usize()) else {
                continue;
            };
            if rule.lengths & (1 << length) == 0 {
                continue;
            }
            match rule.says {
                Says::Leading => leading |= rule.territory,
                Says::General => general |= rule.territory,
                Says::Typed => typed |= rule.territory,
            }
        }
        let valid = general & typed;
        let first = (leading | valid).trailing_zeros();
        valid.checked_shr(first).is_some_and(|bits| bits & 1 == 1)
    }

    /// Bytes of the compiled automaton, for the test that bounds memory.
    #[cfg(test)]
    fn automaton_bytes(&self) -> usize {
        self.automaton.memory_usage()
    }
}

/// The territory whose formats and trunk prefix stand for the whole code.
pub(super) fn main_territory(code: u16) -> Option<&'static Metadata> {
    DATABASE.by_code(&code)?.into_iter().next()
}

fn build(code: u16) -> Option<Country> {
    let territories = DATABASE.by_code(&code)?;
    let mut patterns = Vec::new();
    let mut rules = Vec::new();
    for (index, territory) in territories.iter().enumerate().take(32) {
        let bit = 1_u32 << index;
        let mut add = |pattern: String, says, lengths| {
            patterns.push(pattern);
            rules.push(Rule { territory: bit, says, lengths });
        };
        if let Some(leading) = territory.leading_digits().filter(|_| territories.len() > 1) {
            add(format!("(?:{})[0-9]*", compact(leading.as_str())), Says::Leading, u32::MAX);
        }
        let general = territory.descriptors().general();
        add(pattern_of(general), Says::General, lengths_of(general));
        for (lengths, pattern) in typed_patterns(territory) {
            add(pattern, Says::Typed, lengths);
        }
    }
    let automaton = compile(&patterns)?;
    let start = automaton.start_state_forward(&Input::new(b"").anchored(Anchored::Yes)).ok()?;
    Some(Country {
        automaton,
        start,
        rules,
        trunk: Trunk::of(territories.first().copied()?),
        code,
        formats: OnceLock::new(),
    })
}

/// The patterns of the territory's number types; types of the same lengths share one.
fn typed_patterns(territory: &Metadata) -> Vec<(u32, String)> {
    let mut grouped: Vec<(u32, String)> = Vec::new();
    for kind in TYPES {
        let Some(descriptor) = territory.descriptors().get(kind) else {
            continue;
        };
        let (lengths, pattern) = (lengths_of(descriptor), pattern_of(descriptor));
        match grouped.iter_mut().find(|(known, _)| *known == lengths) {
            Some((_, all)) => {
                all.push('|');
                all.push_str(&pattern);
            }
            None => grouped.push((lengths, pattern)),
        }
    }
    grouped
}

fn pattern_of(descriptor: &Descriptor) -> String {
    format!("(?:{})", compact(descriptor.national_number().as_str()))
}

/// A descriptor without lengths takes whatever its pattern takes.
fn lengths_of(descriptor: &Descriptor) -> u32 {
    let listed = descriptor
        .possible_length()
        .iter()
        .filter(|length| **length < 32)
        .fold(0, |mask, length| mask | 1_u32 << length);
    if listed == 0 { u32::MAX } else { listed }
}

/// Metadata patterns are laid out over several lines; the blanks mean nothing.
pub(super) fn compact(pattern: &str) -> String {
    pattern.split_whitespace().collect()
}

/// Every pattern in one automaton that reports all patterns matching the whole input.
fn compile(patterns: &[String]) -> Option<dense::DFA<Vec<u32>>> {
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .match_kind(MatchKind::All)
                .start_kind(regex_automata::dfa::StartKind::Anchored)
                .dfa_size_limit(Some(MAX_AUTOMATON_BYTES))
                .determinize_size_limit(Some(4 * MAX_AUTOMATON_BYTES)),
        )
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .thompson(thompson::Config::new().utf8(false))
        .build_many(patterns)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_calling_code_compiles_within_the_memory_bound() {
        let mut codes: Vec<u16> = DATABASE.iter().map(Metadata::country_code).collect();
        codes.sort_unstable();
        codes.dedup();
        let sizes: Vec<(u16, usize)> = codes
            .iter()
            .map(|code| {
                let country = Country::of_code(*code);
                (*code, country.expect("compiles").automaton_bytes())
            })
            .collect();
        let total: usize = sizes.iter().map(|(_, bytes)| bytes).sum();
        assert!(codes.len() > 200, "{} codes", codes.len());
        assert!(total < 4 << 20, "{total} bytes: {sizes:?}");
    }

    #[test]
    fn the_longest_calling_code_that_exists_is_split_off() {
        let split = |digits: &'static str| {
            Country::split(digits.as_bytes())
                .map(|(country, rest)| (country.code(), String::from_utf8_lossy(rest).into_owned()))
        };
        assert_eq!(split("380671234567"), Some((380, "671234567".into())));
        assert_eq!(split("48512345678"), Some((48, "512345678".into())));
        assert_eq!(split("16502530000"), Some((1, "6502530000".into())));
        assert_eq!(split("0671234567"), None);
        assert_eq!(split("999123"), None);
        assert_eq!(split(""), None);
    }
}

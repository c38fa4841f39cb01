//! What dialling from inside a region adds to a number: its international prefixes, its trunk
//! prefix, and the ones it has given up but old records still hold. One slot per region.

use std::sync::OnceLock;

use phonenumber::Metadata;
use phonenumber::metadata::DATABASE;
use regex_automata::nfa::thompson::backtrack::BoundedBacktracker;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::country::{Country, compact};
use super::plan::Region;
use super::trunk::Trunk;

static SLOTS: [OnceLock<Option<Box<Territory>>>; 676] = [const { OnceLock::new() }; 676];

/// Regions of the Soviet numbering plan: trunk `8`, international `8~10`. Ukraine left it on
/// 14 October 2009 (ISIC and ministry notices, field.md 7); the others still dial 8.
const SOVIET_TRUNK: [&str; 4] = ["UA", "BY", "KZ", "RU"];

/// Calling codes that dropped a trunk `0` and whose numbers never begin with one: Poland (2010).
const DROPPED_ZERO: [u16; 1] = [48];

/// One region as a place to dial from.
pub(super) struct Territory {
    /// The plan of its calling code.
    pub(super) country: &'static Country,
    /// The calling code as digits.
    pub(super) code: String,
    /// Its own trunk prefix (regions sharing a code may differ).
    pub(super) trunk: Trunk,
    /// Numbers were once dialled with 8 for the trunk and 810 for abroad.
    pub(super) soviet_trunk: bool,
    /// Numbers were once dialled with a 0 that is gone.
    pub(super) dropped_zero: bool,
    international: International,
}

/// The region's international prefix.
enum International {
    Literal(Vec<u8>),
    Pattern(Box<BoundedBacktracker>),
}

impl Territory {
    /// The region's plan, built on first use. `None` only for a region that was never parsed.
    pub(super) fn of(region: Region) -> Option<&'static Self> {
        SLOTS.get(region.slot())?.get_or_init(|| build(region).map(Box::new)).as_deref()
    }

    /// Whether the metadata knows the region.
    pub(super) fn exists(region: Region) -> bool {
        DATABASE.by_id(region.as_str()).is_some()
    }

    /// What follows the region's international prefix, when the digits begin with it.
    pub(super) fn after_international_prefix<'d>(&self, digits: &'d [u8]) -> Option<&'d [u8]> {
        match &self.international {
            International::Literal(prefix) => digits.strip_prefix(prefix.as_slice()),
            International::Pattern(engine) => {
                let input = Input::new(digits).anchored(Anchored::Yes);
                let mut caught = engine.create_captures();
                engine.try_captures(&mut engine.create_cache(), input, &mut caught).ok()?;
                digits.get(caught.get_match()?.end()..)
            }
        }
    }
}

/// Whether a zero before a number of this calling code, or between the two, is a trunk prefix of
/// the past.
pub(super) fn drops_zero(code: u16) -> bool {
    DROPPED_ZERO.contains(&code)
}

fn build(region: Region) -> Option<Territory> {
    let metadata = DATABASE.by_id(region.as_str())?;
    let country = Country::of_code(metadata.country_code())?;
    Some(Territory {
        country,
        code: metadata.country_code().to_string(),
        trunk: Trunk::of(metadata),
        soviet_trunk: SOVIET_TRUNK.contains(&region.as_str()),
        dropped_zero: drops_zero(metadata.country_code()),
        international: international_prefix(metadata),
    })
}

fn international_prefix(metadata: &Metadata) -> International {
    let pattern = metadata.international_prefix().map(|pattern| compact(pattern.as_str())).unwrap_or_default();
    let fallback = || International::Literal(b"00".to_vec());
    if pattern.is_empty() {
        return fallback();
    }
    if pattern.bytes().all(|byte| byte.is_ascii_digit()) {
        return International::Literal(pattern.into_bytes());
    }
    BoundedBacktracker::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(&pattern)
        .map_or_else(|_| fallback(), |engine| International::Pattern(Box::new(engine)))
}

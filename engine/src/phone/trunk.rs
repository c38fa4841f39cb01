//! The national (trunk) prefix of a territory: what is dialled inside the country before the
//! national number and left out from abroad, with the carrier codes and area-code rules some
//! countries tie to it.

use phonenumber::Metadata;
use regex_automata::dfa::onepass;
use regex_automata::nfa::thompson::{self, backtrack::BoundedBacktracker};
use regex_automata::util::{captures::Captures, primitives::NonMaxUsize, syntax};
use regex_automata::{Anchored, Input};

use super::country::compact;
use super::digits::Digits;

/// How a territory's trunk prefix is recognised and removed.
pub(super) enum Trunk {
    /// There is none (Poland, Italy).
    None,
    /// Fixed digits (Ukraine `0`, Russia `8`).
    Literal(Vec<u8>),
    /// A pattern that may also catch a carrier code or rewrite a local number (Brazil,
    /// Argentina).
    Pattern { matcher: Matcher, rule: String },
}

/// A compiled `nationalPrefixForParsing`. Nearly all are one-pass (several times faster); the
/// few that are not take the bounded backtracker.
pub(super) enum Matcher {
    OnePass(Box<onepass::DFA>),
    Backtrack(BoundedBacktracker),
}

/// Offsets of the whole match and of the first two groups.
struct Caught {
    end: usize,
    groups: [Option<(usize, usize)>; 2],
}

impl Trunk {
    /// The trunk of a territory, from its metadata.
    pub(super) fn of(territory: &Metadata) -> Self {
        let pattern = territory
            .national_prefix_for_parsing()
            .map(|pattern| compact(pattern.as_str()))
            .or_else(|| territory.national_prefix().map(str::to_owned))
            .unwrap_or_default();
        if pattern.is_empty() {
            Self::None
        } else if pattern.bytes().all(|byte| byte.is_ascii_digit()) {
            Self::Literal(pattern.into_bytes())
        } else {
            let rule = territory.national_prefix_transform_rule();
            Matcher::compile(&pattern)
                .map_or(Self::None, |matcher| Self::Pattern { matcher, rule: rule.unwrap_or_default().to_owned() })
        }
    }

    /// The national number behind the trunk prefix, or `None` when no prefix is written. Whether
    /// what is left is a number is the caller's question.
    pub(super) fn strip(&self, digits: &[u8]) -> Option<Digits> {
        match self {
            Self::None => None,
            Self::Literal(prefix) => Digits::concat(&[digits.strip_prefix(prefix.as_slice())?]),
            Self::Pattern { matcher, rule } => {
                let caught = matcher.find(digits)?;
                let rest = digits.get(caught.end..)?;
                let stripped = match caught.rewritten(digits, rule) {
                    Some(head) => Digits::concat(&[head.as_bytes(), rest])?,
                    None => Digits::concat(&[rest])?,
                };
                (stripped.as_bytes() != digits).then_some(stripped)
            }
        }
    }
}

impl Matcher {
    fn compile(pattern: &str) -> Option<Self> {
        let bytes = syntax::Config::new().unicode(false).utf8(false);
        let onepass =
            onepass::Builder::new().syntax(bytes).thompson(thompson::Config::new().utf8(false)).build(pattern);
        if let Ok(dfa) = onepass {
            return Some(Self::OnePass(Box::new(dfa)));
        }
        BoundedBacktracker::builder()
            .syntax(bytes)
            .thompson(thompson::Config::new().utf8(false))
            .build(pattern)
            .ok()
            .map(Self::Backtrack)
    }

    fn find(&self, digits: &[u8]) -> Option<Caught> {
        let input = Input::new(digits).anchored(Anchored::Yes);
        match self {
            Self::OnePass(dfa) => {
                let mut slots: [Option<NonMaxUsize>; 6] = [None; 6];
                dfa.try_search_slots(&mut dfa.create_cache(), &input, &mut slots).ok()??;
                let at = |slot: usize| slots.get(slot).copied().flatten().map(NonMaxUsize::get);
                Some(Caught { end: at(1)?, groups: [at(2).zip(at(3)), at(4).zip(at(5))] })
            }
            Self::Backtrack(engine) => {
                let mut caught: Captures = engine.create_captures();
                engine.try_captures(&mut engine.create_cache(), input, &mut caught).ok()?;
                let group = |index| caught.get_group(index).map(|span| (span.start, span.end));
                Some(Caught { end: caught.get_match()?.end(), groups: [group(1), group(2)] })
            }
        }
    }
}

impl Caught {
    /// The matched digits as the transform rule rewrites them. libphonenumber applies the rule
    /// only when the pattern's last group caught something.
    fn rewritten(&self, digits: &[u8], rule: &str) -> Option<Digits> {
        let [first, second] = self.groups;
        let nonempty = |group: Option<(usize, usize)>| group.is_some_and(|(from, to)| to > from);
        let applies = nonempty(second) || (nonempty(first) && second.is_none());
        if rule.is_empty() || !applies {
            return None;
        }
        let mut out = Digits::EMPTY;
        let mut marks = rule.bytes();
        while let Some(byte) = marks.next() {
            let group = match byte {
                b'$' => match marks.next()? {
                    b'1' => first,
                    b'2' => second,
                    _ => None,
                },
                digit => {
                    out.push(digit).then_some(())?;
                    continue;
                }
            };
            let (from, to) = group?;
            for digit in digits.get(from..to)? {
                out.push(*digit).then_some(())?;
            }
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use phonenumber::metadata::DATABASE;

    use super::*;

    /// What is left of the digits, or `-` when no prefix is written.
    fn strip(region: &str, digits: &str) -> String {
        let trunk = Trunk::of(DATABASE.by_id(region).expect("a region"));
        let rest = trunk.strip(digits.as_bytes());
        rest.map_or_else(|| "-".to_owned(), Digits::to_text)
    }

    #[test]
    fn the_prefix_is_dropped_and_only_the_prefix() {
        assert_eq!(strip("UA", "0671234567"), "671234567");
        assert_eq!(strip("UA", "671234567"), "-");
        assert_eq!(strip("RU", "84951234567"), "4951234567");
        assert_eq!(strip("BY", "80291234567"), "291234567");
        assert_eq!(strip("IT", "0612345678"), "-");
        assert_eq!(strip("PL", "0512345678"), "-");
    }

    #[test]
    fn carrier_codes_and_local_numbers_follow_the_transform_rule() {
        assert_eq!(strip("BR", "0151123456789"), "1123456789");
        assert_eq!(strip("BR", "01123456789"), "1123456789");
        assert_eq!(strip("AR", "0111523456789"), "91123456789");
        assert_eq!(strip("AR", "01123456789"), "1123456789");
        assert_eq!(strip("AG", "4641234"), "2684641234");
        assert_eq!(strip("JP", "0312345678"), "312345678");
    }
}

//! How people of a country write its numbers: grouping and trunk prefix, from the metadata.
//! Used only to guess spellings a CRM may hold, never to decide what a number is.

use phonenumber::Metadata;
use phonenumber::metadata::Format;
use regex_automata::nfa::thompson::backtrack::BoundedBacktracker;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::country::compact;

/// The compiled formats of one territory.
pub(super) struct Formats {
    national: Vec<Layout>,
    international: Vec<Layout>,
}

/// One format: which national numbers it is for, and the template they are poured into.
struct Layout {
    leading: Option<BoundedBacktracker>,
    groups: BoundedBacktracker,
    template: String,
}

impl Formats {
    /// Compiles the formats of a territory; one that does not compile is left out.
    pub(super) fn of(territory: Option<&Metadata>) -> Self {
        let Some(territory) = territory else {
            return Self { national: Vec::new(), international: Vec::new() };
        };
        let prefix = territory.national_prefix().unwrap_or_default();
        let layouts = |formats: &[Format], with_prefix| {
            formats.iter().filter_map(|format| Layout::of(format, with_prefix)).collect()
        };
        Self {
            national: layouts(territory.formats(), Some(prefix)),
            international: layouts(territory.international_formats(), None),
        }
    }

    /// The number as it is written inside the country, trunk prefix and all: `067 123 4567`.
    pub(super) fn national(&self, national: &str) -> Option<String> {
        self.national.iter().find_map(|layout| layout.pour(national))
    }

    /// The national number as it is grouped after the country code: `67 123 4567`.
    pub(super) fn international(&self, national: &str) -> Option<String> {
        self.international.iter().find_map(|layout| layout.pour(national))
    }
}

impl Layout {
    fn of(format: &Format, prefix: Option<&str>) -> Option<Self> {
        let template = match (prefix, format.national_prefix()) {
            (Some(prefix), Some(rule)) => with_prefix(format.format(), rule, prefix),
            _ => format.format().to_owned(),
        };
        let leading = match format.leading_digits().last() {
            Some(pattern) => Some(compile(pattern.as_str())?),
            None => None,
        };
        Some(Self { leading, groups: compile(format.pattern().as_str())?, template })
    }

    fn pour(&self, national: &str) -> Option<String> {
        let input = || Input::new(national).anchored(Anchored::Yes);
        if let Some(leading) = &self.leading {
            let mut cache = leading.create_cache();
            if !leading.try_is_match(&mut cache, input()).unwrap_or(false) {
                return None;
            }
        }
        let mut caught = self.groups.create_captures();
        let mut cache = self.groups.create_cache();
        self.groups.try_captures(&mut cache, input(), &mut caught).ok()?;
        if caught.get_match()?.end() != national.len() {
            return None;
        }
        let mut out = String::with_capacity(national.len() + 8);
        let mut marks = self.template.chars();
        while let Some(mark) = marks.next() {
            if mark != '$' {
                out.push(mark);
                continue;
            }
            let group = marks.next().and_then(|digit| digit.to_digit(10))?;
            let span = caught.get_group(group as usize)?;
            out.push_str(national.get(span.start..span.end)?);
        }
        Some(out)
    }
}

/// Puts the formatting rule (`$NP$FG`: trunk prefix, first group) in the place of the first group.
fn with_prefix(template: &str, rule: &str, prefix: &str) -> String {
    let Some(at) = template.find('$') else {
        return template.to_owned();
    };
    let (before, from) = template.split_at(at);
    let first: String = from.chars().take(2).collect();
    let after = from.strip_prefix(first.as_str()).unwrap_or_default();
    let head = rule.replace("$NP", prefix).replace("$FG", &first);
    let head = head.replace("$1", &first);
    format!("{before}{head}{after}")
}

fn compile(pattern: &str) -> Option<BoundedBacktracker> {
    BoundedBacktracker::builder().syntax(syntax::Config::new().unicode(false)).build(&compact(pattern)).ok()
}

#[cfg(test)]
mod tests {
    use phonenumber::metadata::DATABASE;

    use super::*;

    #[test]
    fn numbers_are_grouped_as_their_country_writes_them() {
        let formats = |region: &str| Formats::of(DATABASE.by_id(region));
        let ukraine = formats("UA");
        assert_eq!(ukraine.national("671234567").as_deref(), Some("067 123 4567"));
        assert_eq!(ukraine.international("671234567").as_deref(), Some("67 123 4567"));
        assert_eq!(formats("PL").national("512345678").as_deref(), Some("512 345 678"));
        assert_eq!(formats("US").national("6502530000").as_deref(), Some("(650) 253-0000"));
        assert_eq!(formats("US").international("6502530000").as_deref(), Some("650-253-0000"));
        assert_eq!(formats("RU").national("4951234567").as_deref(), Some("8 (495) 123-45-67"));
        assert_eq!(formats("UA").national("12"), None);
    }
}

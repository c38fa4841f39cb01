//! The spellings under which a CRM may hold a number: what to search for.

use super::country::Country;
use super::key::PhoneKey;
use super::plan::NumberPlan;
use super::read;
use super::territory::Territory;

/// The most spellings [`spellings`] gives.
pub const MAX_SPELLINGS: usize = 20;

/// Spellings worth asking a CRM for, the likeliest first, at most [`MAX_SPELLINGS`]; the first is
/// the key itself. National spellings are given only for regions of the plan. Each one reads back
/// to the same key under the plan, so a record found by it can be accepted.
#[must_use]
pub fn spellings(key: &PhoneKey, plan: &NumberPlan) -> Vec<String> {
    let mut out = vec![key.as_str().to_owned()];
    for spelling in candidates(key, plan) {
        if out.len() == MAX_SPELLINGS {
            break;
        }
        if !out.contains(&spelling) && read(&spelling, plan).key() == Some(key) {
            out.push(spelling);
        }
    }
    out
}

fn candidates(key: &PhoneKey, plan: &NumberPlan) -> Vec<String> {
    let digits = key.digits();
    let mut all = vec![digits.to_owned()];
    let Some((country, national)) = Country::split(digits.as_bytes()) else {
        return all;
    };
    let (Ok(national), code) = (str::from_utf8(national), country.code()) else {
        return all;
    };
    let local = std::iter::once(&plan.region)
        .chain(&plan.also)
        .filter_map(|region| Territory::of(*region))
        .find(|region| region.country.code() == code);
    let in_country = local.and_then(|_| country.formats().national(national));
    if let Some(text) = &in_country {
        all.push(text.chars().filter(char::is_ascii_digit).collect());
    }
    if local.is_some() {
        all.push(national.to_owned());
    }
    all.extend(in_country.clone());
    if let Some(grouped) = country.formats().international(national) {
        all.push(format!("+{code} {grouped}"));
        all.extend(dashed(code, &grouped, in_country.as_deref()));
    }
    if local.is_some_and(|region| region.soviet_trunk && region.code == "380") {
        all.push(format!("80{national}"));
        all.extend(ukrainian(national).into_iter().flatten());
    }
    all.extend(in_country.map(|text| text.replace([' ', '(', ')'], "-")).map(|text| tidy(&text)));
    all
}

/// `+48-512-345-678`; where the trunk zero is felt as part of the code, also `+38-067-123-4567`.
fn dashed(code: u16, grouped: &str, in_country: Option<&str>) -> Vec<String> {
    let with_dashes = |text: &str| tidy(&text.replace([' ', '(', ')'], "-"));
    let mut all = Vec::new();
    if let (380, Some(in_country)) = (code, in_country) {
        all.push(format!("+38-{}", with_dashes(in_country)));
    }
    all.push(format!("+{code}-{}", with_dashes(grouped)));
    all
}

/// The forms of Ukrainian price lists and address books: groups of two at the end, brackets, the trunk 8 of the past.
fn ukrainian(national: &str) -> Option<[String; 8]> {
    let (area, rest) = national.split_at_checked(2)?;
    let (head, tail) = rest.split_at_checked(3)?;
    let (left, right) = tail.split_at_checked(2)?;
    let bracketed = format!("(0{area}) {head}-{left}-{right}");
    let (spaced, hyphened) = (format!("0{area} {head} {left} {right}"), format!("0{area}-{head}-{left}-{right}"));
    Some([
        format!("+38 {bracketed}"),
        spaced.clone(),
        bracketed.clone(),
        hyphened,
        format!("+38 {spaced}"),
        format!("+380 {area} {head} {left} {right}"),
        format!("38 {spaced}"),
        format!("8 {bracketed}"),
    ])
}

/// One dash where several met, none at the ends.
fn tidy(text: &str) -> String {
    let parts: Vec<&str> = text.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

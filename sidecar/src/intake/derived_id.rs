//! An id for a call the platform gave none (field.md 2.22).

use tieline_engine::{
    ids::CallId,
    jiff::Timestamp,
    phone::{self, NumberPlan, Phone},
};

/// The same call gives the same id, however its numbers are spelt and however often it comes; two calls of one pair
/// of numbers differ by their second. 128 bits of FNV-1a: the id goes to logs, so it must not show the numbers.
///
/// `None` without the start, or without either number: then different calls would get one id.
pub(super) fn derive(
    client: Option<&Phone>,
    line: Option<&Phone>,
    at: Option<Timestamp>,
    plan: &NumberPlan,
) -> Option<CallId> {
    let at = at?;
    if client.is_none() && line.is_none() {
        return None;
    }
    let parts = [spelling(client, plan), spelling(line, plan), at.as_second().to_string()];
    Some(CallId::new(format!("derived-{:032x}", fnv1a(&parts.join("\u{1f}")))))
}

/// One spelling for all of a number.
fn spelling(number: Option<&Phone>, plan: &NumberPlan) -> String {
    let Some(number) = number else {
        return String::new();
    };
    match phone::read(number.raw(), plan).key() {
        Some(key) => key.as_str().to_owned(),
        None => number.raw().chars().filter(|c| !c.is_whitespace()).collect(),
    }
}

/// FNV-1a with the offset basis and prime of 128 bits.
fn fnv1a(text: &str) -> u128 {
    text.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash: u128, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

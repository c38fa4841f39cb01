//! Numbers to test with: real ones of many regions, from rlibphonenumber's examples, their last
//! digits varied by a seeded generator.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType};

/// The regions of the tests: the market, its neighbours, every kind of numbering plan (open,
/// closed, with and without trunk, shared codes, carrier codes).
pub(super) const REGIONS: [&str; 34] = [
    "UA", "PL", "DE", "IT", "RU", "KZ", "BY", "US", "GB", "FR", "ES", "CZ", "SK", "RO", "MD", "LT", "LV", "EE", "HU",
    "BG", "AT", "CH", "NL", "SE", "TR", "GE", "AM", "AZ", "IL", "AE", "BR", "AR", "MX", "AU",
];

const TYPES: [PhoneNumberType; 4] =
    [PhoneNumberType::FixedLine, PhoneNumberType::Mobile, PhoneNumberType::TollFree, PhoneNumberType::VoIP];

/// xorshift64*: the same numbers on every machine.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

pub(super) fn oracle_region(iso: &str) -> rlibphonenumber::Region {
    rlibphonenumber::Region::try_from(iso).expect("a region")
}

/// Example numbers of the region, one per type, as international digits.
pub(super) fn examples(iso: &str) -> Vec<String> {
    let region = oracle_region(iso);
    TYPES
        .iter()
        .filter_map(|kind| PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, *kind).ok())
        .map(|number| written(&number, PhoneNumberFormat::E164).replace('+', ""))
        .collect()
}

/// The digits with up to the last six replaced.
pub(super) fn varied(digits: &str, random: &mut Random) -> String {
    let keep = digits.len().saturating_sub(1 + random.below(6) as usize);
    let mut out: String = digits.chars().take(keep).collect();
    while out.len() < digits.len() {
        out.push(char::from(b'0' + random.below(10) as u8));
    }
    out
}

/// The number behind international digits, when the oracle says it is valid.
pub(super) fn valid(digits: &str) -> Option<PhoneNumber> {
    let number = PHONE_NUMBER_UTIL.parse(format!("+{digits}"), None).ok()?;
    PHONE_NUMBER_UTIL.is_valid_number(&number).then_some(number)
}

pub(super) fn written(number: &PhoneNumber, format: PhoneNumberFormat) -> String {
    number.format_as(format).into_owned()
}

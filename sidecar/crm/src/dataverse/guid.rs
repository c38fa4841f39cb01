//! Ids of rows. What we make has an id of our own choice, derived from its step's mark: whether it was made is then
//! one question by id, and making it again is refused by the CRM (dataverse.md 4.6).

use std::fmt;

use tieline_engine::{ids::RecordId, step::Mark};

/// The id of a row: hexadecimal digits in groups of 8, 4, 4, 4 and 12, small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Guid(String);

impl Guid {
    /// The id of what a step makes: the same over restarts and machines.
    ///
    /// FNV-1a, 128 bits wide (offset basis and prime of the published algorithm), over a prefix of ours and the mark.
    /// Version and variant bits are set as in a name-based id of version 5; the hash is not SHA-1, which nobody can
    /// tell from outside. A mark holds 80 bits, so the 122 that are left lose nothing.
    pub(super) fn of(mark: &Mark) -> Self {
        let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        for byte in b"tieline.dataverse\x1f".iter().copied().chain(mark.as_str().bytes()) {
            hash ^= u128::from(byte);
            hash = hash.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        let versioned = (hash & !(0xf << 76)) | (0x5 << 76);
        Self::hyphened((versioned & !(0b11 << 62)) | (0b10 << 62))
    }

    fn hyphened(bits: u128) -> Self {
        let part = |from: u32, digits: u32| (bits >> from) & ((1 << (4 * digits)) - 1);
        Self(format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 8),
            part(80, 4),
            part(64, 4),
            part(48, 4),
            part(0, 12)
        ))
    }

    /// An id as the CRM or a person writes it: braces and capitals are taken.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bare = text.trim().trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
        let groups: Vec<&str> = bare.split('-').collect();
        let is_hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
        let fits = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(is_hex);
        fits.then_some(Self(bare))
    }

    /// The id's text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as the engine keeps it.
    pub(super) fn record(&self) -> RecordId {
        RecordId::new(self.0.clone())
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tieline_engine::{ids::CallId, step::StepKey};

    use super::{Guid, Mark};

    fn mark(call: usize) -> Mark {
        Mark::of("p", &CallId::new(format!("call-{call}")), &StepKey::call_record())
    }

    #[test]
    fn an_id_stays_the_same_over_restarts() {
        assert_eq!(Guid::of(&mark(1)), Guid::of(&mark(1)));
        let ids: BTreeSet<Guid> = (0..10_000).map(|call| Guid::of(&mark(call))).collect();
        assert_eq!(ids.len(), 10_000);
    }

    #[test]
    fn an_id_has_the_shape_the_crm_takes() {
        for call in 0..100 {
            let id = Guid::of(&mark(call));
            assert_eq!(Guid::parse(id.as_str()), Some(id.clone()));
            assert_eq!(id.as_str().chars().nth(14), Some('5'));
            assert!(matches!(id.as_str().chars().nth(19), Some('8' | '9' | 'a' | 'b')));
        }
    }

    #[test]
    fn an_id_is_read_in_braces_and_capitals_and_nothing_else_is() {
        let id = Guid::parse("{6A0F2A52-6D0B-5E2D-9A42-1F9A7C5F7D11}").unwrap();
        assert_eq!(id.as_str(), "6a0f2a52-6d0b-5e2d-9a42-1f9a7c5f7d11");
        for wrong in ["", "17", "6a0f2a52-6d0b-5e2d-9a42-1f9a7c5f7d1", "6a0f2a52-6d0b-5e2d-9a42-1f9a7c5f7d1)"] {
            assert_eq!(Guid::parse(wrong), None);
        }
    }
}

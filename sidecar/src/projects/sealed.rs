//! A stored project's secrets: one sealed whole, bound to the project's name and text. Whoever can write to the store and
//! has no key can neither read them, nor move them to another project, nor have them sent to another address.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use tieline_engine::ids::ProjectId;

use crate::{seal::Keys, store::projects::KeptProject};

/// Secrets by the names a text refers to.
pub(super) type Secrets = BTreeMap<String, SecretString>;

/// What tells this use of the keys from others.
const USE: &[u8] = b"tieline project v1";

/// Seals secrets; `None` when the machine gives no randomness. Also where there are none: the text is bound so.
pub(super) fn seal(keys: &Keys, id: &ProjectId, text: &str, secrets: &Secrets) -> Option<Vec<u8>> {
    let plain: BTreeMap<&str, &str> =
        secrets.iter().map(|(name, secret)| (name.as_str(), secret.expose_secret())).collect();
    let plain = SecretSlice::from(serde_json::to_vec(&plain).ok()?);
    keys.seal(plain.expose_secret(), &belongs_to(id, text))
}

/// Opens a project's secrets, and says whether by an older key; `None` when no key fits, or something was changed.
pub(super) fn open(keys: &Keys, kept: &KeptProject) -> Option<(Secrets, bool)> {
    let opened = keys.open(&kept.sealed, &belongs_to(&kept.id, &kept.text))?;
    let secrets: BTreeMap<String, String> = serde_json::from_slice(opened.plain.expose_secret()).ok()?;
    let secrets = secrets.into_iter().map(|(name, secret)| (name, SecretString::from(secret)));
    Some((secrets.collect(), opened.by_older))
}

fn belongs_to(id: &ProjectId, text: &str) -> Vec<u8> {
    let id = id.as_str().as_bytes();
    let length = (id.len() as u64).to_be_bytes();
    [USE, &length, id, text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use tieline_engine::jiff::Timestamp;

    use super::*;

    #[test]
    fn secrets_open_for_their_project_and_text_only() {
        let keys = Keys::new(&[7; 32], &[]);
        let secrets: Secrets = [("crm".to_owned(), SecretString::from("key-\"4711\"".to_owned()))].into();
        let sealed = seal(&keys, &ProjectId::new("shop"), "url = 'a'", &secrets).unwrap();
        let kept = |id: &str, text: &str| KeptProject {
            id: ProjectId::new(id),
            text: text.to_owned(),
            sealed: sealed.clone(),
            revision: 1,
            updated_at: Timestamp::UNIX_EPOCH,
        };
        let (opened, by_older) = open(&keys, &kept("shop", "url = 'a'")).unwrap();
        assert_eq!((opened["crm"].expose_secret(), by_older), ("key-\"4711\"", false));
        for (id, text) in [("workshop", "url = 'a'"), ("shop", "url = 'b'"), ("sho", "purl = 'a'")] {
            assert!(open(&keys, &kept(id, text)).is_none(), "{id} {text}");
        }
        let shown = String::from_utf8_lossy(&sealed).into_owned();
        assert!(!shown.contains("4711") && !shown.contains("crm"), "{shown}");
    }
}

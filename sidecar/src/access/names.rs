//! The names in a client's certificate: the DNS names of its extension (RFC 5280 4.2.1.6) and the common names of its
//! subject. The certificate was verified before; this only reads.

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// DER tags (X.690 8.1.2) of what a subject is made of, and of the text kinds a name may have.
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_ID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;
const IA5: u8 = 0x16;
/// `id-at-commonName`, 2.5.4.3 (RFC 5280 appendix A).
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
/// Names of one certificate that are read.
const NAMES_MAX: usize = 32;

/// Every name of a certificate, as it is written there.
#[must_use]
pub fn of(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok(certificate) = EndEntityCert::try_from(certificate) else { return Vec::new() };
    let dns = certificate.valid_dns_names().map(str::to_owned);
    let common = common_names(certificate.subject());
    let names = dns.chain(common.into_iter().map(str::to_owned));
    names.filter(|name| !name.is_empty()).take(NAMES_MAX).collect()
}

/// The common names in the content of a subject: a run of sets of pairs of an object id and a text.
fn common_names(subject: &[u8]) -> Vec<&str> {
    let mut names = Vec::new();
    // Some readers hand out the subject with its own sequence around it.
    let mut rest = match value(subject) {
        Some((SEQUENCE, content, [])) => content,
        _ => subject,
    };
    while let Some((tag, mut set, after)) = value(rest) {
        rest = after;
        while let Some((SEQUENCE, pair, next)) = value(set).filter(|_| tag == SET) {
            set = next;
            names.extend(common_name(pair));
        }
    }
    names
}

fn common_name(pair: &[u8]) -> Option<&str> {
    let (OBJECT_ID, id, rest) = value(pair)? else { return None };
    let (UTF8 | PRINTABLE | IA5, text, _) = value(rest)? else { return None };
    (id == COMMON_NAME).then(|| std::str::from_utf8(text).ok())?
}

/// The first value: its tag, its content, and what follows it.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?,
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    use super::*;

    #[test]
    fn a_certificate_has_the_names_of_its_extension_and_its_subject() {
        let mut params = CertificateParams::new(vec!["pbx-a.internal".to_owned()]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Exchanges");
        params.distinguished_name.push(DnType::CommonName, "Exchange A");
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(of(certificate.der()), ["pbx-a.internal", "Exchange A"]);
    }

    #[test]
    fn nonsense_has_no_names() {
        assert!(of(&CertificateDer::from(vec![1, 2, 3])).is_empty());
        for der in
            [&[][..], &[0x30], &[0x31, 0x05, 0x30], &[0x31, 0x84, 0xff, 0xff, 0xff, 0xff], &[0x31, 0x02, 0x30, 0x7f]]
        {
            assert!(common_names(der).is_empty(), "{der:?}");
        }
    }
}

//! One alphabet: entities and percent codes decoded, native digits and full-width signs made
//! ASCII, invisible marks dropped, letters lowered.

/// The zero of each decimal digit block of Unicode that phones are set to (general category Nd).
const ZEROS: [u32; 25] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
    0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1B50, 0xA8D0, 0xA9D0, 0xAA50,
];

/// HTML entities that telephony payloads carry; `&amp;` first, for what was escaped twice.
const ENTITIES: [(&str, &str); 8] = [
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&apos;", "'"),
    ("&#39;", "'"),
    ("&nbsp;", " "),
    ("&plus;", "+"),
];

/// The text in one alphabet. Tabs become blanks, line breaks stay as `\n`.
pub(super) fn fold(raw: &str) -> String {
    let mut text = raw.to_owned();
    if text.contains('%') {
        text = percent_decoded(&text);
    }
    if text.contains('&') {
        for (entity, plain) in ENTITIES {
            text = text.replace(entity, plain);
        }
        text = numeric_entities_decoded(&text);
    }
    text.chars().filter_map(fold_char).collect()
}

fn fold_char(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(match c {
            '\n' | '\r' => '\n',
            _ if c.is_ascii_control() => ' ',
            _ => c.to_ascii_lowercase(),
        });
    }
    match c {
        '\u{FF01}'..='\u{FF5E}' => {
            let ascii = char::from_u32(u32::from(c) - 0xFEE0)?;
            Some(ascii.to_ascii_lowercase())
        }
        '\u{FE62}' | '\u{207A}' => Some('+'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}' | '\u{FE58}' | '\u{FE63}' => Some('-'),
        '\u{060C}' | '\u{3001}' => Some(','),
        '\u{061B}' => Some(';'),
        '\u{2028}' | '\u{2029}' => Some('\n'),
        '\u{AD}' | '\u{61C}' | '\u{FEFF}' => None,
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' => None,
        // A combining accent belongs to the letter before it.
        '\u{0300}'..='\u{036F}' => None,
        _ => Some(decimal(c).unwrap_or_else(|| lowered(c))),
    }
}

/// The ASCII digit for a native one.
fn decimal(c: char) -> Option<char> {
    let code = u32::from(c);
    let value = match code {
        0x1D7CE..=0x1D7FF => (code - 0x1D7CE) % 10,
        _ => ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|value| *value < 10))?,
    };
    char::from_digit(value, 10)
}

/// Letters in lower case, everything that is no letter as a blank.
fn lowered(c: char) -> char {
    if c.is_alphabetic() { c.to_lowercase().next().unwrap_or(c) } else { ' ' }
}

/// `%2B380…` as a query string carries it. A percent sign that is no code stays.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|_| *first == b'%').and_then(hex);
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(code: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let [high, low] = code else { return None };
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// `&#43;` and `&#x2B;`.
fn numeric_entities_decoded(text: &str) -> String {
    let mut parts = text.split("&#");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let decoded = part.split_once(';').and_then(|(code, rest)| {
            let value = match code.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => code.parse().ok()?,
            };
            Some((char::from_u32(value)?, rest))
        });
        match decoded {
            Some((c, rest)) => {
                out.push(c);
                out.push_str(rest);
            }
            None => {
                out.push_str("&#");
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn digits_and_signs_of_any_script_become_ascii() {
        assert_eq!(fold("٠٦٧١٢٣٤٥٦٧"), "0671234567");
        assert_eq!(fold("＋３８０（６７）"), "+380(67)");
        assert_eq!(fold("۰۶۷ ०६७ ๐๖๗"), "067 067 067");
        assert_eq!(fold("067\u{2011}123\u{00A0}45\u{200B}67"), "067-123 4567");
        assert_eq!(fold("\u{202A}+380671234567\u{202C}"), "+380671234567");
    }

    #[test]
    fn codes_of_transports_are_decoded() {
        assert_eq!(fold("%2B380671234567"), "+380671234567");
        assert_eq!(fold("&#43;380&nbsp;67&lt;x&gt;"), "+380 67<x>");
        assert_eq!(fold("&amp;#x2B;1"), "+1");
        assert_eq!(fold("100% sure &# &#zz; %"), "100% sure &# &#zz; %");
        assert_eq!(fold("%D0%94%D0%9E%D0%91"), "доб");
    }
}

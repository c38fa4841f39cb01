//! What a phone field holds besides the number: a display name, a URI with its parameters, an
//! extension, a person's name. Everything here works on folded text (`fold.rs`).

use super::words::after_extension_word;

/// Fewer digits than this before an extension word are not yet a number.
const DIGITS_BEFORE_EXTENSION: usize = 6;

/// Longest extension; longer digits behind the word are another number.
const EXTENSION_DIGITS: usize = 9;

const SCHEMES: [&str; 7] = ["sip:", "sips:", "tel:", "callto:", "whatsapp:", "viber:", "pstn:"];

/// A field taken apart.
pub(super) struct Field {
    /// The number part: digits, signs, perhaps a name or a second number.
    pub(super) text: String,
    /// The extension, digits only.
    pub(super) extension: Option<String>,
}

/// Takes a folded field apart.
pub(super) fn open(folded: &str) -> Field {
    let (text, from_parameter) = without_uri(without_display_name(folded).trim());
    let text = without_asides(&text);
    let (text, from_word) = without_extension(&text);
    Field { text, extension: from_parameter.or(from_word) }
}

/// `"Name" <number>` and `Name <number>`: what stands in the angle brackets, if it says anything.
fn without_display_name(text: &str) -> String {
    if let Some((name, rest)) = text.rsplit_once('<') {
        let inner = rest.split_once('>').map_or(rest, |(inner, _)| inner);
        let says_something = inner.chars().any(char::is_alphanumeric);
        return if says_something { inner } else { name }.to_owned();
    }
    let outside: String = text.split('"').step_by(2).collect();
    if outside.chars().any(|c| c.is_ascii_digit()) { outside } else { text.to_owned() }
}

/// The user part of a `sip:` or `tel:` URI or of `user@host`, and its `ext` parameter.
fn without_uri(text: &str) -> (String, Option<String>) {
    let scheme = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme));
    let address = scheme.unwrap_or(text).trim_start_matches(['/', ' ']);
    let (user, host) = address.split_once('@').unwrap_or((address, ""));
    let user = match user.split_once(':') {
        Some((name, _password)) if scheme.is_some() && !host.is_empty() => name,
        _ => user,
    };
    let mut number = String::with_capacity(user.len());
    let mut extension = None;
    for (index, segment) in user.split(';').enumerate() {
        if index == 0 || !is_parameter(segment) {
            if index > 0 {
                number.push(';');
            }
            number.push_str(segment);
            continue;
        }
        match segment.split_once('=') {
            Some(("ext", digits)) => extension = extension_digits(digits),
            Some(("phone-context", context)) if context.starts_with('+') && !number.contains('+') => {
                number.insert_str(0, context);
            }
            _ => {}
        }
    }
    (number, extension)
}

/// `npdi`, `rn=+380…`, `user=phone`: a name with an optional value, no blanks.
fn is_parameter(segment: &str) -> bool {
    let name = segment.split('=').next().unwrap_or_default();
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !segment.contains(' ')
}

/// Cuts brackets that hold words, such as `(Olga)`; digits in brackets are part of the number.
fn without_asides(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(['(', '[', '{']) {
        out.push_str(before);
        let (inner, tail) = after.split_once([')', ']', '}']).unwrap_or((after, ""));
        let is_extension = after_extension_word(after.trim_start()).is_some();
        if !inner.chars().any(char::is_alphabetic) || is_extension {
            out.push(' ');
            out.push_str(inner);
        }
        out.push(' ');
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// Cuts `ext 12`, `доб. 12`, `вн. 12`, `#12` behind a number, and whatever follows.
fn without_extension(text: &str) -> (String, Option<String>) {
    let mut digits = 0_usize;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        let may_begin = !previous.is_alphabetic() && (c.is_alphabetic() || c == '#');
        if may_begin && digits >= DIGITS_BEFORE_EXTENSION {
            let (before, from) = text.split_at_checked(at).unwrap_or((text, ""));
            if let Some(extension) = after_extension_word(from).and_then(extension_digits) {
                return (before.to_owned(), Some(extension));
            }
        }
        digits += usize::from(c.is_ascii_digit());
        previous = c;
    }
    (text.to_owned(), None)
}

/// The digits at the start, when they are few enough to be an extension.
fn extension_digits(text: &str) -> Option<String> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    (1..=EXTENSION_DIGITS).contains(&digits.len()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str) -> (String, Option<String>) {
        let field = open(text);
        (field.text.trim().to_owned(), field.extension)
    }

    #[test]
    fn names_and_addresses_around_the_number_are_cut() {
        for text in [
            "\"olga 2\" <380671234567>",
            "olga <sip:380671234567@pbx.example.org:5060;transport=udp>",
            "sip:380671234567;npdi;rn=+380440000000@host",
            "sip:380671234567:secret@host",
            "\"olga\" 380671234567",
            "tel:380671234567",
            "callto://380671234567",
            "380671234567 (olga, flat 5)",
            "380671234567@10.0.0.1",
        ] {
            assert_eq!(opened(text), ("380671234567".to_owned(), None), "{text}");
        }
    }

    #[test]
    fn extensions_are_kept_apart() {
        for text in [
            "0671234567;ext=12",
            "0671234567 ext. 12",
            "0671234567x12",
            "0671234567 #12",
            "0671234567 доб. 12",
            "0671234567 вн.12",
            "0671234567 дод 12",
            "0671234567 (ext 12)",
            "0671234567 (доб. 12)",
        ] {
            assert_eq!(opened(text), ("0671234567".to_owned(), Some("12".to_owned())), "{text}");
        }
        assert_eq!(opened("0671234567 extra 5").1, None);
        assert_eq!(opened("x 0671234567").1, None);
    }
}

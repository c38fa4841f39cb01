//! Links, and the escapes relays put into texts.

/// Longest link, as in the gRPC contract.
const LINK_MAX: usize = 2048;
/// Escapes of HTML that relays leave in fields (payload 26).
const ESCAPES: &[(&str, &str)] =
    &[("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];

/// A link a person can open.
pub(super) fn read(text: &str) -> Option<String> {
    let text = unescape(text.trim());
    let is_link = text.starts_with("https://") || text.starts_with("http://");
    let is_whole = text.len() <= LINK_MAX && !text.contains(char::is_whitespace);
    (is_link && is_whole).then_some(text)
}

/// Escapes undone, at most twice over: a relay may have relayed from another.
pub(super) fn unescape(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..2 {
        if !text.contains('&') {
            break;
        }
        for (escape, plain) in ESCAPES {
            text = text.replace(escape, plain);
        }
    }
    text
}

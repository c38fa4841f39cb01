//! A row or a table as a URL names it.

use super::refusal::{Refusal, bad_query};

/// What stands in the brackets behind the name of an entity set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// The primary key.
    Id(String),
    /// `name='value'` pairs.
    Named(Vec<(String, String)>),
}

/// `contacts`, `contacts(<guid>)`, `contacts(new_phonekey='380671234567')`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) key: Option<Key>,
}

impl Target {
    /// Reads one segment of a path, already percent-decoded.
    pub(super) fn parse(segment: &str) -> Result<Self, Refusal> {
        let Some((name, inside)) = segment.split_once('(') else {
            return Ok(Self { name: segment.to_owned(), key: None });
        };
        let broken = || bad_query("Bad Request - Error in query syntax.");
        let inside = inside.strip_suffix(')').ok_or_else(broken)?.trim();
        let key = match guid(inside) {
            Some(id) => Some(Key::Id(id)),
            None if inside.is_empty() => None,
            None => Some(Key::Named(pairs(inside).ok_or_else(broken)?)),
        };
        Ok(Self { name: name.to_owned(), key })
    }
}

/// A GUID in lower case.
pub(super) fn guid(text: &str) -> Option<String> {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let digits = text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    (digits && lengths == [8, 4, 4, 4, 12]).then(|| text.to_ascii_lowercase())
}

/// What stands behind `/api/data/v9.x/`, with or without a host before it.
pub(super) fn behind_service_root(target: &str) -> &str {
    const ROOT: &str = "/api/data/v9.";
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let behind = path.rfind(ROOT).and_then(|at| target.get(at + ROOT.len()..));
    let behind = behind.map_or(target, |rest| rest.split_once('/').map_or("", |(_, rest)| rest));
    behind.trim_start_matches('/')
}

fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let mut rest = text;
    let mut out = Vec::new();
    loop {
        let (name, value) = rest.split_once('=')?;
        let (value, after) = value_of(value)?;
        out.push((name.trim().to_owned(), value));
        let after = after.trim_start();
        if after.is_empty() {
            return Some(out);
        }
        rest = after.strip_prefix(',')?;
    }
}

/// A quoted text, in which a doubled quote is one, or what stands up to the next comma.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('\'') else {
        let end = text.find(',').unwrap_or(text.len());
        let (value, after) = text.split_at_checked(end)?;
        return Some((value.trim().to_owned(), after));
    };
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        let Some(more) = after.strip_prefix('\'') else {
            return Some((value, after));
        };
        value.push('\'');
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_root_is_cut_off_however_the_client_sees_it() {
        for target in [
            "/api/data/v9.2/contacts?$top=1",
            "/dataverse/api/data/v9.2/contacts?$top=1",
            "https://org.example/api/data/v9.0/contacts?$top=1",
            "contacts?$top=1",
        ] {
            assert_eq!(behind_service_root(target), "contacts?$top=1", "{target}");
        }
    }

    #[test]
    fn quotes_in_a_key_are_doubled() {
        let target = Target::parse("contacts(lastname='O''Hara',x=1)").unwrap();
        let named = vec![("lastname".to_owned(), "O'Hara".to_owned()), ("x".to_owned(), "1".to_owned())];
        assert_eq!(target.key, Some(Key::Named(named)));
        assert!(Target::parse("contacts(x").is_err());
    }
}

//! Parameters of a query, in each of the spellings clients use (remonline.md 2.3).

use jiff::Timestamp;

use super::settings::Generation;
use crate::wire::SimRequest;

/// Parameters every list has.
const COMMON: [&str; 2] = ["page", "token"];

/// The parameters of one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn of(request: &SimRequest) -> Self {
        Self(request.query_pairs())
    }

    /// A plain parameter.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `ids[]=5&ids[]=8`, `ids=5&ids=8`, `ids=5,8` or `ids=5`; none when it is not asked for.
    pub(super) fn list(&self, name: &str) -> Option<Vec<&str>> {
        let mut values = Vec::new();
        for (key, value) in &self.0 {
            if key == name {
                values.extend(value.split(','));
            } else if bare(key) == name {
                values.push(value.as_str());
            }
        }
        (!values.is_empty()).then_some(values)
    }

    /// The ids of a list; what is no number names nothing.
    pub(super) fn ids(&self, name: &str) -> Option<Vec<u64>> {
        let values = self.list(name)?;
        Some(values.into_iter().filter_map(|value| value.trim().parse().ok()).collect())
    }

    /// Whether the id is among those asked for, or none are.
    pub(super) fn among(&self, name: &str, id: Option<u64>) -> bool {
        self.ids(name).is_none_or(|asked| id.is_some_and(|id| asked.contains(&id)))
    }

    /// The page asked for; none when it is no page.
    pub(super) fn page(&self) -> Option<usize> {
        self.one("page").map_or(Some(1), |text| text.parse().ok().filter(|page| *page > 0))
    }

    /// A parameter the list does not have.
    pub(super) fn stranger(&self, known: &[&str]) -> Option<&str> {
        let names = self.0.iter().map(|(key, _)| bare(key));
        names.into_iter().find(|name| !known.contains(name) && !COMMON.contains(name))
    }

    /// One or two times, from and to: milliseconds in A, ISO without fractions in C, either in B.
    ///
    /// # Errors
    /// When one of them is not written so.
    pub(super) fn span(&self, name: &str, generation: Generation) -> Result<Option<Span>, NotATime> {
        let Some(texts) = self.list(name) else {
            return Ok(None);
        };
        let times: Option<Vec<Timestamp>> = texts.into_iter().map(|text| moment(text, generation)).collect();
        match times.ok_or(NotATime)?.as_slice() {
            [from] => Ok(Some(Span { from: *from, to: Timestamp::MAX })),
            [from, to] => Ok(Some(Span { from: *from, to: *to })),
            _ => Err(NotATime),
        }
    }
}

/// A parameter that should be a time and is not.
#[derive(Debug)]
pub(super) struct NotATime;

/// From when to when, both included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    from: Timestamp,
    to: Timestamp,
}

impl Span {
    pub(super) fn holds(span: Option<Self>, at: Option<Timestamp>) -> bool {
        span.is_none_or(|span| at.is_some_and(|at| span.from <= at && at <= span.to))
    }
}

/// A name without brackets at its end.
fn bare(key: &str) -> &str {
    key.strip_suffix("[]").unwrap_or(key)
}

fn moment(text: &str, generation: Generation) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(ms) if generation != Generation::C => Timestamp::from_millisecond(ms).ok(),
        Err(_) if generation != Generation::A && !text.contains('.') => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_list_are_one() {
        for query in ["ids[]=5&ids[]=8", "ids=5&ids=8", "ids=5,8", "ids%5B%5D=5&ids=8"] {
            let params = Params::of(&SimRequest::new("GET", &format!("/orders?{query}")));
            assert_eq!(params.ids("ids"), Some(vec![5, 8]), "{query}");
        }
        assert_eq!(Params::default().ids("ids"), None);
    }
}

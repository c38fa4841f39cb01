//! Parameters of a query or form, with PHP's brackets: `filter[sites][]=main`.

use serde_json::Value;

use super::answers::{Paging, input_error, missing};
use crate::wire::{SimAnswer, SimRequest};

/// The page sizes there are; the largest is known from the PHP client only.
const LIMITS: [usize; 4] = [20, 50, 100, 250];

/// The parameters of one request, names cut at their brackets.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(Vec<String>, String)>);

impl Params {
    pub(super) fn of(request: &SimRequest) -> Self {
        let pairs = request.query_pairs().into_iter().chain(request.form_pairs());
        Self(pairs.map(|(name, value)| (path(&name), value)).collect())
    }

    /// A plain parameter.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(path, _)| path.as_slice() == [name]).map(|(_, value)| value.as_str())
    }

    /// `filter[name]`
    pub(super) fn filter(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(path, _)| path.as_slice() == ["filter", name]).map(|(_, value)| value.as_str())
    }

    /// `name[]` or `name[0]`, in the order sent.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        self.under(&[name])
    }

    /// `filter[name][]` or `filter[name][0]`, in the order sent.
    pub(super) fn filter_list(&self, name: &str) -> Vec<&str> {
        self.under(&["filter", name])
    }

    /// `filter[name][key]` with its keys.
    pub(super) fn filter_map(&self, name: &str) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .filter_map(|(path, value)| match path.as_slice() {
                [filter, outer, key] if filter == "filter" && outer == name => Some((key.as_str(), value.as_str())),
                _ => None,
            })
            .collect()
    }

    fn under(&self, prefix: &[&str]) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(path, _)| {
                path.len() == prefix.len() + 1 && path.iter().zip(prefix).all(|(part, wanted)| part == wanted)
            })
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Refuses filters the method does not have: a misspelt one would find everything.
    pub(super) fn only_filters(&self, known: &[&str]) -> Result<(), SimAnswer> {
        for (path, _) in &self.0 {
            let [filter, name, ..] = path.as_slice() else {
                continue;
            };
            if filter == "filter" && !known.contains(&name.as_str()) {
                return Err(input_error(&format!("filter[{name}]"), "This form should not contain extra fields."));
            }
        }
        Ok(())
    }

    /// `limit` and `page`.
    pub(super) fn paging(&self) -> Result<Paging, SimAnswer> {
        let number = |name: &str, default: usize| self.one(name).map_or(Some(default), |text| text.parse().ok());
        let limit = number("limit", 20).filter(|limit| LIMITS.contains(limit));
        let limit = limit.ok_or_else(|| input_error("limit", "The value you selected is not a valid choice."))?;
        let page =
            number("page", 1).filter(|page| *page > 0).ok_or_else(|| input_error("page", super::answers::NOT_VALID))?;
        Ok(Paging { limit, page })
    }

    /// The JSON text in a form field.
    pub(super) fn json(&self, name: &str) -> Result<Value, SimAnswer> {
        let text = self.one(name).ok_or_else(|| missing(name))?;
        serde_json::from_str(text).map_err(|_| input_error(name, "Invalid JSON"))
    }
}

/// `filter[sites][]` as its parts: `filter`, `sites` and an empty one.
fn path(name: &str) -> Vec<String> {
    let mut parts = name.split('[');
    let head = parts.next().unwrap_or_default().to_owned();
    [head].into_iter().chain(parts.map(|part| part.trim_end_matches(']').to_owned())).collect()
}

/// What clients write for a true flag.
pub(super) fn truthy(text: Option<&str>) -> bool {
    matches!(text, Some("1" | "true" | "True"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_array_styles_are_one_list() {
        let request = SimRequest::new("GET", "/x?filter%5Bsites%5D%5B%5D=a&filter[sites][1]=b&filter[name]=c");
        let params = Params::of(&request);
        assert_eq!(params.filter_list("sites"), ["a", "b"]);
        assert_eq!(params.filter("name"), Some("c"));
    }
}

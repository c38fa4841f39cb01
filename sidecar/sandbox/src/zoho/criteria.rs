//! The `criteria` of a search: `((Phone:equals:X)or(Mobile:equals:X))` (zoho.md 4.2).

use serde_json::json;

use super::{
    reply::Refusal,
    store::{Record, comparable},
};

/// Conditions per search (zoho.md 3).
const MOST: usize = 10;
/// Characters per search (zoho.md 3).
const LONGEST: usize = 3_000;
/// Brackets inside brackets: more than a sane search has, less than the stack holds.
const DEEPEST: usize = 20;

/// A parsed criteria text.
pub(super) enum Criteria {
    One { field: String, operator: String, value: String },
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl Criteria {
    /// Refuses fields the module does not have.
    pub(super) fn check(&self, known: impl Fn(&str) -> bool + Copy) -> Result<(), Refusal> {
        match self {
            Self::One { field, .. } if field == "id" || known(field) => Ok(()),
            Self::One { field, .. } => {
                Err(Refusal::new("INVALID_QUERY", "the field is invalid", json!({"api_name": field})))
            }
            Self::All(parts) | Self::Any(parts) => parts.iter().try_for_each(|part| part.check(known)),
        }
    }

    pub(super) fn holds(&self, record: &Record) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(record)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(record)),
            Self::One { field, operator, value } => {
                let stored =
                    if field == "id" { Some(record.id.clone()) } else { record.fields.get(field).and_then(comparable) };
                let (stored, value) = (stored.unwrap_or_default(), value.to_lowercase());
                match operator.as_str() {
                    // Zoho's "equals" behaves like "contains" on text.
                    "equals" => !value.is_empty() && stored.contains(&value),
                    "not_equal" => stored != value,
                    "starts_with" => stored.starts_with(&value),
                    _ => value.split(',').any(|one| one.trim() == stored),
                }
            }
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::One { .. } => 1,
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::count).sum(),
        }
    }
}

/// Reads a criteria text.
pub(super) fn parse(text: &str) -> Result<Criteria, Refusal> {
    if text.len() > LONGEST {
        return Err(Refusal::limit("criteria", LONGEST as u64));
    }
    let mut reader = Reader { rest: text.chars().collect::<Vec<_>>(), at: 0 };
    let criteria = reader.group(0).filter(|_| reader.done());
    let criteria = criteria.ok_or_else(|| Refusal::new("INVALID_QUERY", "Invalid query formed", json!({})))?;
    if criteria.count() > MOST {
        return Err(Refusal::limit("criteria", MOST as u64));
    }
    Ok(criteria)
}

struct Reader {
    rest: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn done(&self) -> bool {
        self.at >= self.rest.len()
    }

    fn eat(&mut self, wanted: char) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// `(field:operator:value)` or `((…)and(…))`.
    fn group(&mut self, depth: usize) -> Option<Criteria> {
        self.eat('(')?;
        let inner = match self.peek()? {
            '(' if depth < DEEPEST => self.list(depth + 1)?,
            '(' => return None,
            _ => self.condition()?,
        };
        self.eat(')')?;
        Some(inner)
    }

    fn list(&mut self, depth: usize) -> Option<Criteria> {
        let mut parts = vec![self.group(depth)?];
        let mut joined = None;
        while self.peek()? != ')' {
            let word = self.until(&['('])?.trim().to_lowercase();
            if joined.replace(word.clone()).is_some_and(|before| before != word)
                || !["and", "or"].contains(&word.as_str())
            {
                return None;
            }
            parts.push(self.group(depth)?);
        }
        Some(if joined.as_deref() == Some("or") { Criteria::Any(parts) } else { Criteria::All(parts) })
    }

    fn condition(&mut self) -> Option<Criteria> {
        let field = self.until(&[':'])?;
        self.eat(':')?;
        let operator = self.until(&[':'])?;
        self.eat(':')?;
        let value = self.until(&[')'])?;
        let known = ["equals", "not_equal", "starts_with", "in"].contains(&operator.as_str());
        known.then_some(Criteria::One { field, operator, value })
    }

    /// Everything up to one of the stops; a backslash takes the next character as it is.
    fn until(&mut self, stops: &[char]) -> Option<String> {
        let mut out = String::new();
        loop {
            let c = self.peek()?;
            if stops.contains(&c) {
                return Some(out);
            }
            self.at += 1;
            if c == '\\' {
                out.push(self.peek()?);
                self.at += 1;
            } else {
                out.push(c);
            }
        }
    }
}

//! Tokens as a filter.

use jiff::Timestamp;

use super::{
    Filter, Literal, Relation,
    lexer::{Token, tokens},
};
use crate::dataverse::{
    refusal::{Refusal, bad_query},
    target::guid,
};

/// Brackets inside brackets: more than a client needs, less than the stack holds.
const DEEPEST: usize = 60;

/// Reads a filter.
pub(in crate::dataverse) fn parse(text: &str) -> Result<Filter, Refusal> {
    let broken = || bad_query(&format!("Syntax error in '{}'.", text.chars().take(60).collect::<String>()));
    let mut reader = Reader { tokens: tokens(text).ok_or_else(broken)?, at: 0 };
    let filter = reader.any(0).ok_or_else(broken)?;
    if reader.at < reader.tokens.len() {
        return Err(broken());
    }
    Ok(filter)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    /// Parts joined by `or`, each of them parts joined by `and`, which binds tighter.
    fn any(&mut self, depth: usize) -> Option<Filter> {
        let mut parts = vec![self.all(depth)?];
        while self.word_is("or") {
            parts.push(self.all(depth)?);
        }
        Some(one_or(parts, Filter::Or))
    }

    fn all(&mut self, depth: usize) -> Option<Filter> {
        let mut parts = vec![self.operand(depth)?];
        while self.word_is("and") {
            parts.push(self.operand(depth)?);
        }
        Some(one_or(parts, Filter::And))
    }

    fn operand(&mut self, depth: usize) -> Option<Filter> {
        if depth > DEEPEST {
            return None;
        }
        if self.word_is("not") {
            return Some(Filter::Not(Box::new(self.operand(depth + 1)?)));
        }
        if self.sign('(') {
            let inner = self.any(depth + 1)?;
            return self.sign(')').then_some(inner);
        }
        let word = self.word()?;
        if self.sign('(') {
            return self.function(&word);
        }
        let relation = relation(&self.word()?)?;
        Some(Filter::Compare { column: word, relation, value: self.literal()? })
    }

    fn function(&mut self, name: &str) -> Option<Filter> {
        if name == "Microsoft.Dynamics.CRM.In" {
            return self.in_list();
        }
        let (from_start, to_end) = match name {
            "contains" => (false, false),
            "startswith" => (true, false),
            "endswith" => (false, true),
            _ => return None,
        };
        let column = self.word()?;
        let text = if self.sign(',') { self.text()? } else { return None };
        self.sign(')').then_some(Filter::Like { column, text, from_start, to_end })
    }

    /// `PropertyName='telephone1',PropertyValues=['a','b'])`, the bracket before it read.
    fn in_list(&mut self) -> Option<Filter> {
        let column = if self.word()? == "PropertyName" && self.sign('=') { self.text()? } else { return None };
        let named = self.sign(',') && self.word()? == "PropertyValues" && self.sign('=') && self.sign('[');
        if !named {
            return None;
        }
        let mut values = vec![self.text()?];
        while self.sign(',') {
            values.push(self.text()?);
        }
        (self.sign(']') && self.sign(')')).then_some(Filter::In { column, values })
    }

    fn literal(&mut self) -> Option<Literal> {
        if let Some(Token::Text(_)) = self.tokens.get(self.at) {
            return self.text().map(Literal::Text);
        }
        let word = self.word()?;
        match word.as_str() {
            "null" => return Some(Literal::Null),
            "true" => return Some(Literal::Boolean(true)),
            "false" => return Some(Literal::Boolean(false)),
            _ => {}
        }
        if let Some(id) = guid(&word) {
            return Some(Literal::Guid(id));
        }
        if let Ok(number) = word.parse::<f64>() {
            return Some(Literal::Number(number));
        }
        word.parse::<Timestamp>().ok().map(Literal::Time)
    }

    fn word(&mut self) -> Option<String> {
        let Some(Token::Word(word)) = self.tokens.get(self.at) else {
            return None;
        };
        self.at += 1;
        Some(word.clone())
    }

    fn text(&mut self) -> Option<String> {
        let Some(Token::Text(text)) = self.tokens.get(self.at) else {
            return None;
        };
        self.at += 1;
        Some(text.clone())
    }

    fn word_is(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word == wanted);
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, wanted: char) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Sign(wanted));
        self.at += usize::from(found);
        found
    }
}

fn relation(word: &str) -> Option<Relation> {
    Some(match word {
        "eq" => Relation::Equal,
        "ne" => Relation::NotEqual,
        "lt" => Relation::Less,
        "le" => Relation::AtMost,
        "gt" => Relation::Greater,
        "ge" => Relation::AtLeast,
        _ => return None,
    })
}

fn one_or(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

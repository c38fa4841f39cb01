//! A query text as tokens.

use serde_json::json;

use crate::zoho::reply::Refusal;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A keyword, a column or a module.
    Word(String),
    /// A text between single quotes.
    Text(String),
    Number(f64),
    /// A bracket, a comma or an operator.
    Sign(&'static str),
}

const SIGNS: [&str; 10] = ["!=", ">=", "<=", "<>", "=", ">", "<", "(", ")", ","];

/// Cuts a query into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut rest = text.trim_start();
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (token, after) = next(rest).ok_or_else(|| near(rest))?;
        out.push(token);
        rest = after.trim_start();
    }
    Ok(out)
}

fn next(rest: &str) -> Option<(Token, &str)> {
    if let Some(inside) = rest.strip_prefix('\'') {
        return quoted(inside);
    }
    if let Some((sign, after)) = SIGNS.iter().find_map(|sign| Some((*sign, rest.strip_prefix(sign)?))) {
        return Some((Token::Sign(sign), after));
    }
    let end = rest.find(|c: char| !(c.is_alphanumeric() || "_.$-".contains(c))).unwrap_or(rest.len());
    let (word, after) = rest.split_at_checked(end)?;
    if word.is_empty() {
        return None;
    }
    let numeric = word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let number = word.parse::<f64>().ok().filter(|_| numeric);
    let token = number.map_or_else(|| Token::Word(word.to_owned()), Token::Number);
    Some((token, after))
}

/// The text up to the closing quote; a doubled quote is one.
fn quoted(inside: &str) -> Option<(Token, &str)> {
    let mut text = String::new();
    let mut rest = inside;
    loop {
        let (part, after) = rest.split_once('\'')?;
        text.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                rest = more;
            }
            None => return Some((Token::Text(text), after)),
        }
    }
}

fn near(rest: &str) -> Refusal {
    let near: String = rest.chars().take(20).collect();
    Refusal::new("SYNTAX_ERROR", "error occurred while parsing the query", json!({"line": 1, "near": near}))
}

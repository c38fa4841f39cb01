//! A filter text as tokens.

/// A piece of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A column, an operator, a function, or a value without quotes.
    Word(String),
    /// A text between quotes.
    Text(String),
    /// A bracket, a comma, an equals sign.
    Sign(char),
}

/// Cuts a filter into tokens; `None` when a quote is not closed.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => {}
            '(' | ')' | '[' | ']' | ',' | '=' => out.push(Token::Sign(c)),
            '\'' | '"' => {
                let mut inside = String::new();
                loop {
                    let next = chars.next()?;
                    if next != c {
                        inside.push(next);
                    } else if chars.next_if_eq(&c).is_some() {
                        // A doubled quote is one.
                        inside.push(c);
                    } else {
                        break;
                    }
                }
                out.push(Token::Text(inside));
            }
            _ => {
                let mut word = String::from(c);
                while let Some(next) = chars.next_if(|next| !" \t()[],='\"".contains(*next)) {
                    word.push(next);
                }
                out.push(Token::Word(word));
            }
        }
    }
    Some(out)
}

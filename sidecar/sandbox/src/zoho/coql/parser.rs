//! Tokens as a query.

use serde_json::json;

use super::{
    Condition, Literal, Operator, Query,
    lexer::{Token, tokens},
};
use crate::zoho::reply::Refusal;

/// Rows when a query names no limit (zoho.md 3).
const DEFAULT_LIMIT: u64 = 200;
/// Brackets inside brackets: more than 25 conditions need, less than the stack holds.
const DEEPEST: usize = 60;

/// Reads a query.
pub(super) fn parse(text: &str) -> Result<Query, Refusal> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0 };
    reader.query()
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn query(&mut self) -> Result<Query, Refusal> {
        self.keyword("select").ok_or_else(|| broken("select"))?;
        let fields = self.names().ok_or_else(|| broken("select"))?;
        self.keyword("from").ok_or_else(|| broken("from"))?;
        let module = self.word().ok_or_else(|| broken("from"))?;
        self.keyword("where").ok_or_else(|| broken("where"))?;
        let condition = self.pair(0).ok_or_else(|| broken("where"))?;
        // A third condition without its own brackets is what is left here.
        let order =
            if self.keyword("order").is_some() { self.order().ok_or_else(|| broken("order by"))? } else { Vec::new() };
        let (offset, limit) = if self.keyword("limit").is_some() {
            self.limit().ok_or_else(|| broken("limit"))?
        } else {
            (0, DEFAULT_LIMIT)
        };
        if self.at < self.tokens.len() {
            return Err(broken("where"));
        }
        Ok(Query { fields, module, condition, order, limit, offset })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn keyword(&mut self, wanted: &str) -> Option<()> {
        match self.peek()? {
            Token::Word(word) if word.eq_ignore_ascii_case(wanted) => {
                self.at += 1;
                Some(())
            }
            _ => None,
        }
    }

    fn sign(&mut self, wanted: &str) -> Option<()> {
        (*self.peek()? == Token::Sign(match_sign(wanted)?)).then(|| self.at += 1)
    }

    fn word(&mut self) -> Option<String> {
        let Token::Word(word) = self.peek()? else {
            return None;
        };
        let word = word.clone();
        self.at += 1;
        Some(word)
    }

    fn names(&mut self) -> Option<Vec<String>> {
        let mut names = vec![self.word()?];
        while self.sign(",").is_some() {
            names.push(self.word()?);
        }
        Some(names)
    }

    /// One condition or two joined by a word: more need brackets.
    fn pair(&mut self, depth: usize) -> Option<Condition> {
        let left = self.operand(depth)?;
        if self.keyword("and").is_some() {
            return Some(Condition::And(Box::new(left), Box::new(self.operand(depth)?)));
        }
        if self.keyword("or").is_some() {
            return Some(Condition::Or(Box::new(left), Box::new(self.operand(depth)?)));
        }
        Some(left)
    }

    fn operand(&mut self, depth: usize) -> Option<Condition> {
        if depth > DEEPEST {
            return None;
        }
        if self.sign("(").is_some() {
            let inner = self.pair(depth + 1)?;
            self.sign(")")?;
            return Some(inner);
        }
        let column = self.word()?;
        let operator = self.operator()?;
        let values = self.values(operator)?;
        Some(Condition::Test { column, operator, values })
    }

    fn operator(&mut self) -> Option<Operator> {
        if let Token::Sign(sign) = self.peek()? {
            let operator = match *sign {
                "=" => Operator::Equal,
                "!=" | "<>" => Operator::NotEqual,
                "<" => Operator::Less,
                "<=" => Operator::LessOrEqual,
                ">" => Operator::Greater,
                ">=" => Operator::GreaterOrEqual,
                _ => return None,
            };
            self.at += 1;
            return Some(operator);
        }
        if self.keyword("is").is_some() {
            let not = self.keyword("not").is_some();
            self.keyword("null")?;
            return Some(if not { Operator::IsNotNull } else { Operator::IsNull });
        }
        let not = self.keyword("not").is_some();
        match self.word()?.to_ascii_lowercase().as_str() {
            "in" if not => Some(Operator::NotIn),
            "in" => Some(Operator::In),
            "like" if not => Some(Operator::NotLike),
            "like" => Some(Operator::Like),
            "between" if !not => Some(Operator::Between),
            _ => None,
        }
    }

    fn values(&mut self, operator: Operator) -> Option<Vec<Literal>> {
        match operator {
            Operator::IsNull | Operator::IsNotNull => Some(Vec::new()),
            Operator::In | Operator::NotIn => {
                self.sign("(")?;
                let mut values = vec![self.literal()?];
                while self.sign(",").is_some() {
                    values.push(self.literal()?);
                }
                self.sign(")")?;
                Some(values)
            }
            Operator::Between => {
                let low = self.literal()?;
                self.keyword("and")?;
                Some(vec![low, self.literal()?])
            }
            _ => Some(vec![self.literal()?]),
        }
    }

    fn literal(&mut self) -> Option<Literal> {
        let literal = match self.peek()? {
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Number(number) => Literal::Number(*number),
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Literal::Boolean(true),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Literal::Boolean(false),
            _ => return None,
        };
        self.at += 1;
        Some(literal)
    }

    fn order(&mut self) -> Option<Vec<(String, bool)>> {
        self.keyword("by")?;
        let mut order = Vec::new();
        loop {
            let column = self.word()?;
            let ascending = self.keyword("asc").is_some();
            order.push((column, !ascending && self.keyword("desc").is_some()));
            if self.sign(",").is_none() {
                return Some(order);
            }
        }
    }

    /// `limit n`, `limit offset, n` or `limit n offset m`.
    fn limit(&mut self) -> Option<(u64, u64)> {
        let first = self.count()?;
        if self.sign(",").is_some() {
            return Some((first, self.count()?));
        }
        if self.keyword("offset").is_some() {
            return Some((self.count()?, first));
        }
        Some((0, first))
    }

    fn count(&mut self) -> Option<u64> {
        let Literal::Number(number) = self.literal()? else {
            return None;
        };
        (number >= 0.0 && number.fract() == 0.0).then_some(number as u64)
    }
}

fn match_sign(wanted: &str) -> Option<&'static str> {
    ["(", ")", ","].into_iter().find(|sign| *sign == wanted)
}

fn broken(clause: &str) -> Refusal {
    Refusal::new("SYNTAX_ERROR", "error occurred while parsing the query", json!({"clause": clause}))
}

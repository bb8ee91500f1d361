//! When a field is there: comparisons of earlier fields and of what is known of the file.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// Comparisons that all have to hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Condition {
    /// The comparisons.
    pub all: Vec<Comparison>,
    text: String,
}

/// A name compared with a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// An earlier field, or a name of the environment.
    pub name: String,
    /// How they are compared.
    pub operator: Operator,
    /// With what.
    pub literal: Literal,
}

/// How a comparison compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A number or a word. Booleans are 0 and 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// A number.
    Number(i64),
    /// A word.
    Word(String),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl Comparison {
    /// Whether it holds of that value. A number and a word are never equal, and never in an order.
    pub fn holds(&self, value: &Literal) -> bool {
        use std::cmp::Ordering;
        let order = match (value, &self.literal) {
            (Literal::Number(a), Literal::Number(b)) => Some(a.cmp(b)),
            (Literal::Word(a), Literal::Word(b)) => Some(a.cmp(b)),
            _ => None,
        };
        match self.operator {
            Operator::Equal => order == Some(Ordering::Equal),
            Operator::NotEqual => order != Some(Ordering::Equal),
            Operator::Less => order == Some(Ordering::Less),
            Operator::LessOrEqual => order.is_some_and(Ordering::is_le),
            Operator::Greater => order == Some(Ordering::Greater),
            Operator::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}

impl FromStr for Comparison {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (Some(name), Some(operator), Some(literal), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(format!("no comparison: {text}"));
        };
        let operator = match operator {
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            other => return Err(format!("no operator: {other}")),
        };
        let literal = match literal {
            "true" => Literal::Number(1),
            "false" => Literal::Number(0),
            word => word.parse().map_or_else(|_| Literal::Word(word.to_owned()), Literal::Number),
        };
        Ok(Self { name: name.to_owned(), operator, literal })
    }
}

impl TryFrom<String> for Condition {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let all = text.split(" and ").map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { all, text })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

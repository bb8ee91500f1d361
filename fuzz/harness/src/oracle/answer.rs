//! What Flink says.

use std::fmt;

/// An answer of the oracle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Flink reads it; the content, a field to a line.
    Accepts(String),
    /// Flink's reader throws.
    Rejects(Refusal),
    /// Flink's reader takes longer than the oracle waits.
    TimesOut,
    /// The process ended.
    Crashes,
    /// Flink reads it and the oracle cannot say what: a mistake of the oracle.
    Broken(String),
}

/// An exception of Flink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The class of the exception.
    pub class: String,
    /// Class and method of Flink that threw it or was nearest; `-` if there was none.
    pub place: String,
    /// The message and the causes, on one line.
    pub message: String,
}

impl Refusal {
    /// The name of the class without its package.
    pub fn simple_class(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or(&self.class)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.class, self.place, self.message)
    }
}

impl Answer {
    /// Reads the text of an answer.
    pub fn parse(text: &str) -> Self {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let (verdict, about) = first.split_once(' ').unwrap_or((first, ""));
        match verdict {
            "accept" => Self::Accepts(rest.to_owned()),
            "timeout" => Self::TimesOut,
            "reject" => {
                let mut words = about.splitn(3, ' ').map(str::to_owned);
                let [class, place, message] = [(); 3].map(|()| words.next().unwrap_or_default());
                Self::Rejects(Refusal { class, place, message })
            }
            _ => Self::Broken(first.to_owned()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepts(lines) => write!(f, "accept\n{lines}"),
            Self::Rejects(refusal) => write!(f, "reject {refusal}"),
            Self::TimesOut => f.write_str("timeout"),
            Self::Crashes => f.write_str("crash"),
            Self::Broken(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(Answer::parse("accept\na 1\nb 2\n"), Answer::Accepts("a 1\nb 2\n".to_owned()));
        let Answer::Rejects(refusal) = Answer::parse("reject java.io.EOFException Path.<init> at the end") else {
            panic!("a refusal");
        };
        assert_eq!(
            (refusal.simple_class(), &*refusal.place, &*refusal.message),
            ("EOFException", "Path.<init>", "at the end")
        );
        assert_eq!(Answer::parse("timeout"), Answer::TimesOut);
        assert_eq!(Answer::parse("broken java.lang.X -"), Answer::Broken("broken java.lang.X -".to_owned()));
    }
}

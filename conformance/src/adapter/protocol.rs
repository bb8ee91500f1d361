//! The messages between the runner and an adapter: one JSON object to a line, requests on the adapter's standard input, responses on
//! its standard output, in the same order. Standard error is a log that the runner keeps.
//!
//! 64-bit integers are strings, bytes are hex, savepoints are directories on the same machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::{Line, Program, Restore};

/// The version of the protocol.
pub const PROTOCOL: u32 = 1;

/// What the runner asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// To be echoed.
    pub seq: u64,
    /// What is wanted.
    #[serde(flatten)]
    pub what: Ask,
}

/// The kinds of request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "request", rename_all = "lowercase")]
pub enum Ask {
    /// The first request: who are you?
    Hello {
        /// Version of the protocol that the runner speaks.
        protocol: u32,
    },
    /// Run the program and leave a canonical savepoint.
    Produce {
        /// What to run.
        program: Box<Program>,
        /// The savepoint's directory. It is not there yet; its parent is.
        directory: String,
    },
    /// Restore the savepoint and list everything that is in it.
    Restore {
        /// What to restore with.
        restore: Box<Restore>,
        /// The savepoint's directory. It is not to be changed.
        directory: String,
    },
    /// Read the savepoint, whatever job wrote it, and say whether it is one.
    Inspect {
        /// The savepoint's directory.
        directory: String,
    },
    /// The last request. The adapter answers, and ends.
    Stop,
}

/// What an adapter answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// Of the request.
    pub seq: u64,
    /// The answer.
    #[serde(flatten)]
    pub what: Answer,
}

/// The kinds of answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "response", rename_all = "lowercase")]
pub enum Answer {
    /// To `hello`.
    Hello(Hello),
    /// To `produce`: the savepoint is there.
    Produced,
    /// To `restore`.
    Restored {
        /// What is in it.
        lines: Vec<Line>,
    },
    /// To `inspect`: it is a savepoint, and all of it was read.
    Accepted,
    /// To `inspect`, and to `restore`: the savepoint is refused. Not for a failure of the adapter itself.
    Rejected {
        /// Class of the error: `foreign`, `malformed`, `invalid`, or the implementation's own word.
        class: String,
        /// For people.
        message: String,
        /// The requirement that the savepoint breaks, if the adapter knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requirement: Option<String>,
        /// The byte at which it breaks it, in the file that is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<String>,
        /// The file, relative to the directory.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
    },
    /// The request needs what `hello` did not list, or listed as unsupported.
    Unsupported {
        /// The feature.
        feature: String,
        /// Why.
        reason: String,
    },
    /// The adapter could not do it, which says nothing about the savepoint.
    Error {
        /// For people.
        message: String,
        /// More of it: a stack trace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// To `stop`.
    Stopped,
}

/// Who an adapter is and what it can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    /// Version of the protocol that the adapter speaks.
    pub protocol: u32,
    /// Name of the implementation.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The state backend, where an implementation has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// Where to report a bug of it.
    pub issues: String,
    /// The Flink release whose savepoints it writes: `2.3`. A consumer has to read those of its own release and of all before.
    pub release: String,
    /// What it can be asked.
    pub roles: Vec<Role>,
    /// What it supports. A trailing `*` stands for anything.
    pub features: Vec<String>,
    /// What it does not support, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<Unsupported>,
    /// How to run one request of it by hand; for reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// A feature that is not supported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unsupported {
    /// The feature. A trailing `*` stands for anything.
    pub feature: String,
    /// Why, with a bug id where there is one.
    pub reason: String,
}

/// What an adapter can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// `produce`.
    Producer,
    /// `restore`.
    Consumer,
    /// `inspect`.
    Inspector,
}

impl Hello {
    /// Why something that a program or a restore needs is not supported: the feature and the reason.
    pub fn lacks<'f>(&self, features: &'f [String]) -> Option<(&'f str, String)> {
        features.iter().find_map(|feature| {
            let declared = self.unsupported.iter().find(|one| matches(&one.feature, feature));
            if let Some(declared) = declared {
                return Some((feature.as_str(), declared.reason.clone()));
            }
            let known = self.features.iter().any(|pattern| matches(pattern, feature));
            (!known).then(|| (feature.as_str(), "not among the features of its hello".to_owned()))
        })
    }
}

fn matches(pattern: &str, feature: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == feature, |prefix| feature.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_as_documented() {
        let request = Request { seq: 1, what: Ask::Hello { protocol: PROTOCOL } };
        assert_eq!(serde_json::to_string(&request).unwrap(), r#"{"seq":1,"request":"hello","protocol":1}"#);
        let response = Response { seq: 2, what: Answer::Produced };
        assert_eq!(serde_json::to_string(&response).unwrap(), r#"{"seq":2,"response":"produced"}"#);
        let null = r#"{"seq":3,"response":"restored","lines":[{"operator":"o","state":"s","kind":"map","key":1,"user_key":"u","value":null}]}"#;
        let Answer::Restored { lines } = serde_json::from_str::<Response>(null).unwrap().what else { panic!("{null}") };
        assert_eq!(lines[0].value, Some(serde_json::Value::Null));
    }
}

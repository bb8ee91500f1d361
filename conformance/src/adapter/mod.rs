//! Adapters: programs that put a state backend behind the suite's protocol.

mod protocol;

pub use protocol::{Answer, Ask, Hello, PROTOCOL, Request, Response, Role, Unsupported};

/// Anything that answers requests: a child process, or what is built in.
pub trait Adapter {
    /// The answer, however bad it is.
    fn ask(&mut self, ask: &Ask) -> Reply;
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// An answer that the protocol allows.
    Answer(Answer),
    /// The adapter ended: by itself, or by a signal.
    Crash(String),
    /// It did not answer in time, and was killed.
    Timeout(String),
    /// It answered something else than the protocol says.
    Garbage(String),
}

//! Adapters: programs that put a state backend behind the suite's protocol.

mod process;
mod protocol;
pub mod reference;
pub mod schema;

pub use process::{Bounds, NoAnswer, Process, answer, end_children_on_interrupt};
pub use protocol::{Answer, Ask, Hello, PROTOCOL, Request, Response, Role, Unsupported};

/// Anything that answers requests: a child process, or what is built in.
pub trait Adapter {
    /// The answer, however bad it is.
    fn ask(&mut self, ask: &Ask) -> Reply;

    /// The end of what it wrote to its log since the last request began. Nothing for what has no log.
    fn log(&mut self) -> Option<String> {
        None
    }

    /// Ends it, if it runs. The next request starts it anew.
    fn stop(&mut self) {}
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

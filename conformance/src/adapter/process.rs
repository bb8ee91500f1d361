//! An adapter in a process of its own. Whatever it does, the run goes on: it is killed when it is late, floods, or answers what the
//! protocol does not know, and started anew at the next request.

mod group;
mod lines;
mod log;

use std::io::{self, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use self::lines::Next;
use self::log::Log;
use super::{Adapter, Answer, Ask, Hello, PROTOCOL, Reply, Request, Response, schema};

pub use self::group::end_children_on_interrupt;

/// What an adapter may use up.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// For one request, the start of the process included.
    pub timeout: Duration,
    /// For `stop`.
    pub stop: Duration,
    /// Bytes of one answer.
    pub line: usize,
    /// Bytes of its log that are kept from the start on.
    pub log_head: u64,
    /// Bytes of its log that are kept from the end.
    pub log_tail: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        let timeout = Duration::from_secs(60);
        Self { timeout, stop: Duration::from_secs(5), line: 16 << 20, log_head: 12 << 20, log_tail: 4 << 20 }
    }
}

/// Why there is no answer that the protocol allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// It ended.
    Crash(String),
    /// It was late.
    Timeout(String),
    /// It answered something else.
    Garbage(String),
}

impl NoAnswer {
    /// What happened.
    pub fn into_text(self) -> String {
        let (Self::Crash(why) | Self::Timeout(why) | Self::Garbage(why)) = self;
        why
    }
}

impl From<NoAnswer> for Reply {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::Crash(why) => Self::Crash(why),
            NoAnswer::Timeout(why) => Self::Timeout(why),
            NoAnswer::Garbage(why) => Self::Garbage(why),
        }
    }
}

/// So many bytes of the log belong to one request's evidence.
const EVIDENCE: usize = 16 << 10;
/// How long a process that has closed its output may take to end, and one that has ended to be read to the end.
const GRACE: Duration = Duration::from_millis(500);
/// How often it is looked whether a silent process still runs.
const TICK: Duration = Duration::from_millis(20);

/// An adapter in a process of its own.
pub struct Process {
    program: String,
    arguments: Vec<String>,
    bounds: Bounds,
    log: Log,
    /// Where the log stood when the last request began.
    asked_at: u64,
    seq: u64,
    running: Option<Running>,
    /// Who it said it is, at the first start.
    known: Option<Hello>,
}

/// A process that runs.
struct Running {
    child: Child,
    requests: Sender<Vec<u8>>,
    answers: Receiver<Next>,
    log_reader: JoinHandle<()>,
}

impl Process {
    /// An adapter by its command line, the program first. It starts with its first request.
    pub fn new(command: &[String], log_file: Option<&Path>, bounds: Bounds) -> io::Result<Self> {
        let Some((program, arguments)) = command.split_first() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty command"));
        };
        let log = Log::new(log_file, bounds.log_head, bounds.log_tail)?;
        let (program, arguments) = (program.clone(), arguments.to_vec());
        Ok(Self { program, arguments, bounds, log, asked_at: 0, seq: 0, running: None, known: None })
    }

    /// Starts it, if it does not run. Fails only if there is no such program: what it does then is seen by asking.
    pub fn start(&mut self) -> io::Result<()> {
        if self.running.is_none() {
            self.running = Some(Running::start(&self.program, &self.arguments, &self.log, self.bounds.line)?);
        }
        Ok(())
    }

    /// Sends a message as it is, with the next `seq`, and gives the JSON that comes back with that `seq`.
    pub fn exchange(&mut self, mut message: Value) -> Result<Value, NoAnswer> {
        let deadline = Instant::now() + self.bounds.timeout;
        self.seq += 1;
        message["seq"] = self.seq.into();
        self.asked_at = self.log.position();
        self.start().map_err(|e| NoAnswer::Crash(format!("{}: cannot be started: {e}", self.program)))?;
        let Some(running) = &mut self.running else { return Err(NoAnswer::Crash("does not run".to_owned())) };
        let answer = running.exchange(&message, deadline, self.bounds.timeout).and_then(|line| read(&line, self.seq));
        if answer.is_err() {
            self.kill();
        }
        answer
    }

    /// Asks, of a process that runs.
    fn request(&mut self, ask: &Ask) -> Result<Answer, NoAnswer> {
        let request = serde_json::to_value(Request { seq: 0, what: ask.clone() });
        let request = request.map_err(|e| NoAnswer::Garbage(format!("the request is no JSON: {e}")))?;
        let value = self.exchange(request)?;
        let answer = answer_to(ask, value);
        if answer.is_err() {
            self.kill();
        }
        answer
    }

    /// A process that was started anew has to be the one that it was.
    fn introduce(&mut self) -> Result<(), NoAnswer> {
        let hello = Ask::Hello { protocol: PROTOCOL };
        match self.request(&hello)? {
            Answer::Hello(hello) => match &self.known {
                Some(known) if *known != hello => {
                    self.kill();
                    Err(NoAnswer::Garbage("after a restart it says that it is somebody else".to_owned()))
                }
                _ => {
                    self.known = Some(hello);
                    Ok(())
                }
            },
            Answer::Error { message, .. } => {
                self.kill();
                Err(NoAnswer::Crash(format!("after a restart hello was answered by an error: {message}")))
            }
            _ => Err(NoAnswer::Garbage("hello was not answered".to_owned())),
        }
    }

    /// Asks it to end, if it runs, and kills it if it does not. Tells whether that was needed, and why.
    pub fn ask_to_stop(&mut self) -> Result<(), String> {
        let Some(running) = &mut self.running else { return Ok(()) };
        let deadline = Instant::now() + self.bounds.stop;
        self.seq += 1;
        self.asked_at = self.log.position();
        let stop = serde_json::json!({ "seq": self.seq, "request": "stop" });
        let answer = running.exchange(&stop, deadline, self.bounds.stop).and_then(|line| read(&line, self.seq));
        let stopped = match answer.and_then(|value| answer_to(&Ask::Stop, value)) {
            Ok(_) if running.wait(deadline).is_some() => Ok(()),
            Ok(_) => Err(format!("it answered, and still ran {} s later", self.bounds.stop.as_secs_f64())),
            Err(NoAnswer::Crash(why)) => Err(format!("no answer: it {why}")),
            Err(NoAnswer::Timeout(why) | NoAnswer::Garbage(why)) => Err(why),
        };
        self.kill();
        stopped
    }

    fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.end();
        }
        self.log.flush();
    }
}

impl Adapter for Process {
    fn ask(&mut self, ask: &Ask) -> Reply {
        let done = match ask {
            Ask::Hello { .. } => self.request(ask),
            _ if self.running.is_none() => self.introduce().and_then(|()| self.request(ask)),
            _ => self.request(ask),
        };
        if let Ok(Answer::Hello(hello)) = &done {
            self.known = Some(hello.clone());
        }
        done.map_or_else(Reply::from, Reply::Answer)
    }

    fn log(&mut self) -> Option<String> {
        // What it wrote before it answered may still be on its way.
        thread::sleep(TICK);
        Some(self.log.since(self.asked_at, EVIDENCE))
    }

    fn stop(&mut self) {
        // However it answers, it has ended.
        let _ = self.ask_to_stop();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Running {
    fn start(program: &str, arguments: &[String], log: &Log, longest: usize) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = group::spawn(&mut command)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
            group::end(&mut child);
            return Err(io::Error::other("no pipes"));
        };
        let (requests, to_send) = channel::<Vec<u8>>();
        // A thread, since one that does not read its input would block us.
        thread::spawn(move || {
            while let Ok(request) = to_send.recv() {
                if stdin.write_all(&request).and_then(|()| stdin.flush()).is_err() {
                    return;
                }
            }
        });
        // Bounded: one that prints more than it is asked for waits.
        let (found, answers) = sync_channel(1);
        thread::spawn(move || {
            let mut stdout = BufReader::with_capacity(64 << 10, stdout);
            loop {
                let next = lines::next(&mut stdout, longest);
                let more = matches!(next, Next::Line(_));
                if found.send(next).is_err() || !more {
                    return;
                }
            }
        });
        let log = log.clone();
        let log_reader = thread::spawn(move || log.copy(stderr));
        Ok(Self { child, requests, answers, log_reader })
    }

    /// Sends a line, and waits for one.
    fn exchange(&mut self, message: &Value, deadline: Instant, allowed: Duration) -> Result<Vec<u8>, NoAnswer> {
        let sent = self.requests.send(format!("{message}\n").into_bytes());
        if sent.is_err() {
            return Err(self.crash());
        }
        let mut ended_at = None;
        loop {
            match self.answers.recv_timeout(TICK) {
                Ok(Next::Line(line)) => return Ok(line),
                Ok(Next::Endless(most)) => {
                    return Err(NoAnswer::Garbage(format!("more than {most} bytes without the end of a line")));
                }
                Ok(Next::End(_)) | Err(RecvTimeoutError::Disconnected) => return Err(self.crash()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = Instant::now();
            if now >= deadline {
                return Err(NoAnswer::Timeout(format!("no answer in {} s", allowed.as_secs_f64())));
            }
            // What it has started may hold its output open when it has ended.
            if ended_at.is_none() && matches!(self.child.try_wait(), Ok(Some(_))) {
                ended_at = Some(now);
            }
            if ended_at.is_some_and(|ended| now > ended + GRACE) {
                return Err(self.crash());
            }
        }
    }

    /// How it ended, which it has, or is about to.
    fn crash(&mut self) -> NoAnswer {
        match self.wait(Instant::now() + GRACE) {
            Some(status) => NoAnswer::Crash(format!("ended with {}", describe(status))),
            None => NoAnswer::Crash("closed its standard output".to_owned()),
        }
    }

    fn wait(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < deadline => thread::sleep(TICK / 4),
                _ => return None,
            }
        }
    }

    fn end(mut self) {
        group::end(&mut self.child);
        // The end of the log is the most wanted part of it.
        let deadline = Instant::now() + GRACE;
        while !self.log_reader.is_finished() && Instant::now() < deadline {
            thread::sleep(TICK / 4);
        }
    }
}

/// How a process ended.
fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = match signal {
            4 => " (SIGILL)",
            6 => " (SIGABRT)",
            8 => " (SIGFPE)",
            9 => " (SIGKILL)",
            11 => " (SIGSEGV)",
            15 => " (SIGTERM)",
            _ => "",
        };
        return format!("signal {signal}{name}");
    }
    status.code().map_or_else(|| "an unknown status".to_owned(), |code| format!("exit status {code}"))
}

/// What a line of an adapter answers to the request of that number, if the protocol allows it.
pub fn answer(line: &[u8], seq: u64, ask: &Ask) -> Result<Answer, NoAnswer> {
    read(line, seq).and_then(|value| answer_to(ask, value))
}

/// The JSON of a line, if it is the answer to the request of that number.
fn read(line: &[u8], seq: u64) -> Result<Value, NoAnswer> {
    let value: Value = serde_json::from_slice(line)
        .map_err(|e| NoAnswer::Garbage(format!("not JSON: {e}: {}", quoted(&String::from_utf8_lossy(line)))))?;
    match value.get("seq").and_then(Value::as_u64) {
        Some(found) if found == seq => Ok(value),
        Some(found) => Err(NoAnswer::Garbage(format!("an answer to request {found} instead of {seq}"))),
        None => Err(NoAnswer::Garbage(format!("no `seq`, which has to be {seq}: {}", quoted(&value.to_string())))),
    }
}

/// The answer, if the request may be answered that way.
fn answer_to(ask: &Ask, value: Value) -> Result<Answer, NoAnswer> {
    if let Some(violations) = schema::violations(&value) {
        return Err(NoAnswer::Garbage(format!("not as the schema says: {violations}")));
    }
    let kind = value["response"].as_str().unwrap_or_default().to_owned();
    let response: Response = serde_json::from_value(value).map_err(|e| NoAnswer::Garbage(format!("{kind}: {e}")))?;
    let (asked, allowed) = match (ask, &response.what) {
        (Ask::Hello { .. }, Answer::Hello(hello)) if hello.protocol != PROTOCOL => {
            let spoken = hello.protocol;
            return Err(NoAnswer::Garbage(format!("it speaks version {spoken} of the protocol, the suite {PROTOCOL}")));
        }
        (Ask::Hello { .. }, answer) => ("hello", matches!(answer, Answer::Hello(_) | Answer::Error { .. })),
        (Ask::Produce { .. }, answer) => {
            ("produce", matches!(answer, Answer::Produced | Answer::Unsupported { .. } | Answer::Error { .. }))
        }
        (Ask::Restore { .. }, answer) => (
            "restore",
            matches!(
                answer,
                Answer::Restored { .. } | Answer::Rejected { .. } | Answer::Unsupported { .. } | Answer::Error { .. }
            ),
        ),
        (Ask::Inspect { .. }, answer) => (
            "inspect",
            matches!(
                answer,
                Answer::Accepted | Answer::Rejected { .. } | Answer::Unsupported { .. } | Answer::Error { .. }
            ),
        ),
        (Ask::Stop, answer) => ("stop", matches!(answer, Answer::Stopped)),
    };
    if allowed { Ok(response.what) } else { Err(NoAnswer::Garbage(format!("{asked} was answered by {kind}"))) }
}

fn quoted(text: &str) -> String {
    let start: String = text.chars().take(80).collect();
    format!("{start:?}{}", if start.len() < text.len() { "..." } else { "" })
}

//! A release of Flink in a process of its own, which answers for bytes. `conformance/flink/java/Oracle.java` is the other end.

use std::collections::VecDeque;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use super::Answer;

/// As many inputs are sent before their answers are read: the pipe is never empty, and little is lost when the process ends.
const AHEAD: usize = 256;

/// An answer is the content of one small input.
const LONGEST: u32 = 256 << 20;

/// A JVM that answers; started again when it ends.
pub struct Oracle {
    release: String,
    running: Running,
    pending: VecDeque<(u8, Vec<u8>)>,
    /// Since the process was started.
    answered: u64,
    timed_out: bool,
}

struct Running {
    child: Child,
    requests: Option<SyncSender<Vec<u8>>>,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    /// Starts Flink of that release. Its jars are fetched if they are not there.
    pub fn start(release: &str) -> io::Result<Self> {
        let running = Running::start(release)?;
        Ok(Self { release: release.to_owned(), running, pending: VecDeque::new(), answered: 0, timed_out: false })
    }

    /// Asks about one input.
    pub fn ask(&mut self, kind: u8, bytes: &[u8]) -> io::Result<Answer> {
        self.send(kind, bytes.to_vec());
        self.receive().map(|(_, answer)| answer)
    }

    /// Asks about many, and hands each with its answer to `each`, in order.
    pub fn ask_all(
        &mut self,
        kind: u8,
        inputs: impl IntoIterator<Item = Vec<u8>>,
        mut each: impl FnMut(Vec<u8>, Answer) -> io::Result<()>,
    ) -> io::Result<()> {
        for bytes in inputs {
            self.send(kind, bytes);
            if self.pending.len() >= AHEAD {
                let (bytes, answer) = self.receive()?;
                each(bytes, answer)?;
            }
        }
        while !self.pending.is_empty() {
            let (bytes, answer) = self.receive()?;
            each(bytes, answer)?;
        }
        Ok(())
    }

    fn send(&mut self, kind: u8, bytes: Vec<u8>) {
        self.running.send(kind, &bytes);
        self.pending.push_back((kind, bytes));
    }

    /// The answer to the oldest input.
    fn receive(&mut self) -> io::Result<(Vec<u8>, Answer)> {
        loop {
            let answer = match self.running.receive() {
                Ok(text) => {
                    self.answered += 1;
                    let answer = Answer::parse(&text);
                    self.timed_out = answer == Answer::TimesOut;
                    answer
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    // It ends by itself after a time-out, and has then answered; otherwise the oldest input ended it.
                    let answered = std::mem::take(&mut self.answered);
                    let crashed = !std::mem::take(&mut self.timed_out);
                    if answered == 0 && crashed && self.pending.len() > 1 {
                        return Err(io::Error::other(format!("Flink {} does not start", self.release)));
                    }
                    let ended = if crashed { self.pending.pop_front() } else { None };
                    self.running = Running::start(&self.release)?;
                    for (kind, bytes) in &self.pending {
                        self.running.send(*kind, bytes);
                    }
                    match ended {
                        Some((_, bytes)) => return Ok((bytes, Answer::Crashes)),
                        None => continue,
                    }
                }
                Err(error) => return Err(error),
            };
            return match self.pending.pop_front() {
                Some((_, bytes)) => Ok((bytes, answer)),
                None => Err(io::Error::other("an answer to no question")),
            };
        }
    }
}

impl Running {
    fn start(release: &str) -> io::Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/flink/oracle");
        let mut child = Command::new(script)
            .args(["--release", release])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("no pipes"));
        };
        let (requests, queue) = mpsc::sync_channel(AHEAD);
        thread::spawn(move || write_all(&queue, stdin));
        Ok(Self { child, requests: Some(requests), answers: BufReader::new(stdout) })
    }

    /// That the process has ended shows when its answer is read.
    fn send(&self, kind: u8, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
        let frame = [&[kind], &length[..], bytes].concat();
        if let Some(requests) = &self.requests {
            let _ = requests.send(frame);
        }
    }

    fn receive(&mut self) -> io::Result<String> {
        let mut length = [0; 4];
        self.answers.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length > LONGEST {
            return Err(io::Error::other(format!("an answer of {length} bytes")));
        }
        let mut text = String::new();
        let read = self.answers.by_ref().take(length.into()).read_to_string(&mut text)?;
        if u32::try_from(read) != Ok(length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(text)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.requests = None;
        let _ = self.child.wait();
    }
}

fn write_all(queue: &Receiver<Vec<u8>>, stdin: ChildStdin) {
    let mut out = BufWriter::with_capacity(1 << 16, stdin);
    while let Ok(frame) = queue.recv() {
        let mut next = Some(frame);
        while let Some(frame) = next {
            if out.write_all(&frame).is_err() {
                return;
            }
            next = queue.try_recv().ok();
        }
        if out.flush().is_err() {
            return;
        }
    }
}

//! Where the body of a foreign snapshot ends, by exact fit.
//!
//! Nothing in the file says it. But what follows does: the rest of the state's serializers, the other states, and the known end
//! of the header, where the first key group or partition starts. The end is the one position from which all of that can be read
//! and ends there. No such position is an error, and so are two.
//!
//! Coincidences are told apart by what they leave unexplained. Bytes in a body can look like a snapshot of one more foreign class: the
//! readings with the fewest foreign classes count, and others only if none of these fits. And a body may seem to reach over states
//! behind it, where the number of those that are left happens to precede them: a reading that understands bytes which another one
//! takes for a foreign body, and takes no others for one, is the better one.

use std::collections::HashMap;

use super::body::nested_list;
use super::context::{Context, Foreign, Todo};
use super::hints::Hints;
use crate::meta_info;
use crate::wire::{Input, Parsed, done};
use crate::{Error, ErrorKind};

/// Foreign bodies in one header.
const BODIES: usize = 256;
/// Foreign classes in one header.
const CLASSES: usize = 8;
/// Bytes that are read in one header while positions are tried.
const WORK: u64 = 1 << 22;
/// What a position costs besides the bytes that are read from it on.
const POSITION: u64 = 64;
/// Bytes of the longest class name that is taken for one.
const CLASS_NAME: usize = 512;

/// Reads a header of snapshots whose ends may have to be found. `end` is where the header ends, as far as that is known.
pub(crate) fn read_header<'a, T>(
    input: Input<'a>,
    end: Option<u64>,
    hints: &Hints,
    parse: impl Fn(Input<'a>, &Context<'_>) -> Parsed<'a, T>,
) -> Result<(Input<'a>, T), Error> {
    let context = Context::with_hints(hints);
    let error = match done(parse(input, &context), input.end()) {
        Ok(read) => return Ok(read),
        Err(error) => error,
    };
    let stopped = context.take_stop();
    let (Some((body, todo)), Some(end)) = (stopped, end.filter(|end| *end <= input.end())) else { return Err(error) };
    let ErrorKind::UnknownSnapshot { class } = error.kind() else { return Err(error) };
    let header = Input::with_offset(window(&input, input.offset(), end), input.offset());
    let class = class.clone();
    let mut search = Search { header, hints, most: 1, names: HashMap::new(), fits: HashMap::new(), work: WORK };
    let stop = Stop { body, todo, classes: vec![search.number(&class)] };
    let mut fits = Fits::None;
    while fits == Fits::None && search.most <= CLASSES {
        fits = search.fits(&stop, BODIES);
        search.most += 1;
        if fits == Fits::None {
            search.fits.clear();
        }
    }
    let kind = match fits {
        Fits::One(bodies) => {
            let foreign = |(start, end)| Foreign { start, end, inferred: true, hint: None };
            let ends: Vec<Foreign> = bodies.into_iter().map(foreign).collect();
            let context = Context::knowing(Some(hints), &ends);
            let (rest, value) = done(parse(input, &context), input.end())?;
            if rest.offset() == end {
                return Ok((rest, value));
            }
            ErrorKind::NoFit { class }
        }
        Fits::None => ErrorKind::NoFit { class },
        Fits::Many => ErrorKind::ManyFits { class },
        Fits::TooMuch => return Err(error),
    };
    Err(error.with_kind(kind))
}

/// Whether a Java class can have that name.
pub(super) fn is_class_name(name: &str) -> bool {
    if name.len() > CLASS_NAME {
        return false;
    }
    name.split('.').all(|part| {
        let mut letters = part.chars();
        letters.next().is_some_and(|first| first.is_alphabetic() || first == '_' || first == '$')
            && letters.all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '$')
    })
}

/// First byte of a body, and the one behind it.
type Span = (u64, u64);

/// In how many ways what follows a body can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fits {
    None,
    /// And where then all foreign bodies from there on are.
    One(Vec<Span>),
    Many,
    /// Too many positions to try.
    TooMuch,
}

/// Whether `better` takes for foreign only what `other` does, too.
fn explains_more(better: &[Span], other: &[Span]) -> bool {
    better.iter().all(|(start, end)| other.iter().any(|(from, to)| from <= start && end <= to))
}

/// Where a foreign body stops the reader.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Stop {
    body: u64,
    /// What follows it, innermost first.
    todo: Vec<Todo>,
    /// The foreign classes up to here, in order, by their numbers.
    classes: Vec<usize>,
}

struct Search<'a, 'h> {
    header: Input<'a>,
    hints: &'h Hints,
    /// Foreign classes that a reading may have.
    most: usize,
    /// Numbers of the class names that were found, so that none is kept for each stop.
    names: HashMap<String, usize>,
    fits: HashMap<Stop, Fits>,
    work: u64,
}

/// What becomes of reading on behind a body.
enum Outcome {
    Fits,
    Fails,
    /// Another foreign body comes first.
    Stops(Stop),
}

impl Search<'_, '_> {
    /// Tries every end of the body.
    fn fits(&mut self, stop: &Stop, depth: usize) -> Fits {
        if let Some(known) = self.fits.get(stop) {
            return known.clone();
        }
        let Some(depth) = depth.checked_sub(1) else { return Fits::TooMuch };
        let mut found: Option<Vec<Span>> = None;
        for end in stop.body..=self.header.end() {
            let (outcome, read) = self.resume(end, stop);
            let Some(left) = self.work.checked_sub(read + POSITION) else { return Fits::TooMuch };
            self.work = left;
            let behind = match outcome {
                Outcome::Fits => Vec::new(),
                Outcome::Fails => continue,
                Outcome::Stops(next) => match self.fits(&next, depth) {
                    Fits::None => continue,
                    Fits::One(behind) => behind,
                    more => return self.remember(stop, more),
                },
            };
            let bodies = [vec![(stop.body, end)], behind].concat();
            found = match found {
                None => Some(bodies),
                Some(best) if explains_more(&best, &bodies) => Some(best),
                Some(best) if explains_more(&bodies, &best) => Some(bodies),
                Some(_) => return self.remember(stop, Fits::Many),
            };
        }
        self.remember(stop, found.map_or(Fits::None, Fits::One))
    }

    fn number(&mut self, class: &str) -> usize {
        if let Some(number) = self.names.get(class) {
            return *number;
        }
        let number = self.names.len();
        self.names.insert(class.to_owned(), number);
        number
    }

    fn remember(&mut self, stop: &Stop, fits: Fits) -> Fits {
        self.fits.insert(stop.clone(), fits.clone());
        fits
    }

    /// Reads what is left from that offset to the end of the header; and how many bytes that took.
    fn resume(&mut self, from: u64, stop: &Stop) -> (Outcome, u64) {
        let mut rest = Input::with_offset(window(&self.header, from, self.header.end()), from);
        for (i, step) in stop.todo.iter().enumerate() {
            let context = Context::with_hints(self.hints).strict();
            match done(read_todo(rest, step, &context), self.header.end()) {
                Ok((next, ())) => rest = next,
                Err(error) => {
                    let mut read = error.offset().saturating_sub(from);
                    let (Some((body, todo)), ErrorKind::UnknownSnapshot { class }) =
                        (context.take_stop(), error.kind())
                    else {
                        return (Outcome::Fails, read);
                    };
                    read += class.len() as u64;
                    return (self.stopped(stop, class, body, todo, i), read);
                }
            }
        }
        (if rest.is_empty() { Outcome::Fits } else { Outcome::Fails }, rest.offset() - from)
    }

    /// Another foreign body at `body`, inside of step `i`; `todo` is what that step left.
    fn stopped(&mut self, stop: &Stop, class: &str, body: u64, mut todo: Vec<Todo>, i: usize) -> Outcome {
        let mut classes = stop.classes.clone();
        let class = self.number(class);
        if !classes.contains(&class) {
            if classes.len() >= self.most {
                return Outcome::Fails;
            }
            classes.push(class);
        }
        todo.extend_from_slice(stop.todo.get(i + 1..).unwrap_or_default());
        Outcome::Stops(Stop { body, todo, classes })
    }
}

fn read_todo<'a>(input: Input<'a>, todo: &Todo, context: &Context<'_>) -> Parsed<'a, ()> {
    let rest = match *todo {
        Todo::Snapshots { count, nesting } => nested_list(input, count, nesting, context)?.0,
        Todo::Serializers { count } => meta_info::read_serializers(input, count, context)?.0,
        Todo::States { count, place } => meta_info::read_states(input, count, place, context)?.0,
        Todo::Counted { place } => meta_info::read_counted_states(input, place, context)?.0,
    };
    Ok((rest, ()))
}

fn window<'a>(input: &Input<'a>, from: u64, to: u64) -> &'a [u8] {
    let at = |offset: u64| usize::try_from(offset.saturating_sub(input.offset())).unwrap_or(usize::MAX);
    input.bytes().get(at(from)..at(to)).unwrap_or_default()
}

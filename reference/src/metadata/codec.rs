//! What reading and writing of every structure have in common.

use std::fmt;

use super::release::{Feature, MetadataVersion, Release};
use crate::error::At;
use crate::wire::{Input, Output, Parsed, fail, java};
use crate::{Error, ErrorKind};

/// A structure of the format: how it is read and how it is written, side by side.
///
/// The contexts cannot be made outside this crate, so neither can implementations.
pub trait Codec<'a>: Sized + Clone {
    /// The fewest bytes it can take; what a count is checked against before anything is looped over.
    const LEAST: usize;

    /// Reads one from the start of `input`.
    fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self>;

    /// Writes one at the end of `out`.
    fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error>;
}

/// What a reader has to know besides the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadContext {
    pub(super) version: MetadataVersion,
    /// Whether the changelog handles 8, 9 and 10 have the layout that only Flink 1.14 writes.
    pub(super) changelog_1_14: bool,
    pub(super) strict: bool,
    pub(super) nesting: u8,
    pub(super) nesting_limit: u8,
}

impl ReadContext {
    /// The context one level deeper.
    pub(super) fn nested(self, offset: u64) -> Result<Self, nom::Err<Error>> {
        match self.nesting.checked_sub(1) {
            Some(nesting) => Ok(Self { nesting, ..self }),
            None => fail(ErrorKind::TooDeep { limit: self.nesting_limit }, offset).map(|_: (Input<'_>, Self)| self),
        }
    }

    /// Fails in strict reading if `deviates`.
    pub(super) fn canonical(self, deviates: bool, what: &'static str, offset: u64) -> Result<(), nom::Err<Error>> {
        if self.strict && deviates {
            return fail(ErrorKind::NotCanonical { what }, offset).map(|_: (Input<'_>, ())| ());
        }
        Ok(())
    }
}

/// What a writer has to know besides the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteContext {
    pub(super) version: MetadataVersion,
    /// The release that has to read the file; `None` writes the model as it is.
    pub(super) release: Option<Release>,
    pub(super) dropping: Dropping,
}

impl WriteContext {
    /// Whether something that only `Release`s from `since` on can read has to be dropped; an error if that was not
    /// asked for.
    pub(super) fn must_drop(self, feature: Feature, out: &Output) -> Result<bool, Error> {
        let (holds, release) = match self.release {
            Some(release) => (release.holds(feature), release),
            // Written as it is: only what the version has no field for is missing.
            None => (self.version.has_field_for(feature), self.version.newest_writer().unwrap_or(Release::V2_3)),
        };
        if holds || self.dropping.contains(feature) {
            return Ok(!holds);
        }
        Err(out.error(ErrorKind::Unrepresentable { feature, release }))
    }
}

/// Which features a rewrite may drop when the target cannot hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropping(u16);

impl Dropping {
    /// Nothing: what the target cannot hold is an error.
    pub const NOTHING: Self = Self(0);

    /// Also `feature`.
    #[must_use]
    pub const fn and(self, feature: Feature) -> Self {
        Self(self.0 | 1 << feature as u16)
    }

    /// Everything that can be dropped.
    pub fn everything() -> Self {
        Feature::ALL.iter().fold(Self::NOTHING, |all, f| all.and(*f))
    }

    /// Whether `feature` may be dropped.
    pub const fn contains(self, feature: Feature) -> bool {
        self.0 & 1 << feature as u16 != 0
    }
}

/// A list of the format: a count and its elements.
///
/// Either still encoded, and then decoded on the way by [`iter`](Self::iter) without allocating, or built from a `Vec`.
/// An encoded list was read to its end when it was made, so that iterating cannot fail.
#[derive(Clone)]
pub struct List<'a, T>(Repr<'a, T>);

#[derive(Clone)]
enum Repr<'a, T> {
    Encoded { elements: Input<'a>, count: u32, cx: ReadContext },
    Items(Vec<T>),
}

impl<'a, T: Codec<'a>> List<'a, T> {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Encoded { count, .. } => usize::try_from(*count).unwrap_or(usize::MAX),
            Repr::Items(items) => items.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements in the order of the file: decoded on the way, or cloned if the list was built.
    pub fn iter(&self) -> Iter<'_, 'a, T> {
        Iter(match &self.0 {
            Repr::Encoded { elements, count, cx } => IterRepr::Encoded { rest: *elements, left: *count, cx: *cx },
            Repr::Items(items) => IterRepr::Items(items.iter()),
        })
    }

    /// The bytes of the elements, without the count, if the list was read.
    pub fn raw(&self) -> Option<Input<'a>> {
        match &self.0 {
            Repr::Encoded { elements, .. } => Some(*elements),
            Repr::Items(_) => None,
        }
    }

    /// Reads `i32` count and elements, to find the end of the list and whether each element is sound.
    pub(super) fn read(input: Input<'a>, cx: ReadContext) -> Parsed<'a, Self> {
        let (elements, count) = java::count(input, T::LEAST)?;
        Self::read_elements(elements, count, cx, |rest| T::read(rest, cx).map(|(rest, _)| (rest, ())))
    }

    /// Finds the end of `count` elements, of which the caller has checked that they can fit. `step` goes over one, and fails
    /// where reading it with `cx` would.
    pub(super) fn read_elements(
        elements: Input<'a>,
        count: u32,
        cx: ReadContext,
        step: impl Fn(Input<'a>) -> Parsed<'a, ()>,
    ) -> Parsed<'a, Self> {
        let mut rest = elements;
        for i in 0..count {
            (rest, ()) = step(rest).index(i.into())?;
        }
        Ok((rest, Self(Repr::Encoded { elements: elements.until(&rest), count, cx })))
    }

    /// Writes `i32` count and elements.
    pub(super) fn write(&self, out: &mut Output, cx: WriteContext) -> Result<(), Error> {
        self.write_each(out, cx, &mut |_| ())
    }

    /// The same; `behind` may take out what was written after each element.
    pub(super) fn write_each(
        &self,
        out: &mut Output,
        cx: WriteContext,
        behind: &mut dyn FnMut(&mut Output),
    ) -> Result<(), Error> {
        out.count(self.len())?;
        self.iter().enumerate().try_for_each(|(i, element)| {
            element.write(out, cx).index(i as u64)?;
            behind(out);
            Ok(())
        })
    }
}

impl<T> From<Vec<T>> for List<'_, T> {
    fn from(items: Vec<T>) -> Self {
        Self(Repr::Items(items))
    }
}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<'a, T: Codec<'a> + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<'a, T: Codec<'a> + fmt::Debug> fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'l, 'a, T: Codec<'a>> IntoIterator for &'l List<'a, T> {
    type Item = T;
    type IntoIter = Iter<'l, 'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Iterator over a [`List`].
#[derive(Clone)]
pub struct Iter<'l, 'a, T>(IterRepr<'l, 'a, T>);

#[derive(Clone)]
enum IterRepr<'l, 'a, T> {
    Encoded { rest: Input<'a>, left: u32, cx: ReadContext },
    Items(std::slice::Iter<'l, T>),
}

impl<'a, T: Codec<'a>> Iterator for Iter<'_, 'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            IterRepr::Items(items) => items.next().cloned(),
            IterRepr::Encoded { left: 0, .. } => None,
            IterRepr::Encoded { rest, left, cx } => {
                let read = T::read(*rest, *cx);
                debug_assert!(read.is_ok(), "the same bytes were read when the list was made");
                let (next, element) = read.ok()?;
                (*rest, *left) = (next, *left - 1);
                Some(element)
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let n = match &self.0 {
            IterRepr::Items(items) => items.len(),
            IterRepr::Encoded { left, .. } => usize::try_from(*left).unwrap_or(usize::MAX),
        };
        (n, Some(n))
    }
}

impl<'a, T: Codec<'a>> ExactSizeIterator for Iter<'_, 'a, T> {}
impl<'a, T: Codec<'a>> std::iter::FusedIterator for Iter<'_, 'a, T> {}

//! Serializer snapshots: how a stream says with which serializers its keys, namespaces and values were written.
//!
//! | field | type | where |
//! |---|---|---|
//! | wrapper version | `i32` 2 | in the wrapped form only: key serializers and state meta infos |
//! | class name | `utf`, of the snapshot class | all |
//! | version | `i32` | all |
//! | body | as the class has it, without a length | all |
//!
//! Since no length is written, the body of a class that is not [known](classes) hides where the snapshot ends:
//! [`ErrorKind::UnknownSnapshot`].

pub mod classes;
mod skip;

use std::borrow::Cow;
use std::fmt;

use classes::Shape;

use crate::error::At;
use crate::wire::{Input, JavaStr, Output, Parsed, done, fail, java};
use crate::{Error, ErrorKind, Limits};

const WRAPPER_VERSION: i32 = 2;
const SIMPLE_VERSION: i32 = 3;
const COMPOSITE_VERSION: i32 = 3;
const COMPOSITE_MAGIC: i32 = 911_108;
const NESTED_MAGIC: i32 = 1_333_245;
const NESTED_VERSION: i32 = 1;

/// `TypeSerializerSnapshot`: class, version and body, kept as they stand.
#[derive(Clone, PartialEq)]
pub struct SerializerSnapshot<'a> {
    class: JavaStr<'a>,
    version: i32,
    shape: Shape,
    raw: Cow<'a, [u8]>,
}

impl<'a> SerializerSnapshot<'a> {
    /// Name of the snapshot class.
    pub fn class(&self) -> &JavaStr<'a> {
        &self.class
    }

    /// Version of the snapshot.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// The body's layout.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The versioned form: class name, version and body.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// A snapshot without a body (`SimpleTypeSerializerSnapshot`).
    pub fn simple(class: &str) -> Result<SerializerSnapshot<'static>, Error> {
        let mut out = Output::new();
        out.utf(&class.into())?;
        out.i32(SIMPLE_VERSION);
        Self::built(class, SIMPLE_VERSION, out)
    }

    /// A snapshot of nested ones (`CompositeTypeSerializerSnapshot`). `outer` is what the class itself writes before them; an
    /// error if that is not what the class has.
    pub fn composite(
        class: &str,
        outer_version: i32,
        outer: &[u8],
        nested: &[SerializerSnapshot<'_>],
    ) -> Result<SerializerSnapshot<'static>, Error> {
        let mut out = Output::new();
        out.utf(&class.into())?;
        out.i32(COMPOSITE_VERSION);
        out.i32(COMPOSITE_MAGIC);
        out.i32(outer_version);
        out.raw(outer);
        out.i32(NESTED_MAGIC);
        out.i32(NESTED_VERSION);
        out.count(nested.len())?;
        for snapshot in nested {
            out.raw(snapshot.raw());
        }
        let built = Self::built(class, COMPOSITE_VERSION, out)?;
        let (rest, _) = done(SerializerSnapshot::read_nested(Input::new(&built.raw), Limits::DEFAULT_NESTING), 0)?;
        if rest.is_empty() {
            return Ok(built);
        }
        Err(Error::new(ErrorKind::NotCanonical { what: "bytes after the nested snapshots" }, rest.offset()))
    }

    fn built(class: &str, version: i32, out: Output) -> Result<SerializerSnapshot<'static>, Error> {
        let shape = classes::shape(class)
            .ok_or_else(|| Error::new(ErrorKind::UnknownSnapshot { class: class.to_owned() }, out.offset()))?;
        Ok(SerializerSnapshot { class: class.into(), version, shape, raw: Cow::Owned(out.into_bytes()) })
    }

    /// The nested snapshots, in the order of the file.
    pub fn nested(&self) -> impl Iterator<Item = SerializerSnapshot<'_>> {
        // The raw bytes were read once, so that reading them again cannot fail.
        let body = read_head(Input::new(&self.raw)).ok().map(|(rest, _)| rest);
        let (mut rest, mut left) =
            body.and_then(|body| open_nested(body, self.shape, self.version)).unwrap_or((Input::new(&[]), 0));
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let (next, snapshot) = SerializerSnapshot::read_nested(rest, Limits::DEFAULT_NESTING).ok()?;
            rest = next;
            Some(snapshot)
        })
    }

    /// Whether it is a `TtlAwareSerializerSnapshot` or holds one.
    pub fn is_ttl_aware(&self) -> bool {
        self.shape == Shape::TtlAware || self.nested().any(|nested| nested.is_ttl_aware())
    }

    /// The snapshot with what each `TtlAwareSerializerSnapshot` wraps in its place. Values have the same bytes.
    #[must_use]
    pub fn without_ttl_awareness(&self) -> SerializerSnapshot<'a> {
        if !self.is_ttl_aware() {
            return self.clone();
        }
        let plain: Vec<_> = self.nested().map(|nested| nested.without_ttl_awareness().into_owned()).collect();
        if self.shape == Shape::TtlAware {
            return plain.into_iter().next().unwrap_or_else(|| self.clone());
        }
        // Nested snapshots come last: what stands before the first of them stays.
        let nested: usize = self.nested().map(|nested| nested.raw.len()).sum();
        let mut raw = self.raw.get(..self.raw.len().saturating_sub(nested)).unwrap_or_default().to_vec();
        for nested in &plain {
            raw.extend_from_slice(&nested.raw);
        }
        Self { class: self.class.clone(), version: self.version, shape: self.shape, raw: Cow::Owned(raw) }
    }

    /// The same, independent of the bytes that it was read from.
    pub fn into_owned(self) -> SerializerSnapshot<'static> {
        let Self { class, version, shape, raw } = self;
        SerializerSnapshot { class: class.into_owned(), version, shape, raw: Cow::Owned(raw.into_owned()) }
    }

    /// Whether `TypeSerializer.getLength` is negative: such keys and namespaces are followed by their length in a
    /// composite key if both are.
    pub fn is_variable_length(&self) -> bool {
        match self.shape {
            Shape::Simple { length } => length < 0,
            // A field of length 0 makes a tuple variable, too.
            Shape::Tuple => !self.nested().all(|field| field.fixed_length().is_some_and(|n| n > 0)),
            Shape::Composite { sum: true, .. } => self.nested().any(|part| part.is_variable_length()),
            Shape::TtlAware => self.nested().any(|inner| inner.is_variable_length()),
            Shape::Enum => false,
            Shape::Composite { .. } | Shape::Nullable | Shape::Named | Shape::Row => true,
        }
    }

    /// The fixed length in bytes, as far as the class tells.
    fn fixed_length(&self) -> Option<i32> {
        match self.shape {
            Shape::Simple { length } => Some(length).filter(|n| *n >= 0),
            Shape::Enum => Some(4),
            Shape::Tuple if !self.is_variable_length() => self.nested().map(|field| field.fixed_length()).sum(),
            _ => None,
        }
    }

    /// Reads the wrapped form (`TypeSerializerSnapshotSerializationUtil`).
    pub(crate) fn read_wrapped(input: Input<'a>) -> Parsed<'a, Self> {
        let (rest, found) = java::i32(input).field("wrapper_version")?;
        if found != WRAPPER_VERSION {
            return fail(ErrorKind::WrapperVersion { found }, input.offset()).field("wrapper_version");
        }
        Self::read_nested(rest, Limits::DEFAULT_NESTING)
    }

    /// Reads the form without a wrapper, as snapshots are nested.
    pub(crate) fn read_versioned(input: Input<'a>) -> Parsed<'a, Self> {
        Self::read_nested(input, Limits::DEFAULT_NESTING)
    }

    pub(crate) fn write_wrapped(&self, out: &mut Output) {
        out.i32(WRAPPER_VERSION);
        out.raw(&self.raw);
    }

    fn read_nested(input: Input<'a>, nesting: u8) -> Parsed<'a, Self> {
        let Some(nesting) = nesting.checked_sub(1) else {
            return fail(ErrorKind::TooDeep { limit: Limits::DEFAULT_NESTING }, input.offset());
        };
        let (rest, (class, version)) = read_head(input)?;
        let Some(shape) = classes::shape(&class.to_text()) else {
            return fail(ErrorKind::UnknownSnapshot { class: class.to_string() }, input.offset()).field("class");
        };
        let rest = read_body(rest, shape, version, nesting)?;
        let raw = Cow::Borrowed(input.until(&rest).bytes());
        Ok((rest, Self { class, version, shape, raw }))
    }
}

impl fmt::Debug for SerializerSnapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The serializer's name without package, with its nested ones: `MapSerializer<LongSerializer, StringSerializer>`.
impl fmt::Display for SerializerSnapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.class.to_text();
        let name = class.rsplit(['.', '$']).next().unwrap_or_default();
        f.write_str(name.strip_suffix("Snapshot").unwrap_or(name))?;
        let mut separator = "<";
        for nested in self.nested() {
            write!(f, "{separator}{nested}")?;
            separator = ", ";
        }
        if separator == ", " { f.write_str(">") } else { Ok(()) }
    }
}

fn read_head(input: Input<'_>) -> Parsed<'_, (JavaStr<'_>, i32)> {
    let (rest, class) = java::utf(input, false).field("class")?;
    let (rest, version) = java::i32(rest).field("version")?;
    Ok((rest, (class, version)))
}

type Rest<'a> = Result<Input<'a>, nom::Err<Error>>;

fn rest_of<T>(parsed: Parsed<'_, T>) -> Rest<'_> {
    parsed.map(|(rest, _)| rest)
}

fn version_error<'a>(found: i32, at: u64) -> Rest<'a> {
    rest_of::<()>(fail(ErrorKind::SnapshotVersion { found }, at).field("version"))
}

/// Reads a body to its end.
fn read_body(input: Input<'_>, shape: Shape, version: i32, nesting: u8) -> Rest<'_> {
    let version_at = input.offset().saturating_sub(4);
    match shape {
        Shape::Simple { .. } => match version {
            SIMPLE_VERSION => Ok(input),
            // Legacy: the name of the serializer class.
            2 => rest_of(java::utf(input, false)),
            found => version_error(found, version_at),
        },
        Shape::Named => rest_of(java::utf(input, false).field("type_class")),
        Shape::Enum => {
            let rest = rest_of(java::utf(input, false).field("enum_class"))?;
            let (mut rest, count) = java::count(rest, 2).field("constants")?;
            for i in 0..count {
                rest = rest_of(java::utf(rest, false).index(i.into()).field("constants"))?;
            }
            Ok(rest)
        }
        Shape::TtlAware => {
            let rest = rest_of(java::bool(input, false).field("ttl_enabled"))?;
            rest_of(SerializerSnapshot::read_nested(rest, nesting).field("nested"))
        }
        Shape::Composite { .. } | Shape::Tuple | Shape::Nullable | Shape::Row => {
            let (mut rest, count) = read_outer(input, shape, version)?;
            for i in 0..count {
                rest = rest_of(SerializerSnapshot::read_nested(rest, nesting).index(i.into()).field("nested"))?;
            }
            Ok(rest)
        }
    }
}

/// The first nested snapshot and how many there are.
fn open_nested(body: Input<'_>, shape: Shape, version: i32) -> Option<(Input<'_>, u32)> {
    match shape {
        Shape::TtlAware => java::bool(body, false).ok().map(|(rest, _)| (rest, 1)),
        Shape::Composite { .. } | Shape::Tuple | Shape::Nullable | Shape::Row => read_outer(body, shape, version).ok(),
        Shape::Simple { .. } | Shape::Named | Shape::Enum => None,
    }
}

/// The head of a composite snapshot: magic, outer version, what the class itself writes, and the number of nested snapshots.
fn read_outer(input: Input<'_>, shape: Shape, version: i32) -> Parsed<'_, u32> {
    if version != COMPOSITE_VERSION {
        let at = input.offset().saturating_sub(4);
        return fail(ErrorKind::SnapshotVersion { found: version }, at).field("version");
    }
    let rest = magic(input, COMPOSITE_MAGIC, "composite_magic")?;
    let (rest, outer_version) = java::i32(rest).field("outer_version")?;
    let rest = match shape {
        Shape::Tuple => rest_of(java::utf(rest, false).field("tuple_class"))?,
        Shape::Composite { named: true, .. } => rest_of(java::utf(rest, false).field("type_class"))?,
        Shape::Nullable => rest_of(java::i32(rest).field("padding"))?,
        // The flag came with 1.14.3.
        Shape::Row if outer_version >= 4 => rest_of(java::bool(rest, false).field("supports_row_kind"))?,
        _ => rest,
    };
    let rest = magic(rest, NESTED_MAGIC, "nested_magic")?;
    let rest = magic(rest, NESTED_VERSION, "nested_version")?;
    java::count(rest, 6).field("nested")
}

fn magic<'a>(input: Input<'a>, expected: i32, name: &'static str) -> Rest<'a> {
    let (rest, found) = java::field_i32(input, name)?;
    if found != expected {
        return rest_of::<()>(fail(ErrorKind::SnapshotMagic { found, expected }, input.offset()).field(name));
    }
    Ok(rest)
}

//! Serializer snapshots: how a stream says with which serializers its keys, namespaces and values were written.
//!
//! | field | type | where |
//! |---|---|---|
//! | wrapper version | `i32` 2 | in the wrapped form only: key serializers and state meta infos |
//! | class name | `utf`, of the snapshot class | all |
//! | version | `i32` | all |
//! | body | as the class has it, without a length | all |
//!
//! Since no length is written, the body of a class that Flink does not ship hides where the snapshot ends. It is found by the
//! frame around it, by [`Hints`], or by exact fit: the one position from which everything that follows fits the known
//! end of the header. Otherwise it is an error, [`ErrorKind::UnknownSnapshot`].

mod body;
mod build;
pub mod classes;
mod context;
mod hints;
pub(crate) mod infer;
pub mod java_object;
mod optional_map;
mod scalar;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

pub(crate) use body::{Body, Nested, Outer};
use classes::Family;
pub(crate) use context::{Context, Foreign, Todo};
pub use hints::{Hint, Hints, Wire};
pub(crate) use optional_map::OptionalMap;
pub use scalar::Scalar;

use crate::error::At;
use crate::value::TypeDescription;
use crate::wire::{Input, JavaStr, Output, Parsed, done, fail, java};
use crate::{Error, ErrorKind, Limits};

const WRAPPER_VERSION: i32 = 2;

/// `TypeSerializerSnapshot`: class, version and body, kept as they stand.
#[derive(Clone)]
pub struct SerializerSnapshot<'a> {
    class: JavaStr<'a>,
    version: i32,
    family: Option<Family>,
    raw: Cow<'a, [u8]>,
    /// Foreign bodies in it, by their offsets in `raw`.
    foreign: Vec<Foreign>,
    /// The type, where it was asked for to be shared.
    shared: OnceLock<Arc<TypeDescription>>,
}

/// Equal bytes are equal snapshots, however their ends were found.
impl PartialEq for SerializerSnapshot<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
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

    /// The family of the class; `None` if Flink does not ship it.
    pub fn family(&self) -> Option<Family> {
        self.family
    }

    /// The versioned form: class name, version and body.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Reads the versioned form, which has to be all of `bytes`.
    pub fn parse(bytes: &'a [u8], hints: &Hints) -> Result<Self, Error> {
        let input = Input::new(bytes);
        let read = Self::read_nested(input, Limits::DEFAULT_NESTING, &Context::with_hints(hints));
        let (rest, snapshot) = done(read, input.end())?;
        if rest.is_empty() {
            return Ok(snapshot);
        }
        Err(Error::new(ErrorKind::NotCanonical { what: "bytes after the snapshot" }, rest.offset()))
    }

    /// The nested snapshots, in the order of the file; those of a POJO's fields, too.
    pub fn nested(&self) -> impl Iterator<Item = SerializerSnapshot<'_>> {
        let (list, framed) = match self.body() {
            Some(Body::Composite { nested, .. } | Body::Row { nested, .. }) => (Some(nested), None),
            Some(Body::Pojo { fields, registered, others, .. }) => {
                let frames = [fields, registered, others].into_iter().flat_map(|map| map.entries());
                (None, Some(frames.filter_map(|entry| entry.value)))
            }
            _ => (None, None),
        };
        let listed = list.into_iter().flat_map(|nested| self.snapshots(nested));
        let framed = framed.into_iter().flatten();
        listed.chain(framed.filter_map(|frame| self.reread(frame).map(|(_, snapshot)| snapshot)))
    }

    /// What the body says.
    pub(crate) fn body(&self) -> Option<Body<'_>> {
        // The raw bytes were read once, so that reading them again cannot fail.
        let context = Context::knowing(None, &self.foreign);
        let (rest, _) = read_head(Input::new(&self.raw)).ok()?;
        match self.family {
            Some(family) => {
                body::read(rest, family, self.version, Limits::DEFAULT_NESTING, &context).ok().map(|(_, body)| body)
            }
            None => Some(Body::Foreign),
        }
    }

    /// The snapshots of a list in the body.
    pub(crate) fn snapshots<'s>(
        &'s self,
        nested: Nested<'s>,
    ) -> impl Iterator<Item = SerializerSnapshot<'s>> + use<'s, 'a> {
        let mut rest = nested.first;
        (0..nested.count).map_while(move |_| {
            let (next, snapshot) = self.reread(rest)?;
            rest = next;
            Some(snapshot)
        })
    }

    /// A snapshot in the body.
    pub(crate) fn reread<'s>(&'s self, input: Input<'s>) -> Option<(Input<'s>, SerializerSnapshot<'s>)> {
        let context = Context::knowing(None, &self.foreign);
        SerializerSnapshot::read_nested(input, Limits::DEFAULT_NESTING, &context).ok()
    }

    /// What its values are.
    pub fn type_description(&self) -> TypeDescription {
        TypeDescription::of(self)
    }

    /// The same, made once and then shared: all states of a stream have one key serializer, and a header can have so many states that
    /// a copy for each would multiply.
    pub fn shared_type(&self) -> Arc<TypeDescription> {
        Arc::clone(self.shared.get_or_init(|| Arc::new(TypeDescription::of(self))))
    }

    /// How the user describes the class, if it is a foreign one.
    pub(crate) fn hint(&self) -> Option<&Hint> {
        // The body of this snapshot comes before those nested in it.
        self.foreign.first().filter(|_| self.family.is_none()).and_then(|foreign| foreign.hint.as_deref())
    }

    /// Whether it is, or holds, a snapshot of a class that Flink does not ship.
    pub fn is_foreign(&self) -> bool {
        !self.foreign.is_empty()
    }

    /// Where the bodies start and end, from the first byte of the versioned form, that only their classes understand.
    pub fn foreign_bodies(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.foreign.iter().map(|foreign| (foreign.start, foreign.end))
    }

    /// Whether the end of a foreign body in it was found by exact fit.
    pub fn is_inferred(&self) -> bool {
        self.foreign.iter().any(|foreign| foreign.inferred)
    }

    /// Whether it is a `TtlAwareSerializerSnapshot` or holds one.
    pub fn is_ttl_aware(&self) -> bool {
        self.family == Some(Family::TtlAware) || self.nested().any(|nested| nested.is_ttl_aware())
    }

    /// The same, independent of the bytes that it was read from.
    pub fn into_owned(self) -> SerializerSnapshot<'static> {
        let Self { class, version, family, raw, foreign, shared } = self;
        let (class, raw) = (class.into_owned(), Cow::Owned(raw.into_owned()));
        SerializerSnapshot { class, version, family, raw, foreign, shared }
    }

    /// Reads the wrapped form (`TypeSerializerSnapshotSerializationUtil`).
    pub(crate) fn read_wrapped(input: Input<'a>, context: &Context<'_>) -> Parsed<'a, Self> {
        let (rest, found) = java::i32(input).field("wrapper_version")?;
        if found != WRAPPER_VERSION {
            return fail(ErrorKind::WrapperVersion { found }, input.offset()).field("wrapper_version");
        }
        Self::read_nested(rest, Limits::DEFAULT_NESTING, context)
    }

    /// Reads the form without a wrapper, as snapshots are nested.
    pub(crate) fn read_versioned(input: Input<'a>) -> Parsed<'a, Self> {
        Self::read_nested(input, Limits::DEFAULT_NESTING, &Context::default())
    }

    pub(crate) fn write_wrapped(&self, out: &mut Output) {
        out.i32(WRAPPER_VERSION);
        out.raw(&self.raw);
    }

    /// Reads a snapshot in a frame, which says where it ends if nothing else does.
    fn read_framed(frame: Input<'a>, nesting: u8, context: &Context<'_>) -> Parsed<'a, Self> {
        let (rest, (class, _)) = read_head(frame)?;
        let text = class.to_text();
        let has_body = context.hints().and_then(|hints| hints.get(&text)).is_some_and(|hint| hint.body.is_some());
        if has_body || classes::family(&text).is_some() || context.known_at(rest.offset()).is_some() {
            return Self::read_nested(frame, nesting, context);
        }
        let framed = [Foreign { start: rest.offset(), end: frame.end(), inferred: false, hint: None }];
        let inner = Context::knowing(context.hints(), &framed);
        let read = Self::read_nested(frame, nesting, &inner)?;
        inner.found_from(0).into_iter().for_each(|foreign| context.found(foreign));
        Ok(read)
    }

    fn read_nested(input: Input<'a>, nesting: u8, context: &Context<'_>) -> Parsed<'a, Self> {
        let Some(nesting) = nesting.checked_sub(1) else {
            return fail(ErrorKind::TooDeep { limit: Limits::DEFAULT_NESTING }, input.offset());
        };
        let (body, (class, version)) = read_head(input)?;
        let family = classes::family(&class.to_text());
        let rest = match family {
            Some(family) => body::read(body, family, version, nesting, context)?.0,
            None => read_foreign(input, body, &class, context)?,
        };
        let foreign = context.found_from(input.offset());
        let rebased = foreign.into_iter().filter(|foreign| foreign.end <= rest.offset()).map(|foreign| Foreign {
            start: foreign.start - input.offset(),
            end: foreign.end - input.offset(),
            ..foreign
        });
        let raw = Cow::Borrowed(input.until(&rest).bytes());
        Ok((rest, Self { class, version, family, raw, foreign: rebased.collect(), shared: OnceLock::new() }))
    }
}

/// The end of a body that only its class understands.
fn read_foreign<'a>(
    input: Input<'a>,
    body: Input<'a>,
    class: &JavaStr<'_>,
    context: &Context<'_>,
) -> Result<Input<'a>, nom::Err<Error>> {
    let class = class.to_text();
    let hint = context.hints().and_then(|hints| hints.get(&class));
    if let Some(known) = context.known_at(body.offset()) {
        let length = known.end.checked_sub(body.offset()).and_then(|n| usize::try_from(n).ok());
        if let Some(length) = length.filter(|length| *length <= body.len()) {
            context.found(Foreign { hint: known.hint.clone().or_else(|| hint.cloned()), ..known });
            return Ok(body.skip(length));
        }
    }
    if let Some(hint) = hint
        && let Some(wires) = &hint.body
    {
        let (rest, ()) = hints::skip(wires, body)?;
        let hint = Some(hint.clone());
        context.found(Foreign { start: body.offset(), end: rest.offset(), inferred: false, hint });
        return Ok(rest);
    }
    if !context.strict || infer::is_class_name(&class) {
        context.stop(body.offset());
    }
    fail::<()>(ErrorKind::UnknownSnapshot { class: class.into_owned() }, input.offset())
        .field("class")
        .map(|(rest, ())| rest)
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

//! The interpreter of the layouts in `spec/registry/layouts`: what it does not find there, it does not know.

use std::collections::BTreeMap;

use flink_savepoint::serializer::classes;
use flink_savepoint::wire::{Input, JavaStr};
use flink_savepoint_spec::layouts::{self, Case, Condition, Field, Length, Literal, Structure, Type};

use super::sink::{Group, Leaf, Sink, Stop};
use super::streams::Streams;
use crate::text::hex;

/// Structures in each other, before a file is refused. The reference refuses earlier.
const NESTING: usize = 128;

/// Goes over the bytes of a file and names them.
pub(super) struct Walker<'w> {
    pub(super) sink: &'w mut dyn Sink,
    /// What conditions can ask for besides earlier fields: `metadata_version`, `family`, ...
    pub(super) env: BTreeMap<&'static str, Literal>,
    path: Vec<(String, Option<u64>)>,
    /// Where snapshot bodies end that only their classes understand, by where they start.
    pub(super) foreign: BTreeMap<u64, u64>,
    /// The streams that the metadata points to.
    pub(super) streams: &'w Streams<'w>,
}

/// The fields of the structure at hand that conditions, counts and lengths can refer to.
type Scope = Vec<(&'static str, Literal)>;

/// What is left.
pub(super) type Rest<'a> = Result<Input<'a>, Stop>;

impl<'w> Walker<'w> {
    pub(super) fn new(sink: &'w mut dyn Sink, streams: &'w Streams<'w>) -> Self {
        Self { sink, env: BTreeMap::new(), path: Vec::new(), foreign: BTreeMap::new(), streams }
    }

    /// An error in the structure at hand.
    pub(super) fn bad<T>(&self, name: &str, offset: u64, why: impl Into<String>) -> Result<T, Stop> {
        let mut path = self.path_text();
        if !path.is_empty() && !name.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        Err(Stop::Bad { offset, path, why: why.into() })
    }

    fn path_text(&self) -> String {
        let steps = self.path.iter().map(|(name, index)| match index {
            Some(index) => format!("{name}[{index}]"),
            None => name.clone(),
        });
        steps.collect::<Vec<_>>().join(".")
    }

    /// Opens a group, runs `inside`, and closes it where that ended.
    pub(super) fn group<'a>(&mut self, group: &Group<'_>, inside: impl FnOnce(&mut Self) -> Rest<'a>) -> Rest<'a> {
        if self.path.len() >= NESTING {
            return self.bad(group.name, group.offset, "nested too deep");
        }
        self.sink.open(group)?;
        self.path.push((group.name.to_owned(), group.index));
        let rest = inside(self)?;
        self.path.pop();
        self.sink.close(rest.offset())?;
        Ok(rest)
    }

    /// A field of `length` bytes.
    pub(super) fn leaf<'a>(
        &mut self,
        (layout, name, index): (&str, &str, Option<u64>),
        ty: &str,
        input: Input<'a>,
        length: usize,
        value: impl FnOnce(&'a [u8]) -> String,
    ) -> Rest<'a> {
        if length > input.len() {
            let why = format!("{length} bytes, but {} are left", input.len());
            return self.bad(name, input.offset(), why);
        }
        let rest = input.skip(length);
        let bytes = input.until(&rest).bytes();
        let leaf = Leaf { name, index, layout, ty: ty.to_owned(), offset: input.offset(), bytes, value: value(bytes) };
        self.sink.leaf(&leaf)?;
        Ok(rest)
    }

    /// A structure by its id.
    pub(super) fn structure<'a>(&mut self, id: &str, name: &str, index: Option<u64>, input: Input<'a>) -> Rest<'a> {
        match layouts::get(id) {
            Some(Structure::Layout(layout)) => {
                let group = Group::new(name, &layout.id, input.offset()).numbered(index);
                self.group(&group, |walker| walker.fields(&layout.id, &layout.fields, Scope::new(), input))
            }
            Some(Structure::Choice(choice)) => self.choice(choice, name, index, input),
            None => self.bad(name, input.offset(), format!("the registry has no layout {id}")),
        }
    }

    /// The fields of a layout, for whoever has more to say in its group.
    pub(super) fn fields_of<'a>(&mut self, id: &str, input: Input<'a>) -> Rest<'a> {
        match layouts::get(id) {
            Some(Structure::Layout(layout)) => self.fields(&layout.id, &layout.fields, Scope::new(), input),
            _ => self.bad("", input.offset(), format!("the registry has no layout {id}")),
        }
    }

    fn choice<'a>(
        &mut self,
        choice: &'static layouts::Choice,
        name: &str,
        index: Option<u64>,
        input: Input<'a>,
    ) -> Rest<'a> {
        let selected = match &choice.selector_type {
            Some(ty) => match number(ty, input.bytes()) {
                Some((value, _)) => Literal::Number(value),
                None => return self.bad(name, input.offset(), "the file ends"),
            },
            None => match self.env.get(choice.selector.as_str()) {
                Some(value) => value.clone(),
                None => return self.bad(name, input.offset(), format!("{} is not known", choice.selector)),
            },
        };
        let fits = |case: &&Case| {
            case.value == selected && case.when.as_ref().is_none_or(|when| self.holds(when, &Scope::new()))
        };
        let Some(case) = choice.cases.iter().find(fits) else {
            let why = format!("{} has no {} {selected}", choice.title, choice.selector);
            return self.bad(name, input.offset(), why);
        };
        let Some(selector) = &choice.selector_type else {
            // Nothing is read, so nothing is grouped either.
            return match &case.layout {
                Some(layout) => self.structure(layout, name, index, input),
                None => Ok(input),
            };
        };
        let layout = case.layout.as_deref().unwrap_or(&choice.id);
        let group = Group::new(name, layout, input.offset()).about(case.title.clone()).numbered(index);
        self.group(&group, |walker| {
            let width = number(selector, input.bytes()).map_or(0, |(_, width)| width);
            let text = |_: &[u8]| match &case.constant {
                Some(constant) => format!("{selected}, {constant}"),
                None => format!("{selected}, {}", case.title),
            };
            let place = (choice.id.as_str(), choice.selector.as_str(), None);
            let rest = walker.leaf(place, &selector.to_string(), input, width, text)?;
            match case.layout.as_deref().and_then(layouts::get) {
                Some(Structure::Layout(layout)) => walker.fields(&layout.id, &layout.fields, Scope::new(), rest),
                Some(Structure::Choice(inner)) => walker.choice(inner, name, None, rest),
                None => Ok(rest),
            }
        })
    }

    fn fields<'a>(
        &mut self,
        layout: &'static str,
        fields: &'static [Field],
        mut scope: Scope,
        input: Input<'a>,
    ) -> Rest<'a> {
        let outer = ["family", "snapshot_version"].map(|name| (name, self.env.get(name).cloned()));
        let mut rest = input;
        for field in fields {
            if !self.is_present(field, &scope) {
                continue;
            }
            let times = match &field.count {
                None => None,
                Some(name) => match self.look_up(name, &scope) {
                    Some(Literal::Number(count)) => Some(u64::try_from(count).unwrap_or(0)),
                    _ => return self.bad(&field.name, rest.offset(), format!("{name} is not known")),
                },
            };
            for i in 0..times.unwrap_or(1) {
                rest = self.field(layout, field, times.map(|_| i), &mut scope, rest)?;
            }
        }
        for (name, value) in outer {
            match value {
                Some(value) => self.env.insert(name, value),
                None => self.env.remove(name),
            };
        }
        Ok(rest)
    }

    fn field<'a>(
        &mut self,
        layout: &'static str,
        field: &'static Field,
        index: Option<u64>,
        scope: &mut Scope,
        input: Input<'a>,
    ) -> Rest<'a> {
        let name = field.name.as_str();
        let place = (layout, name, index);
        let ty = field.ty.to_string();
        match &field.ty {
            Type::Structure(id) => self.structure(id, name, index, input),
            Type::Utf | Type::Str => self.text(place, field, scope, input),
            Type::Bytes(length) => {
                let length = self.length(length, scope, name, input)?;
                self.bytes(place, field, input, length)
            }
            Type::Frame(length, inner) => {
                let length = self.length(length, scope, name, input)?;
                let Some(window) = window(input, length) else {
                    let why = format!("{length} bytes, but {} are left", input.len());
                    return self.bad(name, input.offset(), why);
                };
                let rest = self.structure(inner, name, index, window)?;
                if !rest.is_empty() {
                    return self.bad(name, rest.offset(), format!("{} bytes left in the frame", rest.len()));
                }
                Ok(input.skip(length))
            }
            Type::JavaStream => super::java::stream(self, (name, index), input),
            Type::Foreign => {
                let end = self.foreign.get(&input.offset()).copied();
                match end.and_then(|end| end.checked_sub(input.offset())).and_then(|n| usize::try_from(n).ok()) {
                    Some(length) => self.leaf(place, &ty, input, length, hex),
                    None => self.bad(name, input.offset(), "only the class of the snapshot knows where its body ends"),
                }
            }
            Type::Rest | Type::Value => self.leaf(place, &ty, input, input.len(), hex),
            // Walked by whoever knows offsets and serializers.
            Type::KeyGroupSections | Type::Partitions => Ok(input),
            _ => {
                let Some((value, width)) = number(&field.ty, input.bytes()) else {
                    return self.bad(name, input.offset(), format!("{ty}, but {} bytes are left", input.len()));
                };
                scope.push((name, Literal::Number(value)));
                if layout == "versioned-snapshot" && name == "version" {
                    self.env.insert("snapshot_version", Literal::Number(value));
                }
                if index.is_none() {
                    self.expect(field, input.bytes().get(..width).unwrap_or_default(), value, input)?;
                }
                let said = |bytes: &[u8]| match (&field.ty, &field.value) {
                    (Type::Bool, _) => (value != 0).to_string(),
                    (_, Some(constant)) if constant.contains(' ') => hex_spaced(bytes),
                    _ => value.to_string(),
                };
                self.leaf(place, &ty, input, width, said)
            }
        }
    }

    /// A constant has to be what the layout says.
    fn expect(&self, field: &Field, bytes: &[u8], value: i64, input: Input<'_>) -> Result<(), Stop> {
        let Some(constant) = &field.value else { return Ok(()) };
        let is_it = match constant.parse::<i64>() {
            Ok(number) => number == value,
            Err(_) => hex_spaced(bytes).eq_ignore_ascii_case(constant),
        };
        if is_it { Ok(()) } else { self.bad(&field.name, input.offset(), format!("not {constant}")) }
    }

    fn text<'a>(
        &mut self,
        place: (&'static str, &'static str, Option<u64>),
        field: &Field,
        scope: &mut Scope,
        input: Input<'a>,
    ) -> Rest<'a> {
        let (layout, name, _) = place;
        let read = match field.ty {
            Type::Utf => utf(input.bytes()),
            _ => flink_string(input.bytes()),
        };
        let Some((text, length)) = read else {
            return self.bad(name, input.offset(), "no string, or one that the bytes end inside of");
        };
        if layout == "versioned-snapshot" && name == "class" {
            let family = classes::family(&text).map_or("Foreign".to_owned(), |family| {
                let name = format!("{family:?}");
                name.split('(').next().unwrap_or_default().to_owned()
            });
            self.env.insert("family", Literal::Word(family));
        }
        scope.push((place.1, Literal::Word(text.clone())));
        self.leaf(place, &field.ty.to_string(), input, length, |_| format!("{text:?}"))
    }

    fn bytes<'a>(
        &mut self,
        (layout, name, index): (&'static str, &'static str, Option<u64>),
        field: &Field,
        input: Input<'a>,
        length: usize,
    ) -> Rest<'a> {
        let ty = &field.ty.to_string();
        if let (Some(constant), Some(found)) = (&field.value, input.bytes().get(..length))
            && !hex_spaced(found).eq_ignore_ascii_case(constant)
        {
            return self.bad(name, input.offset(), format!("{}, not {constant}", hex_spaced(found)));
        }
        let streams = self.streams;
        if let (Some(stream), Some(data)) = (streams.inline(input.offset()), window(input, length))
            && super::stream::is_one(stream, data.bytes())
        {
            let about = stream.about();
            let group = Group::new(name, layout, input.offset()).about(about).numbered(index);
            return self.group(&group, |walker| {
                super::stream::explain(walker, stream, data)?;
                Ok(input.skip(length))
            });
        }
        self.leaf((layout, name, index), ty, input, length, hex)
    }

    fn length(&self, length: &Length, scope: &Scope, name: &str, input: Input<'_>) -> Result<usize, Stop> {
        match length {
            Length::Fixed(length) => Ok(*length),
            Length::Field { name: of, less } => match self.look_up(of, scope) {
                Some(Literal::Number(length)) if length >= *less => {
                    Ok(usize::try_from(length - less).unwrap_or(usize::MAX))
                }
                Some(Literal::Number(length)) => self.bad(name, input.offset(), format!("{of} is {length}")),
                _ => self.bad(name, input.offset(), format!("{of} is not known")),
            },
        }
    }

    fn is_present(&self, field: &Field, scope: &Scope) -> bool {
        let version = match self.env.get("metadata_version") {
            Some(Literal::Number(version)) => *version,
            _ => i64::MAX,
        };
        field.since.is_none_or(|since| i64::from(since) <= version)
            && field.until.is_none_or(|until| version <= i64::from(until))
            && field.when.as_ref().is_none_or(|when| self.holds(when, scope))
    }

    fn holds(&self, when: &Condition, scope: &Scope) -> bool {
        when.all.iter().all(|one| self.look_up(&one.name, scope).is_some_and(|value| one.holds(&value)))
    }

    fn look_up(&self, name: &str, scope: &Scope) -> Option<Literal> {
        let in_scope = scope.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value);
        in_scope.or_else(|| self.env.get(name)).cloned()
    }
}

/// The first `length` bytes.
pub(super) fn window(input: Input<'_>, length: usize) -> Option<Input<'_>> {
    (length <= input.len()).then(|| input.until(&input.skip(length)))
}

/// A number at the start of the bytes, and how many bytes it takes.
pub(super) fn number(ty: &Type, bytes: &[u8]) -> Option<(i64, usize)> {
    let u32le = |bytes: [u8; 4]| i64::from(u32::from_le_bytes(bytes));
    Some(match ty {
        Type::I8 => (i64::from(i8::from_be_bytes(*bytes.first_chunk()?)), 1),
        Type::U8 => (i64::from(*bytes.first()?), 1),
        Type::Bool => (i64::from(*bytes.first()? != 0), 1),
        Type::I16 => (i64::from(i16::from_be_bytes(*bytes.first_chunk()?)), 2),
        Type::U16 => (i64::from(u16::from_be_bytes(*bytes.first_chunk()?)), 2),
        Type::I32 => (i64::from(i32::from_be_bytes(*bytes.first_chunk()?)), 4),
        Type::I64 => (i64::from_be_bytes(*bytes.first_chunk()?), 8),
        Type::U24Le => bytes.first_chunk().map(|[a, b, c]| (u32le([*a, *b, *c, 0]), 3))?,
        Type::U32Le => (u32le(*bytes.first_chunk()?), 4),
        _ => return None,
    })
}

/// A string with its length before it, and how many bytes it takes.
pub(super) fn utf(bytes: &[u8]) -> Option<(String, usize)> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let text = JavaStr::from_modified_utf8(rest.get(..length)?, false).ok()?;
    Some((text.to_string(), 2 + length))
}

/// A string of Flink, and how many bytes it takes.
fn flink_string(bytes: &[u8]) -> Option<(String, usize)> {
    use flink_savepoint::value::{Scalar, TypeDescription};
    let ty = TypeDescription::Scalar(Scalar::String);
    let length = ty.value_length(bytes)?;
    let value = ty.decode(bytes.get(..length)?).ok()?;
    let json = crate::dump::to_json(&ty, &value);
    Some((json.as_str().unwrap_or("null").to_owned(), length))
}

/// `49 60 67 2D`.
pub(super) fn hex_spaced(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}

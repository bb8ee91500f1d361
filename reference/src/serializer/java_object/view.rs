//! Looking into an object stream that was read.

use std::borrow::Cow;

use super::{Descriptor, Field, Id, Item, JavaObject, Level};
use crate::wire::JavaStr;

/// An object of a stream: what a field or a list holds.
#[derive(Clone, Copy)]
pub struct JavaNode<'t, 'a> {
    stream: &'t JavaObject<'a>,
    id: Id,
}

/// A class descriptor of a stream.
#[derive(Clone, Copy)]
pub struct JavaClass<'t, 'a> {
    stream: &'t JavaObject<'a>,
    descriptor: Descriptor<'a>,
}

enum FieldValue<'t, 'a> {
    Primitive(u8, &'a [u8]),
    Object(JavaNode<'t, 'a>),
}

impl<'a> JavaObject<'a> {
    fn item(&self, id: Id) -> Option<&Item<'a>> {
        self.items.get(usize::try_from(id).ok()?).map(|(_, item)| item)
    }

    fn class(&self, id: Id) -> Option<JavaClass<'_, 'a>> {
        match self.item(id)? {
            Item::Class(descriptor) => Some(JavaClass { stream: self, descriptor: *descriptor }),
            _ => None,
        }
    }

    pub(super) fn fields_of(&self, class: Descriptor<'_>) -> &[Field<'a>] {
        range(&self.fields, (class.fields, class.fields.saturating_add(class.field_count.into())))
    }
}

fn range<T>(all: &[T], (from, to): (u32, u32)) -> &[T] {
    let index = |i| usize::try_from(i).unwrap_or(usize::MAX);
    all.get(index(from)..index(to)).unwrap_or_default()
}

impl<'t, 'a> JavaClass<'t, 'a> {
    /// Its name, as `Class.getName`; empty for a proxy.
    pub fn name(self) -> Cow<'a, str> {
        text(self.descriptor.name)
    }

    /// Its superclass, if that is in the stream.
    pub fn superclass(self) -> Option<JavaClass<'t, 'a>> {
        self.stream.class(self.descriptor.superclass)
    }
}

impl<'t, 'a> JavaNode<'t, 'a> {
    pub(super) fn new(stream: &'t JavaObject<'a>, id: Id) -> Self {
        Self { stream, id }
    }

    fn item(self) -> Option<&'t Item<'a>> {
        self.stream.item(self.id)
    }

    fn at(self, id: Id) -> Self {
        Self { id, ..self }
    }

    /// The absolute offset of its tag; that of the stream for `null`.
    pub fn offset(self) -> u64 {
        let relative = usize::try_from(self.id).ok().and_then(|id| self.stream.items.get(id)).map_or(0, |(at, _)| *at);
        self.stream.start + u64::from(relative)
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.item().is_none()
    }

    /// The class of an object, an enum constant or an array.
    pub fn class(self) -> Option<JavaClass<'t, 'a>> {
        match *self.item()? {
            Item::Object { class, .. }
            | Item::Primitives(class, _)
            | Item::Elements { class, .. }
            | Item::Constant { class, .. } => self.stream.class(class),
            _ => None,
        }
    }

    /// The name of its class; empty if it has none.
    pub fn class_name(self) -> Cow<'a, str> {
        self.class().map_or(Cow::Borrowed(""), JavaClass::name)
    }

    /// A string.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self.item()? {
            Item::Text(bytes) => Some(text(bytes)),
            _ => None,
        }
    }

    /// The name of an enum constant.
    pub fn constant(self) -> Option<Cow<'a, str>> {
        match self.item()? {
            Item::Constant { name, .. } => self.at(*name).text(),
            _ => None,
        }
    }

    /// The name of the class that a `java.lang.Class` is.
    pub fn class_object(self) -> Option<Cow<'a, str>> {
        match self.item()? {
            Item::ClassObject(class) => self.stream.class(*class).map(JavaClass::name),
            _ => None,
        }
    }

    /// A field of type `int`, of the class or the nearest superclass that has one of this name.
    pub fn int(self, field: &str) -> Option<i32> {
        match self.field(field)? {
            FieldValue::Primitive(b'I', bytes) => bytes.first_chunk().copied().map(i32::from_be_bytes),
            _ => None,
        }
    }

    /// A field of type `boolean`.
    pub fn boolean(self, field: &str) -> Option<bool> {
        match self.field(field)? {
            FieldValue::Primitive(b'Z', bytes) => bytes.first().map(|byte| *byte != 0),
            _ => None,
        }
    }

    /// A field of a reference type, which may be `null`.
    pub fn object(self, field: &str) -> Option<JavaNode<'t, 'a>> {
        match self.field(field)? {
            FieldValue::Object(node) => Some(node),
            FieldValue::Primitive(..) => None,
        }
    }

    fn levels(self) -> &'t [Level<'a>] {
        match self.item() {
            Some(Item::Object { levels, .. }) => range(&self.stream.levels, *levels),
            _ => &[],
        }
    }

    /// Fields that a look-up passes at most: what it costs.
    pub(crate) fn field_count(self) -> usize {
        let of =
            |level: &Level<'_>| self.stream.class(level.class).map_or(0, |class| class.descriptor.field_count.into());
        self.levels().iter().map(of).sum()
    }

    fn field(self, name: &str) -> Option<FieldValue<'t, 'a>> {
        self.levels().iter().rev().find_map(|level| {
            let class = self.stream.class(level.class)?;
            let mut at = 0_usize;
            let mut objects = 0_usize;
            for field in self.stream.fields_of(class.descriptor) {
                let found = field.name == name.as_bytes();
                match field.width() {
                    Some(width) if found => {
                        return Some(FieldValue::Primitive(field.code, level.primitives.get(at..)?.get(..width)?));
                    }
                    Some(width) => at += width,
                    None if found => {
                        let id = range(&self.stream.cells, level.cells).get(objects)?;
                        return Some(FieldValue::Object(self.at(*id)));
                    }
                    None => objects += 1,
                }
            }
            None
        })
    }

    /// The elements of an array of objects, an `ArrayList`, an immutable list or set of `List.of`, or an unmodifiable view of one.
    pub fn elements(self) -> Option<impl ExactSizeIterator<Item = JavaNode<'t, 'a>>> {
        let ids = self.element_ids()?;
        Some(ids.iter().map(move |id| self.at(*id)))
    }

    /// The elements of an array of primitives, big-endian, one after the other.
    pub fn primitives(self) -> Option<&'a [u8]> {
        match self.item()? {
            Item::Primitives(_, bytes) => Some(bytes),
            _ => None,
        }
    }

    fn element_ids(self) -> Option<&'t [Id]> {
        /// `Collections.unmodifiableList` of another one, and so on.
        const VIEWS: usize = 8;
        let mut node = self;
        for _ in 0..VIEWS {
            if let Item::Elements { cells, .. } = node.item()? {
                return Some(range(&node.stream.cells, *cells));
            }
            match node.class_name().as_ref() {
                "java.util.ArrayList" => {
                    let ids = node.custom("java.util.ArrayList")?;
                    return (i32::try_from(ids.len()).ok() == node.int("size")).then_some(ids);
                }
                // 3 is a map.
                "java.util.CollSer" if node.int("tag") != Some(3) => return node.custom("java.util.CollSer"),
                "java.util.Collections$UnmodifiableList" | "java.util.Collections$UnmodifiableRandomAccessList" => {
                    node = node.object("list")?;
                }
                "java.util.Arrays$ArrayList" => node = node.object("a")?,
                _ => return None,
            }
        }
        None
    }

    /// The objects in the custom data of a class.
    fn custom(self, class: &str) -> Option<&'t [Id]> {
        self.levels().iter().find_map(|level| {
            let found = self.stream.class(level.class)?;
            let fields = self.stream.fields_of(found.descriptor);
            let objects = fields.iter().filter(|field| field.width().is_none()).count();
            let cells = range(&self.stream.cells, level.cells);
            (found.descriptor.name == class.as_bytes()).then(|| cells.get(objects..).unwrap_or_default())
        })
    }
}

/// Text of modified UTF-8 that was checked; borrowed where it is UTF-8, too.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => match JavaStr::from_modified_utf8(bytes, false) {
            Ok(text) => Cow::Owned(text.to_string()),
            Err(_) => Cow::Borrowed(""),
        },
    }
}

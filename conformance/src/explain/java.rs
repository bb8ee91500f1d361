//! Java object streams, item by item. The reference has found them sound before: here their bytes get names.

use flink_savepoint::serializer::java_object;
use flink_savepoint::wire::Input;
use flink_savepoint_spec::layouts::{self, Structure, Type};

use super::sink::{Group, Stop};
use super::walker::{Rest, Walker, hex_spaced, number, utf, window};
use crate::text::hex;

const FIRST_HANDLE: i64 = 0x7E_0000;
const CUSTOM: u8 = 0x01;
const SERIALIZABLE: u8 = 0x02;
const BLOCK_DATA: u8 = 0x08;

/// What a handle stands for.
#[derive(Clone)]
enum Item {
    Class(Class),
    Text(String),
    Other,
}

#[derive(Clone, Default)]
struct Class {
    name: String,
    flags: u8,
    fields: Vec<(u8, String)>,
    /// Handle of the superclass.
    superclass: Option<usize>,
}

/// Names the bytes of a whole stream.
pub(super) fn stream<'a>(walker: &mut Walker<'_>, (name, index): (&str, Option<u64>), input: Input<'a>) -> Rest<'a> {
    let length = match java_object::length(input) {
        Ok(length) => length,
        Err(error) => return walker.bad(name, error.offset(), error.kind().to_string()),
    };
    let Some(bytes) = window(input, length) else { return walker.bad(name, input.offset(), "the file ends") };
    let group = Group::new(name, "java-object-stream", input.offset()).numbered(index);
    walker.group(&group, |walker| {
        let rest = walker.leaf(("java-object-stream", "stream_magic", None), "bytes[2]", bytes, 2, hex_spaced)?;
        let rest = walker.leaf(("java-object-stream", "stream_version", None), "u16", rest, 2, decimal)?;
        let rest = Java::default().content(walker, "content", None, rest)?.0;
        Ok(input.skip(length - rest.len()))
    })
}

#[derive(Default)]
struct Java {
    items: Vec<Item>,
}

/// What is left, and the handle of the item.
type Read<'a> = Result<(Input<'a>, Option<usize>), Stop>;

impl Java {
    fn handle(&mut self, item: Item) -> usize {
        self.items.push(item);
        self.items.len() - 1
    }

    fn class_at(&self, handle: Option<usize>) -> Class {
        match handle.and_then(|handle| self.items.get(handle)) {
            Some(Item::Class(class)) => class.clone(),
            _ => Class::default(),
        }
    }

    /// Runs `read` in a group.
    fn within<'a>(
        &mut self,
        walker: &mut Walker<'_>,
        (name, index, layout): (&str, Option<u64>, &str),
        input: Input<'a>,
        read: impl FnOnce(&mut Self, &mut Walker<'_>) -> Read<'a>,
    ) -> Read<'a> {
        let group = Group::new(name, layout, input.offset()).numbered(index);
        let mut found = None;
        let rest = walker.group(&group, |walker| {
            let (rest, handle) = read(self, walker)?;
            found = handle;
            Ok(rest)
        })?;
        Ok((rest, found))
    }

    fn leaf<'a>(
        walker: &mut Walker<'_>,
        (layout, name): (&str, &str),
        ty: &str,
        input: Input<'a>,
        length: usize,
        value: impl FnOnce(&'a [u8]) -> String,
    ) -> Rest<'a> {
        walker.leaf((layout, name, None), ty, input, length, value)
    }

    fn tag<'a>(walker: &mut Walker<'_>, choice: &str, input: Input<'a>) -> Rest<'a> {
        let text = |bytes: &[u8]| {
            let value = bytes.first().map_or(0, |tag| i64::from(*tag));
            let constant = match layouts::get(choice) {
                Some(Structure::Choice(choice)) => {
                    let case = choice.cases.iter().find(|case| case.value == layouts::Literal::Number(value));
                    case.and_then(|case| case.constant.clone())
                }
                _ => None,
            };
            constant.map_or_else(|| format!("{value:02X}"), |constant| format!("{value:02X}, {constant}"))
        };
        Self::leaf(walker, (choice, "tag"), "u8", input, 1, text)
    }

    fn utf<'a>(
        walker: &mut Walker<'_>,
        layout: &str,
        name: &str,
        input: Input<'a>,
    ) -> Result<(Input<'a>, String), Stop> {
        let Some((text, length)) = utf(input.bytes()) else {
            return walker.bad(name, input.offset(), "the stream ends");
        };
        let rest = Self::leaf(walker, (layout, name), "utf", input, length, |_| format!("{text:?}"))?;
        Ok((rest, text))
    }

    fn reference<'a>(&mut self, walker: &mut Walker<'_>, input: Input<'a>) -> Read<'a> {
        let found = number(&Type::I32, input.bytes()).map_or(0, |(found, _)| found);
        let handle = usize::try_from(found - FIRST_HANDLE).ok();
        let about = match handle.and_then(|handle| self.items.get(handle)) {
            Some(Item::Class(class)) => format!("class {}", class.name),
            Some(Item::Text(text)) => format!("{text:?}"),
            _ => "an object".to_owned(),
        };
        let rest = Self::leaf(walker, ("java-reference", "handle"), "i32", input, 4, |bytes| {
            format!("{}, {about}", hex_spaced(bytes))
        })?;
        Ok((rest, handle))
    }

    fn content<'a>(&mut self, walker: &mut Walker<'_>, name: &str, index: Option<u64>, input: Input<'a>) -> Read<'a> {
        let tag = input.bytes().first().copied().unwrap_or_default();
        let choice = if matches!(tag, 0x72 | 0x7D) { "java-class" } else { "java-content" };
        self.item(walker, (name, index, choice), input)
    }

    /// An item, where the choice of that id stands.
    fn item<'a>(
        &mut self,
        walker: &mut Walker<'_>,
        (name, index, choice): (&str, Option<u64>, &str),
        input: Input<'a>,
    ) -> Read<'a> {
        let tag = input.bytes().first().copied().unwrap_or_default();
        let layout = match tag {
            0x71 => "java-reference",
            0x72 => "java-class-descriptor",
            0x73 => "java-object",
            0x74 => "java-string",
            0x75 => "java-array",
            0x76 => "java-class-object",
            0x77 => "java-block",
            0x7A => "java-long-block",
            0x7C => "java-long-string",
            0x7D => "java-proxy-class",
            0x7E => "java-enum",
            _ => choice,
        };
        self.within(walker, (name, index, layout), input, |java, walker| {
            let rest = Self::tag(walker, choice, input)?;
            match tag {
                0x71 => java.reference(walker, rest),
                0x72 => java.descriptor(walker, rest),
                0x7D => java.proxy(walker, rest),
                0x73 => java.object(walker, rest),
                0x74 => {
                    let (rest, text) = Self::utf(walker, layout, "value", rest)?;
                    Ok((rest, Some(java.handle(Item::Text(text)))))
                }
                0x7C => {
                    let length = number(&Type::I64, rest.bytes()).map_or(0, |(length, _)| length);
                    let rest = Self::leaf(walker, (layout, "length"), "i64", rest, 8, decimal)?;
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    let rest = Self::leaf(walker, (layout, "value"), "bytes[length]", rest, length, hex)?;
                    Ok((rest, Some(java.handle(Item::Other))))
                }
                0x75 => java.array(walker, rest),
                0x76 => {
                    let (rest, _) = java.class(walker, "class", rest)?;
                    Ok((rest, Some(java.handle(Item::Other))))
                }
                0x7E => {
                    let (rest, _) = java.class(walker, "class", rest)?;
                    let handle = java.handle(Item::Other);
                    let (rest, _) = java.content(walker, "constant", None, rest)?;
                    Ok((rest, Some(handle)))
                }
                0x77 | 0x7A => {
                    let (ty, width) = if tag == 0x77 { (Type::U8, 1) } else { (Type::I32, 4) };
                    let length = number(&ty, rest.bytes()).map_or(0, |(length, _)| length);
                    let rest = Self::leaf(walker, (layout, "length"), &ty.to_string(), rest, width, decimal)?;
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    let rest = Self::leaf(walker, (layout, "data"), "bytes[length]", rest, length, hex)?;
                    Ok((rest, None))
                }
                _ => Ok((rest, None)),
            }
        })
    }

    fn class<'a>(&mut self, walker: &mut Walker<'_>, name: &str, input: Input<'a>) -> Read<'a> {
        self.item(walker, (name, None, "java-class"), input)
    }

    fn descriptor<'a>(&mut self, walker: &mut Walker<'_>, input: Input<'a>) -> Read<'a> {
        let layout = "java-class-descriptor";
        let (rest, class_name) = Self::utf(walker, layout, "class_name", input)?;
        let rest = Self::leaf(walker, (layout, "serial_version_uid"), "i64", rest, 8, decimal)?;
        let handle = self.handle(Item::Other);
        let flags = rest.bytes().first().copied().unwrap_or_default();
        let rest = Self::leaf(walker, (layout, "flags"), "u8", rest, 1, |_| format!("{flags:02X}"))?;
        let count = number(&Type::U16, rest.bytes()).map_or(0, |(count, _)| count);
        let mut rest = Self::leaf(walker, (layout, "field_count"), "u16", rest, 2, decimal)?;
        let mut fields = Vec::new();
        for i in 0..u64::try_from(count).unwrap_or(0) {
            let at = rest;
            let code = at.bytes().first().copied().unwrap_or_default();
            let mut field_name = String::new();
            rest = self
                .within(walker, ("fields", Some(i), "java-field-descriptor"), at, |java, walker| {
                    let layout = "java-field-descriptor";
                    let rest =
                        Self::leaf(walker, (layout, "type_code"), "u8", at, 1, |_| char::from(code).to_string())?;
                    let (rest, name) = Self::utf(walker, layout, "field_name", rest)?;
                    field_name = name;
                    if matches!(code, b'L' | b'[') {
                        java.content(walker, "signature", None, rest)
                    } else {
                        Ok((rest, None))
                    }
                })?
                .0;
            fields.push((code, field_name));
        }
        let rest = self.annotations(walker, layout, rest)?;
        // Its superclass comes behind it, and is needed by what comes behind both.
        let (rest, superclass) = self.class(walker, "superclass", rest)?;
        let class = Class { name: class_name, flags, fields, superclass };
        if let Some(slot) = self.items.get_mut(handle) {
            *slot = Item::Class(class);
        }
        Ok((rest, Some(handle)))
    }

    fn proxy<'a>(&mut self, walker: &mut Walker<'_>, input: Input<'a>) -> Read<'a> {
        let layout = "java-proxy-class";
        let handle = self.handle(Item::Class(Class::default()));
        let count = number(&Type::I32, input.bytes()).map_or(0, |(count, _)| count);
        let mut rest = Self::leaf(walker, (layout, "interface_count"), "i32", input, 4, decimal)?;
        for i in 0..u64::try_from(count).unwrap_or(0) {
            let Some((text, length)) = utf(rest.bytes()) else {
                return walker.bad("interfaces", rest.offset(), "the stream ends");
            };
            let place = (layout, "interfaces", Some(i));
            rest = walker.leaf(place, "utf", rest, length, |_| format!("{text:?}"))?;
        }
        let rest = self.annotations(walker, layout, rest)?;
        let (rest, superclass) = self.class(walker, "superclass", rest)?;
        if let Some(Item::Class(class)) = self.items.get_mut(handle) {
            class.flags = SERIALIZABLE;
            class.superclass = superclass;
        }
        Ok((rest, Some(handle)))
    }

    /// What a class wrote on its own, up to the mark behind it.
    fn annotations<'a>(&mut self, walker: &mut Walker<'_>, layout: &str, input: Input<'a>) -> Rest<'a> {
        let mut rest = input;
        let mut number = 0;
        while rest.bytes().first().is_some_and(|tag| *tag != 0x78) {
            rest = self.content(walker, "annotations", Some(number), rest)?.0;
            number += 1;
        }
        Self::leaf(walker, (layout, "end_annotations"), "bytes[1]", rest, 1, hex_spaced)
    }

    fn object<'a>(&mut self, walker: &mut Walker<'_>, input: Input<'a>) -> Read<'a> {
        let (mut rest, class) = self.class(walker, "class", input)?;
        let handle = self.handle(Item::Other);
        let mut levels = Vec::new();
        let mut next = class;
        while let Some(at) = next {
            let class = self.class_at(Some(at));
            next = class.superclass.filter(|_| levels.len() < usize::from(u8::MAX));
            levels.push(class);
        }
        for class in levels.iter().rev() {
            let layout = values_layout(&class.name);
            if class.flags & SERIALIZABLE != 0 {
                for (code, name) in &class.fields {
                    rest = self.value(walker, layout, *code, name, rest)?;
                }
            }
            let is_custom = class.flags & SERIALIZABLE != 0 && class.flags & CUSTOM != 0;
            if is_custom || class.flags & (SERIALIZABLE | BLOCK_DATA) == BLOCK_DATA {
                rest = self.annotations(walker, "java-object", rest)?;
            }
        }
        Ok((rest, Some(handle)))
    }

    /// The value of a field, or an element.
    fn value<'a>(&mut self, walker: &mut Walker<'_>, layout: &str, code: u8, name: &str, input: Input<'a>) -> Rest<'a> {
        let known = snake_case(name);
        let has = |field: &str| match layouts::get(layout) {
            Some(Structure::Layout(layout)) => layout.fields.iter().any(|one| one.name == field),
            _ => false,
        };
        let is_known = has(&known);
        let (shown, prefix) = if is_known { (known.as_str(), String::new()) } else { ("values", format!("{name} = ")) };
        let ty = match code {
            b'Z' => Type::Bool,
            b'B' => Type::I8,
            b'S' => Type::I16,
            b'C' => Type::U16,
            b'I' => Type::I32,
            b'J' => Type::I64,
            b'F' => {
                return Self::leaf(walker, (layout, shown), "f32", input, 4, |bytes| {
                    format!("{prefix}{}", hex_spaced(bytes))
                });
            }
            b'D' => {
                return Self::leaf(walker, (layout, shown), "f64", input, 8, |bytes| {
                    format!("{prefix}{}", hex_spaced(bytes))
                });
            }
            _ => return Ok(self.content(walker, if is_known { shown } else { name }, None, input)?.0),
        };
        let (value, width) = number(&ty, input.bytes()).unwrap_or_default();
        let text = if ty == Type::Bool { (value != 0).to_string() } else { value.to_string() };
        Self::leaf(walker, (layout, shown), &ty.to_string(), input, width, |_| format!("{prefix}{text}"))
    }

    fn array<'a>(&mut self, walker: &mut Walker<'_>, input: Input<'a>) -> Read<'a> {
        let (rest, class) = self.class(walker, "class", input)?;
        let handle = self.handle(Item::Other);
        let count = number(&Type::I32, rest.bytes()).map_or(0, |(count, _)| count);
        let mut rest = Self::leaf(walker, ("java-array", "length"), "i32", rest, 4, decimal)?;
        let code = self.class_at(class).name.as_bytes().get(1).copied().unwrap_or(b'L');
        for i in 0..u64::try_from(count).unwrap_or(0) {
            rest = match code {
                b'L' | b'[' => self.content(walker, "elements", Some(i), rest)?.0,
                _ => self.value(walker, "java-array", code, &i.to_string(), rest)?,
            };
        }
        Ok((rest, Some(handle)))
    }
}

/// The layout of the values of the classes that the specification knows.
fn values_layout(class: &str) -> &'static str {
    match class.rsplit('.').next().unwrap_or_default() {
        "CheckpointProperties" => "checkpoint-properties",
        "SavepointType" => "savepoint-type",
        "CheckpointType" => "checkpoint-type",
        _ => "java-object",
    }
}

/// `discardCancelled` as `discard_cancelled`.
fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

fn decimal(bytes: &[u8]) -> String {
    match bytes.len() {
        8 => bytes.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes)).to_string(),
        _ => bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)).to_string(),
    }
}

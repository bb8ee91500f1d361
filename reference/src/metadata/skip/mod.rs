//! Steps over subtasks of the common forms without reading them: all that a [`List`](super::List) needs is where each ends.

use super::codec::ReadContext;
use super::key_groups::KeyGroupRange;
use super::keyed_handle::{INCREMENTAL, INCREMENTAL_V2, KEY_GROUPS, KEY_GROUPS_V2, SAVEPOINT_KEY_GROUPS};
use super::operator_handle::{Mode, PARTITIONABLE};
use super::stream_handle::{BYTE_STREAM, FILE, NULL, RELATIVE};
use crate::wire::Input;

#[cfg(test)]
mod tests;

/// What is left behind a structure; none where reading has to look at it.
type Behind<'a> = Option<&'a [u8]>;

/// The input behind a running subtask of an operator of that parallelism, if the subtask is of a common and sound form.
///
/// There is an end only where [`Subtask::read`](super::Subtask) with the same context gives a subtask with this very end and
/// an index below the parallelism, strict or not. Whatever is rare or unsound gives none, so that reading judges it and says
/// what is wrong: finished subtasks, merged files, changelogs, in-flight data, texts that are not plain ASCII.
pub(super) fn subtask(input: Input<'_>, cx: ReadContext, parallelism: u32) -> Option<Input<'_>> {
    let (index, rest) = number(input.bytes())?;
    if index >= parallelism {
        return None;
    }
    let since_v3 = cx.version.has_channel_state();
    let rest = if since_v3 { rest } else { v2_head(rest)? };
    let rest = operator_state(operator_state(rest)?)?;
    let rest = keyed_state(keyed_state(rest)?)?;
    let rest = if since_v3 { no_channels(rest)? } else { rest };
    Some(input.skip(input.len() - rest.len()))
}

/// Duration, and no legacy states.
fn v2_head(bytes: &[u8]) -> Behind<'_> {
    let (_duration, rest) = bytes.split_first_chunk::<8>()?;
    let (legacy_states, rest) = rest.split_first_chunk()?;
    (i32::from_be_bytes(*legacy_states) <= 0).then_some(rest)
}

/// Two lists of channel handles without an element.
fn no_channels(bytes: &[u8]) -> Behind<'_> {
    let (counts, rest) = bytes.split_first_chunk()?;
    (*counts == [0; 8]).then_some(rest)
}

fn operator_state(bytes: &[u8]) -> Behind<'_> {
    let (flag, rest) = number(bytes)?;
    match flag {
        0 => Some(rest),
        1 => {
            let (type_byte, rest) = rest.split_first()?;
            if *type_byte != PARTITIONABLE {
                return None;
            }
            file_or_inline(list(rest, state_meta)?)
        }
        _ => None,
    }
}

fn state_meta(bytes: &[u8]) -> Behind<'_> {
    let (_name, rest) = text(bytes)?;
    let (mode, rest) = rest.split_first()?;
    if *mode > Mode::Broadcast as u8 {
        return None;
    }
    let (count, rest) = number(rest)?;
    offsets(rest, count)
}

fn keyed_state(bytes: &[u8]) -> Behind<'_> {
    let (type_byte, rest) = bytes.split_first()?;
    match *type_byte {
        NULL => Some(rest),
        KEY_GROUPS | SAVEPOINT_KEY_GROUPS => key_groups(rest),
        KEY_GROUPS_V2 => text(key_groups(rest)?).map(|(_id, rest)| rest),
        INCREMENTAL => incremental(rest, false),
        INCREMENTAL_V2 => incremental(rest, true),
        _ => None,
    }
}

fn key_groups(bytes: &[u8]) -> Behind<'_> {
    let (count, rest) = range(bytes)?;
    file_or_inline(offsets(rest, count)?)
}

fn incremental(bytes: &[u8], v2: bool) -> Behind<'_> {
    let (_checkpoint_id, rest) = bytes.split_first_chunk::<8>()?;
    let (_backend_id, rest) = text(rest)?;
    let (_count, rest) = range(rest)?;
    let (_checkpointed_size, rest) = rest.split_at_checked(if v2 { 8 } else { 0 })?;
    let rest = match rest.split_first()? {
        (&NULL, rest) => rest,
        _ => file_or_inline(rest)?,
    };
    let rest = list(list(rest, named)?, named)?;
    if v2 { text(rest).map(|(_id, rest)| rest) } else { Some(rest) }
}

fn named(bytes: &[u8]) -> Behind<'_> {
    let (_name, rest) = text(bytes)?;
    file_or_inline(rest)
}

/// A stream handle of type 1, 2 or 6, which is all that savepoints have.
fn file_or_inline(bytes: &[u8]) -> Behind<'_> {
    let (type_byte, rest) = bytes.split_first()?;
    match *type_byte {
        FILE => path(state_size(rest)?),
        RELATIVE => state_size(path(rest)?),
        BYTE_STREAM => {
            let (_handle_name, rest) = text(rest)?;
            let (length, rest) = number(rest)?;
            skip(rest, usize::try_from(length).ok()?)
        }
        _ => None,
    }
}

fn path(bytes: &[u8]) -> Behind<'_> {
    let (path, rest) = text(bytes)?;
    (!path.is_empty()).then_some(rest)
}

fn state_size(bytes: &[u8]) -> Behind<'_> {
    let (size, rest) = bytes.split_first_chunk()?;
    (i64::from_be_bytes(*size) >= -1).then_some(rest)
}

/// A count, and elements that take a byte or more each: the loop ends with the input, whatever the count.
fn list<'a>(bytes: &'a [u8], element: impl Fn(&'a [u8]) -> Behind<'a>) -> Behind<'a> {
    let (count, rest) = number(bytes)?;
    (0..count).try_fold(rest, |rest, _| element(rest))
}

/// Start and number of key groups; gives the number.
fn range(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (start, rest) = number(bytes)?;
    let (count, rest) = number(rest)?;
    KeyGroupRange::new(start, count)?;
    Some((count, rest))
}

fn offsets(bytes: &[u8], count: u32) -> Behind<'_> {
    skip(bytes, usize::try_from(count).ok()?.checked_mul(8)?)
}

/// `readUTF` of plain ASCII without U+0000, the same in strict reading.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
    (text.is_ascii() && !text.contains(&0)).then_some((text, rest))
}

/// An `i32` that is not negative.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (stored, rest) = bytes.split_first_chunk()?;
    Some((u32::try_from(i32::from_be_bytes(*stored)).ok()?, rest))
}

fn skip(bytes: &[u8], n: usize) -> Behind<'_> {
    bytes.split_at_checked(n).map(|(_, rest)| rest)
}

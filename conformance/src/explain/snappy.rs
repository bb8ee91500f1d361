//! Framed Snappy streams: their chunks, and what they hold.

use flink_savepoint::Limits;
use flink_savepoint::compression::Chunks;
use flink_savepoint::wire::Input;

use super::sink::{Group, Stop};
use super::walker::{Rest, Walker};

const IDENTIFIER: u8 = 0xFF;

/// Names the chunks up to the end of the window, or to where another stream starts, then what they hold, uncompressed.
pub(super) fn stream<'a>(
    walker: &mut Walker<'_>,
    input: Input<'a>,
    explain: impl FnOnce(&mut Walker<'_>, Input<'_>) -> Result<(), Stop>,
) -> Rest<'a> {
    let rest = chunks(walker, input)?;
    open(walker, input.until(&rest), explain)?;
    Ok(rest)
}

/// Names the chunks up to the end of the window, or to where another stream starts.
pub(super) fn chunks<'a>(walker: &mut Walker<'_>, input: Input<'a>) -> Rest<'a> {
    let mut rest = input;
    let mut number = 0;
    while let Some(kind) = rest.bytes().first() {
        let is_identifier = *kind == IDENTIFIER;
        if is_identifier && number > 0 {
            break;
        }
        if is_identifier {
            rest = walker.structure("snappy-stream-identifier", "identifier", None, rest)?;
        } else {
            rest = walker.structure("snappy-chunk", "chunks", Some(number), rest)?;
            number += 1;
        }
    }
    Ok(rest)
}

/// Explains what the chunks of a window hold.
pub(super) fn open(
    walker: &mut Walker<'_>,
    chunks: Input<'_>,
    explain: impl FnOnce(&mut Walker<'_>, Input<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut buffer = Vec::new();
    let mut reader = Chunks::resumed(chunks);
    loop {
        match reader.next_into(&mut buffer) {
            Ok(true) if buffer.len() > Limits::default().entry => {
                return walker.bad("content", reader.last_chunk(), "too large to be opened");
            }
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return walker.bad("content", error.offset(), error.kind().to_string()),
        }
    }
    let opened = Input::new(&buffer);
    let about = format!("{} bytes, uncompressed", buffer.len());
    let group = Group::content(about);
    walker.group(&group, |walker| {
        explain(walker, opened)?;
        Ok(opened.skip(opened.len()))
    })?;
    Ok(())
}

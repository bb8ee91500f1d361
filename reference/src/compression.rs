//! The Snappy framing of compressed state.
//!
//! | field of a chunk | type |
//! |---|---|
//! | type | `u8`: `FF` identifier, `00` compressed, `01` stored, `80` to `FE` skipped |
//! | length of the rest | 3 bytes, **little-endian** |
//! | masked CRC-32C of the uncompressed data | 4 bytes, little-endian; `00` and `01` only |
//! | data | bytes |
//!
//! The standard framing format, written by `SnappyFramedOutputStream` with blocks of 65536 bytes. Flink never checks the
//! CRC; neither is it needed to find the data, so a wrong one is reported by checks and not by this reader.

use snap::raw::{Decoder, Encoder, decompress_len};

use crate::wire::Input;
use crate::{Error, ErrorKind};

/// Chunk type `FF`, 6 bytes, `sNaPpY`.
pub const IDENTIFIER: [u8; 10] = [0xFF, 0x06, 0, 0, b's', b'N', b'a', b'P', b'p', b'Y'];

/// A chunk holds at most this many bytes uncompressed.
pub const BLOCK: usize = 65_536;

const COMPRESSED: u8 = 0x00;
const STORED: u8 = 0x01;
const IDENTIFIER_TYPE: u8 = 0xFF;

/// Takes chunks off a window and appends what they hold to a buffer.
#[derive(Debug)]
pub struct Chunks<'a> {
    rest: Input<'a>,
    /// Offset of the data chunk that was read last.
    last: u64,
    decoder: Decoder,
    identified: bool,
}

impl<'a> Chunks<'a> {
    /// A stream that has to start with an identifier.
    pub fn new(window: Input<'a>) -> Self {
        Self { rest: window, last: window.offset(), decoder: Decoder::new(), identified: false }
    }

    /// A position in the middle of a stream, where an identifier may follow but need not.
    pub fn resumed(window: Input<'a>) -> Self {
        Self { identified: true, ..Self::new(window) }
    }

    /// What has not been read.
    pub fn rest(&self) -> Input<'a> {
        self.rest
    }

    /// The offset of the data chunk that was read last.
    pub fn last_chunk(&self) -> u64 {
        self.last
    }

    /// Appends the content of the next data chunk to `buffer`: at most [`BLOCK`] bytes. `false` at the end of the window.
    pub fn next_into(&mut self, buffer: &mut Vec<u8>) -> Result<bool, Error> {
        loop {
            let at = self.rest.offset();
            let bytes = self.rest.bytes();
            if bytes.is_empty() && self.identified {
                return Ok(false);
            }
            let Some((&[kind, a, b, c], rest)) = bytes.split_first_chunk::<4>() else {
                return Err(Error::new(ErrorKind::Truncated { available: bytes.len() }, at));
            };
            let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
            let Some((body, rest)) = rest.split_at_checked(length) else {
                return Err(Error::new(
                    ErrorKind::LengthBeyondInput { found: length as u64, available: rest.len() },
                    at,
                ));
            };
            if !self.identified && bytes.get(..IDENTIFIER.len()) != Some(&IDENTIFIER) {
                return Err(Error::new(ErrorKind::SnappyIdentifier, at));
            }
            self.rest = Input::with_offset(rest, at + 4 + length as u64);
            match kind {
                IDENTIFIER_TYPE if body == IDENTIFIER.split_at(4).1 => self.identified = true,
                IDENTIFIER_TYPE => return Err(Error::new(ErrorKind::SnappyIdentifier, at)),
                COMPRESSED | STORED => return self.data(kind, body, at, buffer).map(|()| true),
                0x80..=0xFE => {}
                found => return Err(Error::new(ErrorKind::SnappyChunk { found }, at)),
            }
        }
    }

    fn data(&mut self, kind: u8, body: &[u8], at: u64, buffer: &mut Vec<u8>) -> Result<(), Error> {
        self.last = at;
        let bad = || Error::new(ErrorKind::SnappyData, at);
        // An empty data chunk is refused by Flink, too.
        let Some((_crc, data)) = body.split_first_chunk::<4>().filter(|(_, data)| !data.is_empty()) else {
            return Err(bad());
        };
        let size = if kind == STORED { data.len() } else { decompress_len(data).map_err(|_| bad())? };
        if size > BLOCK {
            return Err(Error::new(ErrorKind::SnappyBlock { found: size as u64 }, at));
        }
        if kind == STORED {
            buffer.extend_from_slice(data);
            return Ok(());
        }
        let start = buffer.len();
        buffer.resize(start + size, 0);
        let target = buffer.get_mut(start..).unwrap_or_default();
        self.decoder.decompress(data, target).map_err(|_| bad())?;
        Ok(())
    }
}

/// Writes framed streams: blocks of [`BLOCK`] bytes, stored where compression saves less than 15 %, as Flink does.
#[derive(Debug)]
pub struct Framing {
    encoder: Encoder,
    scratch: Vec<u8>,
}

impl Default for Framing {
    fn default() -> Self {
        Self::new()
    }
}

impl Framing {
    /// A framing with an empty scratch buffer, which is reused from stream to stream.
    pub fn new() -> Self {
        Self { encoder: Encoder::new(), scratch: Vec::new() }
    }

    /// Appends chunks that hold `data`, without an identifier.
    pub fn append(&mut self, data: &[u8], out: &mut Vec<u8>) {
        for block in data.chunks(BLOCK) {
            self.scratch.resize(snap::raw::max_compress_len(block.len()), 0);
            let length = self.encoder.compress(block, &mut self.scratch).unwrap_or(usize::MAX);
            let compressed = self.scratch.get(..length).filter(|c| c.len() * 100 <= block.len() * 85);
            let (kind, data) = compressed.map_or((STORED, block), |compressed| (COMPRESSED, compressed));
            let [a, b, c, _] = u32::try_from(data.len() + 4).unwrap_or(u32::MAX).to_le_bytes();
            out.extend_from_slice(&[kind, a, b, c]);
            out.extend_from_slice(&masked_crc(block).to_le_bytes());
            out.extend_from_slice(data);
        }
    }
}

fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xA282_EAD8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<Vec<u8>, (ErrorKind, u64)> {
        let mut buffer = Vec::new();
        let mut chunks = Chunks::new(Input::with_offset(bytes, 100));
        loop {
            match chunks.next_into(&mut buffer) {
                Ok(true) => {}
                Ok(false) => return Ok(buffer),
                Err(error) => return Err((error.kind().clone(), error.offset())),
            }
        }
    }

    fn framed(chunks: &[&[u8]]) -> Vec<u8> {
        [&IDENTIFIER[..]].into_iter().chain(chunks.iter().copied()).collect::<Vec<_>>().concat()
    }

    #[test]
    fn what_is_framed_is_read_back() {
        for data in [vec![], vec![7; 10], vec![0; 200_000], (0..=255).cycle().take(70_000).collect::<Vec<u8>>()] {
            let mut out = IDENTIFIER.to_vec();
            Framing::new().append(&data, &mut out);
            assert_eq!(decode(&out), Ok(data));
        }
    }

    #[test]
    fn a_stored_chunk_as_flink_writes_it() {
        // The second section of the vector in facts 17.3: 26 bytes, stored, CRC BF 21 25 61.
        let section = [0, 0, 0, 0, 0, 10, 0x83, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 4, 0, 0, 0, 0x66, 0xFF, 0xFF];
        let mut out = Vec::new();
        Framing::new().append(&section, &mut out);
        assert_eq!(out[..8], [0x01, 0x1E, 0, 0, 0xBF, 0x21, 0x25, 0x61]);
        assert_eq!(out[8..], section);
    }

    #[test]
    fn rules_of_the_reader() {
        let stored = [0x01, 5, 0, 0, 1, 2, 3, 4, b'x'];
        assert_eq!(decode(&framed(&[&stored])), Ok(b"x".to_vec()));
        // A second identifier and skippable chunks in the middle.
        assert_eq!(decode(&framed(&[&IDENTIFIER, &[0x80, 1, 0, 0, 9], &stored])), Ok(b"x".to_vec()));
        assert_eq!(decode(&stored), Err((ErrorKind::SnappyIdentifier, 100)));
        assert_eq!(decode(&framed(&[&[0x02, 0, 0, 0]])), Err((ErrorKind::SnappyChunk { found: 2 }, 110)));
        assert_eq!(decode(&framed(&[&[0x01, 4, 0, 0, 1, 2, 3, 4]])), Err((ErrorKind::SnappyData, 110)));
        assert_eq!(decode(&framed(&[&[0x00, 5, 0, 0, 1, 2, 3, 4, 0xFF]])), Err((ErrorKind::SnappyData, 110)));
        assert_eq!(decode(&framed(&[&[0x01, 5]])), Err((ErrorKind::Truncated { available: 2 }, 110)));
        let beyond = ErrorKind::LengthBeyondInput { found: 5, available: 1 };
        assert_eq!(decode(&framed(&[&[0x01, 5, 0, 0, 1]])), Err((beyond, 110)));
        assert_eq!(decode(&[]), Err((ErrorKind::Truncated { available: 0 }, 100)));
    }

    #[test]
    fn a_bomb_is_refused_before_anything_is_allocated() {
        // A raw block that says it holds 4 GiB.
        let bomb = [0x00, 9, 0, 0, 1, 2, 3, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F];
        assert_eq!(decode(&framed(&[&bomb])), Err((ErrorKind::SnappyBlock { found: 0xFFFF_FFFF }, 110)));
    }
}

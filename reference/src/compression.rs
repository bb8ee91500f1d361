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

use crate::limits::Budget;
use crate::wire::Input;
use crate::{Error, ErrorKind};

/// Chunk type `FF`, 6 bytes, `sNaPpY`.
pub const IDENTIFIER: [u8; 10] = [0xFF, 0x06, 0, 0, b's', b'N', b'a', b'P', b'p', b'Y'];

/// A chunk holds at most this many bytes uncompressed.
pub const BLOCK: usize = 65_536;

const COMPRESSED: u8 = 0x00;
const STORED: u8 = 0x01;
const IDENTIFIER_TYPE: u8 = 0xFF;

/// A chunk of a framed stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk<'a> {
    kind: u8,
    body: &'a [u8],
    offset: u64,
}

impl<'a> Chunk<'a> {
    /// Takes a chunk off the start of `window`.
    fn read(window: Input<'a>) -> Result<(Input<'a>, Self), Error> {
        let offset = window.offset();
        let fail = |kind| Err(Error::new(kind, offset));
        let Some((&[kind, a, b, c], rest)) = window.bytes().split_first_chunk::<4>() else {
            return fail(ErrorKind::Truncated { available: window.len() });
        };
        let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
        let Some((body, rest)) = rest.split_at_checked(length) else {
            return fail(ErrorKind::LengthBeyondInput { found: length as u64, available: rest.len() });
        };
        Ok((Input::with_offset(rest, offset + 4 + length as u64), Self { kind, body, offset }))
    }

    /// The chunks of a window, up to its end or to what is none.
    pub(crate) fn all(mut window: Input<'a>) -> impl Iterator<Item = Self> {
        std::iter::from_fn(move || {
            let (rest, chunk) = Self::read(window).ok()?;
            window = rest;
            Some(chunk)
        })
    }

    /// Where it starts.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn is_identifier(&self) -> bool {
        self.kind == IDENTIFIER_TYPE && self.body == IDENTIFIER.split_at(4).1
    }

    pub(crate) fn holds_data(&self) -> bool {
        matches!(self.kind, COMPRESSED | STORED)
    }

    /// The data behind the CRC, and how many bytes it is uncompressed. An empty data chunk is refused by Flink, too.
    fn data(&self) -> Result<(&'a [u8], usize), Error> {
        let fail = |kind| Err(Error::new(kind, self.offset));
        let Some((_crc, data)) = self.body.split_first_chunk::<4>().filter(|(_, data)| !data.is_empty()) else {
            return fail(ErrorKind::SnappyData);
        };
        let size = if self.kind == STORED { Ok(data.len()) } else { decompress_len(data) };
        match size {
            Ok(size) if size <= BLOCK => Ok((data, size)),
            Ok(size) => fail(ErrorKind::SnappyBlock { found: size as u64 }),
            Err(_) => fail(ErrorKind::SnappyData),
        }
    }

    /// Uncompressed size of what it holds.
    pub(crate) fn size(&self) -> Option<usize> {
        self.data().ok().map(|(_, size)| size)
    }
}

/// Takes chunks off a window and appends what they hold to a buffer.
#[derive(Debug)]
pub struct Chunks<'a> {
    rest: Input<'a>,
    /// Offset of the data chunk that was read last.
    last: u64,
    decoder: Decoder,
    identified: bool,
    budget: Option<&'a Budget>,
}

impl<'a> Chunks<'a> {
    /// A stream that has to start with an identifier.
    pub fn new(window: Input<'a>) -> Self {
        Self { rest: window, last: window.offset(), decoder: Decoder::new(), identified: false, budget: None }
    }

    /// A position in the middle of a stream, where an identifier may follow but need not.
    pub fn resumed(window: Input<'a>) -> Self {
        Self { identified: true, ..Self::new(window) }
    }

    /// With an account of what is decompressed.
    pub(crate) fn budget(self, budget: Option<&'a Budget>) -> Self {
        Self { budget, ..self }
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
        while !(self.rest.is_empty() && self.identified) {
            let (rest, chunk) = Chunk::read(self.rest)?;
            if chunk.is_identifier() {
                self.identified = true;
            } else if !self.identified || chunk.kind == IDENTIFIER_TYPE {
                return Err(Error::new(ErrorKind::SnappyIdentifier, chunk.offset));
            } else if chunk.holds_data() {
                self.append(&chunk, buffer)?;
                self.rest = rest;
                return Ok(true);
            } else if chunk.kind < 0x80 {
                return Err(Error::new(ErrorKind::SnappyChunk { found: chunk.kind }, chunk.offset));
            }
            self.rest = rest;
        }
        Ok(false)
    }

    fn append(&mut self, chunk: &Chunk<'a>, buffer: &mut Vec<u8>) -> Result<(), Error> {
        self.last = chunk.offset;
        let (data, size) = chunk.data()?;
        self.budget.map_or(Ok(()), |budget| budget.spend(size)).map_err(|kind| Error::new(kind, chunk.offset))?;
        if chunk.kind == STORED {
            buffer.extend_from_slice(data);
            return Ok(());
        }
        let start = buffer.len();
        buffer.resize(start + size, 0);
        let target = buffer.get_mut(start..).unwrap_or_default();
        self.decoder.decompress(data, target).map_err(|_| Error::new(ErrorKind::SnappyData, chunk.offset))?;
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

/// The checksum of a chunk that holds `data`: CRC-32C, masked as the framing format says.
pub fn masked_crc(data: &[u8]) -> u32 {
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

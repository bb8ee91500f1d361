//! What nothing that reads or writes the same bytes can beat.

use std::hint::black_box;

use flink_savepoint::compression::{BLOCK, IDENTIFIER};
use flink_savepoint::keyed::WrittenStream;
use snap::raw::Decoder;

/// One byte of each cache line: what no scan of all entries can beat.
pub fn touch_each_line(bytes: &[u8]) -> u64 {
    bytes.chunks(64).map(|line| u64::from(line[0])).sum()
}

/// The blocks of a compressed stream, found beforehand.
#[derive(Debug)]
pub struct SnappyBlocks<'s> {
    /// The data of each, and whether it is stored as it is.
    blocks: Vec<(bool, &'s [u8])>,
    block: Vec<u8>,
    decoder: Decoder,
}

impl<'s> SnappyBlocks<'s> {
    /// Those behind the header.
    ///
    /// # Panics
    ///
    /// If no key group has state.
    pub fn of(stream: &'s WrittenStream<Vec<u8>>) -> Self {
        let first = stream.offsets.offsets().iter().filter(|offset| *offset > 0).min().expect("a key group has state");
        Self::within(&stream.sink[usize::try_from(first).expect("an index")..])
    }

    /// Those of sections that follow each other.
    pub fn within(sections: &'s [u8]) -> Self {
        let (mut rest, mut blocks) = (sections, Vec::new());
        while let Some(([kind, a, b, c], behind)) = rest.split_first_chunk() {
            let (body, behind) = behind.split_at(usize::from(*a) | usize::from(*b) << 8 | usize::from(*c) << 16);
            if *kind != IDENTIFIER[0] {
                let (_crc, data) = body.split_at(4);
                blocks.push((*kind == 1, data));
            }
            rest = behind;
        }
        Self { blocks, block: vec![0; BLOCK], decoder: Decoder::new() }
    }

    /// The decoder alone, block by block into the same buffer, without the checksums; how many bytes come of it.
    ///
    /// # Panics
    ///
    /// If a block is damaged.
    pub fn decode(&mut self) -> usize {
        let mut decoded = 0;
        for (stored, data) in &self.blocks {
            decoded += if *stored {
                self.block[..data.len()].copy_from_slice(black_box(data));
                data.len()
            } else {
                self.decoder.decompress(black_box(data), &mut self.block).expect("sound")
            };
        }
        decoded
    }
}

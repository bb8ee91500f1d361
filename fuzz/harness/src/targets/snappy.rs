//! Any bytes give what the framing holds or an error with an offset inside the input, in memory that the input bounds; an
//! implementation of the framing that is not ours, and which looks at checksums, reads the same; what is compressed is read back by
//! both.

use std::io::Read;

use flink_savepoint::compression::{BLOCK, Chunks, Framing, IDENTIFIER, masked_crc};
use flink_savepoint::wire::Input;
use flink_savepoint::{Error, ErrorKind};
use snap::read::FrameDecoder;

/// The bytes that 3 bytes of a block stand for at most.
const COPY: usize = 64;

/// What all chunks hold.
fn all(mut chunks: Chunks<'_>) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    loop {
        let (before, start) = (content.len(), chunks.rest());
        match chunks.next_into(&mut content) {
            Ok(true) => {
                let grown = content.len() - before;
                assert!(grown <= BLOCK, "{grown} bytes in a chunk");
                let read = start.len() - chunks.rest().len();
                assert!(grown <= read * COPY, "{grown} bytes of {read}");
                assert!((start.offset()..chunks.rest().offset()).contains(&chunks.last_chunk()));
            }
            Ok(false) => {
                assert!(chunks.rest().is_empty() && content.len() == before);
                return Ok(content);
            }
            Err(error) => {
                // Room for a chunk is made before it is looked into.
                assert!(content.len() - before <= BLOCK);
                return Err(error);
            }
        }
    }
}

/// What a foreign implementation makes of it.
fn foreign(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    FrameDecoder::new(bytes).read_to_end(&mut content).map(|_| content)
}

/// One run.
pub fn run(bytes: &[u8]) {
    let end = bytes.len() as u64;
    let ours = all(Chunks::new(Input::new(bytes)));
    if let Err(error) = &ours {
        assert!(error.offset() <= end, "{error}");
    }
    match (&ours, foreign(bytes)) {
        (Ok(ours), Ok(foreign)) => assert_eq!(*ours, foreign),
        // It takes nothing at all for an empty stream, and chunks without data.
        (Err(error), Ok(foreign)) => {
            let known = matches!(error.kind(), ErrorKind::SnappyData | ErrorKind::Truncated { available: 0 });
            assert!(known, "{error}, but {} bytes by others", foreign.len());
        }
        // It looks at checksums.
        (_, Err(_)) => {}
    }
    match all(Chunks::resumed(Input::with_offset(bytes, 100))) {
        Ok(content) => assert!(ours.is_err() || ours.is_ok_and(|whole| whole == content)),
        Err(error) => assert!((100..=100 + end).contains(&error.offset()), "{error}"),
    }
    // Any bytes can be compressed, alone and in two pieces.
    let (one, other) = bytes.split_at(bytes.len() / 3);
    let mut framing = Framing::new();
    for pieces in [&[bytes][..], &[one, other]] {
        let mut framed = IDENTIFIER.to_vec();
        for piece in pieces {
            framing.append(piece, &mut framed);
        }
        assert!(framed.len() <= IDENTIFIER.len() + bytes.len() + 8 * (bytes.len() / BLOCK + 2));
        assert_eq!(all(Chunks::new(Input::new(&framed))).expect("just compressed"), bytes);
        assert_eq!(foreign(&framed).expect("just compressed"), bytes);
        if let (Some(crc), false) = (framed.get(14..18), bytes.is_empty() || bytes.len() > BLOCK) {
            let first = pieces.iter().find(|piece| !piece.is_empty()).copied().unwrap_or_default();
            assert_eq!(crc, masked_crc(first).to_le_bytes());
        }
    }
}

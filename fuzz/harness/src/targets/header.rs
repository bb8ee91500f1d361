//! Any bytes give a header or an error with an offset inside the input, in bounded time, where foreign bodies end by exact fit;
//! what is read is written and read again.

use flink_savepoint::keyed::KeyedHeader;
use flink_savepoint::serializer::{Hints, SerializerSnapshot};
use flink_savepoint::wire::{Input, Output};

use crate::mutate::{Rng, Shape};

fn serializers<'h, 'a>(header: &'h KeyedHeader<'a>) -> impl Iterator<Item = &'h SerializerSnapshot<'a>> {
    let of_states = header.states.iter().flat_map(|state| {
        [Some(&state.value_serializer), state.namespace_serializer.as_ref(), state.key_serializer.as_ref()]
    });
    std::iter::once(&header.key_serializer).chain(of_states.flatten())
}

/// A header is how a keyed stream starts.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) -> &'static str {
    crate::mutate::mutate(Shape::Keyed, bytes, other, most, rng)
}

/// One run.
pub fn run(bytes: &[u8]) {
    let hints = Hints::default();
    let end = bytes.len() as u64;
    let (rest, header) = match KeyedHeader::read_to(Input::new(bytes), Some(end), &hints) {
        Ok(read) => read,
        Err(error) => {
            assert!(error.offset() <= end, "{error}");
            return;
        }
    };
    for serializer in serializers(&header) {
        assert!(!serializer.is_inferred() || rest.is_empty(), "exact fit ends where the header does");
        let _ = (serializer.to_string(), serializer.type_description());
    }
    let mut out = Output::new();
    header.write(&mut out).expect("read before");
    let written = out.into_bytes();
    let again = KeyedHeader::read_to(Input::new(&written), Some(written.len() as u64), &hints);
    let (rest, again) = again.expect("just written");
    assert!(rest.is_empty());
    assert_eq!(again, header);
}

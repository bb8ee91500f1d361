//! A savepoint as one input: the metadata file and the files beside it.
//!
//! | field | type |
//! |---|---|
//! | length of `_metadata` | `u16` |
//! | `_metadata` | bytes |
//! | then, for each file: length of its name | `u8` |
//! | its name | UTF-8; what is none is replaced |
//! | length of its content | `u16` |
//! | its content | bytes |
//!
//! Any bytes are a bundle: lengths beyond the end mean all that is left.

use crate::mutate::{Rng, Shape, mutate as mutate_piece};

/// A savepoint has at most so many files beside `_metadata`.
pub const FILES: usize = 8;

/// The metadata file and the files beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Content of `_metadata`.
    pub metadata: Vec<u8>,
    /// Name and content of the others.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Bundle {
    /// What an input means.
    pub fn read(mut input: &[u8]) -> Self {
        let metadata = long(&mut input).to_vec();
        let mut files = Vec::new();
        while !input.is_empty() && files.len() < FILES {
            let length = take(&mut input, 1).first().copied().unwrap_or(0);
            let name = String::from_utf8_lossy(take(&mut input, length.into())).into_owned();
            files.push((name, long(&mut input).to_vec()));
        }
        Self { metadata, files }
    }

    /// The input that means it; none if something is too long for its length.
    pub fn write(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let long = |content: &[u8], out: &mut Vec<u8>| {
            out.extend(u16::try_from(content.len()).ok()?.to_be_bytes());
            out.extend(content);
            Some(())
        };
        long(&self.metadata, &mut out)?;
        for (name, content) in &self.files {
            out.push(u8::try_from(name.len()).ok()?);
            out.extend(name.as_bytes());
            long(content, &mut out)?;
        }
        (self.files.len() <= FILES).then_some(out)
    }
}

/// Mutates one of the files, mostly `_metadata`, as what it is; `other` is a bundle, too.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) -> &'static str {
    let mut bundle = Bundle::read(bytes);
    let other = Bundle::read(other);
    let done = if bundle.files.is_empty() || rng.u8(..8) < 5 {
        mutate_piece(Shape::Metadata, &mut bundle.metadata, &other.metadata, most, rng)
    } else {
        let shape = if rng.bool() { Shape::Keyed } else { Shape::Operator };
        let i = rng.usize(..bundle.files.len());
        let from = other.files.get(rng.usize(..=other.files.len())).map_or(&[][..], |(_, content)| content);
        match bundle.files.get_mut(i) {
            Some((_, content)) => mutate_piece(shape, content, from, most, rng),
            None => "nothing",
        }
    };
    let longest = usize::from(u16::MAX).min(most);
    bundle.metadata.truncate(longest);
    bundle.files.iter_mut().for_each(|(_, content)| content.truncate(longest));
    if let Some(written) = bundle.write() {
        *bytes = written;
    }
    bytes.truncate(most);
    done
}

fn take<'i>(input: &mut &'i [u8], length: usize) -> &'i [u8] {
    let (taken, rest) = input.split_at(length.min(input.len()));
    *input = rest;
    taken
}

fn long<'i>(input: &mut &'i [u8]) -> &'i [u8] {
    let length = take(input, 2).iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    take(input, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let files = vec![("a".to_owned(), vec![1, 2]), ("../b".to_owned(), Vec::new())];
        let bundle = Bundle { metadata: vec![7; 300], files };
        assert_eq!(Bundle::read(&bundle.write().unwrap()), bundle);
        assert_eq!(Bundle { metadata: vec![0; 1 << 16], files: Vec::new() }.write(), None);
        assert_eq!(Bundle::read(&[0, 9, 5]), Bundle { metadata: vec![5], files: Vec::new() });
    }

    #[test]
    fn a_mutation_leaves_a_bundle_of_the_same_files() {
        let bundle = Bundle { metadata: vec![7; 30], files: vec![("a".to_owned(), vec![1, 2])] };
        let mut rng = Rng::with_seed(1);
        for _ in 0..100 {
            let mut bytes = bundle.write().unwrap();
            mutate(&mut bytes, &bundle.write().unwrap(), 100, &mut rng);
            let mutated = Bundle::read(&bytes);
            assert!(bytes.len() <= 100);
            assert!(mutated.files.iter().all(|(name, _)| name == "a"), "{mutated:?}");
        }
    }
}

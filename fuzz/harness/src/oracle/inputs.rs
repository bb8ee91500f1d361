//! Inputs of a comparison: seeds, mutated a few times; the same for the same seed and index.

use super::Subject;
use crate::mutate::Rng;

/// Inputs grow no larger.
const MOST: usize = 64 * 1024;

/// What inputs are made of.
pub struct Inputs<'s> {
    subject: &'s dyn Subject,
    seeds: Vec<Vec<u8>>,
    seed: u64,
}

impl<'s> Inputs<'s> {
    /// Inputs of `subject` from `seeds`.
    pub fn new(subject: &'s dyn Subject, mut seeds: Vec<Vec<u8>>, seed: u64) -> Self {
        // Small ones are chosen more often, whatever order they were found in.
        seeds.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        seeds.dedup();
        Self { subject, seeds, seed }
    }

    /// How many seeds there are.
    pub fn seeds(&self) -> usize {
        self.seeds.len()
    }

    /// The input of that index. Every hundredth is a seed as it is.
    pub fn get(&self, index: u64) -> Vec<u8> {
        let mut rng = Rng::with_seed(self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ index);
        let mut bytes = self.pick(&mut rng).to_vec();
        if index.is_multiple_of(100) {
            return bytes;
        }
        let other = self.pick(&mut rng);
        for _ in 0..rng.u8(1..=4) {
            self.subject.mutate(&mut bytes, other, MOST, &mut rng);
        }
        bytes
    }

    fn pick(&self, rng: &mut Rng) -> &[u8] {
        // Of two picks the smaller.
        let n = self.seeds.len().max(1);
        let at = rng.usize(..n).min(rng.usize(..n));
        self.seeds.get(at).map_or(&[], Vec::as_slice)
    }
}

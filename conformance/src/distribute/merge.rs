//! Joins partial results.

use std::collections::{BTreeMap, BTreeSet};

use flink_savepoint::logical::{ALGORITHM, Fingerprint, Partial};

use super::{FORMAT, Outcome, PartialLine, Pass, Side};
use crate::check::{self, UnitPart};

/// Partial results of one plan, in any order.
#[derive(Debug, Default)]
pub struct Merge {
    plan: Option<(Pass, u32)>,
    seen: BTreeSet<u32>,
    /// The one savepoint, or both.
    sides: BTreeMap<Option<Side>, Part>,
}

/// What is known of a savepoint.
#[derive(Debug, Default)]
struct Part {
    metadata_sha256: String,
    /// The metadata file of the first of the units that have come.
    metadata_file: (u32, String),
    partial: Partial,
    parts: Vec<UnitPart>,
}

/// A savepoint whose units are all there.
#[derive(Debug)]
pub struct Whole<T> {
    /// SHA-256 of its metadata file.
    pub metadata_sha256: String,
    /// The metadata file, as the worker of the first unit has opened it.
    pub metadata_file: String,
    /// What was found, of all of it.
    pub found: T,
}

/// The result as a whole.
#[derive(Debug)]
pub enum Merged {
    /// What a savepoint means.
    Fingerprint(Whole<Fingerprint>),
    /// What two of them mean, which are to be compared.
    Diff(Box<[Whole<Fingerprint>; 2]>),
    /// What the rules found in its streams, for [`check::join`].
    Check(Whole<Vec<UnitPart>>),
}

impl Merged {
    /// What was done.
    pub fn pass(&self) -> Pass {
        match self {
            Self::Fingerprint(_) => Pass::Fingerprint,
            Self::Diff(_) => Pass::Diff,
            Self::Check(_) => Pass::Check,
        }
    }
}

impl Merge {
    /// Adds a line that `work` has printed. The error says what is wrong with it.
    pub fn add(&mut self, line: &str) -> Result<(), String> {
        let line: PartialLine = serde_json::from_str(line).map_err(|e| format!("no partial result: {e}"))?;
        if line.format_version != FORMAT {
            return Err(format!("a result of format version {}; this program knows {FORMAT}", line.format_version));
        }
        let PartialLine { unit, units, pass, side, metadata_sha256, .. } = line;
        if unit >= units {
            return Err(format!("unit {unit} of a plan of {units}, which counts from 0 on"));
        }
        if line.algorithm != ALGORITHM {
            return Err(format!("unit {unit} has digests of {}, not of {ALGORITHM}", line.algorithm));
        }
        if !pass.has(side) {
            return Err(format!("unit {unit} of the pass {} is of a wrong side", pass.name()));
        }
        let (of_pass, of_units) = *self.plan.get_or_insert((pass, units));
        if of_pass != pass {
            return Err(format!("unit {unit} is of the pass {}, others are of {}", pass.name(), of_pass.name()));
        }
        let part = self.sides.entry(side).or_insert_with(|| Part {
            metadata_sha256: metadata_sha256.clone(),
            metadata_file: (unit, line.metadata_file.clone()),
            partial: Partial::default(),
            parts: Vec::new(),
        });
        if part.metadata_sha256 != metadata_sha256 {
            return Err(format!(
                "unit {unit} is of another savepoint: the SHA-256 of its metadata is {metadata_sha256}, that of the others {}",
                part.metadata_sha256
            ));
        }
        if of_units != units {
            return Err(format!("unit {unit} is of a plan of {units} units, others are of one of {of_units}"));
        }
        if !self.seen.insert(unit) {
            return Err(format!("unit {unit} is there twice"));
        }
        if unit < part.metadata_file.0 {
            part.metadata_file = (unit, line.metadata_file);
        }
        match (pass, line.outcome) {
            (Pass::Fingerprint | Pass::Diff, Outcome::Fingerprint(report)) => {
                let partial = Partial::try_from(report).map_err(|why| format!("unit {unit}: {why}"))?;
                let mismatch = |mismatch| format!("unit {unit} is not of the same plan: {mismatch}");
                part.partial.merge(partial).map_err(mismatch)
            }
            (Pass::Check, Outcome::Check(parts)) => {
                if let Some(requirement) = check::unknown_requirement(&parts) {
                    return Err(format!("unit {unit}: no rule looks after {requirement:?}"));
                }
                part.parts.extend(parts);
                Ok(())
            }
            _ => Err(format!("unit {unit} has the result of another pass than {}", pass.name())),
        }
    }

    /// The whole. The error says what is missing.
    pub fn finish(mut self) -> Result<Merged, String> {
        let (pass, units) = self.plan.ok_or("no partial result")?;
        let missing = missing(&self.seen, units);
        if !missing.is_empty() {
            return Err(format!("of {units} units {} are there; missing: {}", self.seen.len(), missing.join(", ")));
        }
        let mut part = |side| self.sides.remove(&side).ok_or("all units are of one savepoint, a diff is of two");
        let whole = |part: Part| {
            let Part { metadata_sha256, metadata_file: (_, metadata_file), partial, .. } = part;
            let found = partial.finish().map_err(|mismatch| mismatch.to_string())?;
            Ok::<_, String>(Whole { metadata_sha256, metadata_file, found })
        };
        match pass {
            Pass::Fingerprint => whole(part(None)?).map(Merged::Fingerprint),
            Pass::Diff => Ok(Merged::Diff(Box::new([whole(part(Some(Side::A))?)?, whole(part(Some(Side::B))?)?]))),
            Pass::Check => {
                let Part { metadata_sha256, metadata_file: (_, metadata_file), parts: found, .. } = part(None)?;
                Ok(Merged::Check(Whole { metadata_sha256, metadata_file, found }))
            }
        }
    }
}

/// The units that are missing, as ranges, of which the first are named.
fn missing(seen: &BTreeSet<u32>, units: u32) -> Vec<String> {
    const SHOWN: usize = 20;
    let mut ranges = Vec::new();
    let mut next = 0;
    for seen in seen.iter().copied().chain([units]) {
        if next < seen {
            if ranges.len() == SHOWN {
                ranges.push("...".to_owned());
                return ranges;
            }
            let last = seen - 1;
            ranges.push(if next == last { next.to_string() } else { format!("{next} to {last}") });
        }
        next = seen.saturating_add(1);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_in_ranges() {
        let missing = |seen: &[u32], units| missing(&seen.iter().copied().collect(), units).join(", ");
        assert_eq!(missing(&[0, 1, 2], 3), "");
        assert_eq!(missing(&[1], 6), "0, 2 to 5");
        assert_eq!(missing(&[], u32::MAX), "0 to 4294967294");
        let odd: Vec<u32> = (0..100).filter(|n| n % 2 == 1).collect();
        assert!(missing(&odd, 100).ends_with("36, 38, ..."), "{}", missing(&odd, 100));
    }
}

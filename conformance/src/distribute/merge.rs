//! Joins partial results.

use std::collections::BTreeSet;

use flink_savepoint::logical::{ALGORITHM, Fingerprint, Partial};

use super::{FORMAT, Outcome, PartialLine, Pass};

/// Partial results of one plan, in any order.
#[derive(Debug, Default)]
pub struct Merge {
    plan: Option<Plan>,
    seen: BTreeSet<u32>,
    partial: Partial,
}

/// What all lines have in common.
#[derive(Debug)]
struct Plan {
    pass: Pass,
    metadata_sha256: String,
    units: u32,
    /// The metadata file of the first of the units that have come.
    metadata_file: (u32, String),
}

/// The result as a whole.
#[derive(Debug)]
pub struct Merged {
    /// The metadata file, as the worker of the first unit has opened it.
    pub metadata_file: String,
    /// What was found.
    pub fingerprint: Fingerprint,
}

impl Merge {
    /// Adds a line that `work` has printed. The error says what is wrong with it.
    pub fn add(&mut self, line: &str) -> Result<(), String> {
        let line: PartialLine = serde_json::from_str(line).map_err(|e| format!("no partial result: {e}"))?;
        if line.format_version != FORMAT {
            return Err(format!("a result of format version {}; this program knows {FORMAT}", line.format_version));
        }
        let PartialLine { unit, units, .. } = line;
        if unit >= units {
            return Err(format!("unit {unit} of a plan of {units}, which counts from 0 on"));
        }
        if line.algorithm != ALGORITHM {
            return Err(format!("unit {unit} has digests of {}, not of {ALGORITHM}", line.algorithm));
        }
        let pass = line.pass();
        let plan = self.plan.get_or_insert_with(|| Plan {
            pass,
            metadata_sha256: line.metadata_sha256.clone(),
            units,
            metadata_file: (unit, line.metadata_file.clone()),
        });
        if plan.pass != pass {
            return Err(format!("unit {unit} is of the pass {}, others are of {}", pass.name(), plan.pass.name()));
        }
        if plan.metadata_sha256 != line.metadata_sha256 {
            return Err(format!(
                "unit {unit} is of another savepoint: the SHA-256 of its metadata is {}, that of the others {}",
                line.metadata_sha256, plan.metadata_sha256
            ));
        }
        if plan.units != units {
            return Err(format!("unit {unit} is of a plan of {units} units, others are of one of {}", plan.units));
        }
        if !self.seen.insert(unit) {
            return Err(format!("unit {unit} is there twice"));
        }
        if unit < plan.metadata_file.0 {
            plan.metadata_file = (unit, line.metadata_file);
        }
        let Outcome::Fingerprint(report) = line.outcome;
        let partial = Partial::try_from(report).map_err(|why| format!("unit {unit}: {why}"))?;
        self.partial.merge(partial).map_err(|mismatch| format!("unit {unit} is not of the same plan: {mismatch}"))
    }

    /// The whole. The error says what is missing.
    pub fn finish(self) -> Result<Merged, String> {
        let plan = self.plan.ok_or("no partial result")?;
        let missing = missing(&self.seen, plan.units);
        if !missing.is_empty() {
            let have = self.seen.len();
            return Err(format!("of {} units {have} are there; missing: {}", plan.units, missing.join(", ")));
        }
        let fingerprint = self.partial.finish().map_err(|mismatch| mismatch.to_string())?;
        Ok(Merged { metadata_file: plan.metadata_file.1, fingerprint })
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

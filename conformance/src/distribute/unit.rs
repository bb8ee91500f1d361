//! A unit as a line.

use flink_savepoint::savepoint::{Cut, Point, Savepoint, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT, Pass, guard};
use crate::json::Long;

/// What `savepoint plan` prints, one a line: a share of a savepoint's state. A line says all that `savepoint work` needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "a line of savepoint plan")]
#[serde(deny_unknown_fields)]
pub struct UnitLine {
    /// Version of this format: 1.
    pub format_version: u32,
    /// What is to be done.
    pub pass: Pass,
    /// The savepoint's directory or metadata file, as it was given to `plan`.
    pub savepoint: String,
    /// SHA-256 of its metadata file.
    pub metadata_sha256: String,
    /// Which unit of the plan this is, from 0 on.
    pub unit: u32,
    /// How many units the plan has.
    pub units: u32,
    /// Bytes of state, as far as the metadata says.
    pub bytes: Long,
    /// Where it starts.
    pub from: PointLine,
    /// Where it ends: before this. Null for the end of the savepoint.
    pub to: Option<PointLine>,
}

/// A place between two pieces of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PointLine {
    /// The operator, by its place in the metadata, from 0 on; null before the first, where the states of master hooks are.
    pub operator: Option<u32>,
    /// 0 before the operator itself and the state of its coordinator, n before the n-th handle of its subtasks.
    pub part: u32,
    /// A key group of that handle; 0 for its start.
    pub key_group: u32,
}

impl From<Point> for PointLine {
    fn from(point: Point) -> Self {
        Self { operator: point.operator, part: point.cut.part, key_group: point.cut.key_group }
    }
}

impl From<PointLine> for Point {
    fn from(line: PointLine) -> Self {
        Self { operator: line.operator, cut: Cut { part: line.part, key_group: line.key_group } }
    }
}

impl UnitLine {
    /// The unit.
    pub fn unit(&self) -> Unit {
        let bytes = self.bytes.to_u64().unwrap_or(0);
        Unit { from: self.from.into(), to: self.to.map(Into::into), bytes }
    }

    /// A line that `plan` has printed. The error says what is wrong with it.
    pub fn read(line: &str) -> Result<Self, String> {
        let unit: Self = serde_json::from_str(line).map_err(|e| format!("no unit: {e}"))?;
        match unit.format_version {
            FORMAT if unit.unit < unit.units => Ok(unit),
            FORMAT => Err(format!("unit {} of a plan of {}, which counts from 0 on", unit.unit, unit.units)),
            other => Err(format!("a unit of format version {other}; this program knows {FORMAT}")),
        }
    }
}

/// The units of a savepoint that was opened from `path`, at most `n`.
pub fn plan<S>(savepoint: &Savepoint<'_, S>, metadata: &[u8], path: &str, pass: Pass, n: u32) -> Vec<UnitLine> {
    let units = savepoint.units(usize::try_from(n).unwrap_or(usize::MAX));
    let count = u32::try_from(units.len()).unwrap_or(u32::MAX);
    let metadata_sha256 = guard(metadata);
    let line = |(unit, Unit { from, to, bytes }): (u32, Unit)| UnitLine {
        format_version: FORMAT,
        pass,
        savepoint: path.to_owned(),
        metadata_sha256: metadata_sha256.clone(),
        unit,
        units: count,
        bytes: bytes.into(),
        from: from.into(),
        to: to.map(Into::into),
    };
    (0..).zip(units).map(line).collect()
}

//! A unit as a line.

use flink_savepoint::savepoint::{Cut, Point, Savepoint, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FORMAT, Pass, Side, guard};
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
    /// Of two savepoints, which this is of; null where there is one.
    pub side: Option<Side>,
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
            FORMAT if !unit.pass.has(unit.side) => {
                Err(format!("unit {} of the pass {} is of a wrong side", unit.unit, unit.pass.name()))
            }
            FORMAT if unit.unit < unit.units => Ok(unit),
            FORMAT => Err(format!("unit {} of a plan of {}, which counts from 0 on", unit.unit, unit.units)),
            other => Err(format!("a unit of format version {other}; this program knows {FORMAT}")),
        }
    }
}

/// A savepoint whose units are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Planned<'p, 'a, S> {
    /// The savepoint; none if its metadata cannot be parsed, which is one unit.
    pub savepoint: Option<&'p Savepoint<'a, S>>,
    /// Content of its metadata file.
    pub metadata: &'p [u8],
    /// Where it was opened.
    pub path: &'p str,
}

/// The units of a savepoint, or of the two that are compared: at most `n` in all, but one of each.
pub fn plan<S>(a: Planned<'_, '_, S>, b: Option<Planned<'_, '_, S>>, pass: Pass, n: u32) -> Vec<UnitLine> {
    let each = if b.is_some() { n / 2 } else { n };
    let sides = [(b.is_some().then_some(Side::A), Some(a)), (Some(Side::B), b)];
    let mut lines = Vec::new();
    for (side, Planned { savepoint, metadata, path }) in sides.into_iter().filter_map(|(side, one)| Some((side, one?)))
    {
        let metadata_sha256 = guard(metadata);
        let each = usize::try_from(each).unwrap_or(usize::MAX);
        let units = savepoint.map_or_else(|| vec![Unit::ALL], |savepoint| savepoint.units(each));
        lines.extend(units.into_iter().map(|Unit { from, to, bytes }| UnitLine {
            format_version: FORMAT,
            pass,
            side,
            savepoint: path.to_owned(),
            metadata_sha256: metadata_sha256.clone(),
            unit: 0,
            units: 0,
            bytes: bytes.into(),
            from: from.into(),
            to: to.map(Into::into),
        }));
    }
    let units = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    for (unit, line) in (0..).zip(&mut lines) {
        (line.unit, line.units) = (unit, units);
    }
    lines
}

//! Writes a `_metadata` file for another Flink release.
//!
//! ```text
//! cargo run --example rewrite_metadata -- IN OUT 1.20 [operator-name operator-uid ...]
//! ```
//!
//! What the release cannot hold is an error, unless it is named as something to drop.

use std::error::Error;
use std::fs;

use flink_savepoint::metadata::{Dropping, Feature, Metadata, Release, Target};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, release, drop @ ..] = arguments.as_slice() else {
        return Err("usage: rewrite_metadata IN OUT RELEASE [FEATURE-TO-DROP ...]".into());
    };
    let release: Release = release.parse()?;
    let mut dropping = Dropping::NOTHING;
    for name in drop {
        dropping = dropping.and(match name.as_str() {
            "operator-name" => Feature::OperatorName,
            "operator-uid" => Feature::OperatorUid,
            "properties" => Feature::Properties,
            "finished-marker" => Feature::FinishedMarker,
            "segment" => Feature::Segment,
            "state-handle-id" => Feature::StateHandleId,
            other => return Err(format!("{other} is not something to drop").into()),
        });
    }
    let bytes = fs::read(from)?;
    let metadata = Metadata::parse(&bytes)?;
    fs::write(to, metadata.write(Target::release(release).dropping(dropping))?)?;
    Ok(())
}

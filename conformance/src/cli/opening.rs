//! How the commands open a savepoint.

use std::path::Path;

use clap::Args;
use flink_savepoint::Limits;
use flink_savepoint::metadata::{Metadata, ReadOptions};
use flink_savepoint::savepoint::Savepoint;

use super::Failure;
use crate::check;
use crate::hints::HintsFile;
use crate::remote;
use crate::source::Source;
use crate::store::MappedFiles;

#[derive(Args)]
pub(super) struct Opening {
    #[command(flatten)]
    hints: HintsFile,

    /// Follow absolute paths in handles, which may lead anywhere on this machine
    #[arg(long)]
    follow_absolute: bool,

    /// Raise or lower a limit that an error names, for example total=100g
    ///
    /// Names, with their defaults: metadata (1g: bytes of the metadata file), nesting (32: handles in each other), entry (256m: bytes
    /// of an entry that is decompressed), total (16t: bytes of state that are read and decompressed in all), handles (16m: of state),
    /// sharing (16: handles that lead to one file), path (4k: bytes of a path). k, m, g and t stand for powers of 1024.
    #[arg(long, value_name = "NAME=VALUE", value_parser = limit)]
    max: Vec<Limit>,

    #[command(flatten)]
    remote: remote::Options,
}

/// A limit by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Limit {
    name: String,
    value: u64,
}

const NAMES: [&str; 7] = ["metadata", "nesting", "entry", "total", "handles", "sharing", "path"];

fn limit(text: &str) -> Result<Limit, String> {
    let (name, value) = text.split_once('=').ok_or("not NAME=VALUE")?;
    if !NAMES.contains(&name) {
        return Err(format!("no limit {name}: it is one of {}", NAMES.join(", ")));
    }
    let unit = match value.chars().last().map(|c| c.to_ascii_lowercase()) {
        Some('k') => Some(1 << 10),
        Some('m') => Some(1 << 20),
        Some('g') => Some(1 << 30),
        Some('t') => Some(1_u64 << 40),
        _ => None,
    };
    let digits = unit.and_then(|_| value.get(..value.len() - 1)).unwrap_or(value);
    let number: u64 = digits.parse().map_err(|e| format!("{value}: {e}"))?;
    let value = number.checked_mul(unit.unwrap_or(1)).ok_or_else(|| format!("{value}: too large"))?;
    Ok(Limit { name: name.to_owned(), value })
}

impl Opening {
    /// The same for the rules, which open a savepoint on their own.
    pub(super) fn options(&self) -> Result<check::Options, Failure> {
        Ok(check::Options {
            hints: self.hints.read()?,
            follow_absolute: self.follow_absolute,
            limits: self.limits(),
            largest_metadata: self.largest_metadata(),
            remote: self.remote.clone(),
        })
    }

    /// The metadata file.
    pub(super) fn source(&self, path: &Path) -> Result<Source, Failure> {
        Ok(Source::open_up_to(path, self.largest_metadata(), &self.remote)?)
    }

    /// How it is read.
    pub(super) fn reading(&self) -> ReadOptions {
        ReadOptions::new().limits(self.limits())
    }

    /// The metadata that was read from `source`.
    pub(super) fn metadata<'s>(&self, source: &'s Source) -> Result<Metadata<'s>, Failure> {
        Ok(self.reading().read(&source.bytes).map_err(|e| source.failure(&e))?)
    }

    /// The savepoint of metadata that was read from `source`, with its files mapped, all of which will be read.
    pub(super) fn savepoint<'a>(
        &self,
        source: &Source,
        metadata: Metadata<'a>,
    ) -> Result<Savepoint<'a, MappedFiles>, Failure> {
        source.mirror().into_iter().for_each(|mirror| mirror.read_ahead(&metadata));
        self.savepoint_in_part(source, metadata)
    }

    /// The same for reading some of it.
    pub(super) fn savepoint_in_part<'a>(
        &self,
        source: &Source,
        metadata: Metadata<'a>,
    ) -> Result<Savepoint<'a, MappedFiles>, Failure> {
        let files = MappedFiles::of(source, self.follow_absolute);
        Ok(Savepoint::new(metadata, files).with_hints(self.hints.read()?).with_limits(self.limits()))
    }

    fn largest_metadata(&self) -> u64 {
        self.max.iter().rev().find(|max| max.name == "metadata").map_or(Source::LARGEST, |max| max.value)
    }

    fn limits(&self) -> Limits {
        self.max.iter().fold(Limits::default(), |mut limits, Limit { name, value }| {
            let size = usize::try_from(*value).unwrap_or(usize::MAX);
            let number = u32::try_from(*value).unwrap_or(u32::MAX);
            match name.as_str() {
                // A level takes a stack frame.
                "nesting" => limits.nesting = u8::try_from(*value).unwrap_or(u8::MAX),
                "entry" => limits.entry = size,
                "total" => limits.total = *value,
                "handles" => limits.handles = number,
                "sharing" => limits.sharing = number,
                "path" => limits.path = size,
                // Not of the reader, but before it.
                _ => {}
            }
            limits
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_names_and_units() {
        let named = |text| limit(text).map(|limit| (limit.name, limit.value));
        assert_eq!(named("total=100g"), Ok(("total".to_owned(), 100 << 30)));
        assert_eq!(named("sharing=7"), Ok(("sharing".to_owned(), 7)));
        assert_eq!(named("path=4K"), Ok(("path".to_owned(), 4096)));
        for (text, why) in [
            ("total", "not NAME=VALUE"),
            ("depth=3", "no limit depth: it is one of metadata"),
            ("total=", "cannot parse integer"),
            ("total=k", "cannot parse integer"),
            ("total=-1", "invalid digit"),
            ("total=99999999t", "too large"),
            ("total=1\u{e9}", "invalid digit"),
        ] {
            let error = limit(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

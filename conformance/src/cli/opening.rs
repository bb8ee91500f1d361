//! How the commands open a savepoint.

use clap::Args;
use flink_savepoint::metadata::Metadata;
use flink_savepoint::savepoint::Savepoint;

use super::Failure;
use crate::check;
use crate::hints::HintsFile;
use crate::source::Source;
use crate::store::MappedFiles;

#[derive(Args)]
pub(super) struct Opening {
    #[command(flatten)]
    hints: HintsFile,

    /// Follow absolute paths in handles, which may lead anywhere on this machine
    #[arg(long)]
    follow_absolute: bool,
}

impl Opening {
    /// The same for the rules, which open a savepoint on their own.
    pub(super) fn options(&self) -> Result<check::Options, Failure> {
        Ok(check::Options { hints: self.hints.read()?, follow_absolute: self.follow_absolute })
    }

    /// The savepoint of metadata that was read from `source`, with its files mapped.
    pub(super) fn savepoint<'a>(
        &self,
        source: &Source,
        metadata: Metadata<'a>,
    ) -> Result<Savepoint<'a, MappedFiles>, Failure> {
        let files = MappedFiles::new(&source.directory, self.follow_absolute);
        Ok(Savepoint::new(metadata, files).with_hints(self.hints.read()?))
    }
}

//! Who writes and who reads what: metadata versions and Flink releases.

use std::fmt;
use std::str::FromStr;

/// The version in the header of `_metadata`. Versions 2 to 6 are read, 3 to 6 written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetadataVersion {
    /// Flink 1.3 to 1.10.
    V2 = 2,
    /// Flink 1.11 to 1.15.
    V3 = 3,
    /// Flink 1.16 to 1.20: checkpoint properties.
    V4 = 4,
    /// Flink 2.0: operator name and uid.
    V5 = 5,
    /// Flink 2.1 to 2.3: tagged channel handles.
    V6 = 6,
}

impl MetadataVersion {
    /// All of them, oldest first.
    pub const ALL: [Self; 5] = [Self::V2, Self::V3, Self::V4, Self::V5, Self::V6];

    /// The number in the file.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The version of that number, if it can be read.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.number() == number)
    }

    /// Whether it can be written.
    pub fn is_writable(self) -> bool {
        self > Self::V2
    }

    /// The newest release that writes this version; for version 2, older than all that are covered, none.
    pub fn newest_writer(self) -> Option<Release> {
        Release::ALL.into_iter().rev().find(|r| r.metadata_version() == self)
    }

    /// The releases that write this version, as text.
    pub fn writers(self) -> &'static str {
        match self {
            Self::V2 => "Flink 1.3 to 1.10",
            Self::V3 => "Flink 1.11 to 1.15",
            Self::V4 => "Flink 1.16 to 1.20",
            Self::V5 => "Flink 2.0",
            Self::V6 => "Flink 2.1 to 2.3",
        }
    }

    /// Whether there is a place for `feature` in files of this version at all.
    pub(crate) fn has_field_for(self, feature: Feature) -> bool {
        match feature {
            Feature::OperatorName | Feature::OperatorUid => self.has_operator_names(),
            Feature::Properties => self.has_properties(),
            _ => true,
        }
    }

    pub(crate) fn has_coordinator_state(self) -> bool {
        self >= Self::V3
    }

    pub(crate) fn has_channel_state(self) -> bool {
        self >= Self::V3
    }

    pub(crate) fn has_finished_markers(self) -> bool {
        self >= Self::V3
    }

    pub(crate) fn has_properties(self) -> bool {
        self >= Self::V4
    }

    pub(crate) fn has_operator_names(self) -> bool {
        self >= Self::V5
    }

    pub(crate) fn has_tagged_channels(self) -> bool {
        self >= Self::V6
    }
}

impl fmt::Display for MetadataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// A minor release of Flink. Its patch releases write the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the releases")]
pub enum Release {
    V1_13,
    V1_14,
    V1_15,
    V1_16,
    V1_17,
    V1_18,
    V1_19,
    V1_20,
    V2_0,
    V2_1,
    V2_2,
    V2_3,
}

impl Release {
    /// All that the specification covers, oldest first.
    pub const ALL: [Self; 12] = [
        Self::V1_13,
        Self::V1_14,
        Self::V1_15,
        Self::V1_16,
        Self::V1_17,
        Self::V1_18,
        Self::V1_19,
        Self::V1_20,
        Self::V2_0,
        Self::V2_1,
        Self::V2_2,
        Self::V2_3,
    ];

    /// The name without the patch number: `1.20`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1_13 => "1.13",
            Self::V1_14 => "1.14",
            Self::V1_15 => "1.15",
            Self::V1_16 => "1.16",
            Self::V1_17 => "1.17",
            Self::V1_18 => "1.18",
            Self::V1_19 => "1.19",
            Self::V1_20 => "1.20",
            Self::V2_0 => "2.0",
            Self::V2_1 => "2.1",
            Self::V2_2 => "2.2",
            Self::V2_3 => "2.3",
        }
    }

    /// The version it writes, which is also the newest that it reads.
    pub fn metadata_version(self) -> MetadataVersion {
        match self {
            Self::V1_13 | Self::V1_14 | Self::V1_15 => MetadataVersion::V3,
            Self::V1_16 | Self::V1_17 | Self::V1_18 | Self::V1_19 | Self::V1_20 => MetadataVersion::V4,
            Self::V2_0 => MetadataVersion::V5,
            Self::V2_1 | Self::V2_2 | Self::V2_3 => MetadataVersion::V6,
        }
    }

    /// Whether a file of its version that has `feature` means the same to it.
    pub fn holds(self, feature: Feature) -> bool {
        match feature {
            Feature::OperatorName | Feature::OperatorUid | Feature::Properties => {
                self.metadata_version().has_field_for(feature)
            }
            Feature::FinishedMarker => self >= Self::V1_14,
            Feature::Segment => self >= Self::V1_20,
            Feature::StateHandleId | Feature::Changelog1_15 => self >= Self::V1_15,
            Feature::Changelog1_14 => self == Self::V1_14,
            Feature::Changelog1_16 => self >= Self::V1_16,
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Release {
    type Err = UnknownRelease;

    /// `1.20` or `1.20.5`.
    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        let minor = text.match_indices('.').nth(1).map_or(text, |(at, _)| text.split_at(at).0);
        Self::ALL.into_iter().find(|r| r.name() == minor).ok_or_else(|| UnknownRelease(text.to_owned()))
    }
}

/// A release that the specification does not cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRelease(pub String);

impl fmt::Display for UnknownRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a Flink release from 1.13 to 2.3", self.0)
    }
}

impl std::error::Error for UnknownRelease {}

/// What not every release can hold, although its metadata version may be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feature {
    /// The name of an operator; versions 5 and 6. Dropped: the operator has no name.
    OperatorName,
    /// The uid of an operator; versions 5 and 6. Dropped: only its hash, the operator id, is left, which is what Flink
    /// restores by.
    OperatorUid,
    /// Checkpoint properties; version 4 and later. Dropped: whether it is a savepoint, and of which format, is not said.
    Properties,
    /// A finished subtask or fully finished operator; from 1.14. Dropped: the subtask has no state, and runs again.
    FinishedMarker,
    /// State in a segment of a merged file (types 15, 16, 17); from 1.20. Dropped: **that state is lost**.
    Segment,
    /// The state handle id and checkpointed size of types 11 and 12; from 1.15. Dropped: types 5 and 3 are written, and
    /// Flink makes up an id.
    StateHandleId,
    /// Changelog handles in the layout of 1.14 (types 8, 9, 10); 1.14 only. Dropped: **that state is lost**.
    Changelog1_14,
    /// Changelog handles in the layout of 1.15 (types 8, 9, 10); from 1.15. Dropped: **that state is lost**.
    Changelog1_15,
    /// Changelog handles of types 13 and 14; from 1.16. Dropped: **that state is lost**.
    Changelog1_16,
}

impl Feature {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::OperatorName,
        Self::OperatorUid,
        Self::Properties,
        Self::FinishedMarker,
        Self::Segment,
        Self::StateHandleId,
        Self::Changelog1_14,
        Self::Changelog1_15,
        Self::Changelog1_16,
    ];
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OperatorName => "an operator name",
            Self::OperatorUid => "an operator uid",
            Self::Properties => "checkpoint properties",
            Self::FinishedMarker => "a finished marker",
            Self::Segment => "state in a segment of a merged file",
            Self::StateHandleId => "a state handle id",
            Self::Changelog1_14 => "a changelog handle of the 1.14 layout",
            Self::Changelog1_15 => "a changelog handle of the 1.15 layout",
            Self::Changelog1_16 => "a changelog handle of type 13 or 14",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_by_release() {
        assert_eq!("1.20.5".parse(), Ok(Release::V1_20));
        assert_eq!("2.3".parse(), Ok(Release::V2_3));
        assert!("1.12.7".parse::<Release>().is_err());
        assert!("".parse::<Release>().is_err());
        assert_eq!(MetadataVersion::V4.newest_writer(), Some(Release::V1_20));
        assert_eq!(MetadataVersion::V2.newest_writer(), None);
        assert!(MetadataVersion::from_number(7).is_none());
        for release in Release::ALL {
            assert_eq!(release.name().parse(), Ok(release));
            assert!(release.metadata_version().is_writable());
        }
    }
}

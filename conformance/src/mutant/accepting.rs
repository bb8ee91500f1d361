//! Consumers that take broken savepoints for sound. They do nothing with them: what they get wrong is their answer alone.

use super::mutants;

mutants! { Consumer accepting:
    "accepts-other-files" breaks "META-MAGIC-01": "Takes files with another magic number for sound."
    "accepts-unknown-versions" breaks "META-VERSION-01": "Takes metadata of a version that nobody knows for sound."
    "accepts-proposed-version" breaks "META-VERSION-03": "Takes metadata of version 7 for sound, though it is a proposal."
    "accepts-obsolete-version" breaks "META-VERSION-02": "Takes metadata of version 1 for sound."
    "accepts-truncated" breaks "WIRE-TRUNCATED-01": "Takes files that end inside of a field for sound."
    "accepts-negative-lengths" breaks "WIRE-LENGTH-01": "Takes negative lengths for sound."
    "accepts-long-lengths" breaks "WIRE-LENGTH-02": "Takes lengths beyond the end for sound."
    "accepts-unknown-handles" breaks "META-TYPE-01": "Takes handles of unknown types for sound."
    "accepts-null-handles" breaks "META-HANDLE-01": "Takes null handles for sound where a stream has to be."
    "accepts-negative-ids" breaks "META-CHECKPOINT-ID-01": "Takes negative checkpoint ids for sound."
    "accepts-any-subtask" breaks "META-SUBTASK-01": "Takes subtasks with an index above the parallelism for sound."
    "accepts-unknown-states" breaks "KEYED-STATE-ID-01": "Takes entries of a state id that the header does not have for sound."
    "accepts-any-key-group" breaks "KEYED-GROUP-01": "Takes key groups above the max parallelism for sound."
    "accepts-any-offset" breaks "KEYED-OFFSET-01": "Takes offsets outside of the stream for sound."
    "accepts-empty-sections" breaks "KEYED-EOKG-01": "Takes sections for sound that start with their end mark."
    "accepts-unknown-streams" breaks "STATE-VERSION-01": "Takes keyed streams of unknown versions for sound."
    "accepts-any-state" breaks "STATE-TYPE-01": "Takes states of the wrong type for sound, such as operator state in a keyed stream."
    "accepts-unknown-kinds" breaks "STATE-OPTION-01": "Takes states of an unknown kind for sound."
    "accepts-missing-serializers" breaks "STATE-SERIALIZER-01": "Takes states without their serializers for sound."
    "accepts-unknown-wrappers" breaks "SERIALIZER-WRAPPER-01": "Takes wrappers of serializer snapshots of an unknown version for sound."
    "accepts-any-class" breaks "PROPS-CLASS-01": "Takes checkpoint properties of any class for sound."
}

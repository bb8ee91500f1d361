//! Which deliberate deviation a difference is. No rule catches all of a kind: each asks for an error and where it stands.

use flink_savepoint::metadata::{KeyedHandle, Metadata, MetadataVersion, Release, StreamHandle, Subtask, SubtaskState};
use flink_savepoint::savepoint::FileName;

use super::{Case, Difference, Refusal, Refused};

/// Of `_metadata`.
pub(super) fn metadata(case: &Case<'_>, difference: &Difference) -> Option<&'static str> {
    match difference {
        Difference::OnlyStrict(refused) => only_strict(refused),
        Difference::FlinkAccepts(refused) => flink_accepts(case.release, refused),
        Difference::FlinkRejects(refusal, lines) => flink_rejects(case, refusal, lines),
        Difference::Content { path, flink, reference } => content(case, path, flink.as_deref(), reference.as_deref()),
        Difference::Oracle(_) => None,
    }
}

fn only_strict(refused: &Refused) -> Option<&'static str> {
    match refused.code {
        "trailing-bytes" => Some("DEV-TRAILING-BYTES"),
        "max-parallelism" => Some("DEV-MAX-PARALLELISM"),
        "not-canonical" => [
            ("over-long form", "DEV-OVER-LONG-TEXT"),
            ("boolean that is not", "DEV-FLAGS"),
            ("presence flag that is not", "DEV-FLAGS"),
            ("negative number of channels", "DEV-NEGATIVE-COUNTS"),
            ("number of subtasks below -1", "DEV-NEGATIVE-COUNTS"),
        ]
        .into_iter()
        .find_map(|(what, id)| refused.text.contains(what).then_some(id)),
        _ => None,
    }
}

fn flink_accepts(release: Release, refused: &Refused) -> Option<&'static str> {
    let path = refused.path.as_str();
    match refused.code {
        "properties-layout" | "properties-class" | "properties-constant" | "stream-tag" | "back-reference"
            if path.starts_with("properties") && release >= Release::V1_16 =>
        {
            Some("DEV-PROPERTIES-JAVA")
        }
        "truncated" | "negative-length" | "length-beyond-input" | "channel-trailing"
            if path.contains("_channels[") || path.contains("_subpartitions[") =>
        {
            path.contains("].channels").then_some("DEV-MERGED-CHANNELS")
        }
        "key-group-range" => Some("DEV-EMPTY-RANGE"),
        "finished-coordinator" if release < Release::V1_14 => Some("DEV-FINISHED-MARKERS"),
        "too-deep" => Some("DEV-NESTING"),
        _ => None,
    }
}

fn flink_rejects(case: &Case<'_>, refusal: &Refusal, lines: &str) -> Option<&'static str> {
    let (release, place, message) = (case.release, refusal.place.as_str(), refusal.message.as_str());
    let metadata = Metadata::parse(case.bytes).ok()?;
    if place.starts_with("Path.")
        && matches!(refusal.simple_class(), "IllegalArgumentException" | "NullPointerException")
    {
        return (lines.lines().any(odd_path) || has_odd_path(&metadata)).then_some("DEV-PATH-REFUSED");
    }
    if refusal.simple_class() == "OutOfMemoryError"
        && metadata.operators.iter().any(|operator| operator.parallelism >= TABLE_OF_SUBTASKS)
    {
        return Some("DEV-PARALLELISM-MEMORY");
    }
    if metadata.version() > release.metadata_version() && message.starts_with("Unrecognized checkpoint version number")
    {
        return Some("DEV-NEWER-RELEASE");
    }
    if unknown_type(message, release) {
        return Some("DEV-NEWER-RELEASE");
    }
    if metadata.has_changelog_of_1_14() && release != Release::V1_14 {
        return Some("DEV-OLD-CHANGELOG");
    }
    let finished = metadata.operators.iter().any(|one| one.subtasks().any(|s| s.state == SubtaskState::Finished));
    if release < Release::V1_14 && metadata.version() == MetadataVersion::V3 && finished {
        return Some("DEV-FINISHED-MARKERS");
    }
    if release < Release::V1_19
        && refusal.simple_class() == "NullPointerException"
        && place == "IncrementalRemoteKeyedStateHandle.<init>"
        && metadata.operators.iter().any(|operator| operator.subtasks().any(|subtask| lacks_meta_state(&subtask)))
    {
        return Some("DEV-META-STATE");
    }
    None
}

/// Flink makes room for so many subtasks when it reads the first: four bytes each, up to the next power of two, of the half
/// gigabyte that the oracle has.
const TABLE_OF_SUBTASKS: u32 = 1 << 25;

/// Whether any subtask has a path that Flink may refuse, also one whose place a later one of the same index takes.
fn has_odd_path(metadata: &Metadata<'_>) -> bool {
    let mut found = false;
    for subtask in metadata.operators.iter().flat_map(|operator| operator.subtasks().collect::<Vec<_>>()) {
        let SubtaskState::Running(handles) = &subtask.state else { continue };
        handles.for_each_stream(|_, stream| {
            let is_relative = matches!(stream, StreamHandle::Relative(_));
            found |= stream.path().is_some_and(|path| is_odd(&path.to_string(), is_relative));
        });
    }
    found
}

/// Whether an incremental handle of the subtask has no meta state.
fn lacks_meta_state(subtask: &Subtask<'_>) -> bool {
    let SubtaskState::Running(handles) = &subtask.state else { return false };
    let lacks = |handle: &KeyedHandle<'_>| matches!(handle, KeyedHandle::Incremental(one) if one.meta_state.is_none());
    [&handles.managed_keyed, &handles.raw_keyed].into_iter().flatten().any(|handle| match handle {
        KeyedHandle::Changelog(changelog) => changelog.materialized.iter().flatten().any(|part| lacks(&part)),
        handle => lacks(handle),
    })
}

/// Whether the message complains of a type byte that newer releases know.
fn unknown_type(message: &str, release: Release) -> bool {
    let after = |text: &str| {
        let rest = message.strip_prefix(text)?;
        rest.split_whitespace().next()?.parse::<u8>().ok()
    };
    let keyed = after("Reading invalid KeyedStateHandle, type: ").is_some_and(|found| match found {
        8..=10 => release < Release::V1_14,
        11 | 12 => release < Release::V1_15,
        13 | 14 => release < Release::V1_16,
        _ => false,
    });
    let stream = after("Unknown implementation of StreamStateHandle, code: ").is_some_and(|n| matches!(n, 15 | 16));
    let operator = after("Reading invalid OperatorStateHandle, type: ") == Some(17);
    keyed || (stream || operator) && release < Release::V1_20
}

fn content(case: &Case<'_>, path: &str, flink: Option<&str>, reference: Option<&str>) -> Option<&'static str> {
    if Metadata::parse(case.bytes).is_ok_and(|m| m.has_changelog_of_1_14()) && case.release != Release::V1_14 {
        return Some("DEV-OLD-CHANGELOG");
    }
    let (flink, reference) = (unquoted(flink?)?, unquoted(reference?)?);
    match path.rsplit('.').next()? {
        "backend_id" => (!is_uuid(reference)).then_some("DEV-BACKEND-ID"),
        "resolved" => {
            let name = reference.strip_prefix("<base>/")?;
            let inside = flink.starts_with("<base>");
            if inside {
                (!is_plain(name)).then_some("DEV-PATH-TEXT")
            } else {
                leaves(name).then_some("DEV-RELATIVE-ESCAPE")
            }
        }
        "path" | "task_owned_directory" | "shared_directory" => (!is_plain(reference)).then_some("DEV-PATH-TEXT"),
        _ => None,
    }
}

fn unquoted(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"')
}

/// Whether a line of the rendering is a path that Flink may refuse.
fn odd_path(line: &str) -> bool {
    let Some((path, value)) = line.split_once(' ') else { return false };
    let field = path.rsplit('.').next().unwrap_or_default();
    matches!(field, "path" | "relative_path" | "task_owned_directory" | "shared_directory")
        && unquoted(value).is_some_and(|text| is_odd(text, field == "relative_path"))
}

fn is_odd(path: &str, is_relative: bool) -> bool {
    !is_plain(path) || is_relative && path.contains(':')
}

/// Whether a relative path may lead out: a step upwards, or what looks like a host or a drive.
fn leaves(path: &str) -> bool {
    let path = path.replace("\\u005c", "/");
    FileName::new(&path).is_none()
        && (path.split('/').any(|step| step == "..") || path.starts_with("//") || path.contains(':'))
}

/// Whether normalizing leaves a path as it is, for sure: a scheme or none, a host or none, and steps of ordinary characters.
fn is_plain(path: &str) -> bool {
    let ordinary = |step: &str| {
        !step.is_empty()
            && step != "."
            && step != ".."
            && step.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+=~@,;!$&'()*".contains(&byte))
    };
    let rest = match path.split_once(':') {
        Some((scheme, rest)) => {
            let letters = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
            if !letters
                || scheme.len() < 2
                || !scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                || !rest.starts_with('/')
            {
                return false;
            }
            rest
        }
        None => path,
    };
    let rest = rest.strip_prefix("//").or_else(|| rest.strip_prefix('/')).unwrap_or(rest);
    rest.split('/').all(ordinary)
}

/// A UUID as Java prints it.
fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.concat().bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_told_from_others() {
        for plain in ["x", "file:/a/b", "hdfs://host/a", "s3://bucket/a.b", "/a/b", "a-b_c.d"] {
            assert!(is_plain(plain), "{plain}");
        }
        for other in
            ["", "..", "../x", "a//b", "a/", "a\\u005cb", "a:b", ":", "s3:x", "file:///a", "a b", "C:/x", "a?b"]
        {
            assert!(!is_plain(other), "{other}");
        }
        assert!(leaves("a/../../x") && !leaves("a..b"));
    }

    #[test]
    fn only_the_spelling_of_java_is_a_uuid() {
        assert!(is_uuid("00112233-4455-6677-8899-aabbccddeeff"));
        for other in ["1-2-3-4-5", "00112233-4455-6677-8899-AABBCCDDEEFF", "", "x"] {
            assert!(!is_uuid(other), "{other}");
        }
    }
}

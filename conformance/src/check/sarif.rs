//! SARIF 2.1.0, which code hosts show beside the files: a rule for each requirement, a result for each finding. Releases that do not
//! read the savepoint have a result for each reason, of a rule of its own.

use flink_savepoint::savepoint::METADATA;
use flink_savepoint_spec::{book, requirements};
use serde_json::{Value, json};

use super::directory::is_scheme;
use super::finding::{Finding, Severity};
use super::report::Report;
use crate::text::hex;

/// Renders a report. `spec_url` is where the rendered specification is; without it, rules have no links.
pub fn render(report: &Report, spec_url: Option<&str>) -> Value {
    let ids = super::requirements();
    let mut rules: Vec<Value> = ids.iter().map(|id| rule(id, spec_url)).collect();
    let mut results: Vec<Value> = report.findings.iter().map(|finding| result(finding, &ids)).collect();
    let releases = report.compatibility.iter().flat_map(|compatibility| &compatibility.releases);
    let reasons = releases.flat_map(|release| release.reasons.iter().map(move |reason| (release, reason)));
    for (release, reason) in reasons {
        let known = rules.iter().position(|rule| rule["id"] == reason.code);
        let index = known.unwrap_or_else(|| {
            let text = "A release of Flink that was asked for does not read it, or reads it wrong.";
            rules.push(json!({ "id": reason.code, "shortDescription": { "text": text } }));
            rules.len() - 1
        });
        results.push(json!({
            "ruleId": reason.code,
            "ruleIndex": index,
            "level": "error",
            "message": {
                "text": format!("Flink {} {} it: {} ({})", release.release, release.verdict.word(), reason.text, reason.first),
            },
            "locations": [{ "physicalLocation": { "artifactLocation": location(METADATA) } }],
        }));
    }
    let failures =
        report.compatibility.as_ref().map(|compatibility| compatibility.failures.as_slice()).unwrap_or_default();
    let failures: Vec<Value> =
        failures.iter().map(|failure| json!({ "level": "error", "message": { "text": failure } })).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "savepoint check",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "invocations": [{
                "executionSuccessful": failures.is_empty(),
                "toolExecutionNotifications": failures,
            }],
            "artifacts": [{ "location": location(METADATA) }],
            "originalUriBaseIds": { "SAVEPOINT": { "description": {
                "text": format!("the directory of {}", report.metadata_file)
            } } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    })
}

fn rule(id: &str, spec_url: Option<&str>) -> Value {
    let one = requirements::get(id);
    let text = one.map_or(id, |one| one.text.as_str());
    let level = match one.map(|one| one.level) {
        Some(requirements::Level::Should) => "warning",
        Some(requirements::Level::May) => "note",
        Some(requirements::Level::Must) | None => "error",
    };
    let mut rule = json!({
        "id": id,
        "shortDescription": { "text": text },
        "help": { "text": one.and_then(|one| one.rationale.as_deref()).unwrap_or(text) },
        "defaultConfiguration": { "level": level },
    });
    if let (Some((place, spec_url)), Some(object)) = (book::place(id).zip(spec_url), rule.as_object_mut()) {
        let uri = format!("{}/{}", spec_url.trim_end_matches('/'), place.html());
        object.insert("helpUri".to_owned(), uri.into());
    }
    rule
}

fn result(finding: &Finding, ids: &[&str]) -> Value {
    let mut physical = json!({ "artifactLocation": location(&finding.file) });
    if let (Some(offset), Some(object)) = (finding.offset, physical.as_object_mut()) {
        // A number in JSON; offsets in files are far below 2^53.
        let offset = u64::try_from(offset.0).unwrap_or_default();
        object.insert("region".to_owned(), json!({ "byteOffset": offset }));
    }
    let mut place = json!({ "physicalLocation": physical });
    if let (false, Some(object)) = (finding.path.is_empty(), place.as_object_mut()) {
        object.insert("logicalLocations".to_owned(), json!([{ "fullyQualifiedName": finding.path }]));
    }
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    json!({
        "ruleId": finding.requirement,
        "ruleIndex": ids.iter().position(|id| *id == finding.requirement),
        "level": level,
        "message": { "text": finding.message },
        "occurrenceCount": finding.more.saturating_add(1),
        "locations": [place],
    })
}

/// A file of the savepoint, as a URI relative to its directory; one under an absolute path is on its own.
fn location(file: &str) -> Value {
    match file.split_once(":/") {
        _ if file.starts_with('/') => json!({ "uri": format!("file://{}", encoded(file)) }),
        Some((scheme, path)) if is_scheme(scheme) => {
            // A host may have a port.
            let path: Vec<String> = path.split(':').map(encoded).collect();
            json!({ "uri": format!("{scheme}:/{}", path.join(":")) })
        }
        _ => json!({ "uri": encoded(file), "uriBaseId": "SAVEPOINT" }),
    }
}

fn encoded(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            byte => uri.extend(["%", &hex(&[byte]).to_uppercase()]),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_uris() {
        for (file, uri, is_relative) in [
            ("_metadata", "_metadata", true),
            ("a b%", "a%20b%25", true),
            ("a:b", "a%3Ab", true),
            ("/tmp/a b", "file:///tmp/a%20b", false),
            ("file:/tmp/a", "file:/tmp/a", false),
            ("s3://bucket/a b", "s3://bucket/a%20b", false),
            ("hdfs://host:8020/a", "hdfs://host:8020/a", false),
        ] {
            let location = location(file);
            assert_eq!((&location["uri"], location["uriBaseId"].is_string()), (&uri.into(), is_relative), "{file}");
        }
    }
}

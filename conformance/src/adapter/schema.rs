//! The messages against their JSON Schema.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::Response;

/// So many violations are named.
const NAMED: usize = 3;

/// What in a response is not as its schema says, and where: `/features/0: 3 is not of type "string"`.
pub fn violations(response: &Value) -> Option<String> {
    let Some(object) = response.as_object() else { return Some("not a JSON object".to_owned()) };
    let kinds = || validators().keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let Some(kind) = object.get("response") else { return Some(format!("no member `response`: one of {}", kinds())) };
    // Against one kind alone, since "none of eight alternatives fits" helps nobody.
    let Some(validator) = kind.as_str().and_then(|kind| validators().get(kind)) else {
        return Some(format!("/response: {kind} is none of {}", kinds()));
    };
    let errors = validator.iter_errors(response).take(NAMED);
    let errors: Vec<_> = errors.map(|error| shortened(&format!("{}: {error}", error.instance_path()))).collect();
    (!errors.is_empty()).then(|| errors.join("; "))
}

/// Errors quote what is wrong, which may be long.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// The schema of a response, for each kind of it.
fn validators() -> &'static BTreeMap<String, Validator> {
    static VALIDATORS: OnceLock<BTreeMap<String, Validator>> = OnceLock::new();
    VALIDATORS.get_or_init(|| {
        let schema = schemars::schema_for!(Response).to_value();
        let kinds = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of_kind = |kind: &Value| {
            let name = kind["properties"]["response"]["const"].as_str()?.to_owned();
            let one = json!({
                "$schema": schema["$schema"], "$defs": schema["$defs"],
                "type": "object", "properties": schema["properties"], "required": ["seq"], "allOf": [kind],
            });
            Some((name, jsonschema::validator_for(&one).ok()?))
        };
        kinds.iter().filter_map(of_kind).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_are_named() {
        assert_eq!(validators().len(), 8, "a validator for each kind of response");
        let table = [
            (json!({"seq": 1, "response": "produced"}), None),
            (json!({"seq": 1, "response": "produced", "more": 1}), None),
            (json!({"seq": 1, "response": "restored", "lines": [{"operator": "o", "value": null}]}), None),
            (json!([]), Some("not a JSON object")),
            (json!({"seq": 1}), Some("no member `response`: one of accepted")),
            (json!({"seq": 1, "response": "sure"}), Some(r#"/response: "sure" is none of accepted"#)),
            (json!({"response": "produced"}), Some(r#""seq" is a required property"#)),
            (json!({"seq": -1, "response": "produced"}), Some("/seq: -1 is less than the minimum of 0")),
            (json!({"seq": 1, "response": "restored"}), Some(r#""lines" is a required property"#)),
            (
                json!({"seq": 1, "response": "restored", "lines": [{"operator": "o", "kind": "heap"}]}),
                Some("/lines/0/kind"),
            ),
            (json!({"seq": 1, "response": "restored", "lines": [{"operator": "o", "vlaue": 1}]}), Some("vlaue")),
        ];
        for (response, expected) in table {
            match (violations(&response), expected) {
                (None, None) => {}
                (Some(found), Some(expected)) => assert!(found.contains(expected), "{response}: {found}"),
                (found, expected) => panic!("{response}: {found:?}, not {expected:?}"),
            }
        }
    }
}

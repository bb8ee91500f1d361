//! The hints file: what a user says of serializers that Flink does not ship.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use flink_savepoint::serializer::{Hint, Hints, Wire};
use serde::Deserialize;

/// Where the hints are.
#[derive(Debug, Clone, Args)]
pub struct HintsFile {
    /// Describes serializers of your own, so that states with them can be read and decoded
    ///
    /// A TOML file: `[[serializer]]` with `class` (the snapshot class), `body` (what its writeSnapshot writes, in order), `value`
    /// (what its serializer writes, as a list of `name: type`) and `length` (getLength, if it is not -1). Types are bool, i8, i16,
    /// i32, i64, f32, f64, utf (writeUTF), str (as strings of Flink), bytes (i32 length and bytes), and any of them with * for an
    /// i32 count and as many. Without `body` the end is looked for by exact fit.
    #[arg(long, value_name = "FILE")]
    serializer_hints: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    serializer: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    class: String,
    body: Option<Vec<String>>,
    value: Option<Vec<String>>,
    length: Option<u32>,
}

impl HintsFile {
    /// Reads the file, if one was given.
    pub fn read(&self) -> Result<Hints, String> {
        let Some(path) = &self.serializer_hints else { return Ok(Hints::default()) };
        let place = |why: String| format!("{}: {why}", path.display());
        let text = fs::read_to_string(path).map_err(|e| place(e.to_string()))?;
        parse(&text).map_err(place)
    }
}

/// Reads hints from the text of such a file.
pub fn parse(text: &str) -> Result<Hints, String> {
    let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
    let mut hints = Hints::default();
    for Entry { class, body, value, length } in file.serializer {
        let wire =
            |name: &str| Wire::parse(name.trim()).ok_or_else(|| format!("serializer {class}: {name:?} is not a type"));
        let body = body.map(|names| names.iter().map(|name| wire(name)).collect()).transpose()?;
        let field = |text: &String| match text.split_once(':') {
            Some((name, ty)) => Ok((name.trim().to_owned(), wire(ty)?)),
            None => Err(format!("serializer {class}: {text:?} is not `name: type`")),
        };
        let value = value.map(|fields| fields.iter().map(field).collect()).transpose()?;
        hints.add(Hint { class, body, value, length });
    }
    Ok(hints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_the_help_has_it() {
        let hints = parse(
            "[[serializer]]\nclass = \"com.acme.MoneySnapshot\"\nbody = [\"utf\", \"i64*\"]\nvalue = [\"amount: i64\", \"currency: str\"]\n",
        )
        .unwrap();
        assert!(!hints.is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, why) in [
            ("[[serializer]]\nclass = \"A\"\nbody = [\"u32\"]", "serializer A: \"u32\" is not a type"),
            ("[[serializer]]\nclass = \"A\"\nvalue = [\"i64\"]", "serializer A: \"i64\" is not `name: type`"),
        ] {
            assert_eq!(parse(text).unwrap_err(), why);
        }
        assert!(parse("[[serializer]]\nclass = \"A\"\nkey = 1").unwrap_err().contains("unknown field"));
    }
}

//! Real Flink as adapters: one process for a release and a backend.

use std::process::{Command, Stdio};

use super::meet::Version;
use super::vectors::Suite;

/// Which Flinks take part.
#[derive(Debug, Clone, Default)]
pub struct Flink {
    /// Releases: `2.3.0`.
    pub releases: Vec<String>,
    /// `hashmap`, `rocksdb`, or a factory's class; with `NAME=` before it, that is what it is called.
    pub backends: Vec<String>,
    /// Whether each is run with the changelog as well.
    pub changelog: bool,
    /// Jars with the factory and what it needs.
    pub classpath: Vec<String>,
    /// Configuration, `key=value`.
    pub configuration: Vec<String>,
}

/// A release with a backend.
pub struct Variant<'f> {
    /// The adapter's name.
    pub name: String,
    /// The release.
    pub release: &'f str,
    /// The backend, as it was given.
    pub backend: &'f str,
    /// Whether it has the changelog.
    pub changelog: bool,
}

/// What a backend is called, and what Flink knows it by. A class goes by its simple name.
fn named(backend: &str) -> (&str, &str) {
    backend.split_once('=').unwrap_or_else(|| (backend.rsplit('.').next().unwrap_or(backend), backend))
}

impl Flink {
    /// All that take part.
    pub fn variants(&self) -> impl Iterator<Item = Variant<'_>> {
        let pairs =
            self.releases.iter().flat_map(|release| self.backends.iter().map(move |backend| (release, backend)));
        pairs.flat_map(|(release, backend)| {
            let variant = |end: &str, changelog: bool| {
                let name = format!("flink-{release}-{}{end}", named(backend).0);
                Variant { name, release, backend, changelog }
            };
            // There is no changelog before 1.15.
            let has_changelog = self.changelog && Version::parse(release) >= Version::parse("1.15");
            [variant("", false)].into_iter().chain(has_changelog.then(|| variant("-changelog", true)))
        })
    }

    /// Names and commands.
    pub fn adapters(&self, suite: &Suite) -> Vec<(String, Vec<String>)> {
        let adapter = |Variant { name, release, backend, changelog }: Variant<'_>| {
            let mut command = vec![suite.flink("adapter").display().to_string()];
            let mut add = |words: &[&str]| command.extend(words.iter().map(|&word| word.to_owned()));
            add(&["--release", release, "--backend", named(backend).1]);
            if changelog {
                add(&["--changelog"]);
            }
            self.classpath.iter().for_each(|jar| add(&["--classpath", jar]));
            self.configuration.iter().for_each(|pair| add(&["--conf", pair]));
            (name, command)
        };
        self.variants().map(adapter).collect()
    }

    /// Fetches the releases that are not there yet, one after the other; what the fetching prints is shown.
    pub fn fetch(&self, suite: &Suite) -> Result<(), String> {
        for release in &self.releases {
            let setup = suite.flink("setup");
            let done = Command::new(&setup).arg(release).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
            let failed = |what: String| format!("{} {release}: {what}", setup.display());
            let done = done.and_then(std::process::Child::wait_with_output).map_err(|e| failed(e.to_string()))?;
            if !done.status.success() {
                return Err(failed(format!("{}; see above", done.status)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_backend_of_every_release() {
        let flink = Flink {
            releases: vec!["1.13.6".to_owned(), "2.3.0".to_owned()],
            backends: ["hashmap", "com.acme.Factory", "mine=com.acme.Other"].map(str::to_owned).to_vec(),
            changelog: true,
            classpath: vec!["a.jar".to_owned(), "b.jar".to_owned()],
            configuration: vec!["k=v".to_owned()],
        };
        let adapters = flink.adapters(&Suite::find(None).unwrap());
        let names: Vec<&str> = adapters.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "flink-1.13.6-hashmap",
                "flink-1.13.6-Factory",
                "flink-1.13.6-mine",
                "flink-2.3.0-hashmap",
                "flink-2.3.0-hashmap-changelog",
                "flink-2.3.0-Factory",
                "flink-2.3.0-Factory-changelog",
                "flink-2.3.0-mine",
                "flink-2.3.0-mine-changelog",
            ]
        );
        let words =
            "--release 2.3.0 --backend com.acme.Factory --changelog --classpath a.jar --classpath b.jar --conf k=v";
        assert_eq!(adapters[6].1[1..].join(" "), words);
        assert!(adapters[8].1.join(" ").contains(" --backend com.acme.Other "), "{:?}", adapters[8]);
    }
}

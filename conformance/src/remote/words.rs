//! What is said of errors: never a credential.

use object_store::Error;

use super::without_secrets;

/// Letters of an error that are shown.
const SHOWN: usize = 400;

/// An error in few words.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::NotFound { .. } => "no such object".to_owned(),
        Error::Precondition { .. } => "the object was changed while it was read".to_owned(),
        Error::PermissionDenied { .. } => "access denied".to_owned(),
        Error::Unauthenticated { .. } => "no valid credentials".to_owned(),
        error => plain(&error.to_string()),
    }
}

/// The first line of a text, without what URLs may hold of secrets: user and password, and the query. An answer's body, which
/// follows as XML or HTML, is left out.
pub(super) fn plain(text: &str) -> String {
    let line = text.split(['\n', '\r', '<']).next().unwrap_or_default();
    let kept: Vec<String> = line.split(' ').map(without_secrets).collect();
    let kept = kept.join(" ");
    let kept = kept.trim_end_matches([' ', ':']);
    match kept.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}...", kept.split_at(cut).0),
        None => kept.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_told() {
        for (text, told) in [
            ("GET http://me:secret@host:9/a/b?X-Amz-Signature=12 in 3s", "GET http://host:9/a/b in 3s"),
            ("for url (https://h/a?b=c) - refused", "for url (https://h/a) - refused"),
            ("https://h?sig=1", "https://h"),
            ("403 Forbidden: <?xml?><AWSAccessKeyId>AKIA</AWSAccessKeyId>", "403 Forbidden"),
            ("one\ntwo", "one"),
        ] {
            let found = plain(text);
            assert!(!found.contains("secret") && !found.contains("sig="), "{found}");
            assert_eq!(found, told);
        }
        assert_eq!(plain(&"x".repeat(1000)).len(), SHOWN + 3);
    }
}

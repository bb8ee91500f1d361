//! Any bytes give a snapshot or an error with an offset inside the input, whether or not hints say how foreign bodies end; what
//! is read keeps its bytes, says what its values are, and is read again.

use flink_savepoint::serializer::{Hint, Hints, SerializerSnapshot, Wire};

/// `U` says how its body ends, `V` only what its values are.
fn hints() -> Hints {
    let mut hints = Hints::default();
    let counted = Wire::Repeated(Box::new(Wire::Str));
    let fields = [("a", Wire::I64), ("b", counted.clone())].map(|(name, wire)| (name.to_owned(), wire));
    let value = Some(fields.to_vec());
    hints.add(Hint {
        class: "U".into(),
        body: Some(vec![Wire::Bool, Wire::Utf, counted]),
        value: value.clone(),
        length: None,
    });
    hints.add(Hint { class: "V".into(), body: None, value, length: Some(8) });
    hints
}

fn walk(snapshot: &SerializerSnapshot<'_>) -> usize {
    snapshot.nested().map(|nested| 1 + walk(&nested)).sum()
}

fn check(bytes: &[u8], hints: &Hints) {
    let snapshot = match SerializerSnapshot::parse(bytes, hints) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            assert!(error.offset() <= bytes.len() as u64, "{error}");
            return;
        }
    };
    assert_eq!(snapshot.raw(), bytes);
    assert!(snapshot.to_string().len() <= bytes.len() * 64);
    // Each nested one has a class name and a version at least, and is nested at most as deep as the limit is.
    assert!(walk(&snapshot) <= bytes.len() / 6 * 64);
    assert!(!snapshot.is_inferred(), "without a header nothing is inferred");
    let ty = snapshot.type_description();
    let _ = (ty.to_string(), ty.length(), ty.is_delimited(), ty.has_hash_code());
    let owned = snapshot.clone().into_owned();
    assert_eq!(owned.type_description(), ty);
    assert_eq!(SerializerSnapshot::parse(owned.raw(), hints).expect("read before"), snapshot);
    let plain = snapshot.without_ttl_awareness();
    let again = SerializerSnapshot::parse(plain.raw(), hints).expect("the same without what wraps it");
    assert_eq!(again.type_description(), plain.type_description());
}

/// One run.
pub fn run(bytes: &[u8]) {
    check(bytes, &Hints::default());
    check(bytes, &hints());
}

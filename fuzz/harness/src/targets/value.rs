//! Any bytes of any type give a value or an error with an offset inside the input; what is decoded is encoded and decoded again;
//! where a value ends is where decoding says it does.
//!
//! Input: length of the snapshot in two bytes, the snapshot, the value.

use flink_savepoint::keyed::KeyLayout;
use flink_savepoint::meta_info::KeyedStateType;
use flink_savepoint::serializer::{Hint, Hints, SerializerSnapshot, Wire};
use flink_savepoint::value::{Scalar, TypeDescription, Value};

use crate::mutate::{Rng, Shape};

fn hints() -> Hints {
    let value = [("a", Wire::I64), ("b", Wire::Repeated(Box::new(Wire::Str)))];
    let value = value.map(|(name, wire)| (name.to_owned(), wire)).to_vec();
    let mut hints = Hints::default();
    hints.add(Hint { class: "U".into(), body: Some(vec![]), value: Some(value), length: None });
    hints.add(Hint { class: "V".into(), body: Some(vec![]), value: None, length: Some(8) });
    hints
}

fn single(ty: &TypeDescription, bytes: &[u8]) {
    let length = ty.value_length(bytes);
    assert!(length.is_none_or(|length| length <= bytes.len()));
    let value = match ty.decode(bytes) {
        Ok(value) => value,
        Err(error) => {
            assert!(error.offset() <= bytes.len() as u64, "{error}");
            return;
        }
    };
    match length {
        Some(length) => assert_eq!(length, bytes.len(), "{value:?}"),
        None => {
            assert!(!ty.is_delimited() || matches!(ty, TypeDescription::Pojo(_)) || has_unknown(&value), "{value:?}");
        }
    }
    let written = ty.encode(&value).expect("decoded before");
    assert_eq!(ty.decode(&written).expect("just encoded"), value);
    assert!(ty.hash_code(&value).is_none() || ty.has_hash_code());
}

/// Whether it is an instance of a class that the snapshot does not have.
fn has_unknown(value: &Value<'_>) -> bool {
    format!("{value:?}").contains("Opaque")
}

fn states(ty: &TypeDescription, bytes: &[u8]) {
    match ty.decode_list_state(bytes) {
        Ok(Value::List(elements)) => {
            let written = ty.encode_list_state(&elements).expect("decoded before");
            let again = ty.decode_list_state(&written).expect("just encoded");
            assert_eq!(again, Value::List(elements));
        }
        Ok(whole) => assert_eq!(whole, Value::Opaque(bytes.into())),
        Err(error) => assert!(error.offset() <= bytes.len() as u64, "{error}"),
    }
    match ty.decode_map_value(bytes) {
        Ok(value) => {
            let written = ty.encode_map_value(&value).expect("decoded before");
            assert_eq!(ty.decode_map_value(&written).expect("just encoded"), value);
        }
        Err(error) => assert!(error.offset() <= bytes.len() as u64, "{error}"),
    }
}

fn keys(ty: &TypeDescription, bytes: &[u8]) {
    for namespace in [TypeDescription::Scalar(Scalar::VoidNamespace), ty.clone()] {
        for kind in [KeyedStateType::Value, KeyedStateType::Map] {
            let Some(layout) = KeyLayout::new(ty.clone(), namespace.clone(), kind) else { continue };
            if let Some(parts) = layout.split(bytes) {
                assert_eq!(layout.join(&parts), bytes);
                // Else the key ends where the namespace starts, whatever its own bytes say.
                if ty.is_delimited() {
                    assert_eq!(layout.split_key(bytes), Some(parts.key));
                }
            }
        }
    }
}

/// Mutates the snapshot, whose length follows, or the value.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], most: usize, rng: &mut Rng) -> &'static str {
    let parts = |input: &[u8]| {
        let (length, rest) = input.split_first_chunk().unwrap_or((&[0; 2], &[]));
        let (snapshot, value) = rest.split_at(rest.len().min(u16::from_be_bytes(*length).into()));
        (snapshot.to_vec(), value.to_vec())
    };
    let (mut snapshot, mut value) = parts(bytes);
    let (other_snapshot, other_value) = parts(other);
    let done = if rng.bool() {
        crate::mutate::mutate(Shape::Snapshot, &mut snapshot, &other_snapshot, most, rng)
    } else {
        crate::mutate::mutate(Shape::Bytes, &mut value, &other_value, most, rng)
    };
    snapshot.truncate(usize::from(u16::MAX));
    let length = u16::try_from(snapshot.len()).unwrap_or(u16::MAX).to_be_bytes();
    *bytes = [&length[..], &snapshot, &value].concat();
    bytes.truncate(most);
    done
}

/// One run.
pub fn run(input: &[u8]) {
    let Some((length, rest)) = input.split_first_chunk() else { return };
    let Some((snapshot, bytes)) = rest.split_at_checked(u16::from_be_bytes(*length).into()) else { return };
    let Ok(snapshot) = SerializerSnapshot::parse(snapshot, &hints()) else { return };
    let ty = snapshot.type_description();
    single(&ty, bytes);
    states(&ty, bytes);
    keys(&ty, bytes);
}

//! Serializers, values, and the forms that values have in lists and maps of keyed state.

use flink_savepoint::arbitrary::TypedValue;
use flink_savepoint::serializer::{Hints, Scalar, SerializerSnapshot};
use flink_savepoint::value::{BigDecimal, BigInteger, FlinkString, SqlField, SqlKind, SqlType, TypeDescription, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::of_256;
use crate::strategies::bytes::made_of;
use crate::strategies::values::{scalar_with_value, sql_row};
use crate::strategies::wire::{bytes, int, long, unit};

/// Encoded, measured, decoded and encoded again, each time the same; no prefix is a value of that length.
fn check(ty: &TypeDescription, value: &Value<'_>) -> Result<(), TestCaseError> {
    let written = ty.encode(value).unwrap();
    prop_assert_eq!(&ty.decode(&written).unwrap(), value);
    prop_assert_eq!(ty.value_length(&written), Some(written.len()));
    prop_assert_eq!(ty.encode(&ty.decode(&written).unwrap()).unwrap(), &written[..]);
    // What follows belongs to something else.
    let longer = [&written[..], &[0xFF; 9]].concat();
    prop_assert_eq!(ty.value_length(&longer), Some(written.len()));
    // The length is what Flink says, which forgets the byte of a void namespace.
    if let Some(Some(length)) = ty.length()
        && !ty.to_string().contains("VOID_NAMESPACE")
        && length > 0
    {
        prop_assert_eq!(usize::try_from(length).unwrap(), written.len(), "{}", ty);
    }
    check_state_forms(ty, value, &written)
}

fn check_state_forms(ty: &TypeDescription, value: &Value<'_>, written: &[u8]) -> Result<(), TestCaseError> {
    let flagged = ty.encode_map_value(value).unwrap();
    prop_assert_eq!(&ty.decode_map_value(&flagged).unwrap(), value);
    let null = ty.encode_map_value(&Value::Null).unwrap();
    prop_assert_eq!(ty.decode_map_value(&null).unwrap(), Value::Null);
    // Elements without bytes do not show in list state.
    if !written.is_empty() {
        for count in 0..=3 {
            let elements = vec![value.clone(); count];
            let list = ty.encode_list_state(&elements).unwrap();
            prop_assert_eq!(ty.decode_list_state(&list).unwrap(), Value::List(elements));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(of_256(256))]

    #[test]
    fn serializers(serializer in made_of::<SerializerSnapshot<'static>>(120)) {
        let read = SerializerSnapshot::parse(serializer.raw(), &Hints::default()).unwrap();
        prop_assert_eq!(&read, &serializer);
        prop_assert_eq!(read.raw(), serializer.raw());
        prop_assert_eq!((read.family(), read.version(), read.class()), (serializer.family(), serializer.version(), serializer.class()));
        let ty = serializer.type_description();
        prop_assert!(ty.is_delimited(), "{}", ty);
        prop_assert_eq!(&ty, &read.into_owned().type_description());
        prop_assert!(serializer.logical_type_error().is_none());
    }

    #[test]
    fn cut_serializers(serializer in made_of::<SerializerSnapshot<'static>>(120), cut: Index) {
        let cut = cut.index(serializer.raw().len());
        let error = SerializerSnapshot::parse(&serializer.raw()[..cut], &Hints::default()).unwrap_err();
        prop_assert!(error.offset() <= cut as u64, "cut at {}: {}", cut, error);
    }

    #[test]
    fn flipped_serializers(serializer in made_of::<SerializerSnapshot<'static>>(120), at: Index, flip in 1..=255_u8) {
        let mut bytes = serializer.raw().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        match SerializerSnapshot::parse(&bytes, &Hints::default()) {
            Err(error) => prop_assert!(error.offset() <= bytes.len() as u64, "{}", error),
            Ok(read) => prop_assert_eq!(read.raw(), &bytes[..]),
        }
    }

    #[test]
    fn values_of_every_type(TypedValue { ty, value, .. } in made_of::<TypedValue>(300)) {
        check(&ty, &value)?;
    }

    #[test]
    fn scalars((scalar, value) in scalar_with_value()) {
        check(&TypeDescription::Scalar(scalar), &value)?;
    }

    /// Strings of all lengths at which the length takes another byte.
    #[test]
    fn strings(start in vec(unit(), 0..5), fill in unit(), length in prop_oneof![0..9_usize, 125..130_usize, 16_381..16_386_usize]) {
        let units: Vec<u16> = start.into_iter().chain(std::iter::repeat(fill)).take(length).collect();
        let string = FlinkString::from_utf16(units.iter().copied());
        prop_assert_eq!(string.utf16().collect::<Vec<_>>(), units);
        check(&TypeDescription::Scalar(Scalar::String), &Value::String(string))?;
    }

    #[test]
    fn big_numbers(digits in vec(any::<u8>(), 1..40), scale in int(), small in long()) {
        let number = BigInteger::from_twos_complement(&digits);
        let shorter = number.bytes().len();
        prop_assert!(shorter <= digits.len());
        // Signs extended, both are the same number.
        let sign = if number.bytes()[0] & 0x80 == 0 { 0 } else { 0xFF };
        prop_assert!(digits[..digits.len() - shorter].iter().all(|byte| *byte == sign));
        prop_assert_eq!(&digits[digits.len() - shorter..], number.bytes());
        check(&TypeDescription::Scalar(Scalar::BigInteger), &Value::BigInteger(number.clone()))?;
        let decimal = BigDecimal { unscaled: number, scale };
        check(&TypeDescription::Scalar(Scalar::BigDecimal), &Value::BigDecimal(decimal))?;
        prop_assert_eq!(BigInteger::from(small), BigInteger::from(i128::from(small)));
    }

    #[test]
    fn sql_rows((ty, value) in sql_row()) {
        let snapshot = SerializerSnapshot::sql(&ty).unwrap();
        let described = snapshot.type_description();
        check(&described, &value)?;
        let TypeDescription::Sql(read) = described else { panic!("a row") };
        let (SqlKind::Row { fields: read, .. }, SqlKind::Row { fields, .. }) = (read.kind, ty.kind) else {
            panic!("a row")
        };
        // Names of the top level are not in the snapshot.
        let types = |fields: Vec<SqlField>| fields.into_iter().map(|field| field.ty).collect::<Vec<SqlType>>();
        prop_assert_eq!(types(read), types(fields));
    }

    #[test]
    fn cut_values(TypedValue { ty, value, .. } in made_of::<TypedValue>(300), cut: Index) {
        let written = ty.encode(&value).unwrap();
        if !written.is_empty() {
            let cut = cut.index(written.len());
            let error = ty.decode(&written[..cut]).unwrap_err();
            prop_assert!(error.offset() <= cut as u64, "cut at {}: {}", cut, error);
            prop_assert_eq!(ty.value_length(&written[..cut]), None);
        }
    }

    #[test]
    fn flipped_values(TypedValue { ty, value, .. } in made_of::<TypedValue>(300), at: Index, flip in 1..=255_u8) {
        let mut written = ty.encode(&value).unwrap();
        if !written.is_empty() {
            let at = at.index(written.len());
            written[at] ^= flip;
            match ty.decode(&written) {
                Err(error) => prop_assert!(error.offset() <= written.len() as u64, "{}", error),
                Ok(read) => {
                    let again = ty.encode(&read).unwrap();
                    prop_assert_eq!(ty.decode(&again).unwrap(), read);
                }
            }
        }
    }

    #[test]
    fn bytes_of_every_length(bytes in bytes()) {
        check(&TypeDescription::Scalar(Scalar::ByteArray), &Value::Bytes(bytes.clone()))?;
        check(&TypeDescription::Scalar(Scalar::Utf8), &Value::Text(bytes))?;
    }
}

//! The types of keys, namespaces and values in scenarios.
//!
//! `long`, `tuple<string,int>`, `map<string,list<long>>`: each stands for the serializer that Flink has for it.

use std::fmt;
use std::str::FromStr;

/// A type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// `java.lang.Boolean`.
    Boolean,
    /// `java.lang.Byte`.
    Byte,
    /// `java.lang.Short`.
    Short,
    /// `java.lang.Integer`.
    Int,
    /// `java.lang.Long`.
    Long,
    /// `java.lang.Float`.
    Float,
    /// `java.lang.Double`.
    Double,
    /// `java.lang.Character`.
    Char,
    /// `java.lang.String`, which can be null.
    String,
    /// `byte[]`.
    Bytes,
    /// `java.math.BigInteger`.
    BigInteger,
    /// `java.math.BigDecimal`.
    BigDecimal,
    /// `java.time.Instant`.
    Instant,
    /// `java.time.LocalDate`.
    LocalDate,
    /// `java.time.LocalTime`.
    LocalTime,
    /// `java.time.LocalDateTime`.
    LocalDateTime,
    /// `TimeWindow` of the `DataStream` API.
    TimeWindow,
    /// `Tuple1` to `Tuple25`.
    Tuple(Vec<Type>),
    /// `java.util.List`.
    List(Box<Type>),
    /// `java.util.Map`, whose values can be null.
    Map(Box<Type>, Box<Type>),
    /// `Row`, whose fields can be null.
    Row(Vec<Type>),
    /// `Either`.
    Either(Box<Type>, Box<Type>),
}

/// The types that are made of no others.
const SCALARS: [(&str, Type); 17] = [
    ("boolean", Type::Boolean),
    ("byte", Type::Byte),
    ("short", Type::Short),
    ("int", Type::Int),
    ("long", Type::Long),
    ("float", Type::Float),
    ("double", Type::Double),
    ("char", Type::Char),
    ("string", Type::String),
    ("bytes", Type::Bytes),
    ("big-integer", Type::BigInteger),
    ("big-decimal", Type::BigDecimal),
    ("instant", Type::Instant),
    ("local-date", Type::LocalDate),
    ("local-time", Type::LocalTime),
    ("local-date-time", Type::LocalDateTime),
    ("time-window", Type::TimeWindow),
];

/// So deep can types be nested.
const MAX_DEPTH: usize = 16;

impl Type {
    /// The name, without what is in angle brackets.
    pub fn head(&self) -> &'static str {
        match self {
            Self::Tuple(_) => "tuple",
            Self::List(_) => "list",
            Self::Map(..) => "map",
            Self::Row(_) => "row",
            Self::Either(..) => "either",
            scalar => SCALARS.iter().find(|(_, one)| one == scalar).map_or("", |(name, _)| name),
        }
    }

    /// What stands in the angle brackets.
    pub fn parts(&self) -> Vec<&Type> {
        match self {
            Self::Tuple(fields) | Self::Row(fields) => fields.iter().collect(),
            Self::List(element) => vec![element],
            Self::Map(a, b) | Self::Either(a, b) => vec![a, b],
            _ => Vec::new(),
        }
    }

    /// Whether values can be looked up by it: as keys, namespaces, and keys of maps. Java compares arrays by identity, and Flink
    /// takes no collections for keys.
    pub fn is_key(&self) -> bool {
        match self {
            Self::Bytes | Self::List(_) | Self::Map(..) | Self::Either(..) => false,
            composite => composite.parts().into_iter().all(Self::is_key),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.head())?;
        for (i, part) in self.parts().into_iter().enumerate() {
            write!(f, "{}{part}", if i == 0 { "<" } else { "," })?;
        }
        if self.parts().is_empty() { Ok(()) } else { f.write_str(">") }
    }
}

impl FromStr for Type {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (ty, rest) = parse(text, 0)?;
        if rest.is_empty() { Ok(ty) } else { Err(format!("`{rest}` behind the type {ty}")) }
    }
}

/// A type, and what stands behind it.
fn parse(text: &str, depth: usize) -> Result<(Type, &str), String> {
    if depth == MAX_DEPTH {
        return Err(format!("types nested more than {MAX_DEPTH} deep"));
    }
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if let Some((_, scalar)) = SCALARS.iter().find(|(one, _)| *one == name) {
        return Ok((scalar.clone(), rest.trim_start()));
    }
    if !["tuple", "list", "map", "row", "either"].contains(&name) {
        return Err(format!("there is no type `{name}`"));
    }
    let mut rest = rest.strip_prefix('<').ok_or_else(|| format!("`{name}` without `<`"))?;
    let mut parts = Vec::new();
    loop {
        let (part, behind) = parse(rest, depth + 1)?;
        parts.push(part);
        if let Some(behind) = behind.strip_prefix(',') {
            rest = behind;
        } else {
            rest = behind.strip_prefix('>').ok_or_else(|| format!("`{name}<` without `>`"))?;
            break;
        }
    }
    let ty = match (name, <[Type; 1]>::try_from(parts)) {
        ("list", Ok([element])) => Type::List(Box::new(element)),
        ("tuple", Ok(fields)) => Type::Tuple(fields.into()),
        ("row", Ok(fields)) => Type::Row(fields.into()),
        ("tuple", Err(fields)) if fields.len() <= 25 => Type::Tuple(fields),
        ("row", Err(fields)) if fields.len() <= 1000 => Type::Row(fields),
        (_, Err(parts)) => match (name, <[Type; 2]>::try_from(parts)) {
            ("map", Ok([key, value])) if key.is_key() => Type::Map(Box::new(key), Box::new(value)),
            ("map", Ok([key, _])) => return Err(format!("a map cannot have keys of type {key}")),
            ("either", Ok([left, right])) => Type::Either(Box::new(left), Box::new(right)),
            _ => return Err(format!("the wrong number of types in `{name}<>`")),
        },
        _ => return Err(format!("the wrong number of types in `{name}<>`")),
    };
    Ok((ty, rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_written() {
        for (name, ty) in SCALARS {
            assert_eq!((name.parse(), ty.to_string().as_str(), ty.head()), (Ok(ty.clone()), name, name));
        }
        for text in [
            "tuple<string>",
            "tuple<long,int,tuple<string,string>>",
            "list<list<double>>",
            "map<tuple<int,string>,map<long,bytes>>",
            "row<boolean>",
            "either<string,row<int,list<char>>>",
        ] {
            assert_eq!(text.parse::<Type>().map(|ty| ty.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(" map < string , long > ".parse::<Type>(), Err("`map` without `<`".to_owned()));
        assert_eq!(
            "map<string, list<long> >".parse::<Type>().map(|ty| ty.to_string()).as_deref(),
            Ok("map<string,list<long>>")
        );
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let fields = |n: usize| format!("tuple<{}>", vec!["int"; n].join(","));
        assert!(fields(25).parse::<Type>().is_ok());
        for (text, why) in [
            ("", "no type ``"),
            ("integer", "no type `integer`"),
            ("long>", "`>` behind the type long"),
            ("list<long", "without `>`"),
            ("list<>", "no type ``"),
            ("list<int,int>", "the wrong number"),
            ("map<int>", "the wrong number"),
            ("map<bytes,int>", "keys of type bytes"),
            ("either<int,int,int>", "the wrong number"),
            (&fields(26), "the wrong number"),
            (&"list<".repeat(100_000), "nested more than 16 deep"),
        ] {
            let found = text.parse::<Type>().unwrap_err();
            assert!(found.contains(why), "{text}: {found}");
        }
    }

    #[test]
    fn only_what_can_be_looked_up_is_a_key() {
        for (text, is_key) in
            [("long", true), ("bytes", false), ("tuple<int,row<string>>", true), ("tuple<int,list<int>>", false)]
        {
            assert_eq!(text.parse::<Type>().map(|ty| ty.is_key()), Ok(is_key), "{text}");
        }
    }
}

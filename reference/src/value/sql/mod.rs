//! Values of the table runtime: `RowData`, `ArrayData`, `MapData` and what is in them, in their binary formats.

mod sql_type;

pub use sql_type::{SqlField, SqlKind, SqlType};

//! What is written is read again, and is written as the same bytes.

mod metadata;
mod streams;
mod values;
mod wire;

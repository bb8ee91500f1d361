//! Lines of bounded length from standard output.

use std::io::{BufRead, ErrorKind};

/// What comes next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// A line, without its end.
    Line(Vec<u8>),
    /// More than so many bytes without a line's end.
    Endless(usize),
    /// No more; what stands after the last line's end.
    End(Vec<u8>),
}

/// Reads a line of `most` bytes at most.
pub(super) fn next(reader: &mut impl BufRead, most: usize) -> Next {
    let mut line = Vec::new();
    loop {
        let buffer = match reader.fill_buf() {
            Ok(buffer) => buffer,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Next::End(line),
        };
        if buffer.is_empty() {
            return Next::End(line);
        }
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let length = end.unwrap_or(buffer.len());
        if line.len() + length > most {
            return Next::Endless(most);
        }
        line.extend_from_slice(&buffer[..length]);
        reader.consume(end.map_or(length, |end| end + 1));
        if end.is_some() {
            return Next::Line(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded() {
        let mut reader = std::io::BufReader::with_capacity(3, &b"ab\n\nabcde\nabcdef\n"[..]);
        assert_eq!(next(&mut reader, 5), Next::Line(b"ab".to_vec()));
        assert_eq!(next(&mut reader, 5), Next::Line(Vec::new()));
        assert_eq!(next(&mut reader, 5), Next::Line(b"abcde".to_vec()));
        assert_eq!(next(&mut reader, 5), Next::Endless(5));
        assert_eq!(next(&mut &b"abc"[..], 5), Next::End(b"abc".to_vec()));
    }
}

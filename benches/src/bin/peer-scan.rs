//! Our side of `benches/peer/scan`: writes the stream, and scans it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::BufWriter;
use std::time::Instant;

use flink_savepoint::metadata::KeyGroupOffsets;
use flink_savepoint_benches::keyed::{Counts, Shape, scan, scan_by_iterator, touch_each_line};
use memmap2::Mmap;
use serde_json::json;

const USAGE: &str = "usage:
  peer-scan write FILE ENTRIES ENTRY_SIZE [varied] [snappy]   also writes FILE.offsets
  peer-scan scan FILE PASSES [KEY_GROUPS]                     prints JSON; KEY_GROUPS: only the first so many";

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", path, entries, entry_size, ref rest @ ..] => {
            let shape = Shape {
                entries: entries.parse()?,
                entry_size: entry_size.parse()?,
                varied: rest.contains(&"varied"),
                compressed: rest.contains(&"snappy"),
            };
            write(path, shape)
        }
        ["scan", path, passes] => measure(path, passes.parse()?, usize::MAX),
        ["scan", path, passes, key_groups] => measure(path, passes.parse()?, key_groups.parse()?),
        _ => {
            eprintln!("{USAGE}");
            std::process::exit(2)
        }
    }
}

/// The stream, and what its handle says: first key group and count, then an offset a line.
fn write(path: &str, shape: Shape) -> Result<(), Failure> {
    let written = shape.write(BufWriter::new(File::create(path)?))?;
    let range = written.offsets.range();
    let mut handle = format!("{} {}\n", range.start(), range.count());
    for offset in written.offsets.offsets().iter() {
        writeln!(handle, "{offset}")?;
    }
    Ok(fs::write(format!("{path}.offsets"), handle)?)
}

/// What the handle says of the first `key_groups`, and where their sections end.
fn read_handle(path: &str, key_groups: usize, length: usize) -> Result<(KeyGroupOffsets<'static>, usize), Failure> {
    let handle = fs::read_to_string(format!("{path}.offsets"))?;
    let mut lines = handle.lines();
    let start = lines.next().and_then(|line| line.split(' ').next()).ok_or("no key groups")?.parse()?;
    let mut offsets = lines.map(str::parse).collect::<Result<Vec<i64>, _>>()?;
    let behind = offsets.split_off(offsets.len().min(key_groups)).into_iter().find(|offset| *offset > 0);
    let end = behind.map_or(Ok(length), usize::try_from)?;
    Ok((KeyGroupOffsets::new(start, offsets).ok_or("too many key groups")?, end))
}

fn map(path: &str) -> Result<Mmap, Failure> {
    let file = File::open(path)?;
    // SAFETY: nobody writes to the file: it was made for this, and `benches/peer/scan` waits for us.
    Ok(unsafe { Mmap::map(&file) }?)
}

/// One pass of each in turn, so that what slows the machine down slows all of them down.
fn measure(path: &str, passes: u32, key_groups: usize) -> Result<(), Failure> {
    let mapped = map(path)?;
    let (offsets, end) = read_handle(path, key_groups, mapped.len())?;
    let bytes = &mapped[..end];
    let (mut buffer, mut copy) = (Vec::new(), bytes.to_vec());
    let mut seconds = BTreeMap::<_, Vec<f64>>::new();
    let counts = scan(bytes, &offsets, &mut buffer)?;
    let same = |found: Counts| if found == counts { Ok(()) } else { Err("two scans differ") };
    for _ in 0..passes {
        let mut time = |what, since: Instant| seconds.entry(what).or_default().push(since.elapsed().as_secs_f64());
        let start = Instant::now();
        same(scan(&map(path)?[..end], &offsets, &mut buffer)?)?;
        time("map_and_scan", start);
        let start = Instant::now();
        same(scan(bytes, &offsets, &mut buffer)?)?;
        time("scan", start);
        let start = Instant::now();
        let found = scan_by_iterator(bytes, &offsets)?;
        time("scan_by_iterator", start);
        // Compressed sections have no iterator.
        same(if found.entries == 0 { counts } else { found })?;
        let start = Instant::now();
        black_box(touch_each_line(black_box(bytes)));
        time("touch_each_line", start);
        let start = Instant::now();
        copy.copy_from_slice(black_box(bytes));
        black_box(&copy);
        time("memcpy", start);
    }
    let Counts { entries, key_bytes, value_bytes, checksum } = counts;
    let report = json!({
        "bytes": bytes.len(),
        "entries": entries,
        "key_bytes": key_bytes,
        "value_bytes": value_bytes,
        "checksum": checksum,
        "seconds": seconds,
    });
    println!("{report}");
    Ok(())
}

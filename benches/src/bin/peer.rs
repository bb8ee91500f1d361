//! Our side of `benches/peer/run`: makes the files, and measures on them. Each measurement prints a JSON object with counts,
//! and with the seconds of each pass.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use flink_savepoint::keyed::{Entry, KeyedHeader, KeyedStream, KeyedWriter, WrittenStream};
use flink_savepoint::metadata::{KeyGroupOffsets, Metadata};
use flink_savepoint_benches::keyed::{Counts, Shape, key_groups, max_parallelism, scan, scan_by_iterator};
use flink_savepoint_benches::limits::{SnappyBlocks, touch_each_line};
use flink_savepoint_benches::metadata::{Sums, metadata_file};
use flink_savepoint_benches::model;
use memmap2::Mmap;
use serde_json::{Value, json};

const USAGE: &str = "usage:
  peer make-stream FILE ENTRIES ENTRY_SIZE [varied] [snappy]   also makes FILE.offsets
  peer make-metadata FILE HANDLES KEY_GROUPS RELEASE           so many key groups to a handle
  peer scan FILE PASSES [KEY_GROUPS]                           only the first so many key groups
  peer write FILE PASSES OUT                                   the entries of FILE anew: into memory, and into the file OUT
  peer metadata FILE PASSES";

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let report = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make-stream", path, entries, entry_size, ref rest @ ..] => {
            let shape = Shape {
                entries: entries.parse()?,
                states: 2,
                entry_size: entry_size.parse()?,
                varied: rest.contains(&"varied"),
                compressed: rest.contains(&"snappy"),
            };
            let written = shape.write(BufWriter::new(File::create(path)?))?;
            return write_handle(path, &written.offsets);
        }
        ["make-metadata", path, handles, key_groups, release] => {
            let bytes = metadata_file(handles.parse()?, key_groups.parse()?, release.parse()?)?;
            return Ok(fs::write(path, bytes)?);
        }
        ["scan", path, passes] => measure_scan(path, passes.parse()?, usize::MAX),
        ["scan", path, passes, key_groups] => measure_scan(path, passes.parse()?, key_groups.parse()?),
        ["write", path, passes, out] => measure_write(path, passes.parse()?, out),
        ["metadata", path, passes] => measure_metadata(path, passes.parse()?),
        _ => {
            eprintln!("{USAGE}");
            std::process::exit(2)
        }
    }?;
    println!("{report}");
    Ok(())
}

/// Seconds of each pass of each thing. One pass of each is made in turn, so that what slows the machine down slows all of
/// them down.
#[derive(Default)]
struct Seconds(BTreeMap<&'static str, Vec<f64>>);

impl Seconds {
    fn time<R>(&mut self, what: &'static str, run: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = black_box(run());
        self.0.entry(what).or_default().push(start.elapsed().as_secs_f64());
        result
    }

    /// With what was counted.
    fn report(self, bytes: usize, counts: Value) -> Value {
        let mut report = json!({ "bytes": bytes, "seconds": self.0 });
        if let (Value::Object(report), Value::Object(counts)) = (&mut report, counts) {
            report.extend(counts);
        }
        report
    }
}

/// What the handle of a stream says: first key group and count, then an offset a line.
fn write_handle(path: &str, offsets: &KeyGroupOffsets<'_>) -> Result<(), Failure> {
    let mut handle = format!("{} {}\n", offsets.range().start(), offsets.range().count());
    for offset in offsets.offsets().iter() {
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

fn map(path: impl AsRef<Path>) -> Result<Mmap, Failure> {
    let file = File::open(path)?;
    // SAFETY: nobody writes to the file: it was made for this, and `benches/peer/run` waits for us.
    Ok(unsafe { Mmap::map(&file) }?)
}

fn measure_scan(path: &str, passes: u32, key_groups: usize) -> Result<Value, Failure> {
    let mapped = map(path)?;
    let (offsets, end) = read_handle(path, key_groups, mapped.len())?;
    let bytes = &mapped[..end];
    let (mut buffer, mut copy) = (Vec::new(), bytes.to_vec());
    let stream = KeyedStream::open(bytes, &offsets, max_parallelism())?;
    let header_end = usize::try_from(stream.header_end())?;
    let mut blocks = stream.header().compressed.then(|| SnappyBlocks::within(&bytes[header_end..]));
    let counts = scan(bytes, &offsets, &mut buffer)?;
    let same = |found: Counts| if found == counts { Ok(()) } else { Err("two scans differ") };
    let mut seconds = Seconds::default();
    for _ in 0..passes {
        let found =
            seconds.time("map_and_scan", || Ok::<_, Failure>(scan(&map(path)?[..end], &offsets, &mut buffer)?))?;
        same(found)?;
        same(seconds.time("scan", || scan(bytes, &offsets, &mut buffer))?)?;
        if let Some(blocks) = &mut blocks {
            seconds.time("snappy_decoder_alone", || blocks.decode());
        } else {
            same(seconds.time("scan_by_iterator", || scan_by_iterator(bytes, &offsets))?)?;
        }
        seconds.time("touch_each_line", || touch_each_line(black_box(bytes)));
        seconds.time("memcpy", || copy.copy_from_slice(black_box(bytes)));
    }
    Ok(seconds.report(bytes.len(), to_json(counts)))
}

/// As Flink's side prints them.
fn to_json(counts: Counts) -> Value {
    let Counts { entries, key_bytes, value_bytes, checksum } = counts;
    json!({ "entries": entries, "key_bytes": key_bytes, "value_bytes": value_bytes, "checksum": checksum })
}

fn write<W: Write>(sink: W, header: &KeyedHeader<'_>, entries: &[Entry<'_>]) -> Result<WrittenStream<W>, Failure> {
    let mut writer = KeyedWriter::new(sink, header, key_groups(), max_parallelism())?;
    for Entry { state, key_group, key, value } in black_box(entries) {
        writer.entry(*key_group, *state, key, value)?;
    }
    Ok(writer.finish()?)
}

fn measure_write(path: &str, passes: u32, out: &str) -> Result<Value, Failure> {
    let mapped = map(path)?;
    let (offsets, _) = read_handle(path, usize::MAX, mapped.len())?;
    let stream = KeyedStream::open(&mapped, &offsets, max_parallelism())?;
    let (mut kept, mut ends) = (Vec::with_capacity(2 * mapped.len()), Vec::new());
    let counts = scan(&mapped, &offsets, &mut Vec::new())?;
    // As a state backend has them: somewhere in memory.
    stream.for_each(&mut Vec::new(), |key_group, Entry { state, key, value, .. }| {
        kept.extend_from_slice(key);
        kept.extend_from_slice(value);
        ends.push((key_group, state, kept.len() - value.len(), kept.len()));
        Ok::<_, flink_savepoint::Error>(())
    })?;
    let mut start = 0;
    let entry = |(key_group, state, key_end, end)| {
        let entry = Entry { state, key_group, key: &kept[start..key_end], value: &kept[key_end..end] };
        start = end;
        entry
    };
    let entries: Vec<Entry<'_>> = ends.into_iter().map(entry).collect();
    let mut copy = mapped.to_vec();
    let mut reused = Vec::with_capacity(mapped.len());
    let mut seconds = Seconds::default();
    for _ in 0..passes {
        let written = seconds.time("write_memory", || write(Vec::new(), stream.header(), &entries))?;
        if written.sink != *mapped || written.offsets != offsets {
            return Err("what is written is not what was read".into());
        }
        drop(written);
        reused.clear();
        seconds
            .time("write_reused_memory", || Ok::<_, Failure>(write(&mut reused, stream.header(), &entries)?.length))?;
        let written =
            seconds.time("write_file", || write(BufWriter::new(File::create(out)?), stream.header(), &entries))?;
        write_handle(out, &written.offsets)?;
        seconds.time("memcpy", || copy.copy_from_slice(black_box(&mapped)));
    }
    Ok(seconds.report(mapped.len(), to_json(counts)))
}

fn measure_metadata(path: &str, passes: u32) -> Result<Value, Failure> {
    let bytes = fs::read(path)?;
    let read = Metadata::parse(&bytes)?;
    let model = model::Metadata::of(&read)?;
    let (sums, encoded) = (Sums::of(&read), model.encode()?);
    if model.sums() != sums {
        return Err("the model differs".into());
    }
    let mut copy = bytes.clone();
    let mut seconds = Seconds::default();
    for _ in 0..passes {
        seconds.time("read_file", || {
            let bytes = fs::read(path)?;
            Ok::<_, Failure>(Metadata::parse(&bytes)?.trailing_bytes())
        })?;
        seconds.time("read", || Metadata::parse(black_box(&bytes)).map(|read| read.trailing_bytes()))?;
        let found = seconds.time("read_and_look", || Metadata::parse(black_box(&bytes)).map(|read| Sums::of(&read)))?;
        if found != sums {
            return Err("two readings differ".into());
        }
        // The model is dropped with the clock stopped, as Flink's is left to the garbage collector.
        drop(seconds.time("bincode_decode", || model::Metadata::decode(black_box(&encoded)))?);
        seconds.time("write", || black_box(&read).to_bytes().map(|bytes| bytes.len()))?;
        seconds.time("bincode_encode", || black_box(&model).encode().map(|bytes| bytes.len()))?;
        seconds.time("touch_each_line", || touch_each_line(black_box(&bytes)));
        seconds.time("memcpy", || copy.copy_from_slice(black_box(&bytes)));
    }
    Ok(seconds.report(bytes.len(), sums.to_json()))
}

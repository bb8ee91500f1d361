//! Puts seeds made from the golden vectors where cargo-fuzz looks for them: `fuzz/corpus/<target>`.

use std::error::Error;
use std::fs;
use std::path::Path;

use flink_savepoint::keyed::{KeyGroup, KeyedStream, KeyedWriter, MaxParallelism};
use flink_savepoint::metadata::{KeyGroupRange, KeyedHandle, Metadata, Offsets};
use flink_savepoint::operator::OperatorStream;
use flink_savepoint::savepoint::{Directory, PartState, Savepoint};

/// As many key groups as an input can have.
const KEY_GROUPS: u16 = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    let mut save = |target: &'static str, name: &str, content: &[u8]| {
        *counts.entry(target).or_default() += 1;
        let place = here.join("corpus").join(target);
        fs::create_dir_all(&place)?;
        fs::write(place.join(name), content)
    };
    for vector in fs::read_dir(here.join("../conformance/vectors/valid"))? {
        let directory = vector?.path();
        let id = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::read(directory.join("_metadata"))?;
        save("metadata", &id, &bytes)?;
        let savepoint = Savepoint::new(Metadata::parse(&bytes)?, Directory::new(&directory));
        for operator in &savepoint.metadata().operators {
            savepoint.for_each_part(&operator, |part| {
                let name = format!("{id}-{}-{}", operator.id, part.subtask);
                // What the vectors only name, and what is not canonical, has no stream to give.
                match part.state {
                    PartState::ManagedKeyed(handle @ KeyedHandle::KeyGroups(_)) => {
                        if let Ok(seed) = savepoint.keyed(part, handle, keyed_seed) {
                            save("keyed_stream", &name, &seed)?;
                        }
                    }
                    PartState::ManagedOperator(handle) => {
                        let Ok(bytes) = savepoint.bytes(&handle.delegate) else { return Ok(()) };
                        let offsets: Vec<Offsets<'_>> = handle.states.iter().map(|meta| meta.offsets).collect();
                        let most = offsets.iter().map(Offsets::len).max().unwrap_or(0);
                        let Ok(stream) = OperatorStream::open(bytes.as_ref(), handle) else { return Ok(()) };
                        // As many offsets for each state, in the order of the header.
                        let in_order = stream
                            .header()
                            .all_states()
                            .filter_map(|state| handle.states.iter().find(|meta| meta.name.same_text(&state.name)));
                        let mut seed = vec![u8::try_from(most).unwrap_or(u8::MAX)];
                        for meta in in_order {
                            let last = meta.offsets.iter().last().unwrap_or_default();
                            let padded = meta.offsets.iter().chain(std::iter::repeat(last)).take(most);
                            seed.extend(padded.flat_map(two_bytes));
                        }
                        seed.extend(bytes.as_ref());
                        save("operator_state", &name, &seed)?;
                    }
                    _ => {}
                }
                Ok::<_, std::io::Error>(())
            })?;
        }
    }
    for (target, count) in counts {
        println!("{count:5} {target}");
    }
    Ok(())
}

/// The first sections of a stream, as those of the first key groups.
fn keyed_seed(stream: &KeyedStream<'_>) -> Result<Vec<u8>, flink_savepoint::Error> {
    let max = MaxParallelism::new(if stream.max_parallelism().get() > 128 { 129 } else { 128 }).expect("in range");
    let range = KeyGroupRange::new(0, KEY_GROUPS.into()).expect("a few");
    let mut writer = KeyedWriter::new(Vec::new(), stream.header(), range, max).expect("in memory");
    let mut buffer = Vec::new();
    for (group, section) in (0..KEY_GROUPS).zip(stream.sections()) {
        section.for_each::<flink_savepoint::Error>(&mut buffer, |entry| {
            writer.entry(KeyGroup(group), entry.state, entry.key, entry.value).expect("in memory");
            Ok(())
        })?;
    }
    let written = writer.finish().expect("in memory");
    let wide = u8::from(max.get() > 128);
    let mut seed = vec![u8::try_from(KEY_GROUPS - 1).unwrap_or(0), wide];
    seed.extend(written.offsets.offsets().iter().flat_map(two_bytes));
    seed.extend(written.sink);
    Ok(seed)
}

fn two_bytes(offset: i64) -> [u8; 2] {
    i16::try_from(offset).unwrap_or(0).to_be_bytes()
}

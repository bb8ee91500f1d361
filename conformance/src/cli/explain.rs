//! `savepoint explain`.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use flink_savepoint::savepoint::METADATA;

use super::Failure;
use crate::explain::{self, File, Group, HexView, Leaf, Line, Lines, Page, Sink, Stop, Tree};
use crate::hints::HintsFile;
use crate::json;
use crate::progress::Progress;
use crate::remote::{self, Mirror};
use crate::store::map_file;

/// Every byte of a file, named: field, value, type, and where the specification defines it
///
/// Takes a `_metadata` file or a state file. A state file is best left in its savepoint: only the `_metadata` beside it knows where
/// key groups and partitions start. Compressed key groups are opened. Exits with 2 if the file ends or breaks before its last byte;
/// what stands before is explained all the same.
#[derive(Args)]
#[command(after_help = "\
Examples:
  savepoint explain DIR/_metadata                        a tree
  savepoint explain --view hex DIR/_metadata             every byte, field by field
  savepoint explain --links DIR/701c7f94-...             with the places in the specification
  savepoint explain --format html DIR/_metadata > m.html one page, without a network; light and dark
  savepoint explain --format json FILE | jq -r 'select(.field == \"class\").value'")]
pub(super) struct Arguments {
    /// A `_metadata` file or a state file; of a directory, its `_metadata`
    #[arg(required_unless_present = "json_schema")]
    file: Option<PathBuf>,

    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// What the text shows
    #[arg(long, value_enum, default_value_t = View::Tree)]
    view: View,

    /// Name the place in the specification behind each structure
    #[arg(long)]
    links: bool,

    /// Where links of the HTML page lead: the rendered specification (`mdbook build spec`)
    #[arg(long, value_name = "URL", default_value = "spec/book")]
    spec_url: String,

    #[command(flatten)]
    hints: HintsFile,

    #[command(flatten)]
    remote: remote::Options,

    /// Print the JSON Schema of a line of `--format json`, and read nothing
    #[arg(long)]
    json_schema: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// JSON lines: one for each structure and field
    Json,
    /// A self-contained page
    Html,
}

#[derive(Clone, Copy, ValueEnum)]
enum View {
    /// Structures and fields, indented; long fields shortened
    Tree,
    /// All bytes
    Hex,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let Arguments { file, format, view, links, spec_url, hints, remote: options, json_schema } = arguments;
    let (Some(file), false) = (file, json_schema) else {
        super::print(&json::schema::<Line<'_>>())?;
        return Ok(ExitCode::SUCCESS);
    };
    let hints = hints.read()?;
    let path = if file.is_dir() { file.join(METADATA) } else { file.clone() };
    let remote = match remote::url_of(file) {
        Some(url) => Some(Mirror::open(url, options).map_err(|e| format!("{}: {e}", remote::without_secrets(url)))?),
        None => None,
    };
    let (path, bytes) = if let Some(mirror) = &remote {
        let bytes = mirror.file(mirror.name(), None)?;
        // It is looked for beside the file.
        if mirror.size(METADATA).is_some() {
            mirror.file(METADATA, None)?;
        }
        (mirror.directory().join(mirror.name()), bytes)
    } else {
        let bytes = map_file(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        (path, bytes)
    };
    let bytes = bytes.as_ref();
    let shown = remote.as_ref().map_or_else(|| path.display().to_string(), Mirror::url);
    let beside = if explain::is_metadata(bytes) { None } else { explain::metadata_beside(&path) };
    let metadata = if explain::is_metadata(bytes) { Some(bytes) } else { beside.as_deref() };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let explained = File { name: &name, bytes, metadata, hints };
    let mut out = BufWriter::new(io::stdout().lock());
    let run = |sink: &mut dyn Sink| {
        let progress = Progress::new("explaining", bytes.len() as u64);
        explain::explain(&explained, &mut Watched { sink, progress, at: 0 })
    };
    let done = match (format, view) {
        (Format::Json, _) => run(&mut Lines::new(&mut out)),
        (Format::Text, View::Tree) => run(&mut Tree::new(&mut out, *links)),
        (Format::Text, View::Hex) => run(&mut HexView::new(&mut out)),
        (Format::Html, _) => {
            let mut page = Page::start(&mut out, &shown, spec_url)?;
            let done = run(&mut page);
            page.finish(done.as_ref().err().map(ToString::to_string).as_deref())?;
            done
        }
    };
    let done = done.and_then(|()| Ok(out.flush()?));
    match done {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // The reader has seen enough, as `head` has.
        Err(Stop::Io(e)) if e.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(stop) => {
            out.flush()?;
            Err(format!("{shown}: {stop}").into())
        }
    }
}

/// Moves the progress bar.
struct Watched<'w> {
    sink: &'w mut dyn Sink,
    progress: Progress,
    /// Offset in the file behind what was explained last.
    at: u64,
}

impl Sink for Watched<'_> {
    fn open(&mut self, group: &Group<'_>) -> io::Result<()> {
        self.sink.open(group)
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()> {
        // What was decompressed counts on its own, and stands before the end of the file that was reached.
        let end = leaf.offset + leaf.bytes.len() as u64;
        if leaf.offset == self.at {
            self.progress.advance(end - self.at);
            self.at = end;
        }
        self.sink.leaf(leaf)
    }

    fn close(&mut self, offset: u64) -> io::Result<()> {
        self.sink.close(offset)
    }
}

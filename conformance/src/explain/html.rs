//! The explanation as one page that needs no network: a tree beside the bytes.

use std::fmt::Write as _;
use std::io::{self, Write};

use flink_savepoint_spec::{book, layouts};

use super::sink::{Group, Leaf, Sink};
use super::text::numbered;

/// Bytes of a field that the page shows; the rest is counted.
const SHOWN: usize = 256;

/// Writes the page.
pub struct Page<W: Write> {
    out: W,
    /// Where the rendered specification is.
    spec: String,
    depth: usize,
}

impl<W: Write> Page<W> {
    /// Starts a page about the file of that name.
    pub fn start(mut out: W, title: &str, spec: &str) -> io::Result<Self> {
        let head = include_str!("page.html");
        let (head, _) = head.split_once("<!-- rows -->").unwrap_or((head, ""));
        out.write_all(head.replace("{title}", &escape(title)).as_bytes())?;
        Ok(Self { out, spec: spec.trim_end_matches('/').to_owned(), depth: 0 })
    }

    /// Ends the page, with what stopped the explanation.
    pub fn finish(mut self, stopped: Option<&str>) -> io::Result<()> {
        while self.depth > 0 {
            self.close(0)?;
        }
        if let Some(why) = stopped {
            write!(self.out, "<p class=bad>{}</p>", escape(why))?;
        }
        let (_, tail) = include_str!("page.html").split_once("<!-- rows -->").unwrap_or_default();
        self.out.write_all(tail.as_bytes())?;
        self.out.flush()
    }

    fn link(&self, layout: &str) -> String {
        match book::place(layout) {
            Some(place) => {
                format!("<a href=\"{}/{}\">{}</a>", escape(&self.spec), place.html(), escape(layout))
            }
            None => escape(layout),
        }
    }
}

impl<W: Write> Sink for Page<W> {
    fn open(&mut self, group: &Group<'_>) -> io::Result<()> {
        let open = if self.depth < 3 || group.opened { " open" } else { "" };
        self.depth += 1;
        let kind = if group.opened { " class=opened" } else { "" };
        writeln!(
            self.out,
            "<details{kind}{open}><summary><code>{:08x}</code> <b>{}</b> {} <i>{}</i></summary>",
            group.offset,
            escape(&numbered(group.name, group.index)),
            self.link(group.layout),
            escape(&group.about),
        )
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) -> io::Result<()> {
        let meaning = match layouts::get(leaf.layout) {
            Some(layouts::Structure::Layout(layout)) => {
                layout.fields.iter().find(|field| field.name == leaf.name).map(|field| field.meaning.as_str())
            }
            Some(layouts::Structure::Choice(choice)) => Some(choice.title.as_str()),
            None => None,
        };
        let shown = leaf.bytes.iter().take(SHOWN).map(|byte| format!("{byte:02x}"));
        let mut hex = shown.collect::<Vec<_>>().join(" ");
        if leaf.bytes.len() > SHOWN {
            let _ = write!(hex, " and {} bytes more", leaf.bytes.len() - SHOWN);
        }
        writeln!(
            self.out,
            "<div class=f title=\"{}\"><code>{:08x}</code><span><b>{}</b> <small>{}</small> {}</span><code class=h>{}</code></div>",
            escape(meaning.unwrap_or_default()),
            leaf.offset,
            escape(&numbered(leaf.name, leaf.index)),
            escape(&leaf.ty),
            escape(&super::text::shortened(&leaf.value, 400)),
            hex,
        )
    }

    fn close(&mut self, _: u64) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        writeln!(self.out, "</details>")
    }
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

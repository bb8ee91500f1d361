"""What the scripts of this directory share: building our programs, tables, and bars that ratios have to reach."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def call(*command, **options):
    """What a command prints; ends the script if it fails."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, cwd=ROOT, **options)
    if done.returncode != 0:
        sys.exit(f"{Path(sys.argv[0]).name}: {' '.join(map(str, command))} failed")
    return done.stdout


def machine():
    """What a table was measured on."""
    try:
        names = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                 if line.startswith("model name")]
    except OSError:
        names = []
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT)
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "rustc": call("rustc", "--version").strip(),
        "commit": commit.stdout.strip(),
    }


def bar(what, ratio, fastest, least):
    """A bar: what is measured, the ratio of the medians, which counts, and of the fastest passes, and what it has to be."""
    return {"what": what, "ratio": ratio, "fastest": fastest, "least": least, "met": ratio >= least}


def number(value):
    """With three digits that mean something, or as a whole number."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def duration(seconds):
    for unit, size in [("s", 1), ("ms", 1e-3), ("µs", 1e-6)]:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def markdown(columns, rows):
    """A table; the first column is text, the others are numbers."""
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    pad = [str.ljust if i == 0 else str.rjust for i in range(len(columns))]
    lines = ["| " + " | ".join(p(cell, w) for p, cell, w in zip(pad, row, widths)) + " |" for row in [columns, *rows]]
    lines.insert(1, "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|")
    return "\n".join(lines)


def bars_markdown(bars):
    rows = [[one["what"], number(one["ratio"]), number(one["fastest"]), number(one["least"]), "yes" if one["met"] else "no"]
            for one in bars]
    return markdown(["ratio", "of medians", "of fastest", "at least", "met"], rows)


def machine_markdown(about):
    return (f"{about['processor']}, {about['cores']} cores, load {about['load']:.1f}; {about['rustc']}; "
            f"commit {about['commit']}.")


def write(report, text, places, name):
    """Both forms of a report into each place."""
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
        (place / f"{name}.md").write_text(text + "\n")


def finish(bars, require):
    """Exits with 1 if a bar is required and not met."""
    missed = [one for one in bars if not one["met"]]
    print(f"\n{len(bars) - len(missed)} of {len(bars)} bars are met")
    sys.exit(1 if require and missed else 0)

"""Runs a program, and takes its time and its anonymous memory: what is mapped from files is not counted, since the system takes
that back when it needs it. Linux only."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import tables

BIN = tables.TARGET / "release"
# Seconds between two looks at the memory.
INTERVAL = 0.005


def build():
    """The program and the generator of savepoints."""
    tables.call("cargo", "build", "--quiet", "--release", "--package", "flink-savepoint-conformance")
    tables.call("cargo", "build", "--quiet", "--release", "--package", "flink-savepoint-benches", "--bin", "large-savepoint")


def generate(directory, *options):
    """Writes a savepoint; the number of its bytes."""
    tables.call(BIN / "large-savepoint", directory, *options)
    return sum(file.stat().st_size for file in directory.iterdir())


def anonymous(pid):
    """MiB that a process has; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def measure(*command, code=0):
    """Seconds that a command takes, and the highest anonymous memory in MiB; ends the script unless it ends with `code`."""
    start = time.monotonic()
    # What goes to stderr is a few lines, for which a pipe has room.
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak, ended = 0.0, threading.Event()

    def watch():
        nonlocal peak
        while not ended.is_set():
            peak = max(peak, anonymous(process.pid))
            ended.wait(INTERVAL)

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    seconds = time.monotonic() - start
    ended.set()
    watcher.join()
    if process.returncode != code:
        sys.exit(f"{Path(sys.argv[0]).name}: {' '.join(map(str, command))} ends with {process.returncode}: "
                 f"{process.stderr.read().decode()}")
    return seconds, peak

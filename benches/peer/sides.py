"""The two sides of a measurement: our program `peer`, and the classes of java/ on a Flink release."""

import importlib.machinery
import importlib.util
import json
import sys
from pathlib import Path

import tables

HERE = Path(__file__).resolve().parent
FLINK = tables.ROOT / "conformance" / "flink"
TARGET = tables.TARGET / "peer"


class Ours:
    """Our side, built."""

    def __init__(self):
        messages = tables.call("cargo", "build", "--locked", "--quiet", "--release", "--package",
                               "flink-savepoint-benches", "--bin", "peer", "--message-format",
                               "json-render-diagnostics")
        (self.program,) = filter(None, (json.loads(line).get("executable") for line in messages.splitlines()))

    def make(self, what, *arguments):
        tables.call(self.program, f"make-{what}", *arguments)

    def measure(self, what, *arguments):
        return json.loads(tables.call(self.program, what, *arguments))

    def around(self, flink, what, path, passes, *arguments):
        """Before and after Flink, so that a machine that gets slower or faster does so for both; our report, with the
        passes of both times, and Flink's."""
        before = self.measure(what, path, passes, *arguments)
        theirs = flink()
        after = self.measure(what, path, passes, *arguments)
        seconds = {name: before["seconds"][name] + after["seconds"][name] for name in before["seconds"]}
        return {**before, "seconds": seconds}, theirs


class Flink:
    """Flink's side, compiled against a release, which is fetched if it is not there."""

    def __init__(self, release):
        driver = self.driver()
        self.release = release
        place = driver.TARGET / release
        if not (place / ".complete").exists():
            tables.call(sys.executable, FLINK / "setup", release)
        classes = TARGET / f"classes-{release}"
        classes.mkdir(parents=True, exist_ok=True)
        tables.call(driver.tool("javac"), "-nowarn", "-Xlint:none", "-proc:none", "-cp", f"{place}/lib/*", "-d",
                    classes, *sorted((HERE / "java").glob("*.java")))
        opens = [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in driver.OPENS]
        # The collector that Flink's own start script asks for.
        self.java = [driver.tool("java"), "-Xmx4g", "-XX:+UseG1GC", *opens,
                     "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "-Dlog4j2.level=ERROR",
                     f"-Dlog4j.configurationFile={FLINK / 'java' / 'log4j2.properties'}",
                     "-cp", f"{classes}:{place}/lib/*"]

    def measure(self, peer, *arguments):
        return json.loads(tables.call(*self.java, peer, *arguments))

    @staticmethod
    def driver():
        """conformance/flink/flink as a module: where the JDK and the releases are, and what Flink reflects into."""
        loader = importlib.machinery.SourceFileLoader("flink_driver", str(FLINK / "flink"))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
        loader.exec_module(module)
        return module


def differing(what, ours, theirs):
    """What both sides counted and do not agree on; they count under the same names."""
    names = [name for name in ours if name in theirs and name != "seconds"]
    return [f"{what}: {name} {ours[name]} here, {theirs[name]} in Flink" for name in names if ours[name] != theirs[name]]

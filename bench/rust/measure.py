"""Measures the Rust crate: criterion does, and its files become rows of the one model of results."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from _bench.results import Results, Row, environment

MANIFEST = Path(__file__).with_name("Cargo.toml")
# Where criterion writes: a place of its own, so that nothing of an earlier run is read.
MEASURED = Path("target/bench-rust").absolute()
BENCHES = ("references", "containers", "threads")
EFFORTS = {
    "fast": "--sample-size=10 --warm-up-time=0.05 --measurement-time=0.2 --nresamples=1000",
    "default": "--sample-size=30 --warm-up-time=0.4 --measurement-time=1.5 --nresamples=1000",
    "rigorous": "",  # criterion's own
}


def measured(options):
    """The results, and whether they are complete."""
    shutil.rmtree(MEASURED, ignore_errors=True)
    sizes = ",".join(map(str, options.sizes))
    command = ["cargo", "bench", "--quiet", "--manifest-path", MANIFEST, *(f"--bench={bench}" for bench in BENCHES)]
    command += ["--", *EFFORTS[options.effort].split(), options.filter.pattern]
    variables = {**os.environ, "CRITERION_HOME": str(MEASURED), "WEAKREFS_BENCH_SIZES": sizes}
    try:
        complete = subprocess.run(command, env=variables).returncode == 0
    except KeyboardInterrupt:
        complete = False
    rows = read(MEASURED)
    if not rows:
        sys.stderr.write("cargo xtask bench --rust: nothing was measured\n")
    return Results("Rust", environment(*_software()), rows), complete


def read(directory):
    """Everything that criterion has left below a directory, in the order in which it was measured."""
    found = sorted(directory.rglob("new/benchmark.json"), key=lambda file: file.stat().st_mtime_ns)
    rounds = {}
    for file in found:
        benchmark = json.loads(file.read_text("utf-8"))
        group, _, name = benchmark["group_id"].partition(": ")
        entries = int(benchmark["value_str"] or 1)
        each = (benchmark["throughput"] or {}).get("Elements", 1)
        sample = json.loads(file.with_name("sample.json").read_text("utf-8"))
        values = [time / times / each for times, time in zip(sample["iters"], sample["times"])]
        # All ways were measured once, one after the other: a single round.
        rounds.setdefault((group, name, entries), {})[benchmark["function_id"]] = [values]
    return [Row.measured("time", *operation, ways) for operation, ways in rounds.items()]


def _software():
    def said(*command):
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    version = said("cargo", "pkgid", "--package", "weakrefs").rpartition("#")[2].rpartition("@")[2]
    return f"weakrefs {version}", f"Rust {said('rustc', '--version').split()[1]}"

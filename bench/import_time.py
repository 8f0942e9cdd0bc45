"""Loading the definitions against loading Dagster alone, in turn, a fresh interpreter each time."""

import re
import statistics
import subprocess
import sys

from bench.results import Section, at_most

_ROUNDS = 7


def measure(*, quick: bool) -> Section:
    rounds = 3 if quick else _ROUNDS
    pairs = [(_seconds_to_import("pipeline.definitions"), _seconds_to_import("dagster")) for _ in range(rounds)]
    ours, dagster = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    row = at_most("import pipeline.definitions", f"{ours:.2f} s", f"import dagster: {dagster:.2f} s", ratio, 1.3)
    return Section("Import", [row], [f"The ratio is the median of {rounds} pairs, a fresh interpreter each."])


def _seconds_to_import(module: str) -> float:
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {module}"], check=True, capture_output=True, text=True
    )
    # "import time: self [us] | cumulative | name": the module's own line carries the time of all it imports.
    line = re.search(rf"\|\s+(\d+) \| {re.escape(module)}$", result.stderr, re.MULTILINE)
    assert line is not None, f"{module} is not in the interpreter's own account"
    return int(line[1]) / 1e6

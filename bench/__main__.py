"""`make bench`: what can be measured here, each as a ratio of two things measured side by side in one run."""

import re
import statistics
import subprocess
import sys

from rich.console import Console
from rich.table import Table

_ROUNDS = 7


def main() -> None:
    table = Table(title="Benchmarks", title_justify="left")
    for heading in ("what", "ours", "against", "ratio (median of pairs)", "aim"):
        table.add_column(heading)
    table.add_row(*_import_time())
    Console().print(table)


def _import_time() -> tuple[str, str, str, str, str]:
    """Loading the definitions against loading Dagster alone, in turn, a fresh interpreter each time."""
    pairs = [(_seconds_to_import("pipeline.definitions"), _seconds_to_import("dagster")) for _ in range(_ROUNDS)]
    ours, dagster = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    return "import pipeline.definitions", f"{ours:.2f} s", f"import dagster: {dagster:.2f} s", f"{ratio:.2f}", "≤ 1.3"


def _seconds_to_import(module: str) -> float:
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {module}"], check=True, capture_output=True, text=True
    )
    # "import time: self [us] | cumulative | name": the module's own line carries the time of all it imports.
    line = re.search(rf"\|\s+(\d+) \| {re.escape(module)}$", result.stderr, re.MULTILINE)
    assert line is not None, f"{module} is not in the interpreter's own account"
    return int(line[1]) / 1e6


if __name__ == "__main__":
    main()

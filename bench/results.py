"""What a measurement says, and how it is shown: on the terminal, and in `docs/benchmarks.md`."""

import os
import platform
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import sqlalchemy as sa
from rich.table import Table

from bench import databases
from pipeline.settings import PROJECT_ROOT

_HEADINGS = ("what", "ours", "against", "ratio", "aim", "met")
_GIBIBYTE = 2**30


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ours` and `against` were measured side by side; `met` is empty where there is no aim."""

    what: str
    ours: str
    against: str = ""
    ratio: str = ""
    aim: str = ""
    met: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What one measurement found; `notes` say how, and what the numbers do not show."""

    title: str
    rows: Sequence[Row]
    notes: Sequence[str] = ()


def at_least(what: str, ours: str, against: str, ratio: float, aim: float) -> Row:
    return Row(what, ours, against, f"{ratio:.2f}", f"≥ {aim}", _said(ratio >= aim))


def at_most(what: str, ours: str, against: str, ratio: float, aim: float) -> Row:
    return Row(what, ours, against, f"{ratio:.2f}", f"≤ {aim}", _said(ratio <= aim))


def within(what: str, seconds: float, aim: float) -> Row:
    """A duration with an aim of its own, not a ratio."""
    return Row(what, f"{seconds * 1000:.0f} ms", aim=f"≤ {aim * 1000:.0f} ms", met=_said(seconds <= aim))


def table(sections: Sequence[Section]) -> Table:
    shown = Table(title="Benchmarks", title_justify="left", caption=machine(), caption_justify="left")
    for heading in _HEADINGS:
        shown.add_column(heading)
    for section in sections:
        shown.add_section()
        shown.add_row(f"[bold]{section.title}")
        for row in section.rows:
            shown.add_row(*astuple(row))
    return shown


def write(sections: Sequence[Section], path: Path) -> None:
    """The same as a page."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench-long`; `make bench` prints a shorter form. Each ratio is of two things measured side",
        "by side in one run, in turns, on the same PostgreSQL; the absolute numbers are this machine's.",
        "",
        machine(),
    ]
    for section in sections:
        lines += ["", f"## {section.title}", "", _line(_HEADINGS), _line(["---"] * len(_HEADINGS))]
        lines += [_line(astuple(row)) for row in section.rows]
        for note in section.notes:
            lines += ["", note]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def machine() -> str:
    """The machine, the versions and the day, in one sentence."""
    with databases.server() as url, databases.opened(url) as engine, engine.connect() as connection:
        postgres = connection.scalar(sa.text("select current_setting('server_version')"))
    memory = psutil.virtual_memory().total / _GIBIBYTE
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, the embedded PostgreSQL {postgres} as it comes, "
        f"load before the run {_LOAD[0]:.1f}."
    )


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _said(met: bool) -> str:
    return "yes" if met else "no"


_LOAD = psutil.getloadavg()
PAGE = PROJECT_ROOT / "docs" / "benchmarks.md"

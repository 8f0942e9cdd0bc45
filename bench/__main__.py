"""`python -m bench [NAME …] [--quick] [--write]`: what can be measured here, each as a ratio within one run."""

import argparse
import importlib
import logging
import time

import structlog
from rich.console import Console

from bench import results
from bench.progress import say
from bench.results import Section

_MEASUREMENTS = (
    "import_time",
    "round_trips",
    "claim_cost",
    "api_calls",
    "lateness",
    "throughput",
    "sync",
    "seo",
    "links",
    "drafts",
    "site",
    "choice",
    "planning",
    "attribution",
    "timing",
    "experiments",
    "reports",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(_MEASUREMENTS)}; all where none is named"
    )
    parser.add_argument("--quick", action="store_true", help="fewer jobs and rounds: minutes instead of half an hour")
    parser.add_argument(
        "--write", action="store_true", help=f"write {results.PAGE.name} as well (needs all, and not --quick)"
    )
    chosen = parser.parse_args()
    names = chosen.names or _MEASUREMENTS
    if unknown := set(names) - set(_MEASUREMENTS):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    if chosen.write and (chosen.quick or chosen.names):
        parser.error("--write keeps what a whole run found: without --quick, without names")
    # A line of log for each of 10,000 jobs is the terminal's cost, not the contenders'.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    sections = [_measured(name, quick=chosen.quick) for name in _MEASUREMENTS if name in names]
    Console().print(results.table(sections))
    for section in sections:
        for note in section.notes:
            Console().print(f"[bold]{section.title}[/]: {note}", highlight=False)
    if chosen.write:
        results.write(sections, results.PAGE)


def _measured(name: str, *, quick: bool) -> Section:
    started = time.monotonic()
    say(f"{name} …")
    section: Section = importlib.import_module(f"bench.{name}").measure(quick=quick)
    say(f"{name}: {time.monotonic() - started:.0f} s")
    return section


if __name__ == "__main__":
    main()

"""What figures cost: calls for 1,000 publications at the stand-ins, and X's bill for a month, against one call each."""

import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice, product
from pathlib import Path
from typing import Any

from bench import x_bill
from bench.results import Row, Section
from pipeline.platforms.base import Adapter
from pipeline.sandbox.registry import stand_ins
from pipeline.sandbox.server import running
from pipeline_tests.platforms.rehearsal import SAMPLE, Notebook, Platform, platform_of, publish

_PUBLICATIONS = 1_000
_AIM = 0.02
_WITH_AN_AIM = ("x", "youtube", "mailchimp", "wordpress")
_OPTIONS = {"x": ("from the own timeline", "metrics_from_timeline"), "youtube": ("with Analytics", "analytics")}
"""Settings that change how figures are asked for, which are off unless an account says otherwise."""
_MOST_CALLS = 100_000
_SHORTEST_ID = 8
_NOTE = " ".join(
    f"""
    One account with {_PUBLICATIONS:,} publications is asked for the figures of all of them at its stand-in, which
    counts the calls; the other side is the seed's way, a call for each. WordPress tells no figures: it is asked which
    posts are gone. Instagram and members of LinkedIn are told of one publication a call.
    """.split()
)


def measure(*, quick: bool) -> Section:
    rows = [row for name in stand_ins() for row in _rows(name)]
    return Section("API calls for figures", [*rows, *x_bill.rows(quick=quick)], [_NOTE, *x_bill.NOTES])


def _rows(name: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, _library() as library:
        ledger = Path(folder) / "ledger.sqlite"
        with running(ledger) as sandbox:
            platform = platform_of(name, sandbox, library)
            said, option = _OPTIONS.get(name, ("", ""))
            adapter = platform.adapter(publish_config={**platform.config, option: False} if option else platform.config)
            if not adapter.capabilities.metrics and name not in _WITH_AN_AIM:
                return
            published = publish(adapter, platform.content(), Notebook()).external_id
            ids = _copied(ledger, name, published)
            yield _row(name, platform, adapter, ids)
            if option:
                otherwise = platform.adapter(publish_config={**platform.config, option: True})
                yield _row(f"{name}, {said}", platform, otherwise, ids)


def _row(what: str, platform: Platform, adapter: Adapter, ids: list[str]) -> Row:
    platform.sandbox.fault(platform.name, "delay", seconds=0, count=_MOST_CALLS)  # which changes nothing and is counted
    figures = adapter.metrics(ids)
    (left,) = platform.sandbox.faults()
    platform.sandbox.clear_faults()
    if adapter.capabilities.metrics:
        assert len(figures) == len(ids), f"{what}: {len(figures)} of {len(ids)} were answered"
    calls = _MOST_CALLS - int(left["count"])
    ratio = calls / len(ids)
    row = Row(what, f"{calls:,} calls", f"{len(ids):,} calls", f"{ratio:.3f}")
    if what.partition(",")[0] not in _WITH_AN_AIM:
        return row
    return replace(row, aim=f"≤ {_AIM}", met="yes" if ratio <= _AIM else "no")


def _copied(ledger: Path, platform: str, id_: str) -> list[str]:
    """The ids of so many publications, made by copying one where the stand-in keeps it.

    Publishing them would take hours: the stand-ins hold to their platforms' limits.
    """
    if len(id_) < _SHORTEST_ID:  # a number, of which the next ones are asked for whether they are there or not
        return [str(int(id_) + number) for number in range(_PUBLICATIONS)]
    # Digits that every platform's alphabet has, base32 without 0, 1, 8 and 9 included.
    made = (id_[:-4] + "".join(ending) for ending in product("234567", repeat=4))
    others = list(islice((other for other in made if other != id_), _PUBLICATIONS - 1))
    with closing(sqlite3.connect(ledger, timeout=10)) as database, database:
        for other in others:
            database.execute(
                "insert or ignore into things (platform, kind, id, lookup, document)"
                " select platform, kind, case when instr(id, ?1) then replace(id, ?1, ?2) else id || ?2 end,"
                " replace(lookup, ?1, ?2), replace(document, ?1, ?2)"
                " from things where platform = ?3 and (instr(id, ?1) or instr(document, ?1))",
                (id_, other, platform),
            )
    return [id_, *others]


@contextmanager
def _library() -> Iterator[str]:
    """The sample's files, for the platforms that take nothing without one."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Each file that is fetched is no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SAMPLE)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()

"""The sync of figures: 10,000 publications that are due, over 8 accounts, on platforms that take 50 ms to answer.

On the other side the seed's loop, written after its description: one publication after the other, a call, a snapshot,
the latest figures, the account's row.
"""

import itertools
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from bench import databases
from bench.adapter import StandInAdapter
from bench.backlog import add_accounts
from bench.results import Row, Section, at_least, at_most
from pipeline.measurement.metrics.sync import sync_accounts
from pipeline.platforms.base import Account, Adapter, Gone, Metrics
from pipeline.platforms.offer import Capabilities, Guarantee
from pipeline.store import database
from pipeline.store.accounts import AccountRow, all_accounts
from pipeline.store.database import transaction

_PUBLICATIONS = 10_000
_ACCOUNTS = 8
_LATENCY = 0.05
_BATCH = 100
"""As X, Mailchimp's lists and WordPress have it; YouTube takes 50."""
_SEEDS_SHARE = 20
"""The seed's loop takes the same for each publication, so one of so many is enough to time it by."""
_FASTER = 50.0
_FEWER = 0.02

_NOTE = f"""
{_PUBLICATIONS:,} publications, of which each had snapshots before, over {_ACCOUNTS} accounts; a call takes
{_LATENCY * 1000:.0f} ms and brings up to {_BATCH} publications' figures, or one. The seed's loop is timed over one
publication in {_SEEDS_SHARE}: it does the same for each, one after the other, three statements and their commits
included. Ours stores the snapshots, the marks of age and the latest figures, feeds the patterns, and writes down what
it asked. Statements are counted where SQLAlchemy hands them to the driver.
"""

_FILL = """
    insert into distributions (variant_group, content_type, platform_id, body, content_hash, status, published_at,
        external_id, next_metrics_at)
    select cast(n as text), 'generated', id, 'Cut above a bud.', 'any', 'published',
        now() - (mod(n, 47) + 1) * interval '1 hour', 'post-' || n, now()
    from generate_series(1, {publications}) as n
    join (select id, row_number() over (order by id) - 1 as place from platforms) as account
        on place = mod(n, {accounts});
    insert into distribution_metrics (distribution_id, recorded_at, recorded_hour, hours_since_publish, impressions)
    select id, at, date_trunc('hour', at), 0, 1
    from distributions cross join lateral (select published_at + interval '1 minute' as at) as moment
"""


class _Platform:
    """Counts its calls."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.calls = 0
        self._lock = threading.Lock()

    def open(self, row: AccountRow) -> Adapter:
        return _Adapter(Account(row.account_key, row.name, row.publish_config), self)

    def answer(self, ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        with self._lock:
            self.calls += 1
        time.sleep(_LATENCY)
        return {id_: Metrics(impressions=200, engagements=9, likes=7, comments=2) for id_ in ids}


class _Adapter(StandInAdapter):
    def __init__(self, account: Account, platform: _Platform | None = None) -> None:
        assert platform is not None
        super().__init__(account)
        self._platform = platform
        self.capabilities = Capabilities(
            update=False,
            delete=False,
            schedule=False,
            metrics=True,
            metrics_batch=platform.batch,
            guarantee=Guarantee.LIKELY,
        )

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        return self._platform.answer(external_ids)


def measure(*, quick: bool) -> Section:
    rounds = 1 if quick else 3
    with databases.server() as server, databases.template(server, _fill) as original:
        pairs = [(_ours(original), _seed(original)) for _ in range(rounds)]
    ours, seed = (sorted(side)[rounds // 2] for side in zip(*pairs, strict=True))
    rows = [
        at_least("time", f"{ours[0]:.2f} s", f"{seed[0]:,.0f} s", seed[0] / ours[0], _FASTER),
        at_most("calls", f"{ours[1]:,}", f"{seed[1]:,}", ours[1] / seed[1], _FEWER),
        Row("statements", f"{ours[2]:,}", f"{seed[2]:,}", f"{ours[2] / seed[2]:.3f}"),
    ]
    return Section(f"Sync of {_PUBLICATIONS:,} publications' figures", rows, [" ".join(_NOTE.split())])


def _fill(url: sa.URL) -> None:
    database.migrate(url)
    with databases.opened(url) as engine, transaction(engine, "bench") as connection:
        add_accounts(connection, _ACCOUNTS)
        connection.exec_driver_sql(_FILL.format(publications=_PUBLICATIONS, accounts=_ACCOUNTS))


def _ours(original: sa.URL) -> tuple[float, int, int]:
    """Seconds, calls and statements.

    Raises:
        AssertionError: a publication has not one snapshot more, or is due still.
    """
    platform = _Platform(_BATCH)
    with databases.clone(original) as url, databases.opened(url) as engine:
        with engine.connect() as connection:
            accounts = all_accounts(connection)
        statements = _counted(engine)
        started = time.perf_counter()
        reports = [report for _, report in sync_accounts(engine, accounts, platform.open)]
        seconds = time.perf_counter() - started
        asked = next(statements)
        assert sum(report.stored for report in reports) == _PUBLICATIONS, reports
        with engine.connect() as connection:
            snapshots = connection.scalar(sa.text("select count(*) from distribution_metrics where impressions = 200"))
            due = connection.scalar(sa.text("select count(*) from distributions where next_metrics_at <= now()"))
        assert (snapshots, due) == (_PUBLICATIONS, 0), (snapshots, due)
    return seconds, platform.calls, asked


def _seed(original: sa.URL) -> tuple[float, int, int]:
    """Seconds, calls and statements of all, by those of a share."""
    platform = _Platform(1)
    with databases.clone(original) as url, databases.opened(url) as engine:
        with engine.connect() as connection:
            recent = connection.execute(
                sa.text("""
                    select d.* from distributions d join platforms p on p.id = d.platform_id
                    where d.status = 'published' and d.published_at >= now() - interval '7 days'
                        and d.external_id is not null
                    limit :share
                """),
                {"share": _PUBLICATIONS // _SEEDS_SHARE},
            ).mappings()
            publications = list(recent)
        statements = _counted(engine)
        started = time.perf_counter()
        for publication in publications:
            _sync_one(engine, publication, platform)
        seconds = time.perf_counter() - started
        asked = next(statements)
    return seconds * _SEEDS_SHARE, platform.calls * _SEEDS_SHARE, asked * _SEEDS_SHARE


def _sync_one(engine: sa.Engine, publication: sa.RowMapping, platform: _Platform) -> None:
    figures = platform.answer([publication["external_id"]])[publication["external_id"]]
    assert isinstance(figures, Metrics)
    now = datetime.now(UTC)
    values = {
        "id": publication["id"],
        "at": now,
        "hour": now.replace(minute=0, second=0, microsecond=0),
        "hours": (now - publication["published_at"]).total_seconds() // 3600,
        "impressions": figures.impressions,
        "engagements": figures.engagements,
    }
    for statement in (
        """
        insert into distribution_metrics (distribution_id, recorded_at, recorded_hour, hours_since_publish, impressions,
            engagements) values (:id, :at, :hour, :hours, :impressions, :engagements)
        """,
        "update distributions set impressions = :impressions, engagements = :engagements where id = :id",
        """
        update platforms set last_metrics_sync_at = :at
        where id = (select platform_id from distributions where id = :id)
        """,
    ):
        with engine.begin() as connection:
            connection.execute(sa.text(statement), values)


def _counted(engine: sa.Engine) -> "itertools.count[int]":
    """Counts the statements from now on; its next number is how many there were."""
    count = itertools.count()

    def statement(*_: object) -> None:
        next(count)

    sa.event.listen(engine, "before_cursor_execute", statement)
    return count

"""How long each report takes over a year of publications: with what it is set to, and over the whole year."""

import statistics
import time
from collections.abc import Callable

import sqlalchemy as sa

from bench import databases, measured_history
from bench.progress import say
from bench.results import Row, Section, within
from pipeline.store.reports import defaults, report_names, run_report

_PUBLICATIONS = 1_000_000
_QUICK = 20_000
_ROUNDS = 3
_AIM_SECONDS = 1.0

# As the best times would have to be found without figures at equal age: from the snapshots themselves.
_FROM_SNAPSHOTS = """
    select account.account_key, extract(isodow from moment.at), extract(hour from moment.at), count(*),
        sum(snapshot.engagements) / nullif(sum(snapshot.impressions), 0)
    from distributions d
    join platforms account on account.id = d.platform_id
    cross join lateral (select d.published_at at time zone account.timezone as at) as moment
    cross join lateral (
        select m.impressions, m.engagements
        from distribution_metrics m
        where m.distribution_id = d.id
            and m.recorded_hour >= d.published_at
            and m.recorded_hour <= d.published_at + interval '48 hours'
            and m.hours_since_publish between 24 and 48
            and m.impressions is not null
            and m.engagements is not null
        order by m.recorded_hour desc
        limit 1
    ) as snapshot
    where d.status = 'published' and d.published_at > now() - interval '90 days'
        and d.published_at <= now() - interval '48 hours'
    group by 1, 2, 3
"""


def measure(*, quick: bool) -> Section:
    publications = _QUICK if quick else _PUBLICATIONS
    with (
        databases.server() as server,
        databases.template(server, lambda url: _fill(url, publications)) as url,
        databases.opened(url) as engine,
        engine.connect() as connection,
    ):
        return _measured(connection)


def _fill(url: sa.URL, publications: int) -> None:
    from pipeline.store import database

    database.migrate(url)
    say(f"a year of {publications:,} publications is being written …")
    with databases.opened(url) as engine, engine.begin() as connection:
        measured_history.write(connection, publications)


def _measured(connection: sa.Connection) -> Section:
    counts = {
        table: connection.scalar(sa.text(f"select count(*) from {table}"))  # noqa: S608 - our own names
        for table in ("distributions", "distribution_metrics", "distribution_age_figures", "publisher_post_analytics")
    }
    rows = [within(name, _seconds(connection, name), _AIM_SECONDS) for name in report_names()]
    rows += [
        Row(f"{name}, {parameter} = {value}", _told(_seconds(connection, name, **{parameter: value})))
        for name in report_names()
        for parameter, value in (("days", measured_history.YEAR), ("weeks", measured_history.YEAR // 7))
        if parameter in defaults(name)
    ]
    ours, raw = _seconds(connection, "best_performing_times"), _raw_seconds(connection)
    rows.append(Row("best_performing_times", _told(ours), f"from the snapshots: {_told(raw)}", f"{ours / raw:.3f}"))
    note = (
        f"{counts['distributions']:,} publications of {measured_history.YEAR} days on {measured_history.ACCOUNTS} "
        f"accounts with {counts['distribution_metrics']:,} snapshots, {counts['distribution_age_figures']:,} figures "
        f"at equal age and {counts['publisher_post_analytics']:,} days of readers; medians of {_ROUNDS} rounds after "
        "one that is not counted. The aim is for a report as it is set; below are those that can look further back, "
        "over the whole year."
    )
    return Section("Reports", rows, [note])


def _seconds(connection: sa.Connection, name: str, **parameters: float) -> float:
    def run() -> None:
        run_report(connection, name, **parameters)

    return _median(run)


def _raw_seconds(connection: sa.Connection) -> float:
    return _median(lambda: connection.exec_driver_sql(_FROM_SNAPSHOTS).all())


def _median(run: Callable[[], object]) -> float:
    run()
    seconds = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _told(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"

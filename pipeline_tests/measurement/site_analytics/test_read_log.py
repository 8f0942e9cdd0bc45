"""Access logs are read on where they were left, whatever they are called by then, and each line counts once."""

import gzip
import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline.measurement.site_analytics.log_lines import Line, parse
from pipeline.measurement.site_analytics.read_log import LogError, LogReport, read_log
from pipeline.measurement.site_analytics.views import site_of
from pipeline.store import tables
from pipeline_tests.measurement.site_analytics.conftest import NOW, YESTERDAY, Desk

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def line(
    target: str = "/roses/",
    *,
    at: str = "19/May/2026:10:00:00 +0200",
    address: str = "192.0.2.1",
    agent: str = BROWSER,
    status: int = 200,
    method: str = "GET",
    referrer: str = "-",
) -> str:
    return f'{address} - - [{at}] "{method} {target} HTTP/1.1" {status} 5120 "{referrer}" "{agent}"\n'


def read(desk: Desk, path: Path) -> LogReport:
    with desk.engine.connect() as connection:
        site = site_of(connection, "garden")
    *_, report = read_log(desk.engine, site, path)
    return report


def views(desk: Desk) -> Sequence[Mapping[str, Any]]:
    return desk.rows(sa.select(tables.page_views).order_by(tables.page_views.c.at, tables.page_views.c.path))


def test_readers_of_pages_count_and_robots_pictures_errors_and_nonsense_do_not(desk: Desk, tmp_path: Path):
    desk.page("roses")
    log = tmp_path / "access.log"
    log.write_text(
        line(referrer="https://news.example/x")
        + line("/roses/index.html?utm_source=x", address="192.0.2.2")
        + line(agent="curl/8.5.0")
        + line("/assets/style.css")
        + line("/gone/", status=404)
        + line(method="POST")
        + "what is this\n"
        + line("/%00roses/?utm_source=%00")
        + line("http://[/")
    )
    report = read(desk, log)
    assert (report.lines, report.views, report.bots, report.other, report.unread) == (9, 3, 1, 4, 1)
    kept = views(desk)
    assert {view["path"] for view in kept} == {"/roses"}
    assert {view["post_id"] for view in kept} == {desk.posts["/roses/"]}
    assert kept[0]["at"] == datetime(2026, 5, 19, 8, tzinfo=UTC)
    assert {view["referrer_host"] for view in kept} == {None, "news.example"}
    assert all(view["seconds"] is None and view["source"] == "log" for view in kept)


def test_a_log_is_read_on_after_it_grew_was_rotated_and_was_compressed(desk: Desk, tmp_path: Path):
    desk.page("roses")
    log = tmp_path / "access.log"
    log.write_text(line(address="192.0.2.1") + line(address="192.0.2.2")[:40])  # the second is being written
    assert read(desk, log).views == 1
    log.write_text(line(address="192.0.2.1") + line(address="192.0.2.2"))
    assert read(desk, log).views == 1
    with log.open("a") as file:
        file.write(line(address="192.0.2.3"))
    with gzip.open(tmp_path / "access.log.1.gz", "wb") as packed:
        packed.write(log.read_bytes())
    log.write_text(line(address="192.0.2.9"))
    report = read(desk, tmp_path / "access.log.1.gz")
    assert (report.views, report.began_at > 0) == (1, True)
    assert read(desk, log).views == 1
    assert [read(desk, path).views for path in (log, tmp_path / "access.log.1.gz")] == [0, 0]
    assert len(views(desk)) == 4


def test_a_log_that_was_changed_behind_what_was_read_is_refused(desk: Desk, tmp_path: Path):
    log = tmp_path / "access.log"
    log.write_text(line() + line(address="192.0.2.2"))
    read(desk, log)
    log.write_text(line() + line(address="192.0.2.8") + line(address="192.0.2.9"))
    with pytest.raises(LogError, match="cut or changed"):
        read(desk, log)
    log.write_text("")
    with pytest.raises(LogError, match="no whole line"):
        read(desk, log)
    with pytest.raises(LogError, match="can't be read"):
        read(desk, tmp_path / "nothing.log")
    assert len(views(desk)) == 2


def test_days_that_the_log_has_not_told_yet_are_unknown_and_read_once_it_has(desk: Desk, tmp_path: Path):
    roses = desk.page("roses")
    desk.source("first_party", config={"counts": "log"}, counts_since=YESTERDAY - timedelta(days=5))
    desk.sync()
    assert desk.days(roses) == {}  # nobody has read a log: nobody knows
    log = tmp_path / "access.log"
    log.write_text(
        line(at="15/May/2026:10:00:00 +0000")
        + line(at="15/May/2026:10:01:00 +0000")
        + line(at="17/May/2026:09:00:00 +0000")
    )
    read(desk, log)
    desk.sync()
    assert {str(day): row["views"] for day, row in desk.days(roses).items()} == {  # and of the 14th it says nothing
        "2026-05-15": 2,
        "2026-05-16": 0,
        "2026-05-17": 1,
    }
    with log.open("a") as file:
        file.write(line(at="17/May/2026:23:00:00 +0000", address="192.0.2.7") + line(at="20/May/2026:05:00:00 +0000"))
    read(desk, log)
    desk.sync(NOW)
    days = {str(day): row["views"] for day, row in desk.days(roses).items()}
    assert (days["2026-05-17"], days["2026-05-18"], days["2026-05-19"]) == (2, 0, 0)
    assert desk.days(roses)[YESTERDAY]["engagement_score"] is None


def test_a_reading_that_is_killed_loses_nothing_and_doubles_nothing(desk: Desk, tmp_path: Path, database_url: sa.URL):
    log = tmp_path / "access.log"
    log.write_text(
        "".join(
            line(address=f"192.0.2.{n % 250}", at=f"19/May/2026:10:{n // 60:02}:{n % 60:02} +0000") for n in range(3000)
        )
    )
    program = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        import pipeline.measurement.site_analytics.read_log as reading
        from pipeline.measurement.site_analytics.views import site_of
        from pipeline.store.database import create_engine
        import sqlalchemy as sa
        reading._BATCH = 100
        engine = create_engine(sa.make_url(sys.argv[1]))
        with engine.connect() as connection:
            site = site_of(connection, "garden")
        keep, calls = reading.views.keep, []
        def keep_and_die(*given):
            keep(*given)
            calls.append(given)
            if len(calls) == 8:
                os.kill(os.getpid(), signal.SIGKILL)
        reading.views.keep = keep_and_die
        for _ in reading.read_log(engine, site, Path(sys.argv[2])):
            pass
    """)
    url = database_url.render_as_string(hide_password=False)
    died = subprocess.run([sys.executable, "-c", program, url, str(log)], check=False, timeout=120)
    assert died.returncode == -signal.SIGKILL
    left = len(views(desk))
    assert left == 700  # the eighth batch was not committed
    report = read(desk, log)
    assert report.views == 3000 - left
    assert len(views(desk)) == 3000


@pytest.mark.parametrize(
    "text",
    [
        line().strip(),
        f"garden.example:443 {line().strip()}",
        f'{line().strip()} "0.012" "more"',
        json.dumps(  # Caddy
            {
                "ts": 1779177600.5,
                "request": {
                    "client_ip": "192.0.2.1",
                    "method": "GET",
                    "uri": "/roses/",
                    "headers": {"User-Agent": [BROWSER]},
                },
                "status": 200,
            }
        ),
        json.dumps(  # nginx, with a format of somebody's own
            {
                "time_iso8601": "2026-05-19T10:00:00+02:00",
                "remote_addr": "192.0.2.1",
                "request": "GET /roses/ HTTP/2.0",
                "status": "200",
                "http_user_agent": BROWSER,
                "http_referer": "-",
            }
        ),
    ],
)
def test_the_forms_of_logs_that_are_common_say_the_same(text: str):
    found = parse(text)
    assert found is not None
    assert found.at.replace(microsecond=0) == datetime(2026, 5, 19, 8, tzinfo=UTC)
    assert (found.address, found.method, found.target, found.status) == ("192.0.2.1", "GET", "/roses/", 200)
    assert (found.referrer, found.user_agent) == (None, BROWSER)


def test_what_a_server_escaped_is_read_as_it_was():
    found = parse(line(agent=r"odd \"one\" \x41\\").strip())
    assert isinstance(found, Line)
    assert found.user_agent == 'odd "one" A\\'


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "{", "[]", '{"ts": "x"}', '{"a": ' * 9000, "x" * 70000),
        line(at="32/May/2026:10:00:00 +0200").strip(),
        line(target="/a b").strip(),
        '{"ts": 1e999, "request": {"client_ip": "a", "method": "GET", "uri": "/"}, "status": 200}',
        '{"ts": "2026-05-19T10:00:00", "request": {"client_ip": "a", "method": "GET", "uri": "/"}, "status": 200}',
    ],
)
def test_what_is_no_line_of_a_log_is_none(text: str):
    assert parse(text) is None

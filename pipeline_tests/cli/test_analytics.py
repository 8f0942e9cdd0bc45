"""`pressroom analytics` as it is typed."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from pipeline.store import tables
from pipeline_tests import factories
from pipeline_tests.measurement.site_analytics import conftest

server, sandbox, desk = conftest.server, conftest.sandbox, conftest.desk


def typed(pressroom, *words):
    """What it says, on one line, where it should work."""
    result = pressroom("analytics", *words)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_a_source_is_added_checked_read_and_shown(desk, pressroom):
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    roses = desk.page("roses", datetime.now(UTC) - timedelta(days=3))
    with desk.engine.connect() as connection:
        canonical_id = connection.scalar(sa.select(tables.publisher_posts.c.canonical_id))
    assert "Nothing counts readers yet" in typed(pressroom)
    config = ["--config", f"base_url={desk.sandbox.url}/plausible", "--config", "site_id=garden.example"]
    add = ["add", "readers", "plausible", "garden", *config, "--since", str(yesterday - timedelta(days=1))]
    assert "pressroom analytics check readers" in typed(pressroom, *add, "--credentials", "sandbox:plausible")
    desk.readers("/elsewhere/", yesterday)
    assert "is it the right site?" not in typed(pressroom, "check", "readers")  # it was asked for /roses/ alone
    desk.readers(roses, yesterday)
    assert "of 1 pages asked for, 1 had readers" in typed(pressroom, "check", "readers")
    assert "1 pages, 1 page-days with readers, 2 new or corrected" in typed(pressroom, "sync")
    desk.readers(roses, yesterday, views=12)
    typed(pressroom, "sync", "readers")
    shown = typed(pressroom, canonical_id, "--days", "7")
    assert f"{yesterday} *" in shown
    assert "12" in shown
    assert "corrected" in shown
    assert f"read to {yesterday}" in typed(pressroom)
    typed(pressroom, "remove", "readers")
    assert "Nothing counts readers yet" in typed(pressroom)


WRONG = [
    (["add", "r", "pigeons", "garden"], "A source is one of plausible, ga4, matomo, first-party"),
    (["add", "r", "plausible", "garden"], "needs site_id"),
    (["add", "r", "matomo", "garden", "--config", "colour=red", "--credentials", "env:X"], "has no colour"),
    (["add", "r", "first-party", "nobody"], "No account is called"),
    (["add", "r", "first-party", "garden", "--since", "soon"], "is no day"),
    (["add", "r", "first-party", "garden", "--config", "counts=sheep"], "counts is one of"),
    (["check", "nothing"], "No source is called"),
    (["sync", "nothing"], "No source is called"),
    (["read-log", "nothing.log", "garden"], "can't be read"),
    (["show", "nothing"], "No post is called"),
]


def test_what_can_not_be_is_told_in_a_sentence(desk, pressroom):
    for words, said in WRONG:
        result = pressroom("analytics", *words)
        assert result.exit_code == 1, words
        assert said in " ".join(result.output.split())
        assert "Traceback" not in result.output


def test_one_account_has_one_source_and_a_social_account_none(desk, pressroom):
    typed(pressroom, "add", "ours", "first-party", "garden")
    again = pressroom("analytics", "add", "other", "first-party", "garden")
    assert "counted already" in again.output.replace("\n", " ")
    with desk.engine.begin() as connection:
        factories.account(connection, name="x", account_key="x-main")
    assert "readers are counted on a site" in pressroom("analytics", "script", "x-main").output.replace("\n", " ")


def test_the_script_goes_into_a_sites_pages_and_out_again_and_is_shown_for_a_wordpress(desk, pressroom):
    def config():
        with desk.engine.connect() as connection:
            query = sa.select(tables.platforms.c.publish_config).where(tables.platforms.c.account_key == "garden")
            return connection.scalar(query)

    assert "pressroom site rebuild garden" in typed(pressroom, "script", "garden", "--remember")
    assert config()["beacon_url"].endswith("/v/garden")
    assert config()["beacon_remembers"] is True
    typed(pressroom, "script", "garden", "--off")
    assert not {"beacon_url", "beacon_remembers"} & config().keys()
    with desk.engine.begin() as connection:
        factories.account(
            connection, name="wordpress", account_key="blog", publish_config={"api_url": "https://blog.example"}
        )
    assert 'data-to="http://127.0.0.1:3005/v/blog"' in typed(pressroom, "script", "blog")


def test_a_log_is_read_once(desk, pressroom, tmp_path):
    log = tmp_path / "access.log"
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    log.write_text(f'192.0.2.1 - - [19/May/2026:10:00:00 +0200] "GET /roses/ HTTP/1.1" 200 512 "-" "{agent}"\n')
    assert "1 lines: 1 page views kept" in typed(pressroom, "read-log", log, "garden")
    assert "0 lines: 0 page views kept" in typed(pressroom, "read-log", log, "garden")

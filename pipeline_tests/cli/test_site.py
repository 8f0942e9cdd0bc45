"""`pressroom site` as it is typed, on a real site in a folder."""

import pytest

from pipeline.platforms.base import Published
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.platforms.own_site.conftest import Site


@pytest.fixture
def site(engine, tmp_path):
    site = Site(tmp_path / "site")
    with transaction(engine, "test") as connection:
        config = {"folder": str(site.folder), "base_url": site.base_url, "name": "The [slow] Kitchen"}
        factories.account(connection, name="site", account_key="kitchen", publish_config=config)
    site.settings["name"] = "The [slow] Kitchen"
    for slug in ("one", "two"):
        assert isinstance(site.publish(slug), Published)
    return site


def test_show_says_what_there_is_and_what_is_missing(pressroom, site):
    shown = pressroom("site", "show")
    assert shown.exit_code == 0
    for said in (
        "kitchen",
        "The [slow] Kitchen",
        "2 live",
        "0 taken down",
        str(site.folder),
        "problems at a glance: none",
    ):
        assert said in shown.output
    (site.folder / "one" / "index.html").unlink()
    assert "one/index.html is missing" in pressroom("site", "show").output


def test_check_tells_what_is_wrong_and_rebuild_mends_it(pressroom, site):
    assert "Every file is what the records say." in pressroom("site", "check", "kitchen").output
    (site.folder / "archive" / "index.html").write_text("")
    (site.folder / "ads.txt").write_text("")
    checked = pressroom("site", "check")
    assert checked.exit_code == 1
    assert "archive/index.html is not what the records say" in checked.output
    assert "ads.txt" in checked.output
    assert "pressroom site rebuild kitchen" in checked.output
    assert "files changed" in pressroom("site", "rebuild").output
    assert pressroom("site", "check").exit_code == 0
    assert "nothing had to change" in pressroom("site", "rebuild").output


def test_an_account_that_is_no_site_is_answered_with_those_that_are(pressroom, site):
    answer = pressroom("site", "show", "nothing")
    assert answer.exit_code == 1
    assert "kitchen" in answer.output


def test_a_record_somebody_broke_is_named(pressroom, site):
    (site.folder / ".pressroom" / "records" / "one.json").write_text("{}")
    for command in ("show", "check", "rebuild"):
        answer = pressroom("site", command)
        assert answer.exit_code == 1
        assert "one.json" in answer.output


def test_a_site_that_others_keep_busy_is_not_rebuilt(pressroom, site, monkeypatch):
    from pipeline.cli import site as command
    from pipeline.platforms.site.folder import SiteFolder

    monkeypatch.setattr(command, "_WAIT_SECONDS", 0.05)
    with SiteFolder(site.folder).locked(1):
        answer = pressroom("site", "rebuild")
    assert answer.exit_code == 1
    assert "writing to the site" in answer.output

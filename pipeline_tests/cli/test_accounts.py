"""`pressroom accounts` as it is typed; the platform is the sandbox, over real HTTP."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.distribution.secret_keys import SecretKeys
from pipeline.sandbox.instagram.credentials import READ_ONLY
from pipeline.sandbox.registry import stand_ins
from pipeline.sandbox.server import running
from pipeline.sandbox.wordpress.credentials import EDITOR
from pipeline.settings import settings
from pipeline.store import secrets, tables
from pipeline.store.database import transaction
from pipeline_tests import factories

NOW = datetime.now(UTC)


@pytest.fixture
def pressroom(pressroom, engine, monkeypatch):
    with transaction(engine, "test") as connection:
        factories.user(connection, full_name="Ada Lovelace", email="ada@example.com")
    monkeypatch.setenv("PRESSROOM_USER", "ada@example.com")
    settings.cache_clear()
    return pressroom


def state(engine):
    with engine.connect() as connection:
        return connection.execute(tables.platforms.select()).one().state


def test_the_list_says_how_each_account_is_and_when_it_may_send(pressroom, engine):
    with transaction(engine, "test") as connection:
        busy = factories.account(
            connection,
            account_key="busy",
            posts_per_hour=1,
            quota_remaining=5,
            quota_reported_at=NOW - timedelta(hours=1),
            quota_resets_at=datetime(2999, 1, 1, 12, tzinfo=UTC),
            last_published_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        )
        factories.account(connection, account_key="paused", state="paused", state_reason="401 Unauthorized")
        connection.execute(
            tables.publish_attempts.insert().values(
                distribution_id=factories.distribution(connection, busy),
                platform_id=busy,
                lease_token=1,
                worker="w",
                started_at=NOW - timedelta(minutes=10),
                finished_at=NOW,
                outcome="unknown",
                error_kind="network",
            )
        )
    listed = pressroom("accounts").output
    for shown in (
        "may send 20",
        "its limit: 1 an hour",
        "the platform takes 4 more until 2999-01-01 12:00:00 UTC",
        "errors in 24 h: 1",
        "last published: 2026-01-05 09:00:00 UTC",
        "401 Unauthorized",
    ):
        assert shown in listed


def test_the_list_says_what_an_account_can_do_and_how_long_its_tokens_hold(pressroom, engine, monkeypatch):
    keys = SecretKeys.new()
    monkeypatch.setenv("PRESSROOM_SECRET_KEYS", keys)
    settings.cache_clear()
    held = {"access_token": "a-token", "refresh_token": "another", "expires_at": "2999-01-01T12:00:00+00:00"}
    with transaction(engine, "test") as connection:
        secrets.put(connection, "films", SecretKeys(keys).encrypt(json.dumps(held)))
        factories.account(connection, name="youtube", account_key="films", credentials_secret_id="db:films")
        factories.account(connection, name="mailchimp", account_key="mail", credentials_secret_id="db:nothing")
        factories.account(connection, name="pigeon", account_key="loft")
    listed = " ".join(pressroom("accounts").output.split())
    assert "db:films, until 2999-01-01 12:00:00 UTC, renewed before that" in listed
    assert "change a post, delete it, schedule it there, read its figures. What a lost answer did: certain" in listed
    assert "Keep them: pressroom secrets set nothing" in listed
    assert "No adapter for the platform 'pigeon'" in listed
    assert "a-token" not in listed


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ([], "WordPress needs api_url. Its settings:"),
        (["--config", "api_url=https://e.org", "--config", "api_uri=x"], "WordPress has no api_uri. Its settings:"),
    ],
)
def test_settings_that_do_not_fit_the_platform_are_answered_with_those_that_do(pressroom, engine, config, told):
    refused = pressroom("accounts", "add", "blog", "wordpress", *config)
    assert refused.exit_code == 1
    assert told in refused.output
    assert "api_url (required): The site's address." in refused.output
    assert pressroom("accounts", "add", "blog", "wordpress", "--config", "api_url=https://e.org").exit_code == 0


def test_a_setting_that_is_said_to_be_false_is_off(pressroom, engine):
    words = ["--config", "user_id=17841400000000001", "--config", "reels=true", "--config", "may_delete=false"]
    assert pressroom("accounts", "add", "pictures", "instagram", *words).exit_code == 0
    with engine.connect() as connection:
        row = connection.execute(tables.platforms.select()).one()
    assert row.publish_config == {"user_id": "17841400000000001", "reels": True, "may_delete": False}


def test_checking_an_account_tells_its_name_what_it_lacks_and_what_is_left(pressroom, engine, monkeypatch):
    with running() as sandbox:
        stand_in = stand_ins()["instagram"]
        with transaction(engine, "test") as connection:
            factories.account(
                connection,
                account_key="pictures",
                name="instagram",
                credentials_secret_id="env:PICTURES",
                publish_config=dict(stand_in.publish_config(sandbox.url)),
            )
        monkeypatch.setenv("PICTURES", json.dumps(dict(stand_in.credentials)))
        checked = pressroom("accounts", "check", "pictures").output
        assert "pictures works: " in checked
        assert "the platform takes 100 more until " in checked
        monkeypatch.setenv("PICTURES", json.dumps(dict(READ_ONLY)))
        assert "it lacks what publishing needs: " in pressroom("accounts", "check", "pictures").output


def test_an_account_is_resumed_once_its_platform_takes_its_credentials(pressroom, engine, monkeypatch):
    with running() as sandbox:
        with transaction(engine, "test") as connection:
            factories.account(
                connection,
                account_key="blog",
                name="wordpress",
                state="paused",
                state_reason="the platform refused the credentials",
                credentials_secret_id="env:BLOG",
                publish_config={"api_url": f"{sandbox.url}/wordpress"},
            )
        monkeypatch.setenv("BLOG", json.dumps(dict.fromkeys(EDITOR, "not the one")))
        refused = pressroom("accounts", "resume", "blog")
        assert refused.exit_code == 1
        assert "blog stays paused" in refused.output
        assert state(engine) == "paused"
        monkeypatch.setenv("BLOG", json.dumps(dict(EDITOR)))
        assert pressroom("accounts", "resume", "blog").exit_code == 0
        assert state(engine) == "active"


def test_an_account_is_resumed_unchecked_when_a_person_insists(pressroom, engine):
    with transaction(engine, "test") as connection:
        factories.account(connection, account_key="x-main", state="paused", state_reason="401")
    assert pressroom("accounts", "resume", "x-main").exit_code == 1
    assert pressroom("accounts", "resume", "x-main", "--unchecked").exit_code == 0
    assert state(engine) == "active"
    nobody = pressroom("accounts", "resume", "nobody")
    assert (nobody.exit_code, "No account is called 'nobody'" in nobody.output) == (1, True)


def test_a_paused_account_keeps_the_reason(pressroom, engine):
    with transaction(engine, "test") as connection:
        factories.account(connection, account_key="x-main")
    assert pressroom("accounts", "pause", "x-main", "--reason", "we are on holiday").exit_code == 0
    assert "we are on holiday" in pressroom("accounts").output


def test_an_account_s_platform_publishes_by_itself_by_choice_and_the_list_says_so(pressroom, engine):
    with transaction(engine, "test") as connection:
        factories.account(connection, name="wordpress", account_key="blog")
    assert "48 h before its time" in pressroom("accounts", "hand-over", "blog", "--ahead", "48").output
    assert "handed over 48 h ahead; its platform holds 0" in pressroom("accounts").output
    assert "sent from here" in pressroom("accounts", "hand-over", "blog", "--never").output
    assert "handed over" not in pressroom("accounts").output


@pytest.mark.parametrize("asked", [[], ["--ahead", "1", "--never"]])
def test_handing_over_wants_one_answer(pressroom, engine, asked):
    with transaction(engine, "test") as connection:
        factories.account(connection, name="wordpress", account_key="blog")
    refused = pressroom("accounts", "hand-over", "blog", *asked)
    assert (refused.exit_code, "--never" in refused.output) == (1, True)


def test_a_platform_that_schedules_nothing_for_programs_is_told_at_once(pressroom, engine):
    with transaction(engine, "test") as connection:
        factories.account(connection, name="x", account_key="x-main")
    refused = pressroom("accounts", "hand-over", "x-main", "--ahead", "48")
    assert (refused.exit_code, "does not let a program schedule" in refused.output) == (1, True)

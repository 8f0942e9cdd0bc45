"""Tokens before and after their end: who renews them, once, and what becomes of an account when nobody can."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
import sqlalchemy as sa

from pipeline.distribution.accounts import AccountUnusableError, adapter_factory, open_all
from pipeline.distribution.credentials import Keepers, resolve
from pipeline.distribution.publish import publish_due
from pipeline.distribution.secret_keys import SecretKeys
from pipeline.store import accounts, secrets, tables
from pipeline_tests import factories
from pipeline_tests.distribution.platform import NO_LOOK_AHEAD
from pipeline_tests.platforms.conftest import answering, reply

SOON, LATER, PAST = timedelta(minutes=5), timedelta(hours=1), timedelta(minutes=-5)
"""YouTube's tokens are renewed ten minutes before their end."""


class Tokens:
    """A token endpoint. `answer` is a status and a document, else newer tokens; a refresh token is good for once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: tuple[int, object] | None = None

    def __call__(self, request) -> None:
        form = dict(parse_qsl(request.said.decode()))
        again = form["refresh_token"] in self.asked
        self.asked.append(form["refresh_token"])
        count = len(self.asked)
        newer = {"access_token": f"access-{count}", "refresh_token": f"refresh-{count}", "expires_in": 3600}
        status, document = (400, {"error": "invalid_grant"}) if again else self.answer or (200, newer)
        reply(request, status, json.dumps(document).encode())


@pytest.fixture
def tokens():
    return Tokens()


@pytest.fixture
def endpoint(tokens):
    with answering(tokens) as url:
        yield url


@pytest.fixture
def keepers(engine):
    return Keepers(engine, SecretKeys(SecretKeys.new()))


def connected(keepers, endpoint, ends_in):
    """A YouTube account whose access token ends then."""
    held = {
        "client_id": "app",
        "client_secret": "app-secret",
        "access_token": "access-0",
        "refresh_token": "refresh-0",
        "expires_at": (datetime.now(UTC) + ends_in).isoformat(),
    }
    with keepers.engine.begin() as connection:
        secrets.put(connection, "films", keepers.keys.encrypt(json.dumps(held)))
        factories.account(
            connection,
            name="youtube",
            account_key="films",
            credentials_secret_id="db:films",
            publish_config={"oauth_url": endpoint},
        )
        return accounts.get(connection, "films")


def opened(keepers, row):
    """The access token that an adapter is given."""
    adapter: Any = adapter_factory(keepers, timeout_seconds=5)(row)
    return adapter._account.credentials["access_token"]


def test_a_token_that_ends_soon_is_renewed_and_the_rotated_pair_is_kept(keepers, endpoint, tokens):
    row = connected(keepers, endpoint, SOON)
    assert opened(keepers, row) == "access-1"
    held = resolve("db:films", keepers)
    assert (held["access_token"], held["refresh_token"], held["client_id"]) == ("access-1", "refresh-1", "app")
    assert opened(keepers, row) == "access-1"
    assert tokens.asked == ["refresh-0"]


def test_a_token_that_holds_for_long_is_left_alone(keepers, endpoint, tokens):
    assert opened(keepers, connected(keepers, endpoint, LATER)) == "access-0"
    assert tokens.asked == []


@pytest.mark.parametrize("ends_in", [SOON, PAST])
def test_of_many_at_once_one_renews_and_no_refresh_token_is_used_twice(keepers, endpoint, tokens, ends_in):
    row = connected(keepers, endpoint, ends_in)
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: opened(keepers, row), range(16)))
    assert tokens.asked == ["refresh-0"]
    assert set(given) <= ({"access-0", "access-1"} if ends_in is SOON else {"access-1"})


@pytest.mark.parametrize("answer", [(503, {}), (200, {}), (429, {}), (400, {"error": "invalid_grant"})])
def test_while_the_old_token_holds_a_failed_renewal_changes_nothing(keepers, endpoint, tokens, answer):
    row = connected(keepers, endpoint, SOON)
    tokens.answer = answer
    assert opened(keepers, row) == "access-0"
    tokens.answer, tokens.asked[:] = None, []
    assert opened(keepers, row) == "access-1"


def queue(keepers, row):
    """The account's state after a post was due."""
    with keepers.engine.begin() as connection:
        waiting = factories.distribution(connection, row.id)
    publish_due(keepers.engine, adapter_factory(keepers, timeout_seconds=5), NO_LOOK_AHEAD, worker="w")
    assert factories.row_of(keepers.engine, waiting).status == "scheduled"
    with keepers.engine.connect() as connection:
        return connection.scalar(sa.select(tables.platforms.c.state))


@pytest.mark.parametrize("answer", [(503, {}), (200, {}), (429, {})])
def test_a_token_endpoint_that_is_away_disconnects_nobody(keepers, endpoint, tokens, answer):
    row = connected(keepers, endpoint, PAST)
    tokens.answer = answer
    assert queue(keepers, row) == "active"


def test_nobody_at_the_token_endpoint_disconnects_nobody(keepers):
    assert queue(keepers, connected(keepers, "http://127.0.0.1:1", PAST)) == "active"


def test_an_account_that_its_platform_disconnected_rests_and_a_person_is_told_how_to_connect_it(
    keepers, endpoint, tokens
):
    row = connected(keepers, endpoint, PAST)
    tokens.answer = (400, {"error": "invalid_grant", "error_description": "Token has been revoked."})
    with pytest.raises(AccountUnusableError, match="revoked.*pressroom accounts connect") as refused:
        opened(keepers, row)
    assert not refused.value.passes
    assert queue(keepers, row) == "paused"


def test_accounts_that_publish_rarely_are_kept_connected(keepers, endpoint, tokens):
    connected(keepers, endpoint, SOON)
    assert open_all(keepers.engine, adapter_factory(keepers, timeout_seconds=5)) == {}
    assert tokens.asked == ["refresh-0"]
    tokens.answer = (400, {"error": "invalid_grant"})
    with keepers.engine.begin() as connection:
        held = {**resolve("db:films", keepers), "expires_at": "2026-01-01T00:00:00+00:00"}
        secrets.put(connection, "films", keepers.keys.encrypt(json.dumps(held)))
    assert list(open_all(keepers.engine, adapter_factory(keepers, timeout_seconds=5))) == ["films"]


def test_credentials_that_we_cannot_write_back_are_never_renewed(keepers, endpoint, tokens, monkeypatch):
    row = connected(keepers, endpoint, SOON)
    monkeypatch.setenv("FILMS", json.dumps(dict(resolve("db:films", keepers))))
    with keepers.engine.begin() as connection:
        connection.execute(tables.platforms.update().values(credentials_secret_id="env:FILMS"))
        row = accounts.get(connection, row.account_key)
    assert opened(keepers, row) == "access-0"
    assert tokens.asked == []

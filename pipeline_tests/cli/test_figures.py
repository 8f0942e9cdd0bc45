"""`pressroom figures` as it is typed; the platform is the sandbox, over real HTTP."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from pipeline.sandbox.registry import stand_ins
from pipeline.sandbox.server import running
from pipeline.store import metrics_reads
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.measurement.platform import published
from pipeline_tests.platforms.rehearsal import platform_of, publish


@pytest.fixture(scope="module")
def sandbox():
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def x(engine, sandbox, monkeypatch):
    """An account with a post that went out two hours ago and is due, on an X of our own."""
    stand_in = stand_ins()["x"]
    monkeypatch.setenv("X_SECRET", json.dumps(dict(stand_in.credentials)))
    platform = platform_of("x", sandbox, "http://127.0.0.1:9")
    post = publish(platform.adapter(), platform.content())
    with transaction(engine, "test") as connection:
        account_id = factories.account(
            connection,
            account_key="x-main",
            credentials_secret_id="env:X_SECRET",
            publish_config=dict(stand_in.publish_config(sandbox.url)),
        )
        return published(connection, account_id, timedelta(hours=2), post.external_id)


def test_a_sync_by_hand_asks_over_http_and_the_list_says_what_it_cost(pressroom, engine, x):
    synced = pressroom("figures", "sync", "x-main")
    assert synced.exit_code == 0, synced.output
    assert "x-main: 1 stored" in synced.output
    assert factories.row_of(engine, x).impressions is not None
    with engine.connect() as connection:
        (standing,) = metrics_reads.standings(connection, datetime.now(UTC))
        followers = connection.scalar(sa.text("select followers from account_snapshots"))
    assert (standing.due, standing.followed) == (0, 1)
    assert standing.spent_usd >= Decimal("0.005")  # X's list price of a post that is looked up; followers are on top
    assert followers is not None
    assert f"${standing.spent_usd:,.2f}" in pressroom("figures").output


def test_a_rate_limit_of_the_platform_ends_the_sync_with_what_to_expect(pressroom, engine, sandbox, x):
    sandbox.fault("x", "rate_limit", seconds=900)
    limited = pressroom("figures", "sync")
    sandbox.clear_faults()
    assert limited.exit_code == 1
    assert "1 still due" in limited.output
    assert "asked again from" in limited.output
    with engine.connect() as connection:
        until = connection.scalar(sa.text("select metrics_retry_at from platforms"))
    assert timedelta(minutes=13) < until - datetime.now(UTC) < timedelta(minutes=17)
    assert "x-main is not asked before" in pressroom("figures").output


def test_a_budget_is_set_shown_and_taken_away(pressroom, x):
    assert "x-main: $12.5 a month" in pressroom("figures", "budget", "x-main", "12.5").output
    assert "$12.50" in pressroom("figures").output
    assert "no limit" in pressroom("figures", "budget", "x-main", "none").output
    assert "$12.50" not in pressroom("figures").output


def test_what_is_no_budget_and_what_is_no_account_is_said(pressroom, x):
    for wrong in ("lots", "-1", "nan"):
        refused = pressroom("figures", "budget", "--", "x-main", wrong)
        assert refused.exit_code == 1
        assert "dollars a month" in refused.output
    assert "pressroom accounts" in pressroom("figures", "sync", "nobody").output

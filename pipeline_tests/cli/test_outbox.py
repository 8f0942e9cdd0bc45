"""`pressroom outbox` as it is typed."""

import pytest
import sqlalchemy as sa

from pipeline.store import outbox


@pytest.fixture
def given_up(engine):
    """Two that were given up, one that waits, one that was delivered; the ids of the first two."""
    with engine.begin() as connection:
        for key in ("webhook:a", "webhook:b", "webhook:c", "webhook:d"):
            outbox.add(connection, "webhook", key, {"account": "x-main"})
        connection.execute(
            sa.text("""
                update outbox set attempts = 16, given_up_at = now(), last_error = 'hook answered 404 [not found]'
                where idempotency_key in ('webhook:a', 'webhook:b')
            """)
        )
        connection.execute(sa.text("update outbox set delivered_at = now() where idempotency_key = 'webhook:d'"))
        return connection.scalars(sa.text("select id from outbox where given_up_at is not null order by id")).all()


def waiting(engine):
    with engine.connect() as connection:
        query = sa.text("select id from outbox where given_up_at is null and delivered_at is null and attempts = 0")
        return set(connection.scalars(query))


def test_what_waits_and_what_was_given_up_is_listed_with_its_reason(pressroom, given_up):
    shown = pressroom("outbox")
    assert shown.exit_code == 0
    assert shown.output.count("given up") == 2
    assert "404 [not found]" in shown.output
    assert "webhook:c" in shown.output
    assert "webhook:d" not in shown.output


def test_what_nobody_delivers_is_said(pressroom, engine):
    with engine.begin() as connection:
        outbox.add(connection, "telegram", "telegram:1", {})
    assert "nobody delivers this topic" in pressroom("outbox").output


def test_an_empty_outbox_says_so(pressroom):
    assert "Everything is delivered." in pressroom("outbox").output


def test_one_is_tried_again_by_its_id(pressroom, engine, given_up):
    before = waiting(engine)
    assert pressroom("outbox", "retry", given_up[0]).exit_code == 0
    assert waiting(engine) == before | {given_up[0]}


def test_all_that_were_given_up_are_tried_again(pressroom, engine, given_up):
    before = waiting(engine)
    assert "Due now: 2." in pressroom("outbox", "retry", "--given-up").output
    assert waiting(engine) == before | set(given_up)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["999999"], "Delivered already, or never there: 999999."),
        ([], "Say which"),
        (["1", "--given-up"], "Say which"),
    ],
)
def test_what_can_not_be_tried_again_is_said(pressroom, given_up, words, reason):
    result = pressroom("outbox", "retry", *words)
    assert result.exit_code != 0
    assert reason in result.output
    assert "Traceback" not in result.output

"""`pressroom warnings`, and the job that Dagster runs on its own."""

from datetime import timedelta

import dagster as dg
import pytest

from pipeline import looking_ahead
from pipeline.assembly import build_defs
from pipeline.resources.database import Database
from pipeline.sandbox.server import running
from pipeline.sandbox.x.users import USER_ID
from pipeline.store import accounts
from pipeline.store.database import transaction
from pipeline_tests import factories


@pytest.fixture
def paused(engine):
    """A paused account of the sandbox's X with a post due in two hours."""
    with running() as sandbox, engine.begin() as connection:
        account = factories.account(
            connection,
            account_key="x-main",
            state="paused",
            state_reason="holiday",
            credentials_secret_id="sandbox:x",
            publish_config={"base_url": f"{sandbox.url}/x", "user_id": USER_ID},
        )
        post_id, review_id = factories.approved_post(connection, title="Prune [now] | later")
        factories.distribution(
            connection, account, post_id=post_id, review_id=review_id, link_url=None, due_in=timedelta(hours=2)
        )
        connection.commit()
        yield account


def test_a_look_by_hand_finds_lists_and_resolves(pressroom, engine, paused):
    assert "There are no warnings." in pressroom("warnings").output
    looked = pressroom("warnings", "--look").output
    assert "1 looked at, 1 with new warnings." in looked
    assert "x-main  due" in looked
    assert "Prune [now] | later" in looked
    assert "account: The account x-main is paused (holiday)." in pressroom("warnings").output
    with transaction(engine, "test") as connection:
        accounts.resume(connection, paused)
    mended = pressroom("warnings", "--look").output
    assert "1 looked at, 0 with new warnings." in mended
    assert "There are no warnings." in mended


def test_the_sensor_starts_the_job_once_and_the_job_finds_it(pressroom, paused):
    database = Database()
    with dg.DagsterInstance.ephemeral() as instance:

        def tick():
            with dg.build_sensor_context(instance=instance, resources={"database": database}) as context:
                return looking_ahead.early_warnings.evaluate_tick(context).run_requests or []

        assert len(tick()) == 1
        job = build_defs(resources={"database": database}).resolve_job_def("look_ahead")
        assert job.execute_in_process(instance=instance).success
        assert tick() == []
    assert "is paused (holiday)" in pressroom("warnings").output

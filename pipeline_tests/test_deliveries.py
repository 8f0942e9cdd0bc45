"""The outbox as Dagster works it off: a real sensor tick, a real run, a real receiver."""

import dagster as dg
import pytest
import sqlalchemy as sa

from pipeline.assembly import build_defs
from pipeline.deliveries import undelivered_followups
from pipeline.store import workers
from pipeline.store.announcements import Announce, announce_published
from pipeline_tests import factories
from pipeline_tests.distribution.receiver import receiving


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def tick(database_resource, instance):
    with dg.build_sensor_context(instance=instance, resources={"database": database_resource}) as context:
        return undelivered_followups.evaluate_tick(context)


def publish(engine, url):
    with engine.begin() as connection:
        account = factories.account(connection, webhook_url=url)
        sent = factories.distribution(connection, account, status="published", published_at=sa.func.now())
        announce_published(connection, [sent], Announce())


def test_a_publication_is_told_by_a_run_that_the_sensor_asks_for_and_then_no_more(engine, database_resource, instance):
    assert tick(database_resource, instance).skip_message == "Everything is delivered."
    with receiving() as receiver:
        publish(engine, receiver.url)
        (request,) = tick(database_resource, instance).run_requests
        assert request.run_key is None  # a failed run must not keep the next from starting
        job = build_defs(resources={"database": database_resource}).resolve_job_def("deliver_followups")
        assert job.execute_in_process(instance=instance).success
    assert len(receiver.requests) == 1
    assert tick(database_resource, instance).skip_message == "Everything is delivered."


def test_a_delivery_that_waits_for_its_next_try_starts_nothing_before(engine, database_resource, instance):
    publish(engine, "http://127.0.0.1:9")
    with engine.begin() as connection:
        connection.execute(sa.text("update outbox set available_at = now() + interval '1 hour'"))
    assert tick(database_resource, instance).skip_message.startswith("The next is tried in ")


def test_a_topic_that_nobody_handles_starts_no_run_and_is_said_by_one(engine, database_resource, instance):
    with engine.begin() as connection:
        connection.execute(
            sa.text("insert into outbox (topic, idempotency_key, payload) values ('telegram', 't:1', '{}')")
        )
    assert tick(database_resource, instance).skip_message == "Everything is delivered."
    job = build_defs(resources={"database": database_resource}).resolve_job_def("deliver_followups")
    result = job.execute_in_process(instance=instance)
    said = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert "1 wait of the topic 'telegram', which nobody delivers; they are kept" in said


def test_while_a_worker_is_at_work_no_run_is_asked_for(engine, database_resource, instance):
    publish(engine, "http://127.0.0.1:9")
    with engine.begin() as connection:
        workers.seen(connection, "worker one")
    assert tick(database_resource, instance).skip_message == "worker one is at work and sees to it."


def test_while_a_run_delivers_no_second_is_asked_for(engine, database_resource, instance):
    publish(engine, "http://127.0.0.1:9")
    job = build_defs(resources={"database": database_resource}).resolve_job_def("deliver_followups")
    run = instance.create_run_for_job(job)
    instance.report_engine_event("at work", run)
    assert tick(database_resource, instance).skip_message.startswith("Deliveries are under way")

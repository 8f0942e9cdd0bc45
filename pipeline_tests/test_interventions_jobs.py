"""What a person starts from Dagster's launchpad, run as Dagster runs it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from pipeline import interventions
from pipeline.assembly import build_defs
from pipeline.assets.distribution import publications_metadata
from pipeline.partitions import ACCOUNT
from pipeline.settings import settings
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories

FAILED = {"status": "failed", "error_message": "HTTP 400: no title"}


class Launchpad:
    """Fills in a job's form and starts it."""

    def __init__(self, instance):
        self.instance = instance
        self.defs = build_defs()

    def launch(self, job, **form):
        return self.defs.resolve_job_def(job).execute_in_process(
            run_config={"who": "ada@example.com", **form}, instance=self.instance, raise_on_error=False
        )

    def refusal(self, job, **form):
        """What the UI shows of a run that failed."""
        result = self.launch(job, **form)
        assert not result.success
        (failure,) = [e for e in result.all_events if e.event_type == dg.DagsterEventType.STEP_FAILURE]
        return failure.step_failure_data.user_failure_data.description


@pytest.fixture
def launchpad(engine, database_resource, monkeypatch):
    monkeypatch.delenv("PRESSROOM_USER", raising=False)
    settings.cache_clear()
    with transaction(engine, "test") as connection:
        factories.user(connection, full_name="Ada Lovelace", email="ada@example.com")
        factories.account(connection, account_key="x-main")
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(ACCOUNT, ["x-main"])
        yield Launchpad(instance)
    settings.cache_clear()


def made(engine, **values):
    with transaction(engine, "test") as connection:
        account = connection.scalars(sa.select(tables.platforms.c.id)).one()
        return factories.distribution(connection, account, **values)


def status(engine, distribution_id):
    return factories.row_of(engine, distribution_id).status


def test_every_form_is_the_interventions_own_fields_each_described(launchpad):
    for job in interventions.ALL:
        assert job.description
        schema: Any = job.config_mapping
        fields = schema.config_schema.config_type.fields
        assert "who" in fields
        assert not {"ops", "resources"} & set(fields)
        assert all(field.description and field.default_provided for field in fields.values()), job.name


def test_a_person_holds_releases_retries_and_cancels_from_the_launchpad(launchpad, engine):
    failed, waiting = made(engine, **FAILED), made(engine, due_in=timedelta(hours=1))
    both = [str(failed)[:8], str(waiting)[:8]]
    assert launchpad.launch("retry_distributions", distributions=both[:1], reason="mended").success
    assert launchpad.launch("hold_distributions", distributions=both, reason="the sale is off").success
    assert [status(engine, failed), status(engine, waiting)] == ["held", "held"]
    assert launchpad.launch("release_distributions", distributions=both, at="2999-01-01 09:00").success
    assert factories.row_of(engine, failed).next_attempt_at == datetime(2999, 1, 1, 14, tzinfo=UTC)
    assert launchpad.launch("cancel_distributions", distributions=both, reason="no more").success
    assert [status(engine, failed), status(engine, waiting)] == ["cancelled", "cancelled"]
    with engine.connect() as connection:
        actors = set(connection.scalars(sa.select(tables.distribution_events.c.actor)))
    assert actors == {"test", "Ada Lovelace"}


def test_what_was_found_live_is_marked_and_the_lineage_shows_it(launchpad, engine):
    failed = made(engine, **FAILED)
    url = "https://x.com/pressroom/status/77"
    assert launchpad.launch("mark_as_published", distribution=str(failed), url=url).success
    assert factories.row_of(engine, failed).external_url == url
    event = launchpad.instance.get_latest_materialization_event(dg.AssetKey("publications"))
    assert event.asset_materialization.metadata["published"].value == 1


def test_a_job_that_could_not_do_all_fails_with_the_sentence_and_does_the_rest(launchpad, engine):
    failed, held = made(engine, **FAILED), made(engine, status="held", hold_reason="late")
    said = launchpad.refusal("retry_distributions", distributions=[str(held), str(failed)])
    assert "is held and can't be retried: it can be released" in said
    assert status(engine, failed) == "scheduled"
    assert "Name the distributions" in launchpad.refusal("retry_distributions")
    assert "Say why" in launchpad.refusal("hold_distributions", distributions=[str(failed)], reason="")


def test_nobody_decides_without_a_name(launchpad, engine):
    failed = made(engine, **FAILED)
    assert "Say who you are" in launchpad.refusal("retry_distributions", distributions=[str(failed)], who="")
    assert "Nobody is known" in launchpad.refusal("retry_distributions", distributions=[str(failed)], who="Bob")
    assert status(engine, failed) == "failed"


def test_a_paused_account_is_resumed_checked_or_not(launchpad, engine):
    with transaction(engine, "test") as connection:
        connection.execute(tables.platforms.update().values(state="paused", state_reason="401"))
    assert "x-main stays paused" in launchpad.refusal("resume_account", account="x-main")
    assert "No account is called 'x'" in launchpad.refusal("resume_account", account="x")
    assert launchpad.launch("resume_account", account="x-main", unchecked=True).success
    with engine.connect() as connection:
        assert connection.scalar(sa.select(tables.platforms.c.state)) == "active"


def test_the_publications_show_what_needs_a_person_why_and_what_to_do(launchpad, engine):
    made(engine, **FAILED)
    held = made(engine, status="held", hold_reason="3 days late | sorry")
    made(engine)
    with transaction(engine, "test") as connection:
        connection.execute(tables.platforms.update().values(state="paused", state_reason="401 Unauthorized"))
    metadata = publications_metadata(engine, "x-main")
    listed = metadata["needs a person"].value
    assert metadata["account"] == "paused: 401 Unauthorized"
    assert "HTTP 400: no title" in listed
    assert "3 days late \\| sorry" in listed
    assert f"A person decides: pressroom distributions release {str(held)[:8]}" in listed
    assert listed.count("\n- ") == 1
    assert "account paused: 401 Unauthorized" in metadata["latest"].value


def test_an_approval_is_taken_back_and_a_post_archived_by_a_publisher_with_the_reason_in_its_log(launchpad, engine):
    waiting = made(engine, due_in=timedelta(hours=1))
    with transaction(engine, "test") as connection:
        post = connection.scalars(sa.select(tables.publisher_posts.c.canonical_id)).one()
    form = {"post": post, "note": "The sale is off."}
    assert "role admin or publisher" in launchpad.refusal("unschedule_post", **form)
    with transaction(engine, "test") as connection:
        connection.execute(tables.users.update().values(roles=["publisher"]))
    assert "Say why" in launchpad.refusal("unschedule_post", post=post)
    assert launchpad.launch("unschedule_post", **form).success
    assert status(engine, waiting) == "draft"
    assert launchpad.launch("archive_post", **form).success
    assert status(engine, waiting) == "cancelled"
    with engine.connect() as connection:
        events = connection.execute(
            sa.text("select to_status, actor, note from post_events where note <> '' order by id")
        ).all()
    assert [tuple(event) for event in events] == [
        ("review", "Ada Lovelace", "The sale is off."),
        ("archived", "Ada Lovelace", "The sale is off."),
    ]

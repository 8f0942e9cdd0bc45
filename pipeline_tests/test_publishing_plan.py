"""The plan in Dagster: the asset that shows it, and the job that applies it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from pipeline import planning_jobs
from pipeline.assets.calendar import publishing_plan
from pipeline.resources.platforms import Platforms
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.scheduling import calendars

NIGHT = (datetime.now(UTC) + timedelta(days=2)).replace(hour=3, minute=0, second=0, microsecond=0)


@pytest.fixture
def moved(engine, monkeypatch):
    monkeypatch.delenv("PRESSROOM_USER", raising=False)
    with transaction(engine, "test") as connection:
        factories.user(connection, full_name="Ada Lovelace", email="ada@example.com", roles=["publisher"])
        factories.user(connection, full_name="Ben Writer", email="ben@example.com", roles=["writer"])
        x = factories.account(connection, account_key="x-main", timezone="UTC")
        of = calendars.post(connection, title="Prune <b>now</b> | [later](x)", reviewed_at=datetime.now(UTC))
        return calendars.scheduled(connection, x, NIGHT, of)


def materialized(database):
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [publishing_plan],
            instance=instance,
            resources={"database": database, "platforms": Platforms(database=database)},
            selection=[publishing_plan],
        )
        (event,) = result.asset_materializations_for_node("publishing_plan")
        return {name: value.value for name, value in event.metadata.items()}


def launch(database, **form):
    definitions = dg.Definitions(jobs=[planning_jobs.apply_plan], resources={"database": database})
    return definitions.resolve_job_def("apply_plan").execute_in_process(run_config=form, raise_on_error=False)


def refusal(result):
    (failure,) = [e for e in result.all_events if e.event_type == dg.DagsterEventType.STEP_FAILURE]
    return failure.step_failure_data.user_failure_data.description


def test_the_asset_shows_the_calendar_as_a_picture_and_a_table_and_moves_nothing(engine, database_resource, moved):
    shown = materialized(database_resource)
    assert (shown["plan"], shown["would move"], shown["dagster/row_count"]) == (1, 1, 1)
    assert shown["calendar"].startswith("![")
    assert "data:image/png;base64," in shown["calendar"]
    row = shown["what goes out"].splitlines()[2]
    assert "Prune \\<b\\>now\\</b\\> \\| \\[later\\](x)" in row
    assert f"{NIGHT:%Y-%m-%d %H:%M}" in row
    assert shown["days without anything"].startswith("- x-main: ")
    assert factories.row_of(engine, moved).scheduled_for == NIGHT


def test_a_publisher_applies_it_from_the_launchpad(engine, database_resource, moved):
    materialized(database_resource)
    assert launch(database_resource, who="Ada Lovelace").success
    row = factories.row_of(engine, moved)
    assert row.scheduled_for != NIGHT
    assert "was applied by Ada Lovelace" in refusal(launch(database_resource, who="Ada Lovelace", plan=1))


def test_who_may_not_and_what_does_not_fit_any_more_fail_the_run_in_words(engine, database_resource, moved):
    materialized(database_resource)
    assert "may not set another time" in refusal(launch(database_resource, who="Ben Writer"))
    assert "Say who you are" in refusal(launch(database_resource))
    with transaction(engine, "test") as connection:
        connection.execute(tables.distributions.update().values(is_pinned=True))
    assert "on x-main: it has its time from a person" in refusal(launch(database_resource, who="Ada Lovelace"))


def test_the_form_asks_who_and_which_plan():
    schema: Any = planning_jobs.apply_plan.config_mapping
    fields = schema.config_schema.config_type.fields
    assert set(fields) == {"who", "plan"}
    assert all(field.description and field.default_provided for field in fields.values())

"""A published post taken out of the world, as Dagster does it: its page is gone, and so is what can be deleted."""

import dagster as dg
import httpx
import pytest

from pipeline.platforms.registry import adapter_class
from pipeline_tests.line import running_line


@pytest.fixture
def line(engine, tmp_path, monkeypatch):
    with dg.DagsterInstance.ephemeral() as instance:
        with running_line(engine, instance, tmp_path, monkeypatch) as line:
            yield line


def launch(line, job, **form):
    return line.defs.resolve_job_def(job).execute_in_process(
        run_config={"who": "publisher@example.com", **form}, instance=line.instance, raise_on_error=False
    )


def test_a_post_archived_from_the_launchpad_answers_410_and_is_deleted_wherever_a_program_may(line):
    line.tick_and_run("new_sources")
    line.tick_and_run("new_stories")
    line.tick("new_accounts")
    line.approve_all()
    line.tick_and_run("due_distributions")
    with line.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into users (email, full_name, roles) values ('publisher@example.com', 'Peter', '{publisher}')"
        )
    wrong, *others = line.rows(
        "select post.id, post.canonical_id, home.external_url from publisher_posts post, homes_of(post.id) home"
        " order by 2"
    )
    assert httpx.get(wrong.external_url).status_code == 200

    assert launch(line, "archive_post", post=wrong.canonical_id, note="It was wrong.").success
    line.run("deliver_followups")

    assert httpx.get(wrong.external_url).status_code == 410
    assert {httpx.get(other.external_url).status_code for other in others} == {200}
    versions = line.rows(
        "select p.name, d.taken_down_at is not null as down, d.takedown_error from distributions d"
        " join platforms p on p.id = d.platform_id where d.post_id = :id and d.status = 'published'",
        id=wrong.id,
    )
    for version in versions:
        may = adapter_class(version.name).capabilities.delete
        assert (version.down, version.takedown_error is None) == (may, may), version.name
    assert (
        line.rows("select 1 from distributions where post_id <> :id and taken_down_at is not null", id=wrong.id) == []
    )
    assert line.rows("select 1 from outbox where topic = 'takedown' and delivered_at is null") == []
    assert not launch(line, "archive_post", post=wrong.canonical_id, note="Twice.").success

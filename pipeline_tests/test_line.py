"""The whole line as Dagster runs it: real database, real HTTP, real runs; only the platforms are stand-ins."""

import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from pipeline import sensors
from pipeline.editorial import review
from pipeline.editorial.analysis import analyse_new
from pipeline.editorial.sources import SourceDefinition, ingest
from pipeline.partitions import ACCOUNT, POST
from pipeline.platforms.registry import adapter_class, platform_names
from pipeline.sandbox.registry import stand_ins
from pipeline.store import outbox, users
from pipeline.store.database import transaction
from pipeline.vocabulary import SourceKind
from pipeline.writing.offline import OfflineWriter
from pipeline_tests.line import running_line
from pipeline_tests.platforms.rehearsal import rehearsal_of
from pipeline_tests.writing.stand_in import endpoint, obliging

TAKE_TEXT = {name for name in platform_names() if not adapter_class(name).capabilities.needs}


@pytest.fixture
def line(engine, tmp_path, monkeypatch):
    with dg.DagsterInstance.ephemeral() as instance:
        with running_line(engine, instance, tmp_path, monkeypatch) as line:
            yield line


def test_a_source_becomes_posts_in_review_with_a_version_for_each_account(line):
    assert line.tick_and_run("new_sources") == 1
    assert line.tick("new_sources") == []
    assert line.tick_and_run("new_stories") == 1
    keys = line.instance.get_dynamic_partitions(POST)
    posts = line.rows("select canonical_id, status from publisher_posts order by canonical_id")
    assert [post.canonical_id for post in posts] == sorted(keys)
    assert line.statuses("publisher_posts") == {"review": len(keys)}
    assert line.statuses("distributions") == {"draft": len(TAKE_TEXT) * len(keys)}
    materialized = line.instance.get_materialized_partitions(dg.AssetKey("distribution_plan"))
    assert materialized == set(keys)


def test_content_that_came_in_by_hand_is_analysed_without_waiting_for_the_hour(line, tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text(
        '{"id": "1", "caption": "A chain lasts 3,000 km when it is clean.", "posted_at": "2026-01-01T00:00:00Z"}'
    )
    source = SourceDefinition(name="mine", kind=SourceKind.JSONL, location=str(path), vertical="workshop")
    ingest(line.engine, source, "test")
    assert line.tick_and_run("new_content") == 1
    assert line.rows("select count(*) as n from content_analysis")[0].n == 1
    assert line.tick("new_content") == []


def test_a_draft_that_a_reviewer_sends_back_is_written_anew_by_the_model_and_waits_for_review_again(
    engine, tmp_path, monkeypatch
):
    with dg.DagsterInstance.ephemeral() as instance, endpoint() as model:
        model.replies = [obliging()]
        monkeypatch.setenv("PRESSROOM_WRITER_BASE_URL", model.base_url)
        with running_line(engine, instance, tmp_path, monkeypatch) as line:
            line.tick_and_run("new_sources")
            line.tick_and_run("new_stories")
            post = line.rows("select canonical_id, title from publisher_posts order by canonical_id")[0]
            assert line.tick("returned_drafts") == []
            with engine.connect() as connection:
                reviewer = users.find(connection, "Demo reviewer (scripted)")
            review.request_changes(engine, post.canonical_id, reviewer, "Say what it costs.")
            model.requests.clear()
            model.replies = [obliging(change=lambda answer: {**answer, "excerpt": "Three dollars."})]
            assert line.tick_and_run("returned_drafts") == 1
            assert line.tick("returned_drafts") == []
            (again,) = line.rows(
                "select status, excerpt from publisher_posts where canonical_id = :id", id=post.canonical_id
            )
            assert (again.status, again.excerpt) == ("review", "Three dollars.")
            assert [("Say what it costs." in str(request["messages"])) for request in model.requests] == [True]
            (record,) = instance.fetch_materializations(
                dg.AssetRecordsFilter(dg.AssetKey("article_draft"), [post.canonical_id]), limit=1
            ).records
            assert record.asset_materialization is not None
            shown = {name: each.value for name, each in record.asset_materialization.metadata.items()}
            # The analysis of its source, the brief, the draft, and the draft written anew.
            assert shown["calls to a model"] == 4
            assert isinstance(shown["cost (US$)"], float)
            assert shown["cost (US$)"] > 0
            assert shown["written by"] == "pressroom-article version 1"


def test_an_approved_post_is_published_once_everywhere_with_its_page_first_and_measured(line):
    line.tick_and_run("new_sources")
    line.tick_and_run("new_stories")
    line.tick("new_accounts")
    assert line.tick("due_distributions") == []
    line.illustrate_all()
    line.approve_all()
    assert line.tick_and_run("due_distributions") == 1
    count = len(line.instance.get_dynamic_partitions(POST))
    assert line.statuses("publisher_posts") == {"published": count}
    assert line.statuses("distributions") == {"published": len(platform_names()) * count}
    assert line.statuses("cross_post_groups") == {"completed": count}
    effects = Counter((e.platform, e.kind) for e in line.sandbox.effects())
    assert {name: effects[name, rehearsal_of(name).effect] for name in stand_ins()} == dict.fromkeys(stand_ins(), count)
    for row in line.rows("select slug from publisher_posts"):
        assert (line.site / row.slug / "index.html").exists()
    late = line.rows(
        "select 1 from distributions d join distributions home on home.post_id = d.post_id"
        " join platforms p on p.id = home.platform_id and p.is_home where d.published_at < home.published_at - interval '2 s'"
    )
    assert late == []

    keys = line.instance.get_dynamic_partitions(ACCOUNT)
    line.run(
        "sync_metrics", {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
    )
    for job in ("sync_site_analytics", "learn_posting_times", "attribute", "look_at_experiments", "plan"):
        line.run(job)
    line.run("desk_reports")
    line.run("daily_reports")
    snapshots = line.rows(
        "select p.name, count(*) as n from distribution_metrics m join distributions d on d.id = m.distribution_id"
        " join platforms p on p.id = d.platform_id group by p.name"
    )
    measured = [name for name in platform_names() if adapter_class(name).capabilities.metrics]
    assert {row.name: row.n for row in snapshots} == dict.fromkeys(measured, count)


def test_materializing_everything_again_sends_nothing_and_changes_nothing(line):
    line.tick_and_run("new_sources")
    line.tick_and_run("new_stories")
    line.tick("new_accounts")
    line.approve_all()
    line.tick_and_run("due_distributions")
    before = line.sandbox.effects()
    posts = line.rows("select * from publisher_posts order by id")
    keys = line.instance.get_dynamic_partitions(POST)
    line.run("take_in")
    line.run(
        "write_posts", {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
    )
    line.run("publish")
    line.run("reconcile")
    assert line.sandbox.effects() == before
    assert line.rows("select * from publisher_posts order by id") == posts


def test_one_story_that_fails_is_red_alone_and_is_tried_again(line):
    line.tick_and_run("new_sources")
    (request,) = line.tick("new_stories")
    broken = line.instance.get_dynamic_partitions(POST)[0]
    kept = line.rows(
        "select ca.* from content_analysis ca join raw_content rc on rc.id = ca.content_id where rc.canonical_id = :id",
        id=broken,
    )
    with transaction(line.engine, "test") as connection:
        connection.execute(
            sa.text(
                'update content_analysis set extracted_facts = \'{"facts": [{"text": 7}]}\' where content_id = :id'
            ),
            {"id": kept[0].content_id},
        )
    line.run("write_posts", request.tags, succeeds=False)
    done = line.instance.get_materialized_partitions(dg.AssetKey("content_brief"))
    assert done == set(line.instance.get_dynamic_partitions(POST)) - {broken}
    error = line.rows("select story_error from raw_content where canonical_id = :id", id=broken)[0].story_error
    assert error

    with transaction(line.engine, "test") as connection:
        connection.execute(
            sa.text("update content_analysis set extracted_facts = :facts where id = :id").bindparams(
                sa.bindparam("facts", type_=sa.JSON)
            ),
            {"facts": kept[0].extracted_facts, "id": kept[0].id},
        )
        connection.execute(
            sa.text("update raw_content set story_lease_until = now() - interval '1 s' where canonical_id is not null")
        )
    line.tick_and_run("new_stories")
    assert line.statuses("publisher_posts") == {"review": len(line.instance.get_dynamic_partitions(POST))}


def test_a_text_edited_in_the_terminal_is_what_each_platform_gets(line, tmp_path, monkeypatch):
    line.tick_and_run("new_sources")
    line.tick_and_run("new_stories")
    post = line.rows("select canonical_id from publisher_posts order by 1 limit 1")[0].canonical_id
    text = tmp_path / "mine.md"
    text.write_text("# Chains\n\nOil the *rollers*, never the plates.\n")
    command = [str(Path(sys.executable).parent / "pressroom"), "review"]
    who = ["--as", "Demo reviewer (scripted)"]
    subprocess.run([*command, "changes", post, "--note", "Say which part.", *who], check=True)
    subprocess.run([*command, "edit", post, "--file", str(text), *who], check=True)
    line.approve_all()
    line.tick_and_run("due_distributions")
    bodies = {
        row.name: row.body
        for row in line.rows(
            "select p.name, d.body from distributions d join platforms p on p.id = d.platform_id"
            " join publisher_posts post on post.id = d.post_id where post.canonical_id = :id and d.status = 'published'",
            id=post,
        )
    }
    assert "Oil the <em>rollers</em>, never the plates." in bodies["site"]
    assert bodies.keys() == TAKE_TEXT


def test_a_lost_answer_of_a_platform_is_found_there_by_the_reconcile_job(line):
    line.tick_and_run("new_sources")
    line.tick_and_run("new_stories")
    line.sandbox.fault("x", "drop_after", count=1, path="/2/tweets", method="POST")
    line.approve_all()
    line.tick_and_run("due_distributions")
    assert line.statuses("distributions")["unknown"] == 1
    with transaction(line.engine, "test") as connection:
        connection.execute(sa.text("update distributions set reconcile_at = now() where status = 'unknown'"))
    assert line.tick_and_run("unresolved_distributions") == 1
    assert set(line.statuses("distributions")) == {"published"}
    tweets = Counter(e.text for e in line.sandbox.effects("x") if e.kind == "tweet_created")
    assert set(tweets.values()) == {1}


def test_twenty_articles_from_the_real_posts_go_the_whole_way(line, social_posts):
    source = SourceDefinition(name="real", kind=SourceKind.JSONL, location=str(social_posts), vertical="workshop")
    report = ingest(line.engine, source, "test")
    assert (report.rows_read, report.rows_bad) == (10_393, 0)
    analyse_new(line.engine, OfflineWriter(), limit=400)
    assert line.tick_and_run("new_stories") == 1
    assert line.statuses("publisher_posts") == {"review": 20}
    line.approve_all()
    line.tick_and_run("due_distributions")
    published = Counter(
        row.name
        for row in line.rows(
            "select p.name from distributions d join platforms p on p.id = d.platform_id where d.status = 'published'"
        )
    )
    assert published == dict.fromkeys(TAKE_TEXT, 20)
    assert line.rows("select 1 from distributions where published_at - scheduled_for > interval '5 min'") == []


def test_a_run_under_way_is_left_alone_but_one_that_died_holds_nothing_up(line, monkeypatch):
    line.tick_and_run("new_sources")
    line.tick_and_run("new_stories")
    line.approve_all()
    publish = line.defs.resolve_job_def("publish")
    line.instance.create_run_for_job(publish, status=dg.DagsterRunStatus.STARTED)
    assert line.tick("due_distributions") == []
    monkeypatch.setattr(sensors, "_BELIEVED_FOR", timedelta(0))
    assert len(line.tick("due_distributions")) == 1


def test_the_nightly_upkeep_makes_the_coming_months_and_forgets_old_bad_rows_and_deliveries(line, tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"id": "1", "caption": "Fine."}\nnot json\n')
    ingest(
        line.engine,
        SourceDefinition(name="mine", kind=SourceKind.JSONL, location=str(path), vertical="workshop"),
        "test",
    )
    with transaction(line.engine, "test") as connection:
        connection.execute(sa.text("update ingest_runs set started_at = now() - interval '31 days'"))
        month = connection.scalar(
            sa.text(
                "select max(c.relname) from pg_class c where c.relname ~ '^distribution_metrics_[0-9]{4}_[0-9]{2}$'"
            )
        )
        connection.execute(sa.text(f"drop table {month}"))
        for key in ("old", "new", "waiting"):
            outbox.add(connection, "webhook", key, {})
        connection.execute(sa.text("update outbox set delivered_at = now() where idempotency_key = 'new'"))
        connection.execute(
            sa.text("update outbox set delivered_at = now() - interval '31 days' where idempotency_key = 'old'")
        )
    assert line.rows("select 1 from ingest_errors") != []
    line.run("maintenance")
    assert line.rows("select 1 from ingest_errors") == []
    left = line.rows("select idempotency_key as key from outbox order by key")
    assert [row.key for row in left] == ["new", "waiting"]
    assert line.rows("select to_regclass(:name) as found", name=month)[0].found is not None

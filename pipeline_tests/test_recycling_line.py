"""An evergreen article told again, from the daily job through the review to the platforms."""

from datetime import timedelta

import dagster as dg
import pytest
import sqlalchemy as sa

from pipeline.distribution.plan import plan_post
from pipeline.editorial.manual import add_post, read_post
from pipeline.editorial.recycled import PLATFORMS, tell_again
from pipeline.recycling_jobs import recycle_evergreen
from pipeline.resources.writer import WriterResource
from pipeline.store import recycling, users
from pipeline.store.database import transaction
from pipeline.store.recycling import Limits
from pipeline.text.likeness import pieces, repeated
from pipeline.text.likeness import said as words_of
from pipeline.text.rendering import plain
from pipeline.vocabulary import UserRole
from pipeline.writing.offline import OfflineWriter
from pipeline_tests.line import running_line
from pipeline_tests.test_repurposed_line import ARTICLE, home_of, publish


@pytest.fixture
def line(engine, tmp_path, monkeypatch):
    with dg.DagsterInstance.ephemeral() as instance:
        with running_line(engine, instance, tmp_path, monkeypatch) as line:
            yield line


@pytest.fixture
def walter(line):
    with transaction(line.engine, "test") as connection:
        users.add(connection, "Walter", "walter@example.com", [UserRole.WRITER])
        return users.find(connection, "walter@example.com")


@pytest.fixture
def original(line, walter):
    """The id of an evergreen article that is published everywhere, under a rule."""
    line.tick("new_accounts")
    added = add_post(line.engine, walter, read_post(ARTICLE, vertical="workshop"))
    plan_post(line.engine, added.canonical_id)
    line.illustrate_all()
    publish(line)
    with transaction(line.engine, "test") as connection:
        connection.execute(sa.text("update publisher_posts set is_evergreen = true"))
        vertical_id = connection.scalar(sa.text("select id from publisher_verticals where slug = 'workshop'"))
        limits = Limits(timedelta(90), timedelta(60), most_per_week=1, most_times=9)
        recycling.set_rule(connection, vertical_id, limits, [])
    return added.canonical_id


def recycle(line):
    """The job, as the schedule starts it."""
    result = recycle_evergreen.execute_in_process(
        instance=line.instance, resources={"database": line.database, "writer": WriterResource()}
    )
    assert result.success


def days_go_by(line, days):
    with transaction(line.engine, "test") as connection:
        for table in ("publisher_posts", "distributions"):
            connection.execute(
                sa.text(f"update {table} set published_at = published_at - make_interval(days => :days)"),
                {"days": days},
            )


def said(line):
    """What each account said of the article, in order."""
    rows = line.rows(
        "select a.name, d.body, d.status, d.link_url, p.content from distributions d"
        " join platforms a on a.id = d.platform_id join publisher_posts p on p.id = d.post_id"
        " where a.name = any (:names) order by d.published_at",
        names=list(PLATFORMS),
    )
    assert {row.status for row in rows} <= {"published"}
    return {name: [row for row in rows if row.name == name] for name in PLATFORMS}


def test_an_article_goes_out_again_on_each_account_in_words_it_never_used_and_links_to_its_page(line, original):
    recycle(line)
    assert line.rows("select canonical_id from publisher_posts where repurposed_as = 'again'") == []
    sent = {name: len(line.sandbox.effects(name)) for name in PLATFORMS}
    for _ in range(2):
        days_go_by(line, 100)
        recycle(line)
        waiting = line.rows("select canonical_id, account_id from publisher_posts where status = 'review'")
        assert len({row.account_id for row in waiting}) == len(waiting) == len(PLATFORMS)
        recycle(line)
        assert len(line.rows("select 1 from publisher_posts where status = 'review'")) == len(PLATFORMS)
        publish(line)
    for name, posts in said(line).items():
        assert len(posts) == 3
        page = home_of(line, original)
        assert all(post.link_url.startswith(f"{page}?utm_") and page in post.body for post in posts[1:])
        assert len(line.sandbox.effects(name)) > sent[name]
        for number, post in enumerate(posts[1:], start=1):
            assert plain(post.content) in post.body
            told = pieces(plain(post.content))
            assert not any(repeated(told, words_of(earlier.body)) for earlier in posts[:number])


def test_what_an_earlier_run_left_without_a_version_is_planned_by_the_next(line, walter, original):
    made = tell_again(line.engine, OfflineWriter(), walter, original, "x-sandbox")
    (post,) = line.rows("select status from publisher_posts where canonical_id = :id", id=made.canonical_id)
    assert post.status == "draft"
    recycle(line)
    (post,) = line.rows("select status from publisher_posts where canonical_id = :id", id=made.canonical_id)
    assert post.status == "review"

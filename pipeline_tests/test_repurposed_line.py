"""What is made of a published article and of somebody else's page, from the command's call to the platforms."""

import dagster as dg
import pytest
import sqlalchemy as sa

from pipeline.distribution.plan import PlanError, plan_post
from pipeline.editorial.arrivals import ArrivalError
from pipeline.editorial.curated import Choice, curate
from pipeline.editorial.manual import add_post, read_post
from pipeline.editorial.repurposed import PLATFORMS, repurpose
from pipeline.store import tables, users
from pipeline.store.database import transaction
from pipeline.vocabulary import UserRole
from pipeline.writing.offline import OfflineWriter
from pipeline_tests.editorial.pages import LEAD, article, html
from pipeline_tests.line import running_line
from pipeline_tests.web import serve

ARTICLE = """---
description: Five minutes a week are enough.
tags: chains, cleaning
---

# How to clean a bicycle chain

A clean chain lasts 3,000 km, says the workshop's Anna Bell. It also shifts better. Dirt is what wears it.

## Tools

Every kitchen has a brush, a rag and a degreaser. A chain tool helps, but it is no must.

## Steps

Wipe the chain first. Then brush the degreaser in, link by link, for five minutes. Rinse it with little water, never
with a pressure washer, which drives dirt into the bearings.

Oil it at last. One drop a link is enough, and what is left on the outside is wiped off again.
"""


@pytest.fixture
def line(engine, tmp_path, monkeypatch):
    with dg.DagsterInstance.ephemeral() as instance:
        with running_line(engine, instance, tmp_path, monkeypatch) as line:
            with transaction(engine, "test") as connection:
                users.add(connection, "Walter", "walter@example.com", [UserRole.WRITER])
            yield line


@pytest.fixture
def walter(line):
    with line.engine.connect() as connection:
        return users.find(connection, "walter@example.com")


@pytest.fixture
def original(line, walter):
    """The id of an article that is published everywhere."""
    line.tick("new_accounts")
    added = add_post(line.engine, walter, read_post(ARTICLE, vertical="workshop"))
    plan_post(line.engine, added.canonical_id)
    line.illustrate_all()
    publish(line)
    return added.canonical_id


def publish(line):
    line.approve_all()
    while line.tick_and_run("due_distributions"):
        pass


def home_of(line, canonical_id):
    (row,) = line.rows(
        "select d.external_url from distributions d join publisher_posts p on p.id = d.post_id"
        " join platforms a on a.id = d.platform_id and a.is_home where p.canonical_id = :id",
        id=canonical_id,
    )
    return row.external_url


def test_an_article_goes_out_again_in_every_form_once_and_links_to_its_page(line, walter, original):
    page = home_of(line, original)
    before = {name: len(line.sandbox.effects(name)) for names in PLATFORMS.values() for name in names}
    pages = line.rows(
        "select count(*) as n from distributions d join platforms a on a.id = d.platform_id and a.is_home"
    )
    for form in PLATFORMS:
        added = repurpose(line.engine, OfflineWriter(), walter, original, form)
        assert added.canonical_id == f"{original}-{form}"
        plan_post(line.engine, added.canonical_id)
    publish(line)
    stored = line.rows(
        "select p.repurposed_as, p.status, a.name, d.status as sent, d.body, d.link_url, d.platform_specific"
        " from publisher_posts p join distributions d on d.post_id = p.id join platforms a on a.id = d.platform_id"
        " where p.repurposed_from is not null order by p.repurposed_as, a.name"
    )
    assert [(row.repurposed_as, row.name) for row in stored] == sorted(
        (form, name) for form, names in PLATFORMS.items() for name in names
    )
    assert {(row.status, row.sent, row.link_url.partition("?")[0]) for row in stored} == {
        ("published", "published", page)
    }
    assert (
        line.rows("select count(*) as n from distributions d join platforms a on a.id = d.platform_id and a.is_home")
        == pages
    )
    thread = next(row for row in stored if row.name == "x")
    posts = [thread.body, *thread.platform_specific["thread"]]
    assert len(line.sandbox.effects("x")) == before["x"] + len(posts) + 1
    assert all(each.endswith(f"\n\n{number}/{len(posts)}") for number, each in enumerate(posts, start=1))
    assert page in posts[-1]
    assert not any(page in each for each in posts[:-1])
    newsletter = next(row for row in stored if row.name == "mailchimp")
    assert "<li" in newsletter.body
    assert page in newsletter.body
    carousel = next(row for row in stored if row.name == "instagram")
    assert page in carousel.body
    script = next(row for row in stored if row.name == "youtube")
    assert "Read the whole article" in script.body
    sent = {name: len(line.sandbox.effects(name)) for name in before}
    publish(line)
    assert {name: len(line.sandbox.effects(name)) for name in before} == sent


def test_the_same_form_again_is_the_same_post_and_after_a_rejection_a_new_one(line, walter, original):
    first = repurpose(line.engine, OfflineWriter(), walter, original, "thread")
    again = repurpose(line.engine, OfflineWriter(), walter, original, "thread")
    assert (first.is_new, again.is_new, again.canonical_id) == (True, False, first.canonical_id)
    with transaction(line.engine, "test") as connection:
        p = tables.publisher_posts
        connection.execute(p.update().where(p.c.canonical_id == first.canonical_id).values(status="archived"))
    anew = repurpose(line.engine, OfflineWriter(), walter, original, "thread")
    assert (anew.is_new, anew.canonical_id) == (True, f"{original}-thread-2")


def test_what_is_not_a_published_article_is_not_told_again(line, walter, original):
    thread = repurpose(line.engine, OfflineWriter(), walter, original, "thread")
    with pytest.raises(ArrivalError, match="tells another article again"):
        repurpose(line.engine, OfflineWriter(), walter, thread.canonical_id, "script")
    with transaction(line.engine, "test") as connection:
        p = tables.publisher_posts
        connection.execute(p.update().where(p.c.canonical_id == original).values(status="archived"))
    with pytest.raises(ArrivalError, match="is archived"):
        repurpose(line.engine, OfflineWriter(), walter, original, "newsletter")
    with pytest.raises(ArrivalError, match="no post nowhere-1"):
        repurpose(line.engine, OfflineWriter(), walter, "nowhere-1", "newsletter")


def test_an_approved_thread_is_held_when_its_article_is_taken_down(line, walter, original):
    thread = repurpose(line.engine, OfflineWriter(), walter, original, "thread")
    plan_post(line.engine, thread.canonical_id)
    line.approve_all()
    with transaction(line.engine, "test") as connection:
        p = tables.publisher_posts
        connection.execute(p.update().where(p.c.canonical_id == original).values(status="archived"))
    sent = len(line.sandbox.effects("x"))
    line.tick_and_run("due_distributions")
    (held,) = line.rows(
        "select d.status, d.hold_reason from distributions d join publisher_posts p on p.id = d.post_id"
        " join platforms a on a.id = d.platform_id where p.canonical_id = :id and a.name = 'x'",
        id=thread.canonical_id,
    )
    assert held == ("held", "the article that it tells again is archived")
    assert len(line.sandbox.effects("x")) == sent


def test_a_script_waits_as_a_draft_until_there_is_a_film(line, walter, original):
    with transaction(line.engine, "test") as connection:
        connection.execute(sa.text("delete from post_media"))
    script = repurpose(line.engine, OfflineWriter(), walter, original, "script")
    with pytest.raises(PlanError, match="video"):
        plan_post(line.engine, script.canonical_id)
    assert line.rows("select status from publisher_posts where repurposed_as = 'script'") == [("draft",)]


def test_a_curated_page_is_published_with_its_credit(line, walter):
    line.tick("new_accounts")
    with serve(lambda _: html(article())) as address:
        choice = Choice(f"{address}/chains", "workshop", "They measured it over a year.")
        added = curate(line.engine, OfflineWriter(), walter, choice, allow_private=True)
    plan_post(line.engine, added.canonical_id)
    publish(line)
    (row,) = line.rows(
        "select slug, status, content_type from publisher_posts where canonical_id = :id", id=added.canonical_id
    )
    assert (row.status, row.content_type) == ("published", "curated")
    shown = (line.site / row.slug / "index.html").read_text(encoding="utf-8")
    assert f'href="{address}/chains"' in shown
    assert f"<p>{LEAD}</p>" in shown
    assert "First published by <cite>Bike News, Anna Bell</cite>" in shown
    assert f'"isBasedOn": "{address}/chains"' in shown
    assert "pressure washers" not in shown

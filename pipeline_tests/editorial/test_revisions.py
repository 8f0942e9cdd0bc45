"""Every text that a post had is kept, and an unapproved one can be changed, by whoever may."""

import pytest
import sqlalchemy as sa

from pipeline.distribution.plan import plan_post
from pipeline.editorial import revisions
from pipeline.editorial.desk import ReviewError
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline.store.revisions import of_post
from pipeline_tests import factories
from pipeline_tests.editorial.newsdesk import (
    POST,
    TEXT,
    approve,
    newsdesk,
    post_of,
    revise,
    text_of,
    versions_of,
    who,
)


@pytest.fixture
def desk(engine):
    return newsdesk(engine)


def all_of(engine):
    with engine.connect() as connection:
        return of_post(connection, POST)


def test_each_change_of_the_text_by_whatever_way_is_a_revision_with_its_author(desk):
    revise(desk, "ada", content="# Two")
    with transaction(desk, "the writer") as connection:
        connection.execute(tables.publisher_posts.update().values(meta_title="Three", content_hash="h3"))
    with transaction(desk, "nobody") as connection:
        connection.execute(tables.publisher_posts.update().values(keywords=["roses"]))
    first, second, third = all_of(desk)
    assert [each.number for each in (first, second, third)] == [1, 2, 3]
    assert [each.actor for each in (first, second, third)] == ["test", "Ada Lovelace", "the writer"]
    assert (first.text.content, second.text.content, third.text.meta_title) == (TEXT, "# Two", "Three")


def test_all_that_a_person_writes_can_be_changed_and_the_address_stays(desk):
    changed = {
        "title": "Prune roses",
        "content": "# Prune roses",
        "excerpt": "When to cut.",
        "meta_title": "Prune roses in spring",
        "meta_description": "When and where to cut.",
        "target_keyword": " Prune Roses ",
    }
    assert revise(desk, "ada", **changed)
    post = post_of(desk)
    assert {name: getattr(post, name) for name in changed} == {**changed, "target_keyword": "prune roses"}
    assert post.slug == "prune"
    assert post.content_hash != "h1"


def test_the_same_text_again_is_no_revision_and_voids_nothing(desk):
    assert not revise(desk, "ada")
    assert len(all_of(desk)) == 1
    assert {version.status for version in versions_of(desk)} == {"draft"}


def test_a_changed_text_holds_what_was_planned_of_the_former_until_it_is_planned_anew(desk):
    revise(desk, "ada", content="# How to prune\n\nNever cut.")
    assert {(v.status, v.hold_reason) for v in versions_of(desk)} == {
        ("held", "the text was changed, and this version is not written anew yet")
    }
    plan_post(desk, POST)
    assert {(v.status, v.hold_reason) for v in versions_of(desk)} == {("draft", None)}


def test_an_old_revision_is_made_the_present_text_as_a_new_one(desk):
    revise(desk, "ada", title="Other", content="# Two")
    assert revisions.restore(desk, POST, who(desk, "grace"), 1)
    assert [each.text.content for each in all_of(desk)] == [TEXT, "# Two", TEXT]
    assert (post_of(desk).title, all_of(desk)[-1].actor) == ("Prune", "Grace Hopper")
    assert not revisions.restore(desk, POST, who(desk, "grace"), 1)
    with pytest.raises(ReviewError, match="no revision 9; the latest is 3"):
        revisions.restore(desk, POST, who(desk, "grace"), 9)


def test_of_two_who_edit_the_same_revision_the_second_overwrites_nothing(desk):
    seen = text_of(desk)
    revise(desk, "ada", content="# Ada's")
    with pytest.raises(ReviewError, match="at revision 2 now, not 1"):
        revisions.revise(desk, POST, who(desk, "grace"), seen, revision=1)
    assert text_of(desk).content == "# Ada's"


def test_a_writer_changes_a_text_of_their_own_and_of_nobody_else(desk):
    with transaction(desk, "test") as connection:
        connection.execute(sa.text("update users set roles = '{writer}' where email = 'author@example.com'"))
    revise(desk, "author", content="# Mine")
    for name in ("walter", "peter"):
        with pytest.raises(ReviewError, match="may not change the text"):
            revise(desk, name, content="# Theirs")


def test_an_approved_text_is_neither_edited_nor_restored_and_an_empty_one_is_refused(desk):
    for nothing in ({"content": " \n"}, {"title": "  "}):
        with pytest.raises(ReviewError, match="empty"):
            revise(desk, "ada", **nothing)
    approve(desk)
    with pytest.raises(ReviewError, match="garden-1 is scheduled"):
        revise(desk, "ada", content="# Other")
    with pytest.raises(ReviewError, match="garden-1 is scheduled"):
        revisions.restore(desk, POST, who(desk, "ada"), 1)


def test_a_decision_names_the_revision_that_it_was_about(desk):
    revise(desk, "ada", content="# Two")
    plan_post(desk, POST)
    approve(desk)
    first, second = all_of(desk)
    assert (first.decisions, second.decisions) == ([], ["approved by Ada Lovelace"])


def test_a_text_is_linked_when_asked_and_has_its_old_bytes_again_when_asked(desk):
    with transaction(desk, "test") as connection:
        factories.product(
            connection, connection.scalars(sa.select(tables.publisher_posts.c.vertical_id)).one(), keywords=["bud"]
        )
    own = "# Prune\n\nCut above a bud, and see [the guide](https://example.org/bud).\n"
    revise(desk, "ada", content=own)
    assert revisions.relink(desk, POST, who(desk, "grace"))
    assert "[bud](https://shop.example/secateurs" in text_of(desk).content
    assert {version.status for version in versions_of(desk)} == {"held"}
    assert not revisions.relink(desk, POST, who(desk, "grace"))
    assert revisions.relink(desk, POST, who(desk, "grace"), remove=True)
    assert text_of(desk).content == own
    plan_post(desk, POST)
    approve(desk)
    with pytest.raises(ReviewError, match="garden-1 is scheduled"):
        revisions.relink(desk, POST, who(desk, "grace"))

"""`pressroom distributions` as it is typed."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from pipeline.settings import settings
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories

FAILED = {"status": "failed", "error_message": "HTTP 400: no title"}
NOW = datetime.now(UTC)


@pytest.fixture
def pressroom(pressroom, engine, monkeypatch):
    with transaction(engine, "test") as connection:
        factories.user(connection, full_name="Ada Lovelace", email="ada@example.com")
    monkeypatch.setenv("PRESSROOM_USER", "ada@example.com")
    settings.cache_clear()
    return pressroom


@pytest.fixture
def post(engine):
    """A post with a live home page, one version that failed, one unknown and one that waits for its time."""
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(
            connection, canonical_id="garden-0001", title="Prune [now] | later"
        )
        group = factories.insert(connection, tables.cross_post_groups, name="garden-0001")
        about = {"post_id": post_id, "review_id": review_id, "cross_post_group_id": group}
        versions = {
            "site": {"status": "published", "published_at": NOW, "external_url": "https://garden.example.com/prune/"},
            "wordpress": FAILED,
            "x-main": {
                "status": "unknown",
                "error_message": "timed out",
                "settle_until": NOW + timedelta(hours=2),
                "reconcile_at": NOW + timedelta(hours=1),
            },
            "mailchimp": {"due_in": timedelta(hours=30)},
        }
        ids = {}
        for key, values in versions.items():
            account = factories.account(connection, account_key=key, is_home=key == "site")
            ids[key] = factories.distribution(connection, account, **about, **values)  # type: ignore[arg-type]
        return ids


def status(engine, distribution_id):
    return factories.row_of(engine, distribution_id).status


def test_the_list_shows_where_each_is_and_why_and_can_be_narrowed(pressroom, post):
    listed = pressroom("distributions").output
    for shown in ("https://garden.example.com/prune/", "HTTP 400: no title", "may be live: timed out", "Prune [now] |"):
        assert shown in listed
    failed = pressroom("distributions", "--status", "failed", "--status", "held").output
    assert "HTTP 400" in failed
    assert "timed out" not in failed
    assert "There are none." in pressroom("distributions", "--account", "nobody").output
    assert pressroom("distributions", "--post", "garden-0001", "--account", "x-main").output.count("garden") == 0


def test_a_posts_versions_are_shown_with_what_happens_next_to_each(pressroom, post):
    for words in (["show", "garden-0001"], ["garden-00"]):
        shown = pressroom("distributions", *words).output
        assert f"pressroom distributions retry {str(post['wordpress'])[:8]}" in shown
        assert "If it is not there, it is sent again, but not before" in shown
        assert "It goes out at" in shown


def test_one_is_shown_whole_with_its_warnings_its_group_and_its_history(pressroom, post, engine):
    with transaction(engine, "test") as connection:
        about = {"distribution_id": post["x-main"]}
        account = factories.row_of(engine, post["x-main"]).platform_id
        connection.execute(
            tables.publish_attempts.insert().values(
                **about, platform_id=account, lease_token=1, worker="worker 7", outcome="unknown", finished_at=NOW
            )
        )
        connection.execute(tables.publish_handles.insert().values(**about, step="media", handle="m-77"))
        warnings = tables.distribution_warnings.insert()
        connection.execute(warnings.values(**about, kind="media", message="the picture is gone"))
        connection.execute(warnings.values(**about, kind="link", message="mended", resolved_at=sa.func.now()))
    shown = pressroom("distributions", "show", post["x-main"]).output
    for part in (
        "may be live: timed out",
        "The platform is asked at",
        "the picture is gone (media)",
        "Its group (simultaneous, in_progress)",
        "HTTP 400: no title",
        "https://garden.example.com/prune/",
        "attempt unknown",
        "worker 7",
        "handle media",
        "m-77",
    ):
        assert part in shown
    assert "mended" not in shown


def test_what_begins_so_is_listed_or_refused_in_a_sentence(pressroom, post, engine):
    with transaction(engine, "test") as connection:
        factories.distribution(connection, factories.account(connection))
        author, vertical = factories.user(connection), factories.vertical(connection)
        factories.post(connection, vertical, author, canonical_id="workshop-1", status="draft")
    assert "has no versions yet" in pressroom("distributions", "workshop-1").output
    assert "Several begin so" in pressroom("distributions", "show", "garden-").output
    nothing = pressroom("distributions", "rettry")
    assert nothing.exit_code == 1
    assert "No post or distribution begins with 'rettry'" in nothing.output


def test_a_person_decides_in_the_terminal_and_their_name_is_kept(pressroom, post, engine):
    failed, unknown, waiting = (str(post[key]) for key in ("wordpress", "x-main", "mailchimp"))
    assert pressroom("distributions", "retry", failed[:8], "--reason", "mended").exit_code == 0
    assert pressroom("distributions", "hold", failed, waiting, "--reason", "the sale is off").exit_code == 0
    assert [status(engine, post[key]) for key in ("wordpress", "mailchimp")] == ["held", "held"]
    released = pressroom("distributions", "release", failed, "--at", "2999-01-01 09:00")
    assert "2999-01-01 14:00 UTC" in released.output
    url = "https://x.com/pressroom/status/77"
    assert pressroom("distributions", "mark-published", unknown, url).exit_code == 0
    assert factories.row_of(engine, post["x-main"]).external_url == url
    assert pressroom("distributions", "cancel", failed, waiting, "--reason", "no more").exit_code == 0
    assert [status(engine, post[key]) for key in ("wordpress", "mailchimp")] == ["cancelled", "cancelled"]
    with engine.connect() as connection:
        actors = connection.scalars(
            sa.text("select distinct actor from distribution_events where actor <> 'test'")
        ).all()
    assert actors == ["Ada Lovelace"]


def test_what_can_not_be_done_is_told_and_the_rest_is_done(pressroom, post, engine):
    result = pressroom("distributions", "retry", post["wordpress"], post["x-main"])
    assert result.exit_code == 1
    assert "may be live. Look on x-main" in result.output
    assert status(engine, post["wordpress"]) == "scheduled"
    assert status(engine, post["x-main"]) == "unknown"
    assert pressroom("distributions", "retry", post["x-main"], "--not-there").exit_code == 0
    empty = pressroom("distributions", "hold", post["mailchimp"], "--reason", "")
    assert (empty.exit_code, "Say why" in empty.output) == (1, True)


def test_nobody_decides_without_a_name(pressroom, post, engine, monkeypatch):
    monkeypatch.delenv("PRESSROOM_USER")
    settings.cache_clear()
    assert "Say who you are" in pressroom("distributions", "retry", post["wordpress"]).output
    assert "Nobody is known" in pressroom("distributions", "retry", post["wordpress"], "--as", "Nobody").output
    assert status(engine, post["wordpress"]) == "failed"


def test_people_are_added_and_listed(pressroom):
    assert pressroom("users", "add", "Grace Hopper", "grace@example.com", "--role", "publisher").exit_code == 0
    assert "Grace Hopper" in pressroom("users", "list").output

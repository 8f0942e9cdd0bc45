"""What each account would get: adapted for a draft, stored later, and nothing written."""

import pytest
import sqlalchemy as sa

from pipeline.distribution.plan import plan_post
from pipeline.distribution.preview import PreviewError, preview_post
from pipeline.distribution.publish import publish_due
from pipeline.platforms.content import Measure
from pipeline.platforms.media.facts import Media
from pipeline.store import tables
from pipeline.store.posts import UnknownPostError
from pipeline.vocabulary import MediaKind
from pipeline_tests import factories
from pipeline_tests.distribution.platform import NO_LOOK_AHEAD, Platform


@pytest.fixture
def connection(engine):
    """For setting up: committed before anything else looks."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.fixture
def draft(connection):
    """A post that nobody planned yet."""
    vertical_id = factories.vertical(connection)
    return factories.post(connection, vertical_id, factories.user(connection), canonical_id="garden-1", status="draft")


def account(connection, key, name="x", **values):
    return factories.account(connection, account_key=key, name=name, **values)


def version_of(preview, key):
    return next(version for version in preview.versions if version.account_key == key)


def everything(engine):
    """All rows of all our tables."""
    with engine.connect() as connection:
        return {
            name: connection.execute(
                sa.select(sa.cast(sa.literal_column(f'"{name}"'), sa.Text)).select_from(table)
            ).all()
            for name, table in tables.metadata.tables.items()
        }


def test_a_draft_is_adapted_for_every_account_and_nothing_is_written(engine, connection, draft):
    account(connection, "short")
    account(connection, "blog", "wordpress")
    before = everything(engine)
    preview = preview_post(engine, "garden-1")
    assert {version.account_key: version.status for version in preview.versions} == {"blog": None, "short": None}
    assert version_of(preview, "short").body.startswith("Cut above a bud.")
    assert everything(engine) == before


def test_a_draft_is_shown_as_the_planner_then_writes_it(engine, connection, draft):
    account(connection, "short")
    account(connection, "letter", "mailchimp")
    shown = preview_post(engine, "garden-1").versions
    plan_post(engine, "garden-1")
    stored = preview_post(engine, "garden-1").versions
    assert [(each.title, each.body, each.details, each.measures) for each in shown] == [
        (each.title, each.body, each.details, each.measures) for each in stored
    ]
    assert [each.status for each in stored] == ["draft", "draft"]


@pytest.mark.parametrize("status", ["scheduled", "held", "cancelled"])
def test_later_the_stored_version_is_shown_with_its_status_whatever_the_post_says_now(engine, connection, status):
    post_id, review_id = factories.approved_post(connection, canonical_id="garden-1", content="Another text.")
    reason = {"hold_reason": "wait"} if status == "held" else {}
    factories.distribution(
        connection,
        account(connection, "short"),
        post_id=post_id,
        review_id=review_id,
        body="As approved.",
        platform_specific={"hashtags": ["#pruning"]},
    )
    connection.execute(tables.distributions.update().values(status=status, **reason))
    (version,) = preview_post(engine, "garden-1").versions
    assert (version.body, version.status, version.hashtags) == ("As approved.", status, ["#pruning"])
    assert version.hold_reason == reason.get("hold_reason")


def test_what_is_published_is_shown_as_it_went_out(engine, connection):
    post_id, review_id = factories.approved_post(connection, canonical_id="garden-1")
    factories.distribution(
        connection, account(connection, "short"), post_id=post_id, review_id=review_id, body="As approved."
    )
    publish_due(engine, Platform().open, NO_LOOK_AHEAD, worker="w")
    preview = preview_post(engine, "garden-1")
    (version,) = preview.versions
    assert (preview.status, version.status, version.body) == ("published", "published", "As approved.")


def test_an_account_without_an_adapter_or_at_rest_or_added_later_is_left_out_with_the_reason(engine, connection, draft):
    account(connection, "short")
    account(connection, "old", "myspace")
    account(connection, "still", state="paused", state_reason="its token ended")
    left_out = preview_post(engine, "garden-1").left_out
    assert "myspace" in left_out["old"]
    assert left_out["still"] == "It is paused: its token ended."
    plan_post(engine, "garden-1")
    account(connection, "new")
    assert "new" in preview_post(engine, "garden-1").left_out


def test_one_account_can_be_asked_for_and_one_that_takes_no_such_posts_is_refused(engine, connection, draft):
    account(connection, "short")
    account(connection, "other", vertical_id=factories.vertical(connection))
    account(connection, "long")
    assert [each.account_key for each in preview_post(engine, "garden-1", "long").versions] == ["long"]
    assert [each.account_key for each in preview_post(engine, "garden-1").versions] == ["long", "short"]
    for key in ("other", "nobody"):
        with pytest.raises(PreviewError, match=key):
            preview_post(engine, "garden-1", key)


def test_a_post_that_there_is_not_is_said_to_be_unknown(engine):
    with pytest.raises(UnknownPostError):
        preview_post(engine, "garden-1")


def stored_on(engine, connection, platform, **values):
    post_id, review_id = factories.approved_post(connection, canonical_id="garden-1")
    limits = {name: values.pop(name) for name in ("max_title_length", "publish_config") if name in values}
    factories.distribution(
        connection, account(connection, "it", platform, **limits), post_id=post_id, review_id=review_id, **values
    )
    (version,) = preview_post(engine, "garden-1").versions
    return version


def test_a_text_that_is_too_long_for_x_counts_as_x_counts_and_is_a_problem(engine, connection):
    version = stored_on(engine, connection, "x", body=f"{'日' * 140} https://example.com/{'a' * 90}")
    assert version.measures == [Measure("body", 304, 280, "weighted characters")]
    assert [problem.field for problem in version.problems] == ["body"]
    assert version.warnings == []


def test_what_an_inbox_would_cut_is_a_warning_and_a_subject_that_is_too_long_a_problem(engine, connection):
    version = stored_on(
        engine,
        connection,
        "mailchimp",
        title="s" * 151,
        body="ü" * 50_001 + "*|UNSUB|**|LIST:ADDRESS|*",
        platform_specific={"preview_text": "p" * 151, "plain_text": "ü"},
    )
    assert version.measures == [
        Measure("title", 151, 150),
        Measure("preview_text", 151, 150),
        Measure("body", 100_027, 100_000, "bytes"),
    ]
    assert [problem.field for problem in version.problems] == ["title"]
    assert [warning.partition(":")[0] for warning in version.warnings] == ["preview_text", "body"]
    assert list(version.details) == ["preview_text"]


def test_the_accounts_own_limit_counts_where_it_is_the_lower(engine, connection):
    version = stored_on(engine, connection, "wordpress", title="Twelve chars", max_title_length=10)
    assert version.measures[0] == Measure("title", 12, 10)
    assert version.warnings[0].startswith("title: 12 characters, 10 ")


def test_a_picture_is_shown_with_its_text_and_one_without_is_a_warning(engine, connection):
    version = stored_on(
        engine,
        connection,
        "wordpress",
        platform_specific={"media": [picture("a", "A bud").document(), picture("b").document()]},
    )
    assert version.media == (picture("a", "A bud"), picture("b"))
    assert version.warnings == ["media: https://example.com/b.jpg has no alternative text."]


def picture(name: str, alt_text: str = "") -> Media:
    url = f"https://example.com/{name}.jpg"
    return Media(MediaKind.IMAGE, "image/jpeg", 9, 64, 48, url=url, sha256="0" * 64, alt_text=alt_text)


def test_the_site_counts_what_lists_and_search_engines_show(engine, connection, tmp_path):
    site = {"folder": str(tmp_path), "base_url": "http://127.0.0.1:9", "name": "Garden"}
    version = stored_on(
        engine,
        connection,
        "site",
        title="Pruning",
        body="<p>Cut.</p>",
        publish_config=site,
        platform_specific={"slug": "pruning", "excerpt": "e" * 301, "description": "d" * 160},
    )
    assert version.measures == [
        Measure("title", 7, None),
        Measure("body", 11, None, "characters of HTML"),
        Measure("excerpt", 301, 300),
        Measure("description", 160, 160),
    ]
    assert (version.problems, len(version.warnings)) == ([], 1)


def test_settings_that_cannot_be_used_are_a_problem_and_the_version_is_still_shown(engine, connection):
    version = stored_on(engine, connection, "x", body="As approved.", publish_config={"max_weighted_length": "many"})
    assert version.body == "As approved."
    assert ([problem.field for problem in version.problems], version.measures) == (["account"], [])

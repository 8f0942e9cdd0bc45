"""Posts that Mastodon is to publish by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.platforms.base import Absent, Changed, Published, Rejected, Scheduled, Unknown
from pipeline.platforms.mastodon import text
from pipeline.sandbox.client import Sandbox
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish
from pipeline_tests.platforms.test_mastodon import kinds, standing_before, told


@pytest.fixture
def mastodon(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("mastodon", sandbox, library)


def in_time(**ahead: float) -> datetime:
    return (datetime.now(UTC) + timedelta(**ahead)).replace(microsecond=0)


def test_a_post_is_handed_over_for_a_later_time_and_taken_back(mastodon: Platform):
    adapter, content, notebook, at = mastodon.adapter(), mastodon.content(), Notebook(), in_time(days=1)
    held = adapter.schedule(content, at, notebook.journal())
    assert isinstance(held, Scheduled)
    assert (held.at, held.external_url) == (at, None)
    assert adapter.reconcile(content, notebook.journal()) == held
    assert mastodon.effects() == []
    assert [adapter.unschedule(held.external_id) for _ in range(2)] == [Changed(held.external_id)] * 2
    assert adapter.reconcile(content, notebook.journal()) == Absent()
    assert kinds(mastodon) == ["status_scheduled", "schedule_cancelled"]


@pytest.mark.parametrize("kind", ["drop_after", "server_error_after", "garbage"])
def test_a_lost_answer_to_scheduling_is_found_and_nothing_is_scheduled_twice(mastodon: Platform, kind: str):
    adapter, content, notebook, at = mastodon.adapter(), mastodon.content(), Notebook(), in_time(days=1)
    mastodon.fail(kind)
    assert isinstance(adapter.schedule(content, at, notebook.journal()), Unknown)
    found = adapter.reconcile(content, notebook.journal())
    assert isinstance(found, Scheduled)
    assert adapter.schedule(content, at, notebook.journal()) == found
    assert kinds(mastodon) == ["status_scheduled"]


@pytest.mark.parametrize("ahead", [-60, 0, 299])
def test_what_is_too_near_is_not_scheduled_because_it_might_be_published_at_once(mastodon: Platform, ahead: float):
    outcome = mastodon.adapter().schedule(mastodon.content(), in_time(seconds=ahead), Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert kinds(mastodon) == []


def test_a_server_that_published_at_once_after_all_is_found_out_by_asking(mastodon: Platform):
    content, notebook = mastodon.content(), Notebook()
    post = publish(mastodon.adapter(), content)
    status = told(mastodon, f"v1/statuses/{post.external_id}")
    with standing_before(mastodon, lambda method, _: (200, status) if method == "POST" else None) as config:
        outcome = mastodon.adapter(publish_config=config).schedule(content, in_time(days=1), notebook.journal())
    assert isinstance(outcome, Unknown)
    found = mastodon.adapter().reconcile(content, notebook.journal())
    assert isinstance(found, Published)
    assert found.external_id == post.external_id


def test_what_went_out_by_now_is_not_scheduled_again_for_another_time(mastodon: Platform):
    content, notebook = mastodon.content(), Notebook()
    assert isinstance(mastodon.adapter().schedule(content, in_time(days=1), notebook.journal()), Scheduled)
    mastodon.sandbox.clear()  # its time has come
    post = publish(mastodon.adapter(), content)
    outcome = mastodon.adapter().schedule(content, in_time(days=2), notebook.journal())
    assert isinstance(outcome, Unknown)
    assert outcome.error.kind is ErrorKind.DUPLICATE
    found = mastodon.adapter().reconcile(content, notebook.journal())
    assert isinstance(found, Published)
    assert found.external_id == post.external_id
    assert kinds(mastodon) == ["status_created"]


def test_what_went_out_by_now_can_not_be_taken_back_and_is_said_to_be_live(mastodon: Platform):
    adapter, content = mastodon.adapter(), mastodon.content()
    post = publish(adapter, content)
    gone_out = f"3001.{int(datetime.now(UTC).timestamp())}.{text.print_of(content.body)}"
    outcome = adapter.unschedule(gone_out)
    assert isinstance(outcome, Rejected)
    assert outcome.error.message == f"it is live by now, as {post.external_id}"
    never_went_out = f"3001.{int(datetime.now(UTC).timestamp())}.{text.print_of('nobody said this')}"
    assert adapter.unschedule(never_went_out) == Changed(never_went_out)
    mastodon.sandbox.fault("mastodon", "unavailable", path="/accounts/")
    assert isinstance(mastodon.adapter().unschedule(gone_out), Unknown)
    for name in ("no name of ours", "1", f"1.{10**30}.a"):
        assert isinstance(adapter.unschedule(name), Rejected)

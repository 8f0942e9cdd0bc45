"""What an account on Instagram may do, what it may still publish, what it deletes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.platforms.base import (
    Identity,
    Metrics,
    NotSent,
    PlatformUnavailableError,
    Rejected,
)
from pipeline.platforms.instagram import InstagramAdapter
from pipeline.platforms.instagram.graph import publishing_scope
from pipeline.sandbox.instagram.credentials import READ_ONLY
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering
from pipeline_tests.platforms.instagram.api import answers, error, settings
from pipeline_tests.platforms.rehearsal import Notebook, Platform, publish


def test_the_limit_of_a_day_is_read_and_not_assumed(instagram: Platform):
    before = instagram.adapter().quota()
    publish(instagram.adapter(), instagram.content())
    after = instagram.adapter().quota()
    assert before is not None
    assert after is not None
    assert (before.remaining, after.remaining) == (100, 99)
    assert timedelta(hours=23) < after.resets_at - datetime.now(UTC) <= timedelta(hours=24)


@pytest.mark.parametrize(
    ("told", "remaining"),
    [
        ([{"quota_usage": 60, "config": {"quota_total": 50, "quota_duration": 86400}}], 0),
        ([{"quota_usage": 2}], None),
        ([{"quota_usage": 2, "config": {"quota_total": None}}], None),
        ([{"quota_usage": "2", "config": []}], None),
    ],
)
def test_a_limit_that_is_not_told_whole_is_unknown(instagram: Platform, told: Any, remaining: int | None):
    with answering(answers((200, {"data": told}))) as url:
        found = instagram.adapter(publish_config=settings(url)).quota()
    assert (found and found.remaining) == remaining


@pytest.mark.parametrize("answer", [(200, {"data": []}), (200, {}), (400, error(4))])
def test_a_limit_that_cannot_be_had_raises(instagram: Platform, answer: tuple[int, Any]):
    with answering(answers(answer)) as url, pytest.raises(PlatformUnavailableError):
        instagram.adapter(publish_config=settings(url)).quota()


def test_a_token_that_may_not_publish_is_found_out_by_asking_and_rests_the_account(instagram: Platform):
    adapter = instagram.adapter(credentials=READ_ONLY)
    assert adapter.whoami() == Identity("@sandbox.press", ("instagram_business_content_publish",))
    outcome = adapter.publish(instagram.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.AUTH


def test_the_permission_to_publish_has_two_names():
    assert publishing_scope("https://graph.instagram.com") == "instagram_business_content_publish"
    assert publishing_scope("https://graph.facebook.com") == "instagram_content_publish"


def test_an_account_that_does_not_say_so_deletes_nothing(instagram: Platform):
    config = {name: value for name, value in instagram.config.items() if name != "may_delete"}
    adapter = instagram.adapter(publish_config=config)
    id_ = publish(adapter, instagram.content()).external_id
    assert not adapter.capabilities.delete
    assert InstagramAdapter.capabilities.delete
    assert isinstance(adapter.delete(id_), Rejected)
    assert isinstance(adapter.metrics([id_])[id_], Metrics)


def test_a_deletion_that_instagram_does_not_offer_is_rejected_while_the_post_is_there(instagram: Platform):
    there = (200, {"id": "17"})
    with answering(answers((400, error(100, 33)), there)) as url:
        adapter = instagram.adapter(publish_config=settings(url, may_delete=True))
        outcome = adapter.delete("17")
        assert isinstance(outcome, Rejected)
        assert outcome.error.kind is ErrorKind.POLICY


def test_what_the_token_cannot_see_is_not_taken_for_gone(instagram: Platform):
    with answering(answers((400, error(100, 33)))) as url:
        adapter = instagram.adapter(publish_config=settings(url, may_delete=True))
        outcome = adapter.delete("17")
        assert isinstance(outcome, NotSent)
        with pytest.raises(PlatformUnavailableError) as unknown:
            adapter.metrics(["17"])
    assert outcome.error.kind is unknown.value.error.kind is ErrorKind.AUTH

"""Mastodon beyond what every adapter promises."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import example, given

from pipeline.platforms.base import (
    Absent,
    Changed,
    Gone,
    Inconclusive,
    Metrics,
    NotSent,
    Published,
    Rejected,
    Unknown,
)
from pipeline.platforms.content import Content
from pipeline.platforms.mastodon import MastodonAdapter, text
from pipeline.platforms.mastodon.figures import metrics_of
from pipeline.platforms.mastodon.files import TAKES, Limits
from pipeline.platforms.permalinks import external_id
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.mastodon import text as shown_text
from pipeline.sandbox.mastodon.credentials import AUTHOR, READER
from pipeline.vocabulary import ErrorKind, MediaKind
from pipeline_tests.distribution.test_adapt import ARTICLE, LINK, MANY, TEXT, Target
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish, settled_answer
from pipeline_tests.platforms.test_adapters import calls_of

Answer = tuple[int, Any]


@pytest.fixture
def mastodon(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("mastodon", sandbox, library)


def told(platform: Platform, path: str, **params: Any) -> Any:
    bearer = {"Authorization": f"Bearer {AUTHOR['access_token']}"}
    return httpx.get(f"{platform.sandbox.url}/mastodon/api/{path}", params=params, headers=bearer).json()


@contextmanager
def standing_before(platform: Platform, instead: Callable[[str, str], Answer | None]) -> Iterator[dict[str, Any]]:
    """The settings for a server that passes everything on but what `instead` answers, by method and path."""

    def answer(request: Any) -> None:
        own = instead(request.command, request.path.partition("?")[0].partition("/api/")[2])
        if own is not None:
            reply(request, own[0], json.dumps(own[1]).encode())
            return
        url = f"{platform.sandbox.url}{request.path}"
        passed = httpx.request(request.command, url, content=request.said, headers=dict(request.headers))
        reply(request, passed.status_code, passed.content)

    with answering(answer) as url:
        yield platform.elsewhere(url)


def kinds(platform: Platform) -> list[str]:
    return [effect.kind for effect in platform.sandbox.effects("mastodon")]


@MANY
@given(said=TEXT)
@example(said="#tag\u0301@name@name")
@example(said="@one@two.example@three.example")
def test_a_text_is_known_again_in_what_mastodon_makes_of_it(said: str):
    assert text.print_of(said) == text.print_of_shown(shown_text.rendered(said))


@pytest.mark.parametrize(
    ("said", "length"),
    [
        ("Körper 👩‍👩‍👧‍👦", 8),
        ("https://example.com/a/very/long/address?with=a&query=in#it", 23),
        ("(https://a.io).", 26),
        ("@press@social.example says", 11),
        ("www.example.com", 15),
    ],
)
def test_characters_are_counted_as_readers_see_them_and_a_link_is_23(said: str, length: int):
    assert text.length(said) == length == shown_text.length(said)


def test_a_post_is_found_again_by_what_was_sent_even_if_the_version_says_something_else_now(mastodon: Platform):
    adapter, content, notebook = mastodon.adapter(), mastodon.content(), Notebook()
    mastodon.fail("drop_after")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    changed = replace(content, body="Another text altogether")
    found = adapter.reconcile(changed, notebook.journal())
    assert isinstance(found, Published)
    assert adapter.publish(changed, notebook.journal()) == found
    assert adapter.reconcile(mastodon.content(), Notebook().journal()) == Absent()
    assert len(mastodon.effects()) == 1


def test_a_post_is_found_behind_many_newer_ones_and_no_older_one_is_taken_for_it(mastodon: Platform):
    adapter, content, notebook = mastodon.adapter(), mastodon.content(body="the oldest"), Notebook()
    publish(adapter, content)
    for number in range(42):  # a page is 40
        publish(adapter, mastodon.content(body=f"newer {number}"))
    assert isinstance(adapter.reconcile(content, notebook.journal()), Published)
    later = Notebook(started_at=datetime.now(UTC) + timedelta(hours=1))
    assert adapter.reconcile(content, later.journal()) == Absent()


def test_within_the_hour_the_server_itself_does_not_take_a_post_twice(mastodon: Platform):
    content = mastodon.content()
    first = publish(mastodon.adapter(), content, Notebook())
    again = publish(mastodon.adapter(), content, Notebook())  # whose journal was lost
    assert again.external_id == first.external_id
    assert kinds(mastodon) == ["status_created"]


def test_a_key_whose_post_was_deleted_since_is_asked_about_and_not_sent_again(mastodon: Platform):
    adapter, content = mastodon.adapter(), mastodon.content()
    adapter.delete(publish(adapter, content).external_id)
    outcome = adapter.publish(content, Notebook().journal())
    assert isinstance(outcome, Unknown)
    assert outcome.error.kind is ErrorKind.DUPLICATE
    assert kinds(mastodon) == ["status_created", "status_deleted"]


def test_a_film_is_waited_for_and_carries_its_description(mastodon: Platform):
    film = replace(mastodon.media("video")[0], alt_text="Somebody reads a label.")
    post = publish(mastodon.adapter(), mastodon.content(media=[film]))
    (attached,) = told(mastodon, f"v1/statuses/{post.external_id}")["media_attachments"]
    assert (attached["type"], attached["description"]) == ("video", "Somebody reads a label.")
    assert attached["url"] is not None


def test_a_film_that_is_worked_on_for_longer_is_asked_about_and_not_uploaded_again(mastodon: Platform):
    content, notebook = mastodon.content(media=mastodon.media("video")), Notebook()

    def working(method: str, path: str) -> Answer | None:
        return (206, {}) if (method, path[:9]) == ("GET", "v1/media/") else None

    with standing_before(mastodon, working) as config:
        adapter = mastodon.adapter(publish_config=config, patience_seconds=0)
        outcome, asked = adapter.publish(content, notebook.journal()), adapter.reconcile(content, notebook.journal())
    assert isinstance(outcome, Unknown)
    assert isinstance(asked, Inconclusive)
    assert outcome.error.kind is asked.error.kind is ErrorKind.PENDING
    uploaded = notebook.handles["media 1"]
    assert settled_answer(mastodon.adapter(), content, notebook) == Absent()
    post = publish(mastodon.adapter(), content, notebook)
    assert [each["id"] for each in told(mastodon, f"v1/statuses/{post.external_id}")["media_attachments"]] == [uploaded]


def test_a_file_that_the_server_has_dropped_is_uploaded_anew(mastodon: Platform):
    content, notebook = mastodon.content(media=mastodon.media("picture")), Notebook(handles={"media 1": "1"})
    publish(mastodon.adapter(), content, notebook)
    assert notebook.handles["media 1"] != "1"


def test_a_file_that_mastodon_can_make_nothing_of_is_a_rejection(mastodon: Platform):
    def broken(method: str, path: str) -> Answer | None:
        return (422, {"error": "Error processing"}) if (method, path[:9]) == ("GET", "v1/media/") else None

    with standing_before(mastodon, broken) as config:
        content = mastodon.content(media=mastodon.media("video"))
        outcome = mastodon.adapter(publish_config=config).publish(content, Notebook().journal())
    assert isinstance(outcome, Rejected)


def test_a_servers_own_limits_hold_before_anything_is_sent(mastodon: Platform):
    short = {"configuration": {"statuses": {"max_characters": 20, "characters_reserved_per_url": 5}}}
    with standing_before(mastodon, lambda _, path: (200, short) if path == "v2/instance" else None) as config:
        adapter = mastodon.adapter(publish_config=config)
        outcome = adapter.publish(mastodon.content(body="Eleven and https://example.com"), Notebook().journal())
        assert isinstance(outcome, Published)
        outcome = adapter.publish(mastodon.content(body="These are more than twenty"), Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert outcome.error.message == "the post counts 26 characters; this server takes 20"
    assert len(mastodon.effects()) == 1


def test_a_refusal_is_told_in_mastodons_words_and_hides_the_token(mastodon: Platform):
    refused = mastodon.adapter(publish_config={**mastodon.config, "visibility": "everybody"})
    outcome = refused.publish(mastodon.content(), Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert outcome.error.message.startswith("HTTP 422: Validation failed: visibility")
    told = json.dumps({"error": f"not {AUTHOR['access_token']}"}).encode()
    with answering(lambda request: reply(request, 422, told)) as url:
        outcome = mastodon.adapter(publish_config={"base_url": url}).publish(mastodon.content(), Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert outcome.error.message == "HTTP 422: not [hidden]"


def test_what_a_server_does_not_say_is_as_mastodon_comes():
    assert Limits.told_by({}) == Limits.told_by({"configuration": {"statuses": None}}) == Limits()
    media = {"supported_mime_types": ["image/png", "video/mp4"], "image_size_limit": 5, "description_limit": 9}
    told = Limits.told_by({"configuration": {"media_attachments": media, "statuses": {"max_media_attachments": 2}}})
    assert (told.rule_for(MediaKind.IMAGE).mime_types, told.rule_for(MediaKind.IMAGE).most) == (("image/png",), 2)
    assert (told.rule_for(MediaKind.IMAGE).max_bytes, told.description) == (5, 9)
    assert told.rule_for(MediaKind.VIDEO) == replace(TAKES[1], mime_types=("video/mp4",))


def test_an_edit_keeps_the_files(mastodon: Platform):
    adapter, content = mastodon.adapter(), mastodon.content(media=mastodon.media("picture", "cover"))
    post = publish(adapter, content)
    before = told(mastodon, f"v1/statuses/{post.external_id}")["media_attachments"]
    changed = adapter.update(post.external_id, replace(content, body="Corrected"))
    assert changed == Changed(post.external_id, post.external_url)
    after = told(mastodon, f"v1/statuses/{post.external_id}")
    assert (after["content"], after["media_attachments"]) == ("<p>Corrected</p>", before)
    assert len(before) == 2


def test_a_limit_that_ends_at_a_date_is_waited_for(mastodon: Platform):
    headers = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "2026-03-04T05:06:07.089012Z"}
    with answering(lambda request: reply(request, 429, b"{}", **headers)) as url:
        outcome = mastodon.adapter(publish_config={"base_url": url}).publish(mastodon.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.retry_at == datetime(2026, 3, 4, 5, 6, 7, 89012, tzinfo=UTC)


def test_what_the_server_would_still_take_is_told_with_each_post(mastodon: Platform):
    first, second = (publish(mastodon.adapter(), mastodon.content()).quota for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first.remaining, second.remaining) == (299, 298)
    assert timedelta(hours=2, minutes=59) < first.resets_at - datetime.now(UTC) <= timedelta(hours=3)


def test_many_posts_are_counted_in_few_calls_and_the_deleted_are_gone(mastodon: Platform):
    adapter = mastodon.adapter()
    live, deleted = (publish(adapter, mastodon.content()).external_id for _ in range(2))
    adapter.delete(deleted)
    ids = [live, deleted, *map(str, range(1000, 1040))]
    found = adapter.metrics(ids)
    assert list(found) == ids
    assert found[deleted] == Gone()
    assert isinstance(found[live], Metrics)
    assert calls_of(mastodon, lambda: adapter.metrics(ids)) == 3


def test_a_figure_that_mastodon_does_not_give_is_unknown_and_a_zero_is_a_zero():
    counts = {"favourites_count": 5, "reblogs_count": 0, "replies_count": 3, "quotes_count": 2, "new_count": 9}
    more = {"quotes_count": 2, "new_count": 9}
    expected = Metrics(engagements=10, shares=0, comments=3, likes=5, platform_metrics=more)
    assert metrics_of({**counts, "id": "1"}) == expected
    assert metrics_of({}) == Metrics()


def test_a_token_that_may_only_read_is_found_out_by_asking_and_rests_the_account_at_sending(mastodon: Platform):
    adapter = mastodon.adapter(credentials=READER)
    assert list(adapter.whoami().missing_scopes) == ["write:media", "write:statuses"]
    outcome = adapter.publish(mastodon.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.AUTH
    assert mastodon.effects() == []


def test_a_server_that_does_not_tell_the_scopes_is_not_said_to_lack_any(mastodon: Platform):
    def silent(_: str, path: str) -> Answer | None:
        return (200, {"name": "Pressroom"}) if path.startswith("v1/apps/") else None

    with standing_before(mastodon, silent) as config:
        assert mastodon.adapter(publish_config=config).whoami().missing_scopes == ()


def test_an_account_without_a_server_is_not_sent_to(mastodon: Platform):
    outcome = mastodon.adapter(publish_config={}).publish(mastodon.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.code == "missing_base_url"


def test_who_sees_it_its_language_and_its_warning_are_the_accounts_and_the_versions(mastodon: Platform):
    adapter = mastodon.adapter(publish_config={**mastodon.config, "visibility": "unlisted"})
    content = mastodon.content(platform_specific={"language": "de", "spoiler_text": "Zucker"})
    status = told(mastodon, f"v1/statuses/{publish(adapter, content).external_id}")
    assert (status["visibility"], status["language"], status["spoiler_text"]) == ("unlisted", "de", "Zucker")


def test_what_mastodon_would_refuse_is_told_beforehand(mastodon: Platform):
    def messages(platform_specific: dict[str, str] | None = None, **content: Any) -> list[str]:
        given = Content("id", platform_specific=platform_specific or {}, **content)
        return [problem.message for problem in mastodon.adapter().validate(given)]

    assert messages(body=" ") == ["The post has no text."]
    assert messages(body="a" * 501) == ["The post counts 501 characters; 500 are allowed."]
    assert messages({"spoiler_text": "ab"}, body="a" * 499) == ["The post counts 501 characters; 500 are allowed."]
    together = "Mastodon takes pictures together, and one film or one sound alone."
    assert messages(body="a", media=mastodon.media("picture", "video")) == [together]
    assert messages(body="", media=mastodon.media("sound")) == []
    long = mastodon.adapter(publish_config={"max_characters": 600}).validate(Content("id", body="a" * 600))
    assert long == []


def test_the_version_for_mastodon_has_three_hashtags_and_the_link_and_keeps_to_the_servers_limit():
    content = MastodonAdapter.adapt(ARTICLE, Target("mastodon"))
    assert content.body == f"Labels hide more than they show.\n\n#FoodLabels #sugar #health\n\n{LINK}"
    longer = replace(ARTICLE, excerpt="word " * 400)
    for limit in (300, 500, 1000):
        target = Target("mastodon", publish_config={"max_characters": limit})
        body = MastodonAdapter.adapt(longer, target).body
        assert limit - 20 < text.length(body) <= limit
        assert body.endswith(LINK)


def test_the_id_is_read_from_a_posts_address():
    assert external_id("mastodon", "https://social.example/@press/110000000000000123", {}, None) == "110000000000000123"


def test_a_server_that_does_not_answer_decides_nothing(mastodon: Platform):
    mastodon.sandbox.fault("mastodon", "unavailable", path="/statuses", method="GET")
    assert isinstance(mastodon.adapter().reconcile(mastodon.content(), Notebook().journal()), Inconclusive)

"""The podcast beyond what every adapter promises: what it stores, in which order, and what it leaves alone."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from itertools import cycle
from threading import Event
from typing import Any

import pytest

from pipeline.platforms.base import (
    Absent,
    Changed,
    Gone,
    Identity,
    Inconclusive,
    NotSent,
    PlatformUnavailableError,
    Published,
    PublishOutcome,
    Rejected,
    Unknown,
)
from pipeline.platforms.content import Content
from pipeline.platforms.failures import CallError
from pipeline.platforms.media.facts import Media
from pipeline.platforms.permalinks import external_id
from pipeline.platforms.podcast.bucket import Bucket
from pipeline.platforms.podcast.show import Show
from pipeline.sandbox.client import Sandbox
from pipeline.vocabulary import ErrorKind, MediaKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.media_files import sound
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish
from pipeline_tests.web import serve

LIST = b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'
EMPTY_FEED = b'<rss version="2.0"><channel></channel></rss>'


@pytest.fixture
def podcast(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("podcast", sandbox, library)


def kinds(podcast: Platform) -> list[str]:
    return [effect.kind for effect in podcast.sandbox.effects("podcast")]


def as_the_sandbox(sandbox: Sandbox, request: Any) -> None:
    with closing(HTTPConnection(sandbox.url.removeprefix("http://"))) as connection:
        connection.request(request.command, request.path, request.said, dict(request.headers))
        answer = connection.getresponse()
        body = answer.read()
    reply(request, answer.status, body, ETag=answer.headers.get("etag", ""))


@contextmanager
def held_back(podcast: Platform, content: Content) -> Iterator[Callable[[], PublishOutcome]]:
    """A publication whose new feed is on its way until its outcome is asked for."""
    under_way, go = Event(), Event()

    def store(request) -> None:
        if request.command == "PUT" and request.path.endswith("/feed.xml"):
            under_way.set()
            go.wait(20)
        as_the_sandbox(podcast.sandbox, request)

    with answering(store) as url, ThreadPoolExecutor() as pool:
        endpoint = podcast.config["endpoint"].replace(podcast.sandbox.url, url)
        adapter = podcast.adapter(publish_config={**podcast.config, "endpoint": endpoint}, timeout_seconds=30.0)
        late = pool.submit(adapter.publish, content, Notebook().journal())
        assert under_way.wait(20)

        def outcome() -> PublishOutcome:
            go.set()
            return late.result()

        yield outcome


def test_an_episodes_files_are_stored_before_the_feed_names_them(podcast: Platform):
    publish(podcast.adapter(), podcast.whole_content())
    assert kinds(podcast) == ["file_stored", "file_stored", "episode_published"]


def test_the_answer_names_the_guid_and_where_the_sound_is_heard(podcast: Platform):
    content = podcast.content()
    published = publish(podcast.adapter(), content)
    assert published.external_id == content.distribution_id
    folder = f"{podcast.config['base_url']}/episodes/{content.distribution_id}"
    assert published.external_url == f"{folder}/{content.media[0].sha256[:16]}.mp3"
    assert external_id("podcast", published.external_url, {}, None) == content.distribution_id


def test_what_an_attempt_taken_for_dead_sends_late_is_not_a_second_episode(podcast: Platform):
    content = podcast.content()
    with held_back(podcast, content) as late:
        first = publish(podcast.adapter(), content)
        assert late() == first
    assert kinds(podcast) == ["file_stored", "episode_published"]


@pytest.mark.parametrize("has_feed", [False, True])
def test_of_two_publishers_neither_undoes_the_others_work(podcast: Platform, has_feed: bool):
    if has_feed:
        publish(podcast.adapter(), podcast.content())
    one, two = podcast.content(), podcast.content()
    with held_back(podcast, one) as late:
        publish(podcast.adapter(), two)
        assert isinstance(late(), Published)
    assert [effect.external_id for effect in podcast.effects()][-2:] == [two.distribution_id, one.distribution_id]
    assert "episode_removed" not in kinds(podcast)


def test_eight_publishers_at_once_all_publish(podcast: Platform):
    contents = [podcast.content() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda content: podcast.adapter().publish(content, Notebook().journal()), contents))
    assert all(isinstance(outcome, Published) for outcome in outcomes)
    assert sorted(kinds(podcast)) == ["episode_published"] * 8 + ["file_stored"] * 8


def test_a_feed_that_changes_at_every_try_is_left_for_later(podcast: Platform):
    conflict = b"<Error><Code>ConditionalRequestConflict</Code></Error>"
    conflicts = cycle([(412, b""), (409, conflict), (404, b"<Error><Code>NoSuchKey</Code></Error>")])

    def contested(request) -> None:
        if request.command == "PUT" and request.path.endswith("/feed.xml"):
            reply(request, *next(conflicts))
        elif request.command == "PUT":
            reply(request, 200, ETag='"1"')
        else:
            reply(request, 200, LIST if "list-type" in request.path else EMPTY_FEED, ETag='"1"')

    with answering(contested) as url:
        outcome = podcast.adapter(publish_config=podcast.elsewhere(url)).publish(
            podcast.content(), Notebook().journal()
        )
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.UNAVAILABLE
    assert outcome.error.message == "other publishers kept changing the feed"


@pytest.mark.parametrize("then", [(500, b""), (200, b"{}"), (200, EMPTY_FEED.replace(b"rss", b"atom"))])
def test_a_feed_that_changed_and_cannot_be_read_again_was_not_written(podcast: Platform, then: tuple[int, bytes]):
    reads = iter([(200, EMPTY_FEED), then])

    def store(request) -> None:
        if request.command == "PUT":
            reply(request, 412 if request.path.endswith("/feed.xml") else 200, ETag='"1"')
        else:
            reply(request, *((200, LIST) if "list-type" in request.path else next(reads)), ETag='"1"')

    with answering(store) as url:
        adapter = podcast.adapter(publish_config=podcast.elsewhere(url))
        assert isinstance(adapter.publish(podcast.content(), Notebook().journal()), NotSent)


def test_an_update_with_another_sound_names_it_first_and_then_removes_the_old_one(podcast: Platform):
    adapter, content = podcast.adapter(), podcast.whole_content()
    before = publish(adapter, content)
    body = sound(1.0)
    with serve(lambda _: (200, {}, body)) as url:
        other = Media(MediaKind.AUDIO, "audio/mpeg", len(body), url=f"{url}/b", sha256=hashlib.sha256(body).hexdigest())
        second = replace(content, media=[other], title="Another title")
        changed = replace(podcast, library=url).adapter().update(before.external_id, second)
    assert isinstance(changed, Changed)
    assert changed.external_url != before.external_url
    assert kinds(podcast)[3:] == ["file_stored", "episode_updated", "file_removed", "file_removed"]
    found = adapter.reconcile(second, Notebook().journal())
    assert isinstance(found, Published)
    assert (found.external_url, found.published_at) == (changed.external_url, before.published_at)


def test_a_deletion_takes_the_episode_from_the_feed_before_its_files(podcast: Platform):
    adapter, content = podcast.adapter(), podcast.whole_content()
    published = publish(adapter, content)
    podcast.sandbox.fault("podcast", "server_error", method="DELETE")
    assert isinstance(adapter.delete(published.external_id), Unknown)
    assert kinds(podcast)[3:] == ["episode_removed"]
    assert adapter.reconcile(content, Notebook().journal()) == Absent()
    assert adapter.delete(published.external_id) == Changed(published.external_id)
    assert kinds(podcast)[3:] == ["episode_removed", "file_removed", "file_removed"]


def test_an_update_of_an_episode_that_is_gone_is_a_rejection_and_stores_nothing(podcast: Platform):
    outcome = podcast.adapter().update("gone", podcast.content())
    assert isinstance(outcome, Rejected)
    assert kinds(podcast) == []


def test_figures_are_not_offered_and_what_is_gone_is_told_in_one_call(podcast: Platform):
    adapter = podcast.adapter()
    there = publish(adapter, podcast.content()).external_id
    assert adapter.metrics([there, "gone", "gone too"]) == {"gone": Gone(), "gone too": Gone()}


def test_the_account_is_the_show(podcast: Platform):
    assert podcast.adapter().whoami() == Identity("The Sandbox Show")
    with pytest.raises(PlatformUnavailableError) as refused:
        podcast.adapter(publish_config={**podcast.config, "bucket": "another"}).whoami()
    assert refused.value.error.kind is ErrorKind.AUTH
    assert refused.value.error.code == "NoSuchBucket"


def refusing(status: int, code: str) -> Callable[[Any], None]:
    said = f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode() if code else b"<h1>no</h1>"
    return lambda request: reply(request, status, said)


@pytest.mark.parametrize(
    ("status", "code", "outcome", "kind"),
    [
        (301, "PermanentRedirect", NotSent, ErrorKind.AUTH),
        (307, "TemporaryRedirect", NotSent, ErrorKind.UNAVAILABLE),
        (400, "AuthorizationHeaderMalformed", NotSent, ErrorKind.AUTH),
        (400, "ExpiredToken", NotSent, ErrorKind.AUTH),
        (400, "RequestTimeout", NotSent, ErrorKind.UNAVAILABLE),
        (400, "EntityTooLarge", Rejected, ErrorKind.VALIDATION),
        (403, "AccessDenied", NotSent, ErrorKind.AUTH),
        (403, "RequestTimeTooSkewed", NotSent, ErrorKind.AUTH),
        (404, "NoSuchBucket", NotSent, ErrorKind.AUTH),
        (404, "", NotSent, ErrorKind.AUTH),
        (409, "OperationAborted", NotSent, ErrorKind.UNAVAILABLE),
        (501, "NotImplemented", NotSent, ErrorKind.AUTH),
        (503, "SlowDown", NotSent, ErrorKind.RATE_LIMITED),
        (503, "ServiceUnavailable", Unknown, ErrorKind.UNAVAILABLE),
        (500, "InternalError", Unknown, ErrorKind.UNAVAILABLE),
    ],
)
def test_a_stores_refusal_of_the_feed_is_the_keys_or_the_settings_or_passes(
    podcast: Platform, status: int, code: str, outcome: type, kind: ErrorKind
):
    def store(request) -> None:
        if request.command == "PUT" and request.path.endswith("/feed.xml"):
            refusing(status, code)(request)
        elif request.command == "PUT":
            reply(request, 200, ETag='"1"')
        else:
            reply(request, 200, LIST if "list-type" in request.path else EMPTY_FEED, ETag='"1"')

    with answering(store) as url:
        adapter = podcast.adapter(publish_config=podcast.elsewhere(url))
        found = adapter.publish(podcast.content(), Notebook().journal())
    assert isinstance(found, outcome)
    assert not isinstance(found, Published)
    assert found.error.kind is kind
    with answering(refusing(status, code)) as url:
        adapter = podcast.adapter(publish_config=podcast.elsewhere(url))
        before = adapter.publish(podcast.content(), Notebook().journal())
        assert isinstance(before, NotSent | Rejected)
        assert isinstance(adapter.reconcile(podcast.content(), Notebook().journal()), Inconclusive)


def test_a_missing_file_is_told_by_its_code_alone(podcast: Platform):
    with answering(refusing(404, "NoSuchKey")) as url:
        adapter = podcast.adapter(publish_config=podcast.elsewhere(url))
        assert adapter.reconcile(podcast.content(), Notebook().journal()) == Absent()


def test_a_sound_that_is_not_the_approved_one_is_a_rejection_and_nothing_is_stored(podcast: Platform):
    (approved,) = podcast.media("sound")
    outcome = podcast.adapter().publish(
        podcast.content(media=[replace(approved, sha256="0" * 64)]), Notebook().journal()
    )
    assert isinstance(outcome, Rejected)
    assert kinds(podcast) == []


def test_a_sound_that_cannot_be_had_now_is_tried_later(podcast: Platform):
    (approved,) = podcast.media("sound")
    with answering(lambda request: reply(request, 503)) as url:
        library = replace(podcast, library=url)
        content = library.content(media=[replace(approved, url=f"{url}/sound.mp3")])
        outcome = library.adapter().publish(content, Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert kinds(podcast) == []


def bucket_of(podcast: Platform) -> Bucket:
    show = Show.model_validate(podcast.config)
    return Bucket(podcast.account(), str(show.bucket), show.api, show.region)


def test_a_feed_of_thousands_of_episodes_is_still_read_and_written(podcast: Platform):
    publish(podcast.adapter(), podcast.content())
    bucket = bucket_of(podcast)
    feed = bucket.read("feed.xml")
    assert feed is not None
    bucket.replace("feed.xml", feed.content + b"<!--" + b"x" * 6_000_000 + b"-->", "application/rss+xml", feed)
    content = podcast.content()
    published = publish(podcast.adapter(), content)
    assert podcast.adapter().reconcile(content, Notebook().journal()) == published


def test_a_feed_too_large_to_be_read_again_is_not_written(podcast: Platform):
    bucket = bucket_of(podcast)
    with pytest.raises(CallError, match="the feed would have 33,554,433 bytes"):
        bucket.replace("feed.xml", b" " * (32 * 1024 * 1024 + 1), "application/rss+xml", None)
    assert bucket.read("feed.xml") is None


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"title": " "}, "title"),
    ({"title": "t" * 256}, "title"),
    ({"body": " "}, "body"),
    ({"body": "ü" * 2001}, "body"),
    ({"media": ()}, "media"),
    ({"platform_specific": {"explicit": "yes"}}, "platform_specific.explicit"),
    ({"platform_specific": {"season": 0}}, "platform_specific.season"),
    ({"platform_specific": {"episode": True}}, "platform_specific.episode"),
    ({"platform_specific": {"transcript_url": "https://example.com/words"}}, "platform_specific.transcript_url"),
    ({"platform_specific": {"transcript_url": "ftp://example.com/words.vtt"}}, "platform_specific.transcript_url"),
    ({"platform_specific": {"transcript_url": 7}}, "platform_specific.transcript_url"),
]


@pytest.mark.parametrize(("changes", "field"), WRONG)
def test_what_a_feed_may_not_say_is_a_problem_and_is_not_published(
    podcast: Platform, changes: dict[str, Any], field: str
):
    adapter, content = podcast.adapter(), podcast.content(**changes)
    assert [problem.field for problem in adapter.validate(content)] == [field]
    assert isinstance(adapter.publish(content, Notebook().journal()), Rejected)
    assert isinstance(adapter.update("any", content), Rejected)
    assert kinds(podcast) == []


def test_what_fits_exactly_is_no_problem(podcast: Platform):
    adapter = podcast.adapter()
    assert adapter.validate(podcast.content(title="t" * 255, body="ü" * 2000)) == []
    assert [(each.used, each.limit, each.unit) for each in adapter.measure(podcast.content(title="é", body="é"))] == [
        (1, 255, "characters"),
        (2, 4000, "bytes of HTML"),
    ]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"title": ""}, "title: "),
        ({"description": "ü" * 2001}, "description: must be at most 4,000 bytes"),
        ({"category": []}, "category: "),
        ({"image_url": "cover.jpg"}, "image_url: must be an absolute http or https address"),
        ({"base_url": None}, "base_url: "),
        ({"language": "English"}, "language: "),
        ({"feed_name": "../feed.xml"}, "feed_name: "),
        ({"folder": "/srv/show"}, "the settings: must name a folder or a bucket, and not both"),
        ({"bucket": None}, "the settings: must name a folder or a bucket, and not both"),
        ({"bucket": None, "folder": "show"}, "the folder must be an absolute path, not 'show'"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_concerns_the_account(
    podcast: Platform, changes: dict[str, Any], named: str
):
    adapter = podcast.adapter(publish_config={**podcast.config, **changes})
    outcome = adapter.publish(podcast.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.AUTH
    assert outcome.error.message.startswith("the account podcast-test has settings that can't be used: ")
    assert named in outcome.error.message


def test_the_store_is_amazons_where_no_other_is_named():
    show = Show.model_validate(
        {
            "title": "t",
            "description": "d",
            "author": "a",
            "category": "Arts",
            "image_url": "https://example.com/c.jpg",
            "base_url": "https://example.com/",
            "bucket": "b",
            "region": "eu-central-1",
        }
    )
    assert show.api == "https://s3.eu-central-1.amazonaws.com"
    assert show.feed_url == "https://example.com/feed.xml"
    assert show.home == "https://example.com"

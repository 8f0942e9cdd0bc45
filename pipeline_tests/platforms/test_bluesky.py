"""Bluesky beyond what every adapter promises."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given

from pipeline.platforms.base import Account, Gone, Metrics, NotSent, PlatformUnavailableError, Published, Unknown
from pipeline.platforms.bluesky import BlueskyAdapter
from pipeline.platforms.bluesky.adapter import new_key
from pipeline.platforms.bluesky.figures import metrics_of
from pipeline.platforms.bluesky.text import facets
from pipeline.platforms.content import Content
from pipeline.platforms.permalinks import external_id
from pipeline.sandbox.bluesky.credentials import DID
from pipeline.sandbox.client import Sandbox
from pipeline.vocabulary import ErrorKind
from pipeline_tests.distribution.test_adapt import ARTICLE, LINK, MANY, TEXT, Target
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish
from pipeline_tests.platforms.test_adapters import calls_of

Answer = tuple[int, Any]


@pytest.fixture
def bluesky(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("bluesky", sandbox, library)


def record_of(platform: Platform, key: str) -> dict[str, Any]:
    place = {"repo": DID, "collection": "app.bsky.feed.post", "rkey": key}
    answer = httpx.get(f"{platform.sandbox.url}/bluesky/xrpc/com.atproto.repo.getRecord", params=place)
    record: dict[str, Any] = answer.json()["value"]
    return record


@contextmanager
def standing_before(platform: Platform, instead: Callable[[str], Answer | None]) -> Iterator[dict[str, Any]]:
    """The settings for a server that passes everything on but what `instead` answers, by the procedure's name."""

    def answer(request: Any) -> None:
        own = instead(request.path.rpartition("/")[2].partition("?")[0])
        if own is not None:
            reply(request, own[0], json.dumps(own[1]).encode())
            return
        url = f"{platform.sandbox.url}{request.path}"
        passed = httpx.request(request.command, url, content=request.said, headers=dict(request.headers))
        reply(request, passed.status_code, passed.content)

    with answering(answer) as url:
        yield platform.elsewhere(url)


def marked(text: str) -> list[tuple[str, dict[str, str]]]:
    """What the facets mark, by their bytes, and as what."""
    content = text.encode()
    return [
        (content[each["index"]["byteStart"] : each["index"]["byteEnd"]].decode(), each["features"][0])
        for each in facets(text)
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Körper 👩‍🚀 https://example.com/ü?a=1&b=2 #Zucker", ["https://example.com/ü?a=1&b=2", "#Zucker"]),
        ("See https://example.com/a. (And https://example.com/b)!", ["https://example.com/a", "https://example.com/b"]),
        (
            "https://example.com/x_(y), https://example.com/?q='a'…",
            ["https://example.com/x_(y)", "https://example.com/?q='a"],
        ),
        ("#日本語 a#b # #1 #c3 https://example.com/#top", ["#日本語", "#c3", "https://example.com/#top"]),
        (f"no mail@example.com nor www.example.com nor #{'a' * 65}", []),
    ],
)
def test_links_and_hashtags_are_marked_by_the_bytes_they_stand_in(text: str, words: list[str]):
    found = marked(text)
    assert [word for word, _ in found] == words
    for word, feature in found:
        assert word in (feature.get("uri"), f"#{feature.get('tag')}")


@MANY
@given(text=TEXT)
def test_whatever_a_text_holds_its_facets_are_in_order_and_cut_no_character(text: str):
    position = 0
    for each, (word, feature) in zip(facets(text), marked(text), strict=True):
        assert position <= each["index"]["byteStart"] < each["index"]["byteEnd"] <= len(text.encode())
        assert word in (feature.get("uri"), f"#{feature.get('tag')}")
        position = each["index"]["byteEnd"]


def test_without_pictures_the_article_is_a_card_and_with_some_they_are_shown(bluesky: Platform):
    link = "https://example.com/a"
    content = bluesky.content(link_url=link, platform_specific={"description": "In short.", "language": "de"})
    record = record_of(bluesky, publish(bluesky.adapter(), content).external_id)
    card = {"uri": link, "title": content.title, "description": "In short."}
    assert record["embed"] == {"$type": "app.bsky.embed.external", "external": card}
    assert record["langs"] == ["de"]
    picture = replace(bluesky.media("picture")[0], alt_text="A label, read.")
    record = record_of(bluesky, publish(bluesky.adapter(), bluesky.content(link_url=link, media=[picture])).external_id)
    (image,) = record["embed"]["images"]
    assert image["alt"] == "A label, read."
    assert image["aspectRatio"] == {"width": 1080, "height": 1080}
    assert image["image"]["size"] <= 1_000_000


def test_a_key_is_written_down_before_the_post_is_sent_and_used_until_it_is_there(bluesky: Platform):
    adapter, content, notebook = bluesky.adapter(), bluesky.content(), Notebook()
    bluesky.fail("drop_before")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    key = notebook.handles["rkey"]
    assert publish(adapter, content, notebook).external_id == key
    assert notebook.handles == {"rkey": key}


def test_a_post_that_came_in_between_is_not_made_a_second_time(bluesky: Platform):
    content, notebook = bluesky.content(), Notebook()
    key = publish(bluesky.adapter(), content, notebook).external_id

    def not_yet(procedure: str) -> Answer | None:
        return (400, {"error": "RecordNotFound", "message": "-"}) if procedure.endswith("getRecord") else None

    with standing_before(bluesky, not_yet) as config:
        outcome = bluesky.adapter(publish_config=config).publish(content, notebook.journal())
    assert isinstance(outcome, Unknown)
    found = bluesky.adapter().reconcile(content, notebook.journal())
    assert isinstance(found, Published)
    assert found.external_id == key
    assert len(bluesky.effects()) == 1


def test_keys_are_of_13_letters_and_sort_by_the_time_they_were_made():
    keys = [new_key() for _ in range(200)]
    assert len(set(keys)) == 200
    assert [key[:11] for key in keys] == sorted(key[:11] for key in keys)
    assert all(len(key) == 13 and set(key) <= set("234567abcdefghijklmnopqrstuvwxyz") for key in keys)


def test_an_answer_that_names_another_post_is_unknown(bluesky: Platform):
    def another(procedure: str) -> Answer | None:
        return (200, {"uri": f"at://{DID}/app.bsky.feed.post/other"}) if procedure.endswith("createRecord") else None

    with standing_before(bluesky, another) as config:
        outcome = bluesky.adapter(publish_config=config).publish(bluesky.content(), Notebook().journal())
    assert isinstance(outcome, Unknown)


def test_a_server_of_before_that_names_no_missing_record_is_understood(bluesky: Platform):
    def older(procedure: str) -> Answer | None:
        told = {"error": "InvalidRequest", "message": "Could not locate record: at://…"}
        return (400, told) if procedure.endswith("getRecord") else None

    with standing_before(bluesky, older) as config:
        assert bluesky.adapter(publish_config=config).metrics(["2222222222222"]) == {"2222222222222": Gone()}


@pytest.mark.parametrize(
    ("procedure", "answer", "kind", "code"),
    [
        ("createRecord", (400, {"error": "ExpiredToken", "message": "Token has expired"}), ErrorKind.UNAVAILABLE, None),
        ("createRecord", (400, {"error": "InvalidToken", "message": "Bad token scope"}), ErrorKind.AUTH, None),
        (
            "createSession",
            (200, {"did": DID, "accessJwt": "secret-token", "active": False, "status": "suspended"}),
            ErrorKind.AUTH,
            "inactive",
        ),
    ],
)
def test_what_is_wrong_with_the_session_is_not_held_against_the_post(
    bluesky: Platform, procedure: str, answer: Answer, kind: ErrorKind, code: str | None
):
    with standing_before(bluesky, lambda asked: answer if asked.endswith(procedure) else None) as config:
        outcome = bluesky.adapter(publish_config=config).publish(bluesky.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is kind
    assert code in (None, outcome.error.code)


def test_the_sessions_token_is_in_no_error_and_no_repr(bluesky: Platform):
    told: list[str] = []

    def echo(request: Any) -> None:
        if request.path.endswith("createSession"):
            reply(request, 200, json.dumps({"did": DID, "accessJwt": "the-sessions-secret"}).encode())
            return
        told.append(request.headers["Authorization"])
        reply(request, 400, json.dumps({"error": "x", "message": told[-1]}).encode())

    with answering(echo) as url:
        adapter = bluesky.adapter(publish_config=bluesky.elsewhere(url))
        with pytest.raises(PlatformUnavailableError) as refused:
            adapter.whoami()
    assert told == ["Bearer the-sessions-secret"]
    assert refused.value.error.message == "HTTP 400: Bearer [hidden]"
    assert "the-sessions-secret" not in f"{vars(adapter)!r}"


def test_what_bluesky_would_still_take_is_told_in_posts_and_not_in_points(bluesky: Platform):
    first, second = (publish(bluesky.adapter(), bluesky.content()).quota for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first.remaining, second.remaining) == (4997 // 3, 4994 // 3)
    assert timedelta(minutes=59) < first.resets_at - datetime.now(UTC) <= timedelta(hours=1)


def test_many_posts_are_counted_in_few_calls(bluesky: Platform):
    keys = [publish(bluesky.adapter(), bluesky.content()).external_id for _ in range(30)]
    found: list[dict[str, Metrics | Gone]] = []
    assert calls_of(bluesky, lambda: found.append(bluesky.adapter().metrics(keys))) == 3  # a session, 25 and 5
    assert list(found[0]) == keys


def test_a_post_that_is_not_shown_yet_is_unknown_and_not_gone(bluesky: Platform):
    key = publish(bluesky.adapter(), bluesky.content()).external_id

    def behind(procedure: str) -> Answer | None:
        return (200, {"posts": []}) if procedure.endswith("getPosts") else None

    with standing_before(bluesky, behind) as config:
        figures = bluesky.adapter(publish_config=config).metrics([key, "2222222222222"])
    assert figures == {"2222222222222": Gone()}


def test_a_figure_that_bluesky_does_not_give_is_unknown_and_a_zero_is_a_zero():
    counts = {"likeCount": 5, "repostCount": 0, "replyCount": 3, "quoteCount": 2, "bookmarkCount": 1, "newCount": 9}
    more = {"quoteCount": 2, "newCount": 9}
    expected = Metrics(engagements=11, shares=0, comments=3, likes=5, saves=1, platform_metrics=more)
    assert metrics_of({**counts, "uri": "at://x"}) == expected
    assert metrics_of({}) == Metrics()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (" ", "The post has no text."),
        ("日" * 301, "The post has 301 characters; Bluesky takes 300."),
        ("👩‍👩‍👧‍👦" * 121, "The post has 3,025 bytes; Bluesky takes 3,000."),
        ("👩‍🚀" * 250, None),
    ],
)
def test_what_bluesky_would_refuse_is_told_beforehand(bluesky: Platform, body: str, message: str | None):
    problems = bluesky.adapter().validate(Content("id", body=body))
    assert [problem.message for problem in problems] == ([message] if message else [])


def test_films_are_not_taken(bluesky: Platform):
    content = bluesky.content(media=bluesky.media("video"))
    assert [problem.field for problem in bluesky.adapter().validate(content)] == ["media"]


def adapted(**changes: Any) -> Any:
    return BlueskyAdapter.adapt(replace(ARTICLE, **changes), Target("bluesky"))


def test_the_link_stands_in_the_text_only_where_pictures_take_the_place_of_the_card(bluesky: Platform):
    assert adapted().body == "Labels hide more than they show.\n\n#FoodLabels #sugar"
    with_picture = adapted(media=[*bluesky.media("video"), *bluesky.media("picture")])
    assert with_picture.body == f"Labels hide more than they show.\n\n#FoodLabels #sugar\n\n{LINK}"
    assert [each.mime_type for each in with_picture.media] == ["image/jpeg"]


def test_an_article_of_any_length_fits_in_characters_and_in_bytes():
    adapter = BlueskyAdapter(Account("k", "bluesky", {}))
    for excerpt in ("word " * 200, "👩‍👩‍👧‍👦" * 400, "日本語。" * 200):
        content = adapted(excerpt=excerpt)
        sent = Content("id", content.body, title=content.title, link_url=content.link_url)
        assert adapter.validate(sent) == []
        assert len(content.body) > 50


def test_the_key_is_read_from_a_posts_address():
    address = "https://bsky.app/profile/press.example/post/3n2t7np7rw4du"
    assert external_id("bluesky", address, {}, None) == "3n2t7np7rw4du"
    assert external_id("bluesky", "https://example.com/", {"rkey": "3n2t7np7rw4du"}, None) == "3n2t7np7rw4du"


def test_a_title_is_kept_for_the_card_even_of_an_article_in_another_language():
    content = adapted(title="Wie man ein Etikett liest", language="de")
    assert (content.title, content.platform_specific["language"]) == ("Wie man ein Etikett liest", "de")

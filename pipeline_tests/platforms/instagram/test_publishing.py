"""Publishing on Instagram, and asking what became of it, beyond what every adapter promises."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.platforms.base import (
    Absent,
    Inconclusive,
    NotSent,
    Published,
    Rejected,
    Unknown,
)
from pipeline.platforms.instagram import caption
from pipeline.platforms.media.source import MediaSource
from pipeline.sandbox.instagram.access import ACCOUNT_ID
from pipeline.sandbox.ledger import Ledger
from pipeline.sandbox.server import running
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.instagram.api import FINISHED, MADE, answers, error, publishing, settings
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish


def test_a_reel_and_a_carousel_with_a_video_are_published(instagram: Platform):
    adapter = instagram.adapter()
    reel = publish(adapter, instagram.content(media=instagram.media("video")))
    assert reel.external_url is not None
    assert "/reel/" in reel.external_url
    notebook = Notebook()
    album = publish(adapter, instagram.content(media=instagram.media("picture", "video", "cover")), notebook)
    assert album.external_url is not None
    assert "/p/" in album.external_url
    assert set(notebook.handles) == {"item-1", "item-2", "item-3", "container"}


def test_what_is_asked_for_is_what_the_content_says(instagram: Platform):
    asked: list[Any] = []
    picture, video = (replace(each, alt_text="In words") for each in instagram.media("picture", "video"))
    with answering(answers(MADE, FINISHED, MADE, (200, {}), asked=asked)) as url:
        adapter = instagram.adapter(publish_config=settings(f"{url}/", api_version="v99.0"))
        adapter.publish(instagram.content(body="Words", media=(picture,)), Notebook().journal())
    assert asked == [
        (
            "POST",
            f"/v99.0/{ACCOUNT_ID}/media",
            {"image_url": picture.url, "alt_text": "In words", "caption": "Words"},
        ),
        ("GET", "/v99.0/17?fields=status_code%2Cstatus", None),
        ("POST", f"/v99.0/{ACCOUNT_ID}/media_publish", {"creation_id": "17"}),
        ("GET", "/v99.0/17?fields=permalink%2Ctimestamp", None),
    ]
    asked.clear()
    with answering(answers(MADE, (400, error(100)), asked=asked)) as url:
        adapter = instagram.adapter(publish_config=settings(url))
        adapter.publish(instagram.content(body="Words", media=(video,)), Notebook().journal())
        adapter.publish(instagram.content(body="Words", media=(video, picture)), Notebook().journal())
    assert [body for method, _, body in asked if method == "POST"] == [
        {"media_type": "REELS", "video_url": video.url, "caption": "Words"},
        {"media_type": "VIDEO", "video_url": video.url, "is_carousel_item": True},
    ]


def test_the_token_is_never_in_an_address(instagram: Platform):
    seen: list[tuple[str, str | None]] = []

    def note(request: Any) -> None:
        seen.append((request.path, request.headers.get("Authorization")))
        reply(request, 400, json.dumps(error(190)).encode())

    with answering(note) as address:
        adapter = instagram.adapter(publish_config=settings(address))
        adapter.publish(instagram.content(), Notebook().journal())
        adapter.delete("1")
    (token,) = instagram.secrets
    assert seen
    assert all(token not in path and header == f"Bearer {token}" for path, header in seen)


def test_processing_that_outlasts_the_patience_is_pending_until_it_ends(library: str, tmp_path: Path):
    ledger, notebook = tmp_path / "sandbox.sqlite", Notebook()
    with running(ledger, processing=timedelta(days=1)) as sandbox:
        instagram = platform_of("instagram", sandbox, library)
        adapter = instagram.adapter(patience_seconds=0.1)
        content = instagram.content(media=instagram.media("video"))
        for _ in range(2):
            outcome = adapter.publish(content, notebook.journal())
            assert isinstance(outcome, Unknown)
            assert outcome.error.kind is ErrorKind.PENDING
        answer = adapter.reconcile(content, notebook.journal())
        assert isinstance(answer, Inconclusive)
        assert answer.error.kind is ErrorKind.PENDING
    with running(ledger, processing=timedelta()) as sandbox:
        instagram = platform_of("instagram", sandbox, library)
        adapter = instagram.adapter()
        assert adapter.reconcile(content, notebook.journal()) == Absent()
        publish(adapter, content, notebook)
        assert len(instagram.effects()) == 1


def test_an_item_of_a_carousel_that_is_processed_makes_it_pending_too(library: str):
    with running(processing=timedelta(days=1)) as sandbox:
        instagram, notebook = platform_of("instagram", sandbox, library), Notebook()
        adapter, content = instagram.adapter(patience_seconds=0.1), instagram.whole_content()
        outcome = adapter.publish(content, notebook.journal())
        assert isinstance(outcome, Unknown)
        assert outcome.error.kind is ErrorKind.PENDING
        assert set(notebook.handles) == {"item-1", "item-2"}
        assert isinstance(adapter.reconcile(content, notebook.journal()), Inconclusive)


def test_a_container_that_expired_is_made_again(library: str, tmp_path: Path):
    path, notebook = tmp_path / "sandbox.sqlite", Notebook()
    with running(path, processing=timedelta()) as sandbox:
        instagram = platform_of("instagram", sandbox, library)
        content = instagram.content()
        sandbox.fault("instagram", "unavailable", path="/media_publish")
        assert isinstance(instagram.adapter().publish(content, notebook.journal()), Unknown)
    expire(path, first := notebook.handles["container"])
    with running(path, processing=timedelta()) as sandbox:
        adapter = platform_of("instagram", sandbox, library).adapter()
        assert adapter.reconcile(content, notebook.journal()) == Absent()
        publish(adapter, content, notebook)
        assert notebook.handles["container"] != first
        assert len(sandbox.effects()) == 1


def expire(path: Path, container: str) -> None:
    ledger = Ledger(path)
    document = ledger.get("instagram", "container", container)
    assert document is not None
    created = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    ledger.put("instagram", "container", container, document | {"created": created})
    ledger.close()


def test_a_container_that_instagram_no_longer_knows_is_looked_for_among_the_publications(instagram: Platform):
    adapter, content, notebook = instagram.adapter(), instagram.content(), Notebook()
    published = publish(adapter, content, notebook)
    forgotten = Notebook({"container": "123"}, notebook.started_at)
    assert adapter.reconcile(content, forgotten.journal()) == published
    assert publish(adapter, content, forgotten).external_id == published.external_id
    other = instagram.content()
    assert adapter.reconcile(other, forgotten.journal()) == Absent()
    assert publish(adapter, other, forgotten).external_id != published.external_id
    assert len(instagram.effects()) == 2


@pytest.mark.parametrize("body", ["Ask @someone and @somebody.else", "Cafe\u0301  with\n\nlines", "Emoji 👩‍🚀 & <b>"])
def test_a_publication_is_found_by_its_caption_as_instagram_tells_it(instagram: Platform, body: str):
    adapter, content, notebook = instagram.adapter(), instagram.content(body=body), Notebook()
    instagram.fail("drop_after")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    found = adapter.reconcile(content, notebook.journal())
    assert isinstance(found, Published)
    assert found.external_id == instagram.effects()[0].external_id


def test_a_caption_is_the_same_however_its_letters_are_composed():
    assert caption.is_same("Caf\u00e9 with\nyou", "Cafe\u0301  with @you")
    assert not caption.is_same("Cafe with you", "Cafe\u0301 with you")
    assert not caption.is_same(None, "None")


def test_an_older_publication_of_the_same_caption_is_another_one(instagram: Platform):
    adapter, content = instagram.adapter(), instagram.content()
    publish(adapter, content)
    later = Notebook(started_at=datetime.now(UTC) + timedelta(hours=1))
    assert adapter.reconcile(content, later.journal()) == Absent()


def test_the_publications_are_read_page_by_page_as_far_back_as_needed(instagram: Platform):
    started = datetime(2026, 3, 4, tzinfo=UTC)

    def media(id_: str, day: int) -> dict[str, str]:
        return {
            "id": id_,
            "caption": "wanted" if id_ == "1" else "newer",
            "timestamp": f"2026-03-{day:02}T05:06:07+0000",
        }

    first = {"data": [media("3", 9)], "paging": {"cursors": {"after": "a/b"}, "next": "https://example.com/"}}
    asked: list[Any] = []
    pages = answers((200, first), (200, {"data": [media("1", 8)], "paging": {"cursors": {"after": "c"}}}), asked=asked)
    with answering(pages) as url:
        adapter = instagram.adapter(publish_config=settings(url))
        found = adapter.reconcile(instagram.content(body="wanted"), Notebook(started_at=started).journal())
    assert found == Published("1", None, datetime(2026, 3, 8, 5, 6, 7, tzinfo=UTC))
    assert [("after=" in path, "a%2Fb" in path) for _, path, _ in asked] == [(False, False), (True, True)]
    asked.clear()
    last = {"data": [media("2", 8)], "paging": {"cursors": {"after": "d"}}}
    with answering(answers((200, last), asked=asked)) as url:
        adapter = instagram.adapter(publish_config=settings(url))
        assert adapter.reconcile(instagram.content(), Notebook(started_at=started).journal()) == Absent()
    assert len(asked) == 1
    asked.clear()
    old = {"data": [media("2", 1)], "paging": {"cursors": {"after": "d"}, "next": "https://example.com/"}}
    with answering(answers((200, old), asked=asked)) as url:
        adapter = instagram.adapter(publish_config=settings(url))
        assert adapter.reconcile(instagram.content(), Notebook(started_at=started).journal()) == Absent()
    assert len(asked) == 1


def test_a_published_container_whose_publication_does_not_show_decides_nothing(instagram: Platform):
    with answering(answers((200, {"status_code": "PUBLISHED"}), (200, {"data": []}))) as url:
        adapter = instagram.adapter(publish_config=settings(url))
        notebook = Notebook({"container": "17"})
        assert isinstance(adapter.reconcile(instagram.content(), notebook.journal()), Inconclusive)
    asked: list[Any] = []
    with answering(answers((200, {"status_code": "PUBLISHED"}), (200, {"data": []}), asked=asked)) as url:
        adapter = instagram.adapter(publish_config=settings(url))
        assert isinstance(adapter.publish(instagram.content(), notebook.journal()), Unknown)
    assert {method for method, _, _ in asked} == {"GET"}


def test_a_file_that_changed_since_it_was_approved_is_never_offered_to_instagram(instagram: Platform):
    (picture,) = instagram.media("picture")
    changed = instagram.content(media=(replace(picture, sha256="0" * 64),))
    outcome = instagram.adapter().publish(changed, Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert "not the one that was approved" in outcome.error.message
    gone = instagram.content(media=(replace(picture, url=f"{instagram.library}/none.jpg"),))
    assert isinstance(instagram.adapter().publish(gone, Notebook().journal()), NotSent | Rejected)
    guarded = instagram.adapter(media=MediaSource())
    assert isinstance(guarded.publish(instagram.content(), Notebook().journal()), Rejected)
    assert instagram.effects() == []


def test_what_is_ready_is_published_though_the_file_is_gone_by_now(instagram: Platform):
    content, notebook = instagram.content(), Notebook()
    instagram.fail("drop_before")
    assert isinstance(instagram.adapter().publish(content, notebook.journal()), Unknown)
    publish(instagram.adapter(media=MediaSource()), content, notebook)


def test_a_publication_whose_address_is_not_told_is_published_all_the_same(instagram: Platform):
    outcome = publishing(instagram, MADE, FINISHED, MADE, (500, {}))
    assert isinstance(outcome, Published)
    assert (outcome.external_id, outcome.external_url) == ("17", None)

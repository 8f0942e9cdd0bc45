"""The adapter with everything it sends. `pipeline_tests/real_wordpress` lets a real site answer the same tests."""

import html
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pipeline.platforms.base import (
    Absent,
    Account,
    Changed,
    Gone,
    Journal,
    NotSent,
    Published,
    Rejected,
    Scheduled,
    Unknown,
)
from pipeline.platforms.wordpress import WordPressAdapter, slug_for
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.rehearsal import Notebook, publish, sample_media
from pipeline_tests.platforms.wordpress.lossy import LossyProxy
from pipeline_tests.platforms.wordpress.site import account_of, content, files_of, posts_of


@pytest.fixture
def adapter(account: Account) -> WordPressAdapter:
    return WordPressAdapter(account)


def raw(api: httpx.Client, id_: str) -> Any:
    return api.get(f"/posts/{id_}", params={"context": "edit"}).json()


def names(api: httpx.Client, taxonomy: str, ids: list[int]) -> list[str]:
    return [html.unescape(api.get(f"/{taxonomy}/{id_}").json()["name"]) for id_ in ids]


def figure(kind: str, shown: str) -> str:
    return f'<figure class="wp-block-{kind}">{shown}</figure>'


def in_hours(hours: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)


def test_a_post_has_its_texts_its_terms_and_its_files_with_their_alt_texts(
    adapter: WordPressAdapter, wordpress: httpx.Client, library: str
):
    said = content(
        library, "picture", "cover", "video", "sound", excerpt="In short.", categories=["R&D"], tags=["C++", "sugar"]
    )
    said = replace(
        said, media=[said.media[0], replace(said.media[1], alt_text='A "cover" [new] & more'), *said.media[2:]]
    )
    assert adapter.validate(said) == []
    published = publish(adapter, said)

    post = raw(wordpress, published.external_id)
    assert (post["status"], post["title"]["raw"], post["excerpt"]["raw"]) == ("publish", said.title, "In short.")
    assert (post["slug"], post["link"]) == (slug_for(said), published.external_url)
    assert names(wordpress, "categories", post["categories"]) == ["R&D"]
    assert sorted(names(wordpress, "tags", post["tags"])) == ["C++", "sugar"]

    picture, cover, video, sound = files_of(wordpress, said)
    assert [each["mime_type"] for each in (picture, cover, video, sound)] == [each.mime_type for each in said.media]
    assert [each["alt_text"] for each in (picture, cover, video, sound)] == [each.alt_text for each in said.media]
    assert post["featured_media"] == picture["id"]
    alt = {each["id"]: html.escape(each["alt_text"]).replace("[", "&#91;") for each in (cover, video)}
    assert post["content"]["raw"].splitlines() == [
        said.body,
        figure("image", f'<img src="{cover["source_url"]}" alt="{alt[cover["id"]]}" class="wp-image-{cover["id"]}" />'),
        figure("video", f'<video controls src="{video["source_url"]}" aria-label="{alt[video["id"]]}"></video>'),
        figure("audio", f'<audio controls src="{sound["source_url"]}"></audio>'),
    ]
    page = httpx.get(post["link"], timeout=120)
    assert page.status_code == 200
    assert said.distribution_id[:8] in page.text
    assert cover["source_url"].rpartition("/")[2] in page.text


@pytest.mark.parametrize("lost", ["posts", "media", "media/"])
def test_whichever_answer_is_lost_there_is_one_post_and_each_file_once(
    adapter: WordPressAdapter, wordpress: httpx.Client, way: LossyProxy, library: str, lost: str
):
    said, notebook = content(library, "picture", tags=["lost and found"]), Notebook()
    way.lose_answer("POST", lost)
    outcome = adapter.publish(said, notebook.journal())
    assert isinstance(outcome, Unknown if lost == "posts" else NotSent)
    assert outcome.error.kind is ErrorKind.NETWORK
    found = adapter.reconcile(said, notebook.journal())
    assert isinstance(found, Published if lost == "posts" else Absent)

    published = publish(adapter, said, notebook)
    assert found in (published, Absent())
    (post,), (file,) = posts_of(wordpress, said), files_of(wordpress, said)
    assert (str(post["id"]), post["featured_media"]) == (published.external_id, file["id"])
    assert file["alt_text"] == said.media[0].alt_text


def test_terms_are_found_whatever_their_spelling_and_made_once(
    adapter: WordPressAdapter, wordpress: httpx.Client, library: str
):
    first = publish(adapter, content(library, categories=["Q&A", "News & <Views>"], tags=["Größe", "C#", "C++"]))
    second = publish(adapter, content(library, categories=["q&a", "NEWS & <Views>"], tags=["größe", "c#", "c++"]))
    one, two = (raw(wordpress, each.external_id) for each in (first, second))
    assert len(one["categories"]) == 2
    assert len(one["tags"]) == 3
    assert (sorted(one["categories"]), sorted(one["tags"])) == (sorted(two["categories"]), sorted(two["tags"]))


def test_what_is_scheduled_is_held_until_it_is_taken_back_and_may_be_published_then(
    adapter: WordPressAdapter, wordpress: httpx.Client, way: LossyProxy, library: str
):
    said, notebook, at = content(library), Notebook(), in_hours(3)
    way.lose_answer("POST", "posts")
    assert isinstance(adapter.schedule(said, at, notebook.journal()), Unknown)
    scheduled = adapter.reconcile(said, notebook.journal())
    assert isinstance(scheduled, Scheduled)
    assert scheduled.at == at
    assert adapter.schedule(said, at, notebook.journal()) == scheduled
    assert httpx.get(str(scheduled.external_url), timeout=120).status_code == 404
    held = adapter.publish(said, notebook.journal())
    assert isinstance(held, Unknown)
    assert held.error.kind is ErrorKind.PENDING
    (post,) = posts_of(wordpress, said)
    assert (post["status"], str(post["id"])) == ("future", scheduled.external_id)

    for _ in range(2):
        assert adapter.unschedule(scheduled.external_id) == Changed(scheduled.external_id)
    assert raw(wordpress, scheduled.external_id)["status"] == "trash"
    assert adapter.reconcile(said, notebook.journal()) == Absent()
    assert publish(adapter, said, notebook).external_id != scheduled.external_id


def test_what_has_gone_live_by_the_clock_is_found_live_and_not_taken_back(
    adapter: WordPressAdapter, wordpress: httpx.Client, library: str
):
    said, notebook = content(library), Notebook()
    scheduled = adapter.schedule(said, in_hours(3), notebook.journal())
    assert isinstance(scheduled, Scheduled)
    due = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S")
    wordpress.post(f"/posts/{scheduled.external_id}", json={"date_gmt": due})
    live = adapter.reconcile(said, notebook.journal())
    assert isinstance(live, Published)
    assert live.external_id == scheduled.external_id
    assert isinstance(adapter.schedule(said, in_hours(3), notebook.journal()), Unknown)
    assert isinstance(adapter.unschedule(scheduled.external_id), Rejected)
    adapter.delete(scheduled.external_id)
    assert adapter.unschedule(scheduled.external_id) == Changed(scheduled.external_id)


def test_a_scheduled_post_that_somebody_took_down_is_not_called_published_and_can_be_taken_back(
    adapter: WordPressAdapter, wordpress: httpx.Client, library: str
):
    said, notebook = content(library), Notebook()
    scheduled = adapter.schedule(said, in_hours(3), notebook.journal())
    assert isinstance(scheduled, Scheduled)
    wordpress.delete(f"/posts/{scheduled.external_id}")
    kept = adapter.publish(said, notebook.journal())
    assert isinstance(kept, Rejected)
    assert kept.error.code == "status_trash"
    assert adapter.unschedule(scheduled.external_id) == Changed(scheduled.external_id)
    assert adapter.reconcile(said, notebook.journal()) == Absent()


def test_an_update_brings_what_is_new_and_takes_away_what_is_no_longer_said(
    adapter: WordPressAdapter, wordpress: httpx.Client, library: str
):
    said = content(library, "picture", excerpt="In short.", categories=["Before"], tags=["old", "kept"])
    published = publish(adapter, said)
    other = replace(
        said,
        title="Corrected",
        body="<p>Better.</p>",
        media=[sample_media("cover", library)],
        platform_specific={"categories": ["After"], "tags": ["kept", "new"]},
    )
    for _ in range(2):
        assert adapter.update(published.external_id, other) == Changed(published.external_id, published.external_url)
    post, (old, new) = raw(wordpress, published.external_id), files_of(wordpress, said)
    assert (post["status"], post["title"]["raw"], post["content"]["raw"]) == ("publish", "Corrected", "<p>Better.</p>")
    assert (post["featured_media"], post["excerpt"]["raw"]) == (new["id"], "")
    assert names(wordpress, "categories", post["categories"]) == ["After"]
    assert sorted(names(wordpress, "tags", post["tags"])) == ["kept", "new"]
    assert old["id"] != new["id"]

    adapter.update(published.external_id, replace(other, media=[], platform_specific={}))
    bare = raw(wordpress, published.external_id)
    assert (bare["featured_media"], bare["tags"], bare["categories"]) == (0, [], post["categories"])


def test_what_is_deleted_is_in_the_trash_and_gone_and_has_no_figures_before(
    adapter: WordPressAdapter, wordpress: httpx.Client, library: str
):
    said, notebook = content(library), Notebook()
    published = publish(adapter, said, notebook)
    id_ = published.external_id
    missing = [str(number) for number in range(100_000, 100_150)]
    assert adapter.metrics([id_, *missing]) == dict.fromkeys(missing, Gone())
    for _ in range(2):
        assert adapter.delete(id_) == Changed(id_)
    assert adapter.metrics([id_]) == {id_: Gone()}
    assert raw(wordpress, id_)["status"] == "trash"
    assert httpx.get(str(published.external_url), timeout=120).status_code == 404
    again = adapter.reconcile(said, notebook.journal())
    assert isinstance(again, Published)
    assert again.external_id == id_
    gone = adapter.update("4711", said)
    assert isinstance(gone, Rejected)
    assert gone.error.code == "rest_post_invalid_id"


@pytest.mark.parametrize("files", [(), ("picture",)])
def test_a_user_who_may_not_publish_rests_the_account(
    wordpress: httpx.Client,
    way: LossyProxy,
    logins: Mapping[str, tuple[str, str]],
    library: str,
    files: tuple[str, ...],
):
    adapter = WordPressAdapter(account_of(way.url, logins["contributor"], library))
    assert list(adapter.whoami().missing_scopes) == ["publish_posts", "upload_files"]
    said = content(library, *files)
    outcome = adapter.publish(said, Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.AUTH
    assert (posts_of(wordpress, said), files_of(wordpress, said)) == ([], [])


def test_a_time_too_near_is_refused_before_anything_is_sent(adapter: WordPressAdapter, library: str):
    soon = datetime.now(UTC) + timedelta(seconds=90)
    outcome = adapter.schedule(content(library, "picture"), soon, never())
    assert isinstance(outcome, Rejected)
    assert outcome.error.code == "too_soon"


def never() -> Journal:
    def record(step: str, handle: str) -> None:
        raise AssertionError(f"{step} was recorded: {handle}")

    return Journal({}, record, datetime.now(UTC))

"""What YouTube is told of an article, what it tells of videos, and how one of ours is found among them."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.base import Absent, Gone, Inconclusive, Metrics, PlatformUnavailableError, Published
from pipeline.platforms.content import Content
from pipeline.platforms.media.facts import Media
from pipeline.platforms.youtube import YouTubeAdapter, text
from pipeline.platforms.youtube.figures import public, with_report
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.youtube.credentials import UPLOADER
from pipeline.vocabulary import MediaKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.recording import recording
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish

LINK = "https://example.com/moon"
FILM = Media(MediaKind.VIDEO, "video/mp4", 1000, 640, 360, 3.0, url="https://example.com/a.mp4", sha256="0" * 64)
PICTURE = Media(MediaKind.IMAGE, "image/jpeg", 1000, 640, 360, url="https://example.com/a.jpg", sha256="1" * 64)


@pytest.fixture
def youtube(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("youtube", sandbox, library)


class Destination:
    """An account without limits of its own."""

    name = "youtube"
    publish_config: dict[str, Any] = {}  # noqa: RUF012
    max_content_length: int | None = None
    max_title_length: int | None = None
    is_home = False


def article(**changes: Any) -> AdaptableArticle:
    return AdaptableArticle(
        **{
            "title": "To the moon",
            "markdown": "We go to the moon. We go there soon.",
            "excerpt": "We go to the moon.",
            "keywords": ["space travel", "moon"],
            "canonical_url": LINK,
            "vertical": "space",
            **changes,
        }
    )


def answering_by_path(answers: dict[str, Callable[[dict[str, list[str]]], Any]]) -> Callable[[Any], None]:
    """Answer by the last word of the path, given the query."""

    def answer(request: Any) -> None:
        address = urlsplit(request.path)
        body = answers[address.path.rpartition("/")[2]](parse_qs(address.query))
        reply(request, 200, json.dumps(body).encode())

    return answer


def test_a_description_discloses_sums_up_links_and_tags():
    adapted = YouTubeAdapter.adapt(article(disclosure="Sponsored by *Acme*."), Destination())
    assert adapted.title == "To the moon"
    assert adapted.body == f"Sponsored by Acme.\n\nWe go to the moon.\n\n{LINK}\n\n#SpaceTravel #moon"
    assert adapted.platform_specific == {"tags": ["space travel", "moon"], "language": "en"}


def test_the_film_is_what_goes_to_youtube_and_pictures_are_not():
    assert YouTubeAdapter.adapt(article(media=[PICTURE, FILM, FILM]), Destination()).media == (FILM,)


@given(st.text(), st.text(), st.lists(st.text(min_size=1)), st.sampled_from([None, "Paid. " * 5]))
def test_whatever_an_article_says_youtube_takes_what_is_made_of_it(
    title: str, excerpt: str, keywords: list[str], disclosure: str | None
):
    adapted = YouTubeAdapter.adapt(
        article(title=f"A {title}", excerpt=excerpt, keywords=keywords, disclosure=disclosure), Destination()
    )
    content = Content("d", adapted.body, adapted.title, platform_specific=adapted.platform_specific)
    assert text.problems(content) == []
    assert LINK in adapted.body


def test_a_long_text_is_cut_to_five_thousand_bytes_and_keeps_its_link():
    adapted = YouTubeAdapter.adapt(article(excerpt="Größe zählt. " * 1000), Destination())
    assert 4900 < len(adapted.body.encode()) <= 5000
    assert f"Größe zählt.\n\n{LINK}" in adapted.body


def test_what_youtube_would_refuse_is_told_beforehand(youtube: Platform):
    def messages(body: str = "Words", title: str = "A film", **more: Any) -> list[str]:
        content = Content("d" * 12, body, **{"title": title, "media": [FILM], **more})
        return [problem.message for problem in youtube.adapter().validate(content)]

    assert messages() == []
    assert messages(title=" ") == ["A video needs a title."]
    assert messages(title="日" * 100, body="日" * 1666) == []
    assert messages(title="日" * 101) == ["The title has 101 characters; YouTube takes 100."]
    assert messages("日" * 1667) == ["The description has 5001 bytes; YouTube takes 5000."]
    assert messages("1 < 2") == ["YouTube takes no < or > in the description."]
    assert messages(title="a -> b") == ["YouTube takes no < or > in the title."]
    room = 500 - len(",pressroom-dddddddddddd")
    assert messages(platform_specific={"tags": ["a" * room]}) == []
    assert messages(platform_specific={"tags": ["a" * room + "b"]}) == [
        "The list of tags has 501 characters; YouTube takes 500."
    ]
    assert messages(platform_specific={"tags": ["a b" + "a" * (room - 4)]}) == [
        "The list of tags has 501 characters; YouTube takes 500."
    ]
    assert messages(platform_specific={"tags": "moon"}) == ["Must be a list of words."]
    assert messages(media=[]) == ["The post has no video, and the platform takes none without."]
    assert "takes no image" in " ".join(messages(media=[FILM, PICTURE]))


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com/watch?list=a&v=dQw4w9WgXcQ&t=1",
        "https://youtu.be/dQw4w9WgXcQ?t=1",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ",
    ],
)
def test_a_video_is_known_by_its_address(address: str):
    permalink = YouTubeAdapter.permalink
    assert permalink.in_address is not None
    found = re.search(permalink.in_address, address)
    assert found is not None
    assert found[1] == "dQw4w9WgXcQ"
    assert re.fullmatch(permalink.pattern, found[1])


def test_counts_come_as_strings_and_one_that_is_hidden_is_unknown():
    assert public({"viewCount": "12", "likeCount": "0", "favoriteCount": "0", "newCount": "3"}) == Metrics(
        video_views=12, likes=0, engagements=0, platform_metrics={"favoriteCount": 0, "newCount": 3}
    )
    assert public({"viewCount": "many", "likeCount": None, "commentCount": True}) == Metrics()
    assert public({}) == public(None) == Metrics()


def test_minutes_watched_become_seconds_and_what_has_no_column_is_kept():
    row = {"shares": 2, "estimatedMinutesWatched": 90, "averageViewDuration": 31, "subscribersLost": 0}
    assert with_report(Metrics(video_views=5), row) == Metrics(
        video_views=5,
        shares=2,
        video_watch_time_seconds=5400,
        followers_lost=0,
        platform_metrics={"averageViewDuration": 31},
    )
    assert with_report(Metrics(), {"shares": None}) == Metrics()


def test_many_videos_are_counted_in_few_calls_and_the_deleted_are_gone(youtube: Platform):
    live = publish(youtube.adapter(), youtube.content()).external_id
    deleted = publish(youtube.adapter(), youtube.content()).external_id
    youtube.adapter().delete(deleted)
    with recording(youtube.sandbox) as (url, exchanges):
        adapter = youtube.adapter(publish_config=youtube.elsewhere(url))
        figures = adapter.metrics([live, deleted, *(f"video{number:06}" for number in range(98))])
    assert len(figures) == 100
    assert figures[deleted] == Gone()
    counted = figures[live]
    assert isinstance(counted, Metrics)
    assert None not in (counted.video_views, counted.likes, counted.shares, counted.video_watch_time_seconds)
    assert (counted.impressions, counted.saves, counted.clicks) == (None, None, None)
    calls = [each.path.rpartition("/")[2] for each in exchanges]
    assert calls == ["videos:batchGetStats", "videos"] * 2 + ["reports"]


def test_without_analytics_a_thousand_videos_cost_twenty_calls(youtube: Platform):
    calls: list[int] = []

    def all_of_them(query: dict[str, list[str]]) -> dict[str, Any]:
        items = [{"id": id_, "statistics": {"viewCount": "1"}} for id_ in query["id"][0].split(",")]
        calls.append(len(items))
        return {"kind": "youtube#batchGetStatsResponse", "items": items}

    with answering(answering_by_path({"videos:batchGetStats": all_of_them})) as url:
        adapter = youtube.adapter(publish_config={"base_url": url})
        assert len(adapter.metrics([f"video{number:06}" for number in range(1000)])) == 1000
    assert calls == [50] * 20


def test_a_video_that_a_batch_leaves_out_and_that_is_there_is_unknown_and_not_gone(youtube: Platform):
    answer = answering_by_path(
        {
            "videos:batchGetStats": lambda _: {"kind": "youtube#batchGetStatsResponse"},
            "videos": lambda _: {"kind": "youtube#videoListResponse", "items": [{"id": "uncountable"}]},
        }
    )
    with answering(answer) as url:
        adapter = youtube.adapter(publish_config={"base_url": url})
        assert adapter.metrics(["uncountable", "taken-down0"]) == {"taken-down0": Gone()}


@pytest.mark.parametrize("body", [{}, {"kind": "youtube#searchListResponse", "items": []}])
def test_an_answer_that_is_no_list_of_figures_makes_no_video_gone(youtube: Platform, body: dict[str, Any]):
    with answering(lambda request: reply(request, 200, json.dumps(body).encode())) as url:
        with pytest.raises(PlatformUnavailableError):
            youtube.adapter(publish_config={"base_url": url}).metrics(["abcdefghijk"])


def test_a_token_that_may_only_upload_is_found_out_by_asking(youtube: Platform):
    identity = youtube.adapter(credentials=UPLOADER).whoami()
    assert identity.missing_scopes == ("https://www.googleapis.com/auth/youtube",)


def look_back(youtube: Platform, tagged: str, added: datetime) -> Any:
    """What reconciling finds in a channel with two pages of uploads, the second of which holds one with that tag."""

    def page(query: dict[str, list[str]]) -> dict[str, Any]:
        second = "pageToken" in query
        snippet = {"publishedAt": (added if second else datetime.now(UTC)).isoformat()}
        items = [{"snippet": snippet, "contentDetails": {"videoId": "ourownvideo" if second else "another0000"}}]
        return {
            "kind": "youtube#playlistItemListResponse",
            "items": items,
            **({} if second else {"nextPageToken": "2"}),
        }

    def videos(query: dict[str, list[str]]) -> dict[str, Any]:
        (id_,) = query["id"]
        snippet = {"tags": [tagged] if id_ == "ourownvideo" else ["pressroom-0"], "publishedAt": added.isoformat()}
        status = {"uploadStatus": "processed", "privacyStatus": "public"}
        return {"kind": "youtube#videoListResponse", "items": [{"id": id_, "snippet": snippet, "status": status}]}

    details = {"relatedPlaylists": {"uploads": "UU1"}}
    answer = answering_by_path(
        {
            "channels": lambda _: {"kind": "youtube#channelListResponse", "items": [{"contentDetails": details}]},
            "playlistItems": page,
            "videos": videos,
        }
    )
    with answering(answer) as url:
        adapter = youtube.adapter(publish_config={"base_url": url})
        return adapter.reconcile(Content("0123-4567-89ab-cdef", "Words"), Notebook().journal())


def test_a_video_is_found_by_its_tag_behind_newer_ones(youtube: Platform):
    added = datetime.now(UTC)
    found = look_back(youtube, "pressroom-0123456789ab", added)
    assert found == Published("ourownvideo", "https://www.youtube.com/watch?v=ourownvideo", added)


def test_neither_another_tag_nor_an_older_video_is_taken_for_ours(youtube: Platform):
    assert look_back(youtube, "pressroom-0123456789ac", datetime.now(UTC)) == Absent()
    assert look_back(youtube, "pressroom-0123456789ab", datetime.now(UTC) - timedelta(hours=1)) == Absent()


@pytest.mark.parametrize("items", [[], [{}], [{"contentDetails": {"relatedPlaylists": {}}}]])
def test_a_channel_that_does_not_tell_its_uploads_decides_nothing(youtube: Platform, items: list[Any]):
    answer = answering_by_path({"channels": lambda _: {"kind": "youtube#channelListResponse", "items": items}})
    with answering(answer) as url:
        adapter = youtube.adapter(publish_config={"base_url": url})
        assert isinstance(adapter.reconcile(youtube.content(), Notebook().journal()), Inconclusive)

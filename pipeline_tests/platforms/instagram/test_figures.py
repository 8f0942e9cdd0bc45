"""Figures of publications on Instagram."""

from typing import Any

import pytest

from pipeline.platforms.base import (
    Gone,
    Metrics,
    PlatformUnavailableError,
)
from pipeline_tests.platforms.conftest import answering
from pipeline_tests.platforms.instagram.api import answers, error, settings
from pipeline_tests.platforms.rehearsal import Platform, publish


def figures_of(instagram: Platform, *given: tuple[int, Any]) -> Metrics:
    with answering(answers(*given)) as url:
        found = instagram.adapter(publish_config=settings(url)).metrics(["17"])["17"]
    assert isinstance(found, Metrics)
    return found


def figure(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "period": "lifetime", "values": [{"value": value}]}


def test_a_reels_figures_are_under_their_names_and_its_times_in_seconds(instagram: Platform):
    told = {"views": 900, "reach": 700, "likes": 50, "comments": 4, "shares": 3, "saved": 2, "total_interactions": 59}
    told |= {"ig_reels_avg_watch_time": 4321, "ig_reels_video_view_total_time": 3_888_999, "reposts": 1}
    insights = {"data": [figure(name, value) for name, value in told.items()]}
    assert figures_of(instagram, (200, {"media_product_type": "REELS"}), (200, insights)) == Metrics(
        impressions=900,
        reach=700,
        engagements=59,
        shares=3,
        comments=4,
        likes=50,
        saves=2,
        video_views=900,
        video_watch_time_seconds=3888,
        platform_metrics={"ig_reels_avg_watch_time": 4321, "reposts": 1},
    )


def test_a_picture_has_no_figures_of_a_video(instagram: Platform):
    total = {"name": "saved", "total_value": {"value": 0}}
    insights = {"data": [figure("views", 9), total, figure("shares", None), figure("reach", "many"), {"name": "likes"}]}
    media = {"media_product_type": "FEED", "like_count": 3, "comments_count": 0}
    found = figures_of(instagram, (200, media), (200, insights))
    assert found == Metrics(impressions=9, saves=0, likes=3, comments=0)


def test_an_empty_set_is_unknown_and_no_zero(instagram: Platform):
    assert figures_of(instagram, (200, {"media_product_type": "FEED"}), (200, {"data": []})) == Metrics()


def test_a_refused_figure_costs_no_more_than_itself(instagram: Platform):
    refused = (400, error(100))
    basic = (200, {"data": [figure("views", 9), figure("reach", 7)]})
    media = (200, {"media_product_type": "FEED", "like_count": 3})
    assert figures_of(instagram, media, refused, basic) == Metrics(impressions=9, reach=7, likes=3)
    assert figures_of(instagram, media, refused, refused) == Metrics(likes=3)
    with pytest.raises(PlatformUnavailableError):
        figures_of(instagram, media, (400, error(4)))


def test_both_kinds_of_publication_are_counted_and_the_deleted_are_gone(instagram: Platform):
    adapter = instagram.adapter()
    picture = publish(adapter, instagram.content()).external_id
    reel = publish(adapter, instagram.content(media=instagram.media("video"))).external_id
    deleted = publish(adapter, instagram.content()).external_id
    adapter.delete(deleted)
    figures = adapter.metrics([picture, reel, deleted])
    assert figures[deleted] == Gone()
    counted, watched = figures[picture], figures[reel]
    assert isinstance(counted, Metrics)
    assert isinstance(watched, Metrics)
    assert counted.saves is not None
    assert counted.video_watch_time_seconds is None
    assert watched.video_watch_time_seconds is not None

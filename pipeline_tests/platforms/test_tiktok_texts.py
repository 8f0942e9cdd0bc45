"""What is said on TikTok, and what TikTok's words mean."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.base import Metrics, NotSent, Rejected
from pipeline.platforms.content import Content
from pipeline.platforms.tiktok import TikTokAdapter, reading, text
from pipeline.sandbox.client import Sandbox
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.rehearsal import Platform, platform_of
from pipeline_tests.platforms.test_tiktok import pictures


@pytest.fixture
def tiktok(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("tiktok", sandbox, library)


def article(**changes: Any) -> AdaptableArticle:
    made = AdaptableArticle(
        title="How to wax a chain",
        markdown="Clean it.\n\nThen wax it.",
        excerpt="A waxed chain lasts.",
        keywords=["chain wax", "bicycle"],
        canonical_url="https://example.com/wax/",
        vertical="workshop",
    )
    return replace(made, **changes)


ACCOUNT = SimpleNamespace(
    name="tiktok", publish_config={}, max_content_length=None, max_title_length=None, is_home=False
)


def test_a_videos_caption_says_what_it_is_about_with_its_hashtags_and_link(tiktok: Platform):
    made = TikTokAdapter.adapt(article(media=tiktok.media("picture", "video")), ACCOUNT)
    assert made.body == "A waxed chain lasts.\n\n#ChainWax #bicycle\n\nhttps://example.com/wax/"
    assert made.title is None
    assert [media.kind for media in made.media] == ["video"]


def test_a_caption_is_cut_by_utf_16_units_and_keeps_its_link():
    made = TikTokAdapter.adapt(article(excerpt="👩 and more. " * 400), ACCOUNT)
    assert text.CAPTION - 40 < text.length(made.body) <= text.CAPTION
    assert made.body.endswith("https://example.com/wax/")


def test_pictures_get_a_title_and_more_room(tiktok: Platform):
    long = article(media=tiktok.media("picture"), title="Wax " * 40, excerpt="Clean it well. " * 400)
    made = TikTokAdapter.adapt(long, ACCOUNT)
    assert made.title is not None
    assert len(made.title) <= text.PICTURES_TITLE
    assert text.CAPTION < text.length(made.body) <= text.PICTURES_TEXT


def test_what_tiktok_would_refuse_is_told_beforehand(tiktok: Platform):
    def messages(content: Content) -> list[str]:
        return [problem.message for problem in tiktok.adapter().validate(content)]

    (video, picture) = tiktok.media("video", "picture")
    said = "The body counts 2202 UTF-16 code units on TikTok; 2200 are allowed."
    assert messages(tiktok.content(body="👩" * 1101)) == [said]
    assert messages(tiktok.content(body="👩" * 1100)) == []
    assert messages(pictures(tiktok, body="👩" * 1101)) == []
    assert messages(pictures(tiktok, title="x" * 91)) == [
        "The title counts 91 UTF-16 code units on TikTok; 90 are allowed."
    ]
    assert messages(tiktok.content(media=())) == [
        "The post has no video or image, and the platform takes none without."
    ]
    assert messages(tiktok.content(media=(video, picture))) == [
        "TikTok takes a video or pictures in one post, not both."
    ]
    png = replace(picture, mime_type="image/png")
    assert messages(tiktok.content(media=(png,))) == [
        f"{png.url}: It is image/png, and the platform takes image/jpeg, image/webp."
    ]
    assert len(messages(tiktok.content(media=(replace(video, duration_seconds=601),)))) == 1


@pytest.mark.parametrize(
    ("reason", "outcome", "kind"),
    [
        ("duration_check_failed", Rejected, ErrorKind.VALIDATION),
        ("spam_risk_text", Rejected, ErrorKind.POLICY),
        ("publish_cancelled", Rejected, ErrorKind.POLICY),
        ("", NotSent, ErrorKind.UNAVAILABLE),
        ("something_new", NotSent, ErrorKind.UNAVAILABLE),
        ("auth_removed", NotSent, ErrorKind.AUTH),
        ("spam_risk_too_many_posts", NotSent, ErrorKind.RATE_LIMITED),
        ("internal", NotSent, ErrorKind.UNAVAILABLE),
        ("photo_pull_failed", NotSent, ErrorKind.UNAVAILABLE),
    ],
)
def test_a_post_that_tiktok_gave_up_was_not_published_for_a_reason(reason: str, outcome: type, kind: ErrorKind):
    found = reading.failure(reading.Standing("FAILED", reason, None, None), datetime.now(UTC))
    assert isinstance(found, outcome)
    assert found.error.kind is kind


def test_a_figure_that_tiktok_does_not_give_is_unknown_and_a_zero_is_a_zero():
    counts = {"id": "1", "view_count": 900, "like_count": 5, "comment_count": 0, "share_count": 2, "save_count": 3}
    assert reading.metrics(counts) == Metrics(
        engagements=7, shares=2, comments=0, likes=5, video_views=900, platform_metrics={"save_count": 3}
    )
    assert reading.metrics({"id": "1", "like_count": "many", "share_count": True}) == Metrics()

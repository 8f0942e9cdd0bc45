"""Captions and files: what is made for Instagram, and what is told of it beforehand."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.content import Measure
from pipeline.platforms.instagram import InstagramAdapter, caption
from pipeline.platforms.media.facts import Media
from pipeline.vocabulary import MediaKind
from pipeline_tests.platforms.rehearsal import Platform


def media(**changes: Any) -> Media:
    given = {"kind": MediaKind.IMAGE, "mime_type": "image/jpeg", "size": 1000, "width": 1000, "height": 1000}
    return Media(**{**given, "url": "https://example.com/a", "sha256": "0" * 64, **changes})


VIDEO = {"kind": MediaKind.VIDEO, "mime_type": "video/mp4", "width": 1080, "height": 1920, "duration_seconds": 30.0}


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ([media()], None),
        ([media(width=800, height=1000), media(width=1910, height=1000)], None),
        ([media(**VIDEO)], None),
        ([media(), media(**VIDEO)], None),
        ([], "The post has no image or video, and the platform takes none without."),
        ([media(mime_type="image/png")], "It is image/png, and the platform takes image/jpeg."),
        ([media(size=8 * 1024 * 1024 + 1)], "It has 8,388,609 bytes, and the platform takes 8,388,608."),
        ([media(width=700)], "It is 700 by 1000 pixels, 0.70 to 1, and the platform takes 0.80 to 1 to 1.91 to 1."),
        ([media(**{**VIDEO, "duration_seconds": 901.0})], "It plays 901.0 s, and the platform takes 3 to 900 s."),
        ([media(**{**VIDEO, "mime_type": "video/webm"})], "It is video/webm, and the platform takes video/mp4"),
        ([media(alt_text="a" * 1001)], "Its alt text has 1,001 characters; 1,000 are allowed."),
        ([media()] * 11, "The platform takes at most 10 image files, and there are 11."),
        ([*[media()] * 10, media(**VIDEO)], "A carousel takes 10 items, and there are 11."),
        ([media(), media(kind=MediaKind.AUDIO, mime_type="audio/mpeg")], "The platform takes no audio."),
    ],
)
def test_what_instagram_would_not_fetch_as_it_is_is_told_beforehand(
    instagram: Platform, files: list[Media], problem: str | None
):
    found = [each.message for each in instagram.adapter().validate(instagram.content(media=files))]
    assert len(found) == (problem is not None)
    assert problem is None or problem in found[0]


def test_a_caption_beyond_the_limits_is_told_beforehand(instagram: Platform):
    def messages(body: str, **config: Any) -> list[str]:
        adapter = instagram.adapter(publish_config={**instagram.config, **config})
        return [problem.message for problem in adapter.validate(instagram.content(body=body))]

    assert messages("a" * 2200) == []
    assert messages("a" * 2201) == ["The caption has 2,201 characters; 2,200 are allowed."]
    assert messages("👍" * 1101) == ["The caption has 2,202 characters; 2,200 are allowed."]
    assert messages("#a " * 30) == []
    assert messages("#a " * 31) == ["The caption has 31 hashtags; 30 are allowed."]
    assert messages("#a " * 6, max_hashtags=5) == ["The caption has 6 hashtags; 5 are allowed."]
    assert messages("@a " * 21) == ["The caption has 21 mentions; 20 are allowed."]
    assert messages("me@example.com " * 21 + "https://example.com/#part " * 31) == []


def test_more_hashtags_than_are_wise_are_measured(instagram: Platform):
    lengths = instagram.adapter().measure(instagram.content(body="#a #b #c #d #e #f"))
    assert lengths == [Measure("body", 17, 2200), Measure("hashtags", 6, 5, "hashtags")]
    assert lengths[1].is_over


ARTICLE = AdaptableArticle(
    title="Sugar & spice",
    markdown="# Sugar & spice\n\nIt is **sweet**. [Really](https://example.com).",
    excerpt="",
    keywords=["machine learning", "sugar", "C++", "tea", "milk", "salt", "oil"],
    canonical_url="https://example.com/sugar",
    vertical="food",
)


class Destination:
    name = "instagram"
    max_title_length = None
    is_home = False

    def __init__(self, *, most: int | None = None, **publish_config: Any) -> None:
        self.max_content_length = most
        self.publish_config = publish_config


def test_a_caption_is_title_words_disclosure_address_and_up_to_five_hashtags():
    adapted = InstagramAdapter.adapt(replace(ARTICLE, disclosure="Paid *partnership*"), Destination())
    assert adapted.body == (
        "Sugar & spice\n\nPaid *partnership*\n\nIt is sweet. Really.\n\nhttps://example.com/sugar\n\n"
        "#MachineLearning #sugar #tea #milk #salt"
    )
    assert adapted.platform_specific == {"hashtags": ["#MachineLearning", "#sugar", "#tea", "#milk", "#salt"]}
    assert InstagramAdapter.adapt(replace(ARTICLE, markdown=""), Destination(max_hashtags=1)).body == (
        "Sugar & spice\n\nhttps://example.com/sugar\n\n#MachineLearning"
    )


@pytest.mark.parametrize("most", [None, 60, 90, 200])
def test_a_caption_keeps_to_the_accounts_limit_and_its_address_whole(most: int | None):
    long = replace(ARTICLE, markdown="Words and words. " * 400)
    body = InstagramAdapter.adapt(long, Destination(most=most)).body
    assert caption.length(body) <= (most or 2200)
    assert "https://example.com/sugar" in body


def test_pictures_go_before_a_video_unless_the_account_wants_reels():
    pictures, video = [media(url=f"https://example.com/{n}") for n in range(12)], media(**VIDEO)
    article = replace(ARTICLE, media=[video, *pictures])
    assert InstagramAdapter.adapt(article, Destination()).media == tuple(pictures[:10])
    assert InstagramAdapter.adapt(article, Destination(reels=True)).media == (video,)
    assert InstagramAdapter.adapt(replace(article, media=pictures[:1]), Destination(reels=True)).media == (pictures[0],)
    assert InstagramAdapter.adapt(ARTICLE, Destination()).media == ()

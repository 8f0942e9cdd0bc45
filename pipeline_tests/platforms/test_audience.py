"""Who follows an account, by every platform that tells, and what questions and publications cost."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipeline.platforms.audience import Audience, AudienceDay
from pipeline.platforms.base import Metrics, PlatformUnavailableError
from pipeline.platforms.content import Content
from pipeline.platforms.instagram.insights import metrics_of as instagram_metrics
from pipeline.platforms.offer import Charge
from pipeline.platforms.registry import adapter_class, platform_names
from pipeline.platforms.x.prices import LIST
from pipeline.platforms.youtube.figures import with_report
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.growth import followers
from pipeline.sandbox.linkedin import credentials as linkedin
from pipeline.sandbox.mailchimp.audience import MEMBERS
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Platform, platform_of

TODAY = datetime.now(UTC).date()


def expected(platform: str) -> int | None:
    """What the stand-in says of its account."""
    count = followers("tiktok/sandbox_press" if platform == "tiktok" else platform, datetime.now(UTC))
    match platform:
        case "mailchimp":
            return MEMBERS
        case "youtube":
            return int(f"{str(count)[:3]}{'0' * (len(str(count)) - 3)}")
    return count


def told(platform: Platform, body: Any, **changes: Any) -> Audience | None:
    """What the adapter makes of a server that answers everything alike."""

    def answer(request: Any) -> None:
        reply(request, 200, json.dumps(body).encode(), Content_Type="application/json")

    with answering(answer) as url:
        return platform.adapter(publish_config=platform.elsewhere(url), **changes).audience()


def test_each_platform_that_tells_says_how_many_follow_the_account(platform: Platform):
    adapter = platform.adapter()
    audience = adapter.audience()
    if not adapter.capabilities.audience:
        assert audience is None
        return
    assert audience is not None
    assert audience.followers == expected(platform.name)


def test_a_platform_that_does_not_answer_leaves_the_audience_unknown(platform: Platform):
    adapter = platform.adapter()
    if not adapter.capabilities.audience:
        return
    platform.sandbox.fault(platform.name, "rate_limit", seconds=60)
    with pytest.raises(PlatformUnavailableError) as caught:
        adapter.audience()
    assert caught.value.error.kind is ErrorKind.RATE_LIMITED
    assert caught.value.retry_at is not None or not platform.rehearsal.tells_retry_time


def test_the_site_wordpress_and_the_podcast_have_no_followers_that_anybody_told():
    assert {name for name in platform_names() if not adapter_class(name).capabilities.audience} == {
        "podcast",
        "site",
        "wordpress",
    }


def test_a_member_on_linkedin_has_no_followers_that_are_told(sandbox: Sandbox, library: str):
    platform = platform_of("linkedin", sandbox, library)
    config = {**platform.config, "author": linkedin.PERSON_URN}
    adapter = platform.adapter(publish_config=config)
    assert not adapter.capabilities.audience
    assert adapter.audience() is None


def test_mailchimp_and_youtube_tell_who_came_and_who_went_day_by_day(sandbox: Sandbox, library: str):
    for name, last in (("mailchimp", TODAY), ("youtube", TODAY - timedelta(days=2))):
        audience = platform_of(name, sandbox, library).adapter().audience()
        assert audience is not None
        days = {each.day: each for each in audience.days}
        assert len(days) == len(audience.days) >= 28
        assert max(days) == last
        assert all(each.gained is not None and each.lost is not None for each in audience.days)


def test_a_channel_without_analytics_tells_its_number_alone(sandbox: Sandbox, library: str):
    youtube = platform_of("youtube", sandbox, library)
    audience = youtube.adapter(publish_config={**youtube.config, "analytics": False}).audience()
    assert audience is not None
    assert audience.days == ()


def test_with_analytics_youtube_is_asked_for_as_many_videos_as_a_report_holds(sandbox: Sandbox, library: str):
    youtube = platform_of("youtube", sandbox, library)
    batches = [
        youtube.adapter(publish_config={**youtube.config, "analytics": analytics}).capabilities.metrics_batch
        for analytics in (False, True)
    ]
    assert batches == [50, 500]


def test_a_number_that_the_channel_hides_is_unknown(sandbox: Sandbox, library: str):
    youtube = platform_of("youtube", sandbox, library)
    hidden = {"hiddenSubscriberCount": True, "subscriberCount": "0"}
    body = {"kind": "youtube#channelListResponse", "items": [{"statistics": hidden}]}
    assert told(youtube, body) == Audience(None)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("x", {"data": {"id": "1"}}),
        ("mastodon", {"followers_count": None}),
        ("instagram", {"id": "1"}),
        ("linkedin", {"firstDegreeSize": "12"}),
        ("tiktok", {"error": {"code": "ok"}, "data": {"user": {"follower_count": True}}}),
        ("mailchimp", {"stats": {}, "activity": []}),
    ],
)
def test_what_is_not_told_is_unknown_and_never_nobody(sandbox: Sandbox, library: str, name: str, body: Any):
    audience = told(platform_of(name, sandbox, library), body)
    assert audience is not None
    assert audience.followers is None


def test_days_that_mailchimp_tells_in_part_are_known_in_part(sandbox: Sandbox, library: str):
    activity = [
        {"day": "2026-11-20", "subs": 3, "other_adds": 2, "unsubs": 1, "other_removes": 0},
        {"day": "2026-11-19", "subs": 3, "unsubs": 1, "other_removes": 4},
        {"day": "yesterday", "subs": 3},
    ]
    audience = told(platform_of("mailchimp", sandbox, library), {"stats": {"member_count": 0}, "activity": activity})
    assert audience == Audience(0, (AudienceDay(date(2026, 11, 20), 5, 1), AudienceDay(date(2026, 11, 19), None, 5)))


def test_a_tiktok_token_without_leave_to_ask_is_no_fault_of_the_account(sandbox: Sandbox, library: str):
    from pipeline.sandbox.tiktok.credentials import DRAFTS_ONLY

    assert platform_of("tiktok", sandbox, library).adapter(credentials=DRAFTS_ONLY).audience() is None


def test_followers_are_counted_for_a_publication_only_where_the_platform_says_so():
    video = with_report(Metrics(), {"subscribersGained": 4, "subscribersLost": 0})
    assert (video.followers_gained, video.followers_lost) == (4, 0)
    assert (with_report(Metrics(), {}).followers_gained, with_report(Metrics(), {}).followers_lost) == (None, None)
    picture = instagram_metrics({}, {"follows": 2}, is_reel=False)
    assert (picture.followers_gained, picture.followers_lost, picture.platform_metrics) == (2, None, {})
    assert instagram_metrics({}, {}, is_reel=True).followers_gained is None


def test_x_charges_for_each_post_and_more_for_one_with_an_address():
    def content(body: str, *more: str) -> Content:
        return Content("d", body, platform_specific={"thread": list(more)} if more else {})

    x = adapter_class("x")
    assert x.price_of(content("Plain words")) == Decimal("0.015")
    assert x.price_of(content("See https://example.com/a")) == Decimal("0.200")
    thread = content("See https://example.com/a", "on", "and on")
    assert x.charges(thread) == {Charge.PUBLICATION_WITH_LINK: 1, Charge.PUBLICATION: 2}
    assert x.price_of(thread) == Decimal("0.230")
    assert all(price.source.startswith("https://docs.x.com/") for price in LIST)


def test_what_x_s_questions_cost_depends_on_where_they_are_asked(sandbox: Sandbox, library: str):
    x = platform_of("x", sandbox, library)
    looked_up = x.adapter().prices()
    assert looked_up is not None
    assert (looked_up.read, looked_up.read_old, looked_up.audience) == (
        Decimal("0.005"),
        Decimal("0.005"),
        Decimal("0.01"),
    )
    in_timeline = x.adapter(publish_config={**x.config, "metrics_from_timeline": True}).prices()
    assert in_timeline is not None
    assert (in_timeline.read, in_timeline.read_old) == (Decimal("0.001"), Decimal("0.005"))
    assert in_timeline.old_after == timedelta(days=30)


def test_platforms_that_charge_nothing_say_so():
    for name in platform_names():
        if name != "x":
            assert adapter_class(name).price_of(Content("d", "https://example.com")) == 0
            assert adapter_class(name).list_prices == ()

"""Paths: which arrivals count, in which order, and what a conversion says itself."""

import uuid
from datetime import UTC, datetime, timedelta

from pipeline.measurement.attribution.paths import DIRECT, Evidence, Touch, path_to

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ARTICLE, THREAD, LETTER, HOME = (uuid.uuid4() for _ in range(4))


def before(minutes: float, channel: str = "x-main", **known) -> Touch:
    return Touch(NOW - timedelta(minutes=minutes), channel, **known)


NOTHING = Evidence()


def channels(*touches: Touch, evidence: Evidence = NOTHING) -> list[str]:
    return [touch.channel for touch in path_to(uuid.uuid4(), NOW, touches, evidence).touches]


def test_touches_are_in_order_of_time_whatever_order_they_come_in():
    assert channels(before(5, "x-main"), before(500, "letter"), before(90, "referral")) == [
        "letter",
        "referral",
        "x-main",
    ]


def test_the_short_link_and_the_page_it_leads_to_are_one_arrival():
    link, page = before(60, distribution_id=THREAD), before(59.9, distribution_id=THREAD)
    assert len(path_to(uuid.uuid4(), NOW, [page, link], NOTHING).touches) == 1


def test_pages_read_on_for_hours_are_one_visit_and_a_later_one_is_another():
    visit = [before(200 - 20 * page, distribution_id=THREAD) for page in range(6)]
    assert len(path_to(uuid.uuid4(), NOW, [*visit, before(10, distribution_id=THREAD)], NOTHING).touches) == 2


def test_two_publications_of_one_account_are_two_touches():
    assert channels(before(9, distribution_id=THREAD), before(8, distribution_id=LETTER)) == ["x-main", "x-main"]


def test_a_conversion_that_nothing_led_to_is_direct_and_keeps_its_article():
    (touch,) = path_to(uuid.uuid4(), NOW, [], Evidence(post_id=ARTICLE)).touches
    assert (touch.channel, touch.at, touch.post_id) == (DIRECT, NOW, ARTICLE)


def test_what_a_report_names_is_the_last_touch_unless_the_path_has_it():
    named = Evidence(Touch(NOW, "letter", LETTER))
    assert channels(before(60, distribution_id=THREAD), evidence=named) == ["x-main", "letter"]
    assert channels(before(60, "letter", distribution_id=LETTER), evidence=named) == ["letter"]


def test_our_own_page_led_nobody_here_but_is_better_than_nothing():
    named = Evidence(Touch(NOW, "site", HOME, ARTICLE), is_own_page=True)
    assert channels(before(60), evidence=named) == ["x-main"]
    assert channels(evidence=named) == ["site"]


def test_the_conversions_article_is_that_of_touches_that_name_none():
    path = path_to(uuid.uuid4(), NOW, [before(9), before(8, "letter", post_id=LETTER)], Evidence(post_id=ARTICLE))
    assert [touch.post_id for touch in path.touches] == [ARTICLE, LETTER]

"""WordPress beyond what every adapter promises."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from pipeline.platforms.base import (
    Absent,
    Changed,
    Identity,
    Inconclusive,
    NotSent,
    Published,
    Rejected,
    Scheduled,
    Unknown,
)
from pipeline.platforms.content import Content
from pipeline.platforms.wordpress import WordPressAdapter, slug_for
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.wordpress.credentials import CONTRIBUTOR
from pipeline.vocabulary import ErrorKind
from pipeline_tests.distribution.test_adapt import ARTICLE, Target
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish


@pytest.fixture
def wordpress(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("wordpress", sandbox, library)


def stored(platform: Platform, path: str, **query: Any) -> Any:
    account = platform.account()
    auth = (account.credentials["username"], account.credentials["app_password"])
    url = f"{platform.sandbox.url}/wordpress/wp-json/wp/v2/{path}"
    return httpx.get(url, auth=auth, params={"context": "edit", "status": "any,trash", **query}).json()


def test_categories_and_tags_are_found_by_name_or_made_once(wordpress: Platform):
    terms = {"categories": ["News & <Views>"], "tags": ["Sugar", "sugar free"]}
    first = publish(wordpress.adapter(), wordpress.content(platform_specific=terms))
    again = {"categories": ["news & <views>"], "tags": ["SUGAR"]}
    second = publish(wordpress.adapter(), wordpress.content(platform_specific=again))
    made = [effect.title for effect in wordpress.sandbox.effects("wordpress") if effect.kind == "term_created"]
    assert Counter(made) == Counter(["News &", "Sugar", "sugar free"])
    one, two = (stored(wordpress, f"posts/{post.external_id}") for post in (first, second))
    assert one["categories"] == two["categories"]
    assert two["tags"] == one["tags"][:1]
    assert len(one["tags"]) == 2


def test_a_term_that_another_post_made_just_now_is_taken(wordpress: Platform):
    asked: list[dict[str, Any]] = []

    def raced(request) -> None:
        if request.path.endswith("/posts"):
            asked.append(json.loads(request.said))
            reply(request, 201, b'{"id": 7, "status": "publish"}')
        elif request.command == "POST":
            reply(request, 400, b'{"code": "term_exists", "data": {"status": 400, "term_id": 42}}')
        else:
            reply(request, 200, b"[]")

    with answering(raced) as url:
        publish(
            wordpress.adapter(publish_config={"api_url": url}), wordpress.content(platform_specific={"tags": ["new"]})
        )
    assert asked[0]["tags"] == [42]


def test_a_term_that_may_not_be_made_is_a_rejection_and_no_post_goes_out_without_it(wordpress: Platform):
    asked = []

    def strict(request) -> None:
        asked.append((request.command, request.path.partition("?")[0]))
        known = b'[{"id": 9, "name": "Old &amp; known"}]'
        reply(request, *((403, b'{"code": "rest_cannot_create"}') if request.command == "POST" else (200, known)))

    with answering(strict) as url:
        outcome = wordpress.adapter(publish_config={"api_url": url}).publish(
            wordpress.content(platform_specific={"tags": ["old & known", "new"]}), Notebook().journal()
        )
    assert isinstance(outcome, Rejected)
    assert outcome.error.code == "rest_cannot_create"
    tags = "/wp-json/wp/v2/tags"
    assert asked == [("GET", tags), ("GET", tags), ("POST", tags)]


def test_a_picture_that_the_site_has_is_featured_before_the_posts_own(wordpress: Platform):
    earlier = publish(wordpress.adapter(), wordpress.content(media=wordpress.media("cover")))
    theirs = stored(wordpress, f"posts/{earlier.external_id}")["featured_media"]
    content = wordpress.content(media=wordpress.media("picture"), platform_specific={"featured_image_id": theirs})
    post = stored(wordpress, f"posts/{publish(wordpress.adapter(), content).external_id}")
    assert post["featured_media"] == theirs
    assert 'alt="The sample&#x27;s picture"' in post["content"]["raw"]


def test_files_of_every_kind_go_along_and_pictures_come_first(wordpress: Platform):
    sound, video, cover, picture = wordpress.media("sound", "video", "cover", "picture")
    article = replace(ARTICLE, media=[sound, video, cover, picture])
    adapted = WordPressAdapter.adapt(article, Target("wordpress"))
    assert adapted.media == (cover, picture, video, sound)


def test_the_slug_has_words_of_the_title_and_a_piece_of_the_id():
    content = Content("0191f5a0-aaaa-7bbb-8ccc-0123456789ab", body="x", title="Wie man ein Etikett liest: 10 Tipps!")
    assert slug_for(content) == "wie-man-ein-etikett-liest-10-tipps-0191f5a0aaaa"
    assert slug_for(replace(content, title="!?")) == "post-0191f5a0aaaa"
    assert len(slug_for(replace(content, title="word " * 100))) < 80


def test_a_title_changed_between_attempts_does_not_hide_the_earlier_post(wordpress: Platform):
    adapter, content, notebook = wordpress.adapter(), wordpress.content(), Notebook()
    wordpress.fail("drop_after")
    adapter.publish(content, notebook.journal())
    renamed = replace(content, title="Another title altogether")
    found = adapter.reconcile(renamed, notebook.journal())
    assert isinstance(found, Published)
    assert adapter.publish(renamed, notebook.journal()) == found
    assert len(wordpress.effects()) == 1


def test_a_post_that_was_put_in_the_trash_since_is_found_and_not_sent_again(wordpress: Platform):
    adapter, content, notebook = wordpress.adapter(), wordpress.content(), Notebook()
    published = publish(adapter, content, notebook)
    adapter.delete(published.external_id)
    found = adapter.reconcile(content, notebook.journal())
    assert isinstance(found, Published)
    assert found.external_id == published.external_id
    publish(adapter, content, notebook)
    assert len(wordpress.effects()) == 1


def test_another_post_with_the_same_title_is_not_taken_for_this_one(wordpress: Platform):
    adapter, content = wordpress.adapter(), wordpress.content(title="The same")
    publish(adapter, content)
    assert adapter.reconcile(wordpress.content(title="The same"), Notebook().journal()) == Absent()


def test_a_post_that_wordpress_keeps_as_a_draft_is_not_called_published(wordpress: Platform):
    draft = b'{"id": 7, "status": "pending", "link": "http://127.0.0.1/?p=7"}'
    with answering(
        lambda request: reply(request, 201, draft if request.command == "POST" else b"[" + draft + b"]")
    ) as url:
        adapter = wordpress.adapter(publish_config={"api_url": url})
        outcome = adapter.publish(wordpress.content(), Notebook().journal())
        assert isinstance(outcome, Rejected)
        assert "pending" in outcome.error.message
        assert isinstance(adapter.reconcile(wordpress.content(), Notebook().journal()), Inconclusive)


def test_the_publication_has_wordpresss_own_time_and_address(wordpress: Platform):
    post = b'{"id": 7, "status": "publish", "link": "https://e.org/p", "date_gmt": "2026-03-04T05:06:07"}'
    with answering(lambda request: reply(request, 201, post)) as url:
        outcome = wordpress.adapter(publish_config={"api_url": f"{url}/wp-json/"}).publish(
            wordpress.content(), Notebook().journal()
        )
    assert outcome == Published("7", "https://e.org/p", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))


def test_an_update_changes_the_post_in_place(wordpress: Platform):
    adapter, content = wordpress.adapter(), wordpress.content()
    published = publish(adapter, content)
    adapter.update(published.external_id, replace(content, title="Corrected", body="<p>Better.</p>"))
    post = stored(wordpress, f"posts/{published.external_id}")
    assert (post["title"]["raw"], post["content"]["raw"], post["status"]) == ("Corrected", "<p>Better.</p>", "publish")
    assert post["link"] == published.external_url


def test_an_update_of_what_is_not_there_is_rejected(wordpress: Platform):
    outcome = wordpress.adapter().update("4711", wordpress.content())
    assert isinstance(outcome, Rejected)
    assert outcome.error.code == "rest_post_invalid_id"


def test_an_address_without_the_api_is_no_deletion(wordpress: Platform):
    wrong = wordpress.adapter(publish_config={"api_url": f"{wordpress.sandbox.url}/wordpress/wp-json/no"})
    assert isinstance(wrong.delete("1"), Rejected)


def test_of_many_posts_those_that_are_gone_are_told_and_the_rest_is_unknown(wordpress: Platform):
    adapter = wordpress.adapter()
    live = publish(adapter, wordpress.content())
    ids = [live.external_id, *map(str, range(100_000, 100_150))]
    assert list(adapter.metrics(ids)) == ids[1:]


def test_what_wordpress_would_refuse_or_drop_is_told_beforehand(wordpress: Platform):
    content = Content("id", title=" ", body="", platform_specific={"tags": "one"})
    problems = wordpress.adapter().validate(content)
    assert [problem.field for problem in problems] == ["title", "body", "platform_specific.tags"]


def test_how_large_a_file_may_be_is_the_sites_word(wordpress: Platform):
    small = wordpress.adapter(publish_config={**wordpress.config, "max_upload_bytes": 10_000})
    content = wordpress.content(media=wordpress.media("picture", "sound"))
    (problem,) = small.validate(content)  # a picture can be made smaller
    assert problem.field == "media"
    assert "the platform takes 10,000" in problem.message
    assert wordpress.adapter().validate(content) == []


def test_a_file_that_wordpress_refuses_is_a_rejection_although_it_says_so_by_a_500(wordpress: Platform):
    asked = []

    def refusing(request) -> None:
        asked.append((request.command, request.path.partition("?")[0].rpartition("/")[2]))
        refused = b'{"code": "rest_upload_sideload_error", "message": "No such types.", "data": {"status": 500}}'
        reply(request, *((500, refused) if request.command == "POST" else (200, b"[]")))

    with answering(refusing) as url:
        adapter = wordpress.adapter(publish_config={"api_url": url})
        outcome = adapter.publish(wordpress.content(media=wordpress.media("picture")), Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert outcome.error.kind is ErrorKind.VALIDATION
    assert "No such types." in outcome.error.message
    assert asked == [("GET", "media"), ("POST", "media")]


@pytest.mark.parametrize(
    ("change", "outcome_type"), [({"sha256": "0" * 64}, Rejected), ({"url": "http://[::1]:9/x"}, Rejected)]
)
def test_a_file_that_is_not_to_be_had_keeps_the_post_from_being_sent(
    wordpress: Platform, change: dict[str, Any], outcome_type: type
):
    (picture,) = wordpress.media("picture")
    outcome = wordpress.adapter().publish(wordpress.content(media=[replace(picture, **change)]), Notebook().journal())
    assert isinstance(outcome, outcome_type)
    assert wordpress.sandbox.effects("wordpress") == []


@pytest.mark.parametrize("item", [b'{"id": 5}', b'{"id": "5", "source_url": "http://x/a.png"}', b"[]"])
def test_an_uploads_answer_that_says_nothing_of_the_file_sends_no_post(wordpress: Platform, item: bytes):
    with answering(lambda request: reply(request, 200, b"[]" if request.command == "GET" else item)) as url:
        adapter = wordpress.adapter(publish_config={"api_url": url})
        outcome = adapter.publish(wordpress.content(media=wordpress.media("sound")), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.PROTOCOL


def test_a_site_whose_clock_is_ahead_may_publish_at_once_and_that_is_not_called_scheduled(wordpress: Platform):
    post = b'{"id": 7, "status": "publish", "link": "https://e.org/p", "date_gmt": "2026-03-04T05:06:07"}'
    with answering(lambda request: reply(request, 201, post)) as url:
        adapter = wordpress.adapter(publish_config={"api_url": url})
        outcome = adapter.schedule(wordpress.content(), datetime.now(UTC) + timedelta(hours=1), Notebook().journal())
    assert isinstance(outcome, Unknown)
    assert outcome.error.code == "status_publish"


def test_the_hour_of_a_schedule_is_sent_in_utc(wordpress: Platform):
    at = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
    for moment in (at, at.astimezone(timezone(timedelta(hours=9)))):
        outcome = wordpress.adapter().schedule(wordpress.content(), moment, Notebook().journal())
        assert isinstance(outcome, Scheduled)
        assert (outcome.at, outcome.at.utcoffset()) == (at, timedelta())


def test_what_is_not_there_counts_as_taken_back_and_what_cannot_be_asked_does_not(wordpress: Platform):
    assert wordpress.adapter().unschedule("4711") == Changed("4711")
    wordpress.sandbox.fault("wordpress", "unavailable")
    assert isinstance(wordpress.adapter().unschedule("4711"), NotSent)


@pytest.mark.parametrize("calls_before", [0, 1, 2])
@pytest.mark.parametrize("kind", ["drop_after", "server_error", "garbage"])
def test_whichever_call_of_a_taking_back_fails_it_holds_once_it_is_repeated(
    wordpress: Platform, calls_before: int, kind: str
):
    adapter, content, notebook = wordpress.adapter(), wordpress.content(), Notebook()
    scheduled = adapter.schedule(content, datetime.now(UTC) + timedelta(hours=1), notebook.journal())
    assert isinstance(scheduled, Scheduled)
    if calls_before:
        wordpress.sandbox.fault("wordpress", "delay", seconds=0, count=calls_before)
    wordpress.sandbox.fault("wordpress", kind)
    assert isinstance(adapter.unschedule(scheduled.external_id), NotSent if calls_before == 0 else Unknown)
    assert adapter.unschedule(scheduled.external_id) == Changed(scheduled.external_id)
    assert adapter.reconcile(content, notebook.journal()) == Absent()
    assert stored(wordpress, f"posts/{scheduled.external_id}")["slug"].count("-taken-back") == 1


def test_a_user_who_may_not_publish_is_found_out_by_asking_and_rests_the_account_at_sending(wordpress: Platform):
    adapter = wordpress.adapter(credentials=CONTRIBUTOR)
    assert list(adapter.whoami().missing_scopes) == ["publish_posts", "upload_files"]
    outcome = adapter.publish(wordpress.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert (outcome.error.kind, outcome.error.code) == (ErrorKind.AUTH, "rest_cannot_publish")
    assert wordpress.effects() == []


def test_a_site_that_does_not_tell_capabilities_is_not_said_to_lack_any(wordpress: Platform):
    with answering(lambda request: reply(request, 200, b'{"name": "Ann"}')) as url:
        assert wordpress.adapter(publish_config={"api_url": url}).whoami() == Identity("Ann")


def test_an_account_without_an_address_is_not_sent_to(wordpress: Platform):
    outcome = wordpress.adapter(publish_config={}).publish(wordpress.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.AUTH
    assert outcome.error.code == "missing_api_url"

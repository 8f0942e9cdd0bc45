"""LinkedIn beyond what every adapter promises: as an organisation, and as a member."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pipeline.platforms.base import (
    Absent,
    Adapter,
    Changed,
    Gone,
    Inconclusive,
    Metrics,
    NotSent,
    PlatformUnavailableError,
    Published,
    Rejected,
    Unknown,
)
from pipeline.platforms.content import Content
from pipeline.platforms.linkedin.figures import metrics_of
from pipeline.platforms.offer import Guarantee
from pipeline.platforms.permalinks import external_id
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.linkedin.credentials import MEMBER, PERSON_URN, READ_ONLY
from pipeline.sandbox.server import running
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish

URN = "urn:li:share:7000000000000000001"
RESERVED = r"All of \ | { } @ [ ] ( ) < > # * _ ~ and #AI"


@pytest.fixture
def linkedin(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("linkedin", sandbox, library)


def as_member(linkedin: Platform, **config: Any) -> Adapter:
    return linkedin.adapter(
        credentials=MEMBER, publish_config={**linkedin.config, "author": PERSON_URN, **config}, patience_seconds=0.3
    )


def as_json(request: Any, status: int, body: Any, **headers: str) -> None:
    reply(request, status, json.dumps(body).encode(), Content_Type="application/json", **headers)


def said_by_linkedin(linkedin: Platform, status: int, body: Any, **headers: str) -> Any:
    """What publishing comes to where LinkedIn answers everything like this."""
    with answering(lambda request: as_json(request, status, body, **headers)) as url:
        adapter = linkedin.adapter(publish_config=linkedin.elsewhere(url))
        return adapter.publish(linkedin.content(), Notebook().journal())


def by_path(answers: Mapping[str, Any]) -> Callable[[Any], None]:
    """The first answer whose key is in the request's method and path."""

    def answer(request: Any) -> None:
        asked = f"{request.command} {request.path}"
        as_json(request, 200, next(body for part, body in answers.items() if part in asked))

    return answer


def test_readers_see_the_whole_text_whatever_is_in_it_and_so_after_an_update(linkedin: Platform):
    adapter = linkedin.adapter()
    published = publish(adapter, linkedin.content(body=RESERVED, platform_specific={"hashtags": ["#AI"]}))
    assert linkedin.effects()[0].text == RESERVED
    changed = adapter.update(published.external_id, linkedin.content(body=f"{RESERVED}!"))
    assert changed == Changed(published.external_id, published.external_url)
    assert linkedin.sandbox.effects("linkedin")[-1].text == f"{RESERVED}!"


def test_a_post_without_files_shows_a_card_of_the_page_it_is_about(linkedin: Platform):
    content = linkedin.content(title="A title", link_url="https://example.com/a?b=1&c=2")
    page = httpx.get(publish(linkedin.adapter(), content).external_url or "").text
    assert '<a href="https://example.com/a?b=1&amp;c=2" rel="nofollow">A title</a>' in page


def test_a_post_is_found_again_by_what_it_says_however_many_are_newer(linkedin: Platform):
    adapter, notebook = linkedin.adapter(), Notebook()
    content = linkedin.content(body=f"the oldest: {RESERVED}", platform_specific={"hashtags": ["#AI"]})
    linkedin.fail("drop_after")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    for number in range(110):
        publish(adapter, linkedin.content(body=f"newer {number}"))
    found = adapter.reconcile(content, notebook.journal())
    assert isinstance(found, Published)
    assert found.external_id == linkedin.effects()[0].external_id
    assert adapter.reconcile(linkedin.content(body="another"), notebook.journal()) == Absent()


def test_an_older_post_that_says_the_same_is_not_this_one(linkedin: Platform):
    adapter, content = linkedin.adapter(), linkedin.content()
    publish(adapter, content)
    later = Notebook(started_at=datetime.now(UTC) + timedelta(hours=1))
    assert adapter.reconcile(content, later.journal()) == Absent()
    outcome = adapter.publish(content, later.journal())
    assert isinstance(outcome, Unknown)
    assert (outcome.error.kind, outcome.error.code) == (ErrorKind.DUPLICATE, "DUPLICATE_POST")


def test_a_refusal_for_a_duplicate_adopts_the_post_that_landed_and_no_ghost(linkedin: Platform):
    adapter, content, notebook = linkedin.adapter(), linkedin.content(), Notebook()
    first = publish(adapter, content, notebook)
    assert publish(adapter, content, notebook).external_id == first.external_id
    adapter.delete(first.external_id)
    outcome = adapter.publish(content, notebook.journal())
    assert isinstance(outcome, Unknown)
    assert outcome.error.kind is ErrorKind.DUPLICATE
    assert len(linkedin.effects()) == 1


def test_a_post_of_somebody_elses_is_not_adopted(linkedin: Platform):
    duplicate = {"message": f"Content is a duplicate of {URN}", "code": "DUPLICATE_POST", "status": 422}
    theirs = {"id": URN, "author": "urn:li:organization:2", "publishedAt": 32503680000000}

    def answer(request: Any) -> None:
        as_json(request, *((422, duplicate) if request.command == "POST" else (200, theirs)))

    with answering(answer) as url:
        adapter = linkedin.adapter(publish_config=linkedin.elsewhere(url))
        assert isinstance(adapter.publish(linkedin.content(), Notebook().journal()), Unknown)


@pytest.mark.parametrize("headers", [{}, {"x_restli_id": "urn:li:person:1"}])
def test_a_success_that_names_no_post_is_unknown(linkedin: Platform, headers: dict[str, str]):
    assert isinstance(said_by_linkedin(linkedin, 201, {}, **headers), Unknown)
    assert isinstance(said_by_linkedin(linkedin, 201, {}, x_restli_id=URN), Published)


def test_a_version_that_linkedin_has_ended_rests_the_account_and_says_what_to_change(linkedin: Platform):
    adapter = linkedin.adapter(publish_config={**linkedin.config, "version": "202401"})
    outcome = adapter.publish(linkedin.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert (outcome.error.kind, outcome.error.code) == (ErrorKind.AUTH, "NONEXISTENT_VERSION")
    assert outcome.error.message.endswith("20240101 is not active: raise the account's setting `version`")
    with pytest.raises(PlatformUnavailableError):
        adapter.whoami()


def test_a_used_up_day_is_waited_for_until_midnight_in_utc(linkedin: Platform):
    message = "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached."
    before = datetime.now(UTC)
    outcome = said_by_linkedin(linkedin, 429, {"message": message, "status": 429})
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.RATE_LIMITED
    assert outcome.retry_at is not None
    assert timedelta() < outcome.retry_at - before <= timedelta(days=1)
    assert outcome.retry_at.time() == datetime.min.time()


@pytest.mark.parametrize(
    ("message", "outcome_type", "kind"),
    [
        ("Not enough permissions to access: posts.CREATE.20260701", NotSent, ErrorKind.AUTH),
        ("Data Processing Exception while processing fields [/author]", NotSent, ErrorKind.AUTH),
        ("Data Processing Exception while processing fields [/content]", Rejected, ErrorKind.POLICY),
    ],
)
def test_a_refusal_rests_the_account_where_it_is_about_the_account(
    linkedin: Platform, message: str, outcome_type: type[NotSent | Rejected], kind: ErrorKind
):
    outcome = said_by_linkedin(linkedin, 403, {"message": message, "status": 403, "code": "ACCESS_DENIED"})
    assert isinstance(outcome, outcome_type)
    assert outcome.error.kind is kind


def test_a_token_that_may_only_read_is_found_out_by_asking_and_rests_the_account_at_sending(linkedin: Platform):
    adapter = linkedin.adapter(credentials=READ_ONLY)
    assert list(adapter.whoami().missing_scopes) == ["w_organization_social"]
    outcome = adapter.publish(linkedin.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.AUTH
    assert linkedin.effects() == []


def test_when_a_token_ends_is_known_to_whoever_has_the_apps_keys(linkedin: Platform):
    ends = linkedin.adapter().whoami().expires_at
    assert ends is not None
    assert timedelta(days=59) < ends - datetime.now(UTC) < timedelta(days=61)
    token_alone = {"access_token": linkedin.credentials["access_token"]}
    assert linkedin.adapter(credentials=token_alone).whoami().expires_at is None


def test_a_token_that_was_taken_back_is_told_as_such(linkedin: Platform):
    answers = {"introspectToken": {"active": False, "status": "revoked"}, "GET": {"localizedName": "Press"}}
    with answering(by_path(answers)) as url:
        adapter = linkedin.adapter(publish_config=linkedin.elsewhere(url))
        with pytest.raises(PlatformUnavailableError, match="the token is revoked") as refused:
            adapter.whoami()
    assert refused.value.error.kind is ErrorKind.AUTH


def test_many_posts_are_counted_twenty_at_a_call(library: str):
    with running(speed=1e9, processing=timedelta(seconds=0.1)) as sandbox:
        linkedin = platform_of("linkedin", sandbox, library)
        adapter = linkedin.adapter()
        ids = [publish(adapter, linkedin.content(body=f"Post {number}")).external_id for number in range(25)]
        film = publish(adapter, linkedin.content(media=linkedin.media("video"))).external_id
        sandbox.fault("linkedin", "delay", seconds=0, count=100)  # which changes nothing and is counted
        figures = adapter.metrics([*ids, film])
        (left,) = sandbox.faults()
        assert left["count"] == 100 - 2
        assert figures.keys() == {*ids, film}
        assert all(isinstance(each, Metrics) and each.impressions and each.saves is None for each in figures.values())


def test_what_nobody_has_seen_counts_nothing_and_what_is_gone_is_gone(linkedin: Platform):
    adapter = linkedin.adapter()
    live, deleted = (publish(adapter, linkedin.content()).external_id for _ in range(2))
    adapter.delete(deleted)
    figures = adapter.metrics([live, deleted])
    assert figures == {
        live: Metrics(impressions=0, reach=0, engagements=0, clicks=0, shares=0, comments=0, likes=0),
        deleted: Gone(),
    }


def test_a_post_older_than_linkedins_figures_has_unknown_ones(linkedin: Platform):
    answers = {
        "organizationalEntityShareStatistics": {"elements": []},
        "posts": {"results": {URN: {"publishedAt": 1_600_000_000_000}}, "errors": {}},
    }
    with answering(by_path(answers)) as url:
        assert linkedin.adapter(publish_config=linkedin.elsewhere(url)).metrics([URN]) == {}


def watched(adapter: Adapter, urn: str) -> tuple[int | None, int | None]:
    """How often and for how many seconds."""
    found = adapter.metrics([urn])[urn]
    assert isinstance(found, Metrics)
    return found.video_views, found.video_watch_time_seconds


def test_an_organisations_videos_are_watched_and_its_other_posts_are_not(linkedin: Platform):
    adapter = linkedin.adapter(publish_config={**linkedin.config, "video_metrics": True})
    film = publish(adapter, linkedin.content(media=linkedin.media("video"))).external_id
    words = publish(adapter, linkedin.content()).external_id
    assert watched(adapter, film) == (0, 0)
    assert watched(adapter, words) == (None, None)
    assert watched(linkedin.adapter(), film) == (None, None)


def test_milliseconds_watched_become_seconds_and_what_is_not_offered_is_unknown(linkedin: Platform):
    def told(values: dict[str, int]) -> tuple[int | None, int | None]:
        def answer(request: Any) -> None:
            if "videoAnalytics" not in request.path:
                body = {"elements": [{"ugcPost": "urn:li:ugcPost:1", "totalShareStatistics": {"likeCount": 2}}]}
                return reply(request, 200, json.dumps(body).encode())
            figure = next((name for name in values if f"type={name}&" in request.path), None)
            if figure is None:
                return reply(request, 400, b"{}")
            return reply(request, 200, json.dumps({"elements": [{"value": values[figure]}]}).encode())

        with answering(answer) as url:
            config = {**linkedin.elsewhere(url), "video_metrics": True}
            return watched(linkedin.adapter(publish_config=config), "urn:li:ugcPost:1")

    assert told({"VIDEO_VIEW": 7, "TIME_WATCHED": 61_999}) == (7, 61)
    assert told({"VIDEO_VIEW": 7}) == (7, None)


def test_figures_keep_what_has_no_column_and_zero_is_not_unknown():
    told = {"impressionCount": 900, "likeCount": 5, "commentCount": 0, "engagement": 0.5, "newCount": 8}
    expected = Metrics(
        impressions=900, engagements=5, comments=0, likes=5, platform_metrics={"engagement": 0.5, "newCount": 8}
    )
    assert metrics_of(told) == expected
    assert metrics_of({}) == metrics_of(None) == Metrics()


def test_the_guarantee_and_the_figures_of_a_member_are_narrower(linkedin: Platform):
    organization, member = linkedin.adapter().capabilities, as_member(linkedin).capabilities
    assert (organization.guarantee, organization.metrics_batch) == (Guarantee.LIKELY, 20)
    assert (member.guarantee, member.metrics, member.metrics_batch) == (Guarantee.A_PERSON_DECIDES, True, 1)
    without = as_member(linkedin, member_metrics=False)
    assert not without.capabilities.metrics
    assert without.metrics([URN]) == {}


def test_a_members_lost_answer_is_for_a_person_to_settle(linkedin: Platform):
    adapter, content, notebook = as_member(linkedin), linkedin.content(), Notebook()
    linkedin.fail("drop_after")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    assert adapter.reconcile(content, notebook.journal()) == Absent()  # under its guarantee, that decides nothing
    again = adapter.publish(content, notebook.journal())
    assert isinstance(again, Unknown)
    assert again.error.kind is ErrorKind.DUPLICATE
    assert len(linkedin.effects()) == 1
    linkedin.sandbox.fault("linkedin", "drop_before")
    assert isinstance(adapter.reconcile(content, notebook.journal()), Inconclusive)


def test_a_members_figures_are_asked_for_one_by_one(linkedin: Platform):
    adapter = as_member(linkedin)
    live, deleted = (publish(adapter, linkedin.content()).external_id for _ in range(2))
    adapter.delete(deleted)
    figures = adapter.metrics([live, deleted])
    assert figures == {
        live: Metrics(
            impressions=0,
            reach=0,
            engagements=0,
            clicks=0,
            shares=0,
            comments=0,
            likes=0,
            saves=0,
            followers_gained=0,
        ),
        deleted: Gone(),
    }
    linkedin.sandbox.fault("linkedin", "delay", seconds=0, count=100)  # which changes nothing and is counted
    older = as_member(linkedin, version="202603").metrics([live])[live]
    (left,) = linkedin.sandbox.faults()
    assert left["count"] == 100 - 5
    assert isinstance(older, Metrics)
    assert (older.likes, older.saves, older.clicks) == (0, None, None)


def test_a_figure_that_linkedin_does_not_offer_of_a_members_post_is_unknown(linkedin: Platform):
    def answer(request: Any) -> None:
        if "LINK_CLICKS" in request.path:
            as_json(request, 400, {"message": "not supported", "status": 400})
        else:
            as_json(request, 200, {"elements": [{"count": 3}] if "REACTION" in request.path else []})

    with answering(answer) as url:
        figures = as_member(linkedin, base_url=url).metrics([URN])
    assert figures == {URN: Metrics(likes=3, engagements=3)}


def test_a_member_is_told_by_name_and_another_members_token_is_found_out(linkedin: Platform):
    identity = as_member(linkedin).whoami()
    assert identity.name == "Sandy Sandbox (nobody real)"
    assert identity.missing_scopes == ()
    with pytest.raises(PlatformUnavailableError, match="not that of urn:li:person:another") as refused:
        as_member(linkedin, author="urn:li:person:another").whoami()
    assert refused.value.error.kind is ErrorKind.AUTH


def test_a_member_may_say_who_sees_a_post(linkedin: Platform):
    said = []

    def answer(request: Any) -> None:
        said.append(json.loads(request.said))
        as_json(request, 201, {}, x_restli_id=URN)

    with answering(answer) as url:
        publish(as_member(linkedin, base_url=url, visibility="CONNECTIONS"), linkedin.content())
        publish(as_member(linkedin, base_url=url), linkedin.content())
    assert [each["visibility"] for each in said] == ["CONNECTIONS", "PUBLIC"]
    assert {each["author"] for each in said} == {PERSON_URN}
    assert all("content" not in each for each in said)


def test_an_account_without_an_author_is_told_so(linkedin: Platform):
    outcome = linkedin.adapter(publish_config={**linkedin.config, "author": ""}).publish(
        linkedin.content(), Notebook().journal()
    )
    assert isinstance(outcome, NotSent)
    assert outcome.error.code == "missing_author"


def test_what_linkedin_would_refuse_is_told_beforehand(linkedin: Platform):
    def messages(body: str = "fine", **more: Any) -> list[str]:
        return [problem.message for problem in linkedin.adapter().validate(Content("id", body=body, **more))]

    assert messages("a" * 3000) == []
    assert messages("(" * 1501) == ["The post counts 3,002 characters as LinkedIn is sent them; 3,000 are allowed."]
    assert messages(" ") == ["The post has no text."]
    assert messages(title="a" * 401) == ["LinkedIn takes titles of up to 400 characters."]
    assert messages(media=linkedin.media("picture", "video")) == [
        "A post on LinkedIn has pictures or a video, not both."
    ]
    assert [each.endswith("takes no audio.") for each in messages(media=linkedin.media("sound"))] == [True]
    assert len(messages(media=linkedin.media("picture") * 21)) == 1
    assert messages(media=linkedin.media("picture") * 20) == []


@pytest.mark.parametrize("urn", [URN, "urn:li:ugcPost:7"])
def test_the_address_of_a_post_tells_its_urn(urn: str):
    assert external_id("linkedin", f"https://www.linkedin.com/feed/update/{urn}/?utm=x", {}, None) == urn

"""TikTok beyond what every adapter promises."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pipeline.platforms.base import (
    Inconclusive,
    Metrics,
    NotSent,
    PlatformUnavailableError,
    Published,
    Rejected,
    Unknown,
)
from pipeline.platforms.content import Content
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.server import running
from pipeline.sandbox.tiktok.credentials import CREATOR, DRAFTS_ONLY, METERED, UNAUDITED, UNAUDITED_PUBLIC
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish

OK = {"code": "ok", "message": "", "log_id": "1"}
PUBLISH = "/v2/post/publish"
SOMEBODY = {
    "creator_username": "somebody",
    "creator_nickname": "Somebody",
    "privacy_level_options": ["PUBLIC_TO_EVERYONE", "SELF_ONLY"],
    "comment_disabled": False,
    "duet_disabled": True,
    "stitch_disabled": False,
    "max_video_post_duration_sec": 60,
}


@pytest.fixture
def tiktok(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("tiktok", sandbox, library)


@pytest.fixture(scope="module")
def slow() -> Iterator[Sandbox]:
    """A sandbox that never comes to an end with what it was given."""
    with running(processing=timedelta(days=1)) as sandbox:
        yield sandbox


def pictures(tiktok: Platform, **changes: Any) -> Content:
    return tiktok.content(media=tiktok.media("picture", "cover"), **changes)


class Script:
    """A TikTok that says what it is told to, by path, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {"creator_info": SOMEBODY, **answers}
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, request: Any) -> None:
        part = next((part for part in self.answers if part in request.path), "")
        self.asked.append((request.path, json.loads(request.said) if request.said.startswith(b"{") else None))
        said = self.answers.get(part, {})
        status, body = said if isinstance(said, tuple) else (200, {"data": said, "error": OK})
        reply(request, status, json.dumps(body).encode())

    def of(self, part: str) -> list[Any]:
        return [body for path, body in self.asked if part in path]


def refusing(status: int, code: str, message: str = "") -> tuple[int, Any]:
    return status, {"data": {}, "error": {"code": code, "message": message, "log_id": "1"}}


def test_what_the_account_and_the_creator_want_goes_with_the_post(tiktok: Platform):
    script = Script(**{"/init/": refusing(400, "invalid_params")})
    with answering(script) as url:
        config = {**tiktok.elsewhere(url), "disable_comment": True, "is_aigc": True, "brand_organic_toggle": True}
        adapter = tiktok.adapter(publish_config=config)
        adapter.publish(tiktok.content(body="Look"), Notebook().journal())
        adapter.publish(pictures(tiktok, title="Two", body="of them"), Notebook().journal())
    video, photos = script.of("/init/")
    shared = {
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "disable_comment": True,
        "brand_content_toggle": False,
        "brand_organic_toggle": True,
    }
    assert video["post_info"] == {
        "title": "Look",
        "disable_duet": True,
        "disable_stitch": False,
        "is_aigc": True,
        **shared,
    }
    assert photos["post_info"] == {"title": "Two", "description": "of them", "auto_add_music": False, **shared}


@pytest.mark.parametrize(
    ("level", "code", "words"),
    [
        (None, "missing_privacy_level", "has no privacy_level"),
        (
            "FOLLOWER_OF_CREATOR",
            "privacy_level_option_mismatch",
            "is FOLLOWER_OF_CREATOR, and TikTok offers PUBLIC_TO_EVERYONE, MUTUAL_FOLLOW_FRIENDS, SELF_ONLY",
        ),
    ],
)
def test_a_privacy_level_that_is_not_set_or_not_offered_concerns_the_account(
    tiktok: Platform, level: str | None, code: str, words: str
):
    adapter = tiktok.adapter(publish_config={**tiktok.config, "privacy_level": level})
    outcome = adapter.publish(tiktok.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert (outcome.error.kind, outcome.error.code) == (ErrorKind.AUTH, code)
    assert outcome.error.message.endswith(words)


def test_a_post_without_a_video_or_a_picture_is_refused_before_it_is_begun(tiktok: Platform):
    outcome = tiktok.adapter().publish(tiktok.content(media=()), Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert outcome.error.kind is ErrorKind.VALIDATION


def test_an_app_that_was_not_audited_concerns_the_account(tiktok: Platform):
    outcome = tiktok.adapter(credentials=UNAUDITED_PUBLIC).publish(tiktok.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.AUTH
    assert outcome.error.code == "unaudited_client_can_only_post_to_private_accounts"


def test_a_post_for_its_creator_alone_goes_by_its_publish_id_and_has_no_figures(tiktok: Platform):
    adapter = tiktok.adapter(credentials=UNAUDITED, publish_config={**tiktok.config, "privacy_level": "SELF_ONLY"})
    notebook = Notebook()
    published = publish(adapter, tiktok.content(), notebook)
    assert published.external_id == notebook.handles["publish_id"]
    assert published.external_url is None
    assert adapter.metrics([published.external_id]) == {}


def test_too_many_beginnings_in_a_minute_are_waited_for(tiktok: Platform):
    adapter = tiktok.adapter(credentials=METERED, patience_seconds=0)
    outcomes = [adapter.publish(tiktok.content(), Notebook().journal()) for _ in range(7)]
    assert isinstance(outcomes[5], Unknown)
    assert isinstance(outcomes[6], NotSent)
    assert outcomes[6].error.kind is ErrorKind.RATE_LIMITED
    assert len(tiktok.effects()) == 6


def test_a_used_up_day_is_told_by_a_200_and_rests_the_account_for_a_day(tiktok: Platform):
    with answering(Script(creator_info=refusing(200, "spam_risk_too_many_posts"))) as url:
        outcome = tiktok.adapter(publish_config=tiktok.elsewhere(url)).publish(tiktok.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.RATE_LIMITED
    assert outcome.retry_at is not None
    assert timedelta(hours=23) < outcome.retry_at - datetime.now(UTC) <= timedelta(days=1)


@pytest.mark.parametrize(
    ("answer", "outcome", "kind"),
    [
        (refusing(403, "spam_risk_user_banned_from_posting"), NotSent, ErrorKind.AUTH),
        (refusing(401, "scope_not_authorized"), NotSent, ErrorKind.AUTH),
        (refusing(403, "reached_active_user_cap"), NotSent, ErrorKind.RATE_LIMITED),
        (refusing(403, "url_ownership_unverified"), Rejected, ErrorKind.POLICY),
        (refusing(400, "invalid_params"), Rejected, ErrorKind.VALIDATION),
        (refusing(200, "something_new"), Rejected, ErrorKind.POLICY),
        (refusing(200, "internal_error"), Unknown, ErrorKind.UNAVAILABLE),
        (refusing(500, "internal_error"), Unknown, ErrorKind.UNAVAILABLE),
        ((200, {"data": {}, "error": {}}), Unknown, ErrorKind.PROTOCOL),
        ((200, {"data": {}, "error": OK}), Unknown, ErrorKind.PROTOCOL),
    ],
)
def test_a_refusal_of_pictures_means_what_its_code_says(
    tiktok: Platform, answer: tuple[int, Any], outcome: type, kind: ErrorKind
):
    with answering(Script(**{"/content/init/": answer})) as url:
        adapter = tiktok.adapter(publish_config=tiktok.elsewhere(url))
        found = adapter.publish(pictures(tiktok), Notebook().journal())
    assert isinstance(found, outcome)
    assert not isinstance(found, Published)
    assert found.error.kind is kind


def test_pictures_are_published_from_their_own_addresses(tiktok: Platform):
    content = pictures(tiktok, title="Two pictures")
    published = publish(tiktok.adapter(), content)
    (effect,) = tiktok.effects()
    assert (effect.title, effect.text) == ("Two pictures", content.body)
    assert (
        published.external_url == effect.url == f"{tiktok.sandbox.url}/tiktok/@sandbox_press/photo/{effect.external_id}"
    )
    page = httpx.get(effect.url).text
    assert all(media.url in page for media in content.media)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "garbage", "server_error_after"])
def test_pictures_whose_submission_got_no_answer_are_for_a_person_to_decide(tiktok: Platform, kind: str):
    adapter, content, notebook = tiktok.adapter(), pictures(tiktok), Notebook()
    tiktok.sandbox.fault("tiktok", kind, path="/content/init")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    found = adapter.reconcile(content, notebook.journal())
    assert isinstance(found, Inconclusive)
    assert found.error.code == "pictures_unanswered"
    if not tiktok.effects():  # which is what the person saw
        publish(adapter, content, notebook)
    assert len(tiktok.effects()) == 1


def test_pictures_that_were_refused_may_be_submitted_again(tiktok: Platform):
    adapter, content, notebook = tiktok.adapter(), pictures(tiktok), Notebook()
    tiktok.sandbox.fault("tiktok", "rate_limit", path="/content/init")
    assert isinstance(adapter.publish(content, notebook.journal()), NotSent)
    publish(adapter, content, notebook)
    assert len(tiktok.effects()) == 1


def test_an_id_that_tiktok_has_forgotten_proves_nothing_and_does_not_keep_another_attempt_from_beginning(
    tiktok: Platform,
):
    script = Script(**{"status": refusing(400, "invalid_publish_id"), "/init/": refusing(400, "invalid_params")})
    with answering(script) as url:
        adapter, notebook = tiktok.adapter(publish_config=tiktok.elsewhere(url)), Notebook({"publish_id": "v~1"})
        assert isinstance(adapter.reconcile(tiktok.content(), notebook.journal()), Inconclusive)
        assert script.of("/init/") == []
        adapter.publish(tiktok.content(), notebook.journal())
    assert len(script.of("/init/")) == 1


def test_after_a_failure_another_attempt_begins_anew(tiktok: Platform):
    adapter, notebook = tiktok.adapter(), Notebook()
    content = pictures(tiktok)
    unfit = replace(content, media=[replace(content.media[0], url="https://example.com/a.png")])
    outcome = adapter.publish(unfit, notebook.journal())
    assert isinstance(outcome, Rejected)
    assert (outcome.error.kind, outcome.error.code) == (ErrorKind.VALIDATION, "file_format_check_failed")
    publish(adapter, content, notebook)
    assert len(tiktok.effects()) == 1


def test_what_outlasts_the_patience_is_unknown_and_stays_open_while_it_is_worked_on(slow: Sandbox, library: str):
    tiktok = platform_of("tiktok", slow, library)
    adapter, content, notebook = tiktok.adapter(patience_seconds=0), tiktok.content(), Notebook()
    for _ in range(2):
        outcome = adapter.publish(content, notebook.journal())
        assert isinstance(outcome, Unknown)
        assert outcome.error.kind is ErrorKind.PENDING
    found = adapter.reconcile(content, notebook.journal())
    assert isinstance(found, Inconclusive)
    assert (found.error.kind, found.error.code) == (ErrorKind.PENDING, "processing_upload")
    assert len(tiktok.effects()) == 1


@pytest.mark.parametrize(
    ("state", "code"), [("SEND_TO_USER_INBOX", "send_to_user_inbox"), ("PUBLISH_COMPLETE", "publish_complete")]
)
def test_what_waits_for_its_creator_or_for_moderators_is_neither_live_nor_absent(
    tiktok: Platform, state: str, code: str
):
    with answering(Script(status={"status": state, "publicaly_available_post_id": []})) as url:
        adapter = tiktok.adapter(publish_config=tiktok.elsewhere(url))
        found = adapter.reconcile(tiktok.content(), Notebook({"publish_id": "v_pub_file~v2-1.1"}).journal())
    assert isinstance(found, Inconclusive)
    assert (found.error.kind, found.error.code) == (ErrorKind.PENDING, code)


def test_a_creator_is_told_by_name_and_what_the_token_lacks(tiktok: Platform):
    assert tiktok.adapter(credentials=CREATOR).whoami().name == "Sandbox Press (nobody real) (@sandbox_press)"
    assert list(tiktok.adapter(credentials=DRAFTS_ONLY).whoami().missing_scopes) == ["video.publish", "video.list"]
    tiktok.sandbox.fault("tiktok", "unavailable", path="/video/list")
    with pytest.raises(PlatformUnavailableError):
        tiktok.adapter().whoami()


def test_figures_are_told_of_twenty_posts_a_call_and_only_of_those_with_an_id(tiktok: Platform):
    script = Script(query={"videos": [{"id": "7", "view_count": 9}, {"id": "unasked", "view_count": 1}]})
    with answering(script) as url:
        adapter = tiktok.adapter(publish_config=tiktok.elsewhere(url))
        figures = adapter.metrics([*map(str, range(45)), "v_pub_file~v2-1.1"])
    assert figures == {"7": Metrics(video_views=9)}
    assert [len(body["filters"]["video_ids"]) for body in script.of("query")] == [20, 20, 5]

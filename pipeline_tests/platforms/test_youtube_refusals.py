"""What YouTube's refusals mean for a publication."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.platforms.base import NotSent, PublishOutcome, Rejected
from pipeline.platforms.youtube.refusals import next_quota
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.youtube.credentials import OWNER
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of


@pytest.fixture
def youtube(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("youtube", sandbox, library)


def refused(youtube: Platform, status: int, reason: str, message: str = "No.", **more: str) -> PublishOutcome:
    """What publishing comes to where YouTube answers this to the opening of a session; `more` are credentials."""
    body = {"error": {"code": status, "message": message, "errors": [{"message": message, "reason": reason}]}}
    with answering(lambda request: reply(request, status, json.dumps(body).encode())) as url:
        adapter = youtube.adapter(publish_config=youtube.elsewhere(url), credentials={**OWNER, **more})
        return adapter.publish(youtube.content(), Notebook().journal())


@pytest.mark.parametrize(
    ("status", "reason", "outcome_type", "kind"),
    [
        (403, "quotaExceeded", NotSent, ErrorKind.RATE_LIMITED),
        (400, "uploadLimitExceeded", NotSent, ErrorKind.RATE_LIMITED),
        (403, "rateLimitExceeded", NotSent, ErrorKind.RATE_LIMITED),
        (403, "insufficientPermissions", NotSent, ErrorKind.AUTH),
        (403, "accessNotConfigured", NotSent, ErrorKind.AUTH),
        (401, "youtubeSignupRequired", NotSent, ErrorKind.AUTH),
        (403, "forbiddenPrivacySetting", Rejected, ErrorKind.POLICY),
        (400, "invalidTitle", Rejected, ErrorKind.VALIDATION),
        (503, "quotaExceeded", NotSent, ErrorKind.UNAVAILABLE),
    ],
)
def test_a_refusal_is_read_by_its_reason_and_not_by_its_status(
    youtube: Platform, status: int, reason: str, outcome_type: type, kind: ErrorKind
):
    outcome = refused(youtube, status, reason)
    assert isinstance(outcome, outcome_type)
    assert isinstance(outcome, NotSent | Rejected)
    assert (outcome.error.kind, outcome.error.code, outcome.error.http_status) == (kind, reason, status)


def test_a_refusal_is_told_in_youtubes_words_without_their_html(youtube: Platform):
    outcome = refused(youtube, 403, "quotaExceeded", 'You have exceeded your <a href="/quota">quota</a>.')
    assert isinstance(outcome, NotSent)
    assert outcome.error.message == "HTTP 403: You have exceeded your quota."


def test_a_refusal_that_says_the_token_again_is_told_without_it(youtube: Platform):
    outcome = refused(youtube, 400, "invalidTitle", f"No title for {OWNER['access_token']}.", no_secret="")
    assert isinstance(outcome, Rejected)
    assert outcome.error.message == "HTTP 400: No title for [hidden]."


def test_a_day_that_is_used_up_ends_at_midnight_in_california(youtube: Platform):
    outcome = refused(youtube, 403, "quotaExceeded")
    assert isinstance(outcome, NotSent)
    assert outcome.retry_at is not None
    assert timedelta() < outcome.retry_at - datetime.now(UTC) <= timedelta(hours=25)
    evening = datetime(2026, 3, 8, 7, 30, tzinfo=UTC)  # half past eleven, on the eve of the shift to summer time
    assert next_quota(evening) == datetime(2026, 3, 8, 8, 0, tzinfo=UTC)
    assert next_quota(evening + timedelta(hours=1)) == datetime(2026, 3, 9, 7, 0, tzinfo=UTC)


def test_a_channel_that_uploaded_too_much_rests_for_a_day(youtube: Platform):
    outcome = refused(youtube, 400, "uploadLimitExceeded")
    assert isinstance(outcome, NotSent)
    assert outcome.retry_at is not None
    assert timedelta(hours=23) < outcome.retry_at - datetime.now(UTC) <= timedelta(hours=24)

"""What Instagram's refusals mean."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.platforms.base import (
    NotSent,
    Rejected,
    Unknown,
)
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.instagram.api import FINISHED, MADE, answers, error, publishing, settings
from pipeline_tests.platforms.rehearsal import Notebook, Platform


@pytest.mark.parametrize(
    ("answer", "outcome_type", "kind", "code"),
    [
        ((400, error(-1, 2207001)), Unknown, ErrorKind.UNAVAILABLE, "-1/2207001"),
        ((400, error(24, 2207008)), Unknown, ErrorKind.UNAVAILABLE, "24/2207008"),
        ((400, error(2, is_transient=True)), Unknown, ErrorKind.UNAVAILABLE, "2"),
        ((400, error(99, is_transient=True)), Unknown, ErrorKind.UNAVAILABLE, "99"),
        ((400, error(-2, 2207020)), NotSent, ErrorKind.UNAVAILABLE, "-2/2207020"),
        ((400, error(9007, 2207027)), NotSent, ErrorKind.PENDING, "9007/2207027"),
        ((400, error(9, 2207042)), NotSent, ErrorKind.RATE_LIMITED, "9/2207042"),
        ((400, error(4)), NotSent, ErrorKind.RATE_LIMITED, "4"),
        ((403, error(613)), NotSent, ErrorKind.RATE_LIMITED, "613"),
        ((400, error(4, 2207051)), Rejected, ErrorKind.POLICY, "4/2207051"),
        ((400, error(25, 2207050)), NotSent, ErrorKind.AUTH, "25/2207050"),
        ((400, error(190, 463)), NotSent, ErrorKind.AUTH, "190/463"),
        ((403, error(10)), NotSent, ErrorKind.AUTH, "10"),
        ((403, error(200)), NotSent, ErrorKind.AUTH, "200"),
        ((400, error(100, 33)), NotSent, ErrorKind.AUTH, "100/33"),
        ((400, error(36003, 2207009)), Rejected, ErrorKind.VALIDATION, "36003/2207009"),
        ((400, error(100)), Rejected, ErrorKind.VALIDATION, "100"),
        ((400, {"error": {"code": "4", "error_subcode": []}}), Rejected, ErrorKind.VALIDATION, "4/[]"),
        ((403, error(12)), Rejected, ErrorKind.POLICY, "12"),
        ((401, error(12)), NotSent, ErrorKind.AUTH, "12"),
        ((429, error(80007)), NotSent, ErrorKind.RATE_LIMITED, "80007"),
        ((403, {"error": "no"}), Rejected, ErrorKind.POLICY, None),
        ((429, {}), NotSent, ErrorKind.RATE_LIMITED, None),
        ((408, error(2)), Unknown, ErrorKind.UNAVAILABLE, "2"),
        ((500, error(2, is_transient=True)), Unknown, ErrorKind.UNAVAILABLE, None),
    ],
)
def test_an_error_of_publishing_means_what_its_codes_say(
    instagram: Platform, answer: tuple[int, Any], outcome_type: Any, kind: ErrorKind, code: str | None
):
    outcome = publishing(instagram, MADE, FINISHED, answer)
    assert isinstance(outcome, outcome_type)
    assert (outcome.error.kind, outcome.error.code) == (kind, code)
    before = publishing(instagram, answer)
    assert isinstance(before, NotSent if outcome_type is Unknown else outcome_type)
    assert before.error.kind is kind


def test_an_error_is_told_in_instagrams_words_for_people(instagram: Platform):
    body = error(36003, 2207009, error_user_msg="The picture is\nwider than 1.91:1.")
    outcome = publishing(instagram, (400, body))
    assert isinstance(outcome, Rejected)
    assert outcome.error.message == "HTTP 400: The picture is wider than 1.91:1."


@pytest.mark.parametrize(
    ("header", "minutes"),
    [
        ({"1": [{"estimated_time_to_regain_access": 3}, {"estimated_time_to_regain_access": 19}]}, 19),
        ({"1": [{"estimated_time_to_regain_access": 0}]}, None),
        ({"1": [{}]}, None),
        ([], None),
    ],
)
def test_when_calls_are_taken_again_is_told_in_minutes(instagram: Platform, header: Any, minutes: int | None):
    usage = {"X_Business_Use_Case_Usage": json.dumps(header)}
    with answering(lambda request: reply(request, 400, json.dumps(error(80002)).encode(), **usage)) as url:
        adapter = instagram.adapter(publish_config=settings(url))
        outcome = adapter.publish(instagram.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    if minutes is None:
        assert outcome.retry_at is None
    else:
        assert outcome.retry_at is not None
        assert abs(outcome.retry_at - datetime.now(UTC) - timedelta(minutes=minutes)) < timedelta(seconds=20)


@pytest.mark.parametrize(
    ("state", "outcome_type", "kind"),
    [
        ({"status_code": "ERROR", "status": "Error: failed with error code 2207026"}, Rejected, ErrorKind.VALIDATION),
        ({"status_code": "ERROR", "status": "Error: failed with error code 2207053"}, NotSent, ErrorKind.UNAVAILABLE),
        ({"status_code": "ERROR", "status": "Error: failed with error code 2207001"}, NotSent, ErrorKind.UNAVAILABLE),
        ({"status_code": "ERROR", "status": "4/2207051"}, Rejected, ErrorKind.POLICY),
        ({"status_code": "ERROR"}, Rejected, ErrorKind.VALIDATION),
        ({"status_code": "EXPIRED"}, NotSent, ErrorKind.UNAVAILABLE),
        ({"status_code": "ANOTHER"}, NotSent, ErrorKind.PROTOCOL),
        ({}, NotSent, ErrorKind.PROTOCOL),
    ],
)
def test_a_container_that_comes_to_an_end_was_not_published(
    instagram: Platform, state: Any, outcome_type: Any, kind: ErrorKind
):
    outcome = publishing(instagram, MADE, (200, {"status_code": "IN_PROGRESS"}), (200, state))
    assert isinstance(outcome, outcome_type)
    assert outcome.error.kind is kind


def test_a_video_that_instagram_cannot_use_is_rejected_with_its_reason(instagram: Platform):
    (video,) = instagram.media("video")
    with answering(answers(MADE, (200, {"status_code": "ERROR", "status": "Error: 2207026"}))) as url:
        adapter = instagram.adapter(publish_config=settings(url))
        outcome = adapter.publish(instagram.content(media=(video,)), Notebook().journal())
    assert isinstance(outcome, Rejected)
    assert (outcome.error.code, outcome.error.message) == ("2207026", "Instagram could not process it. Error: 2207026")


@pytest.mark.parametrize("answer", [{}, {"id": None}, {"id": 17}, {"id": "../17"}, []])
def test_a_success_that_names_no_publication_is_unknown_and_no_container_not_sent(instagram: Platform, answer: Any):
    outcome = publishing(instagram, MADE, FINISHED, (200, answer))
    assert isinstance(outcome, Unknown)
    assert outcome.error.kind is ErrorKind.PROTOCOL
    assert isinstance(publishing(instagram, (200, answer)), NotSent)

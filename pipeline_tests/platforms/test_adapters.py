"""What every adapter promises, against stand-in platforms that fail on request; the sandbox's ledger is the truth."""

import json
import logging
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from pipeline.platforms.base import (
    Absent,
    Adapter,
    Changed,
    ChangeOutcome,
    Gone,
    Inconclusive,
    NotSent,
    PlatformUnavailableError,
    Published,
    Rejected,
    Scheduled,
    Unknown,
)
from pipeline.platforms.content import Content
from pipeline.platforms.registry import open_adapter
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, publish, settled_answer

FAILURES = ("drop_before", "drop_after", "server_error", "garbage", "unavailable", "rate_limit")
_MANY = 1000
"""Calls: more than any publication makes."""


def test_what_is_published_is_on_the_platform_once_and_has_its_address(platform: Platform):
    adapter, content = platform.adapter(), platform.content()
    assert adapter.validate(content) == []
    before = datetime.now(UTC) - timedelta(seconds=2)  # platforms tell whole seconds
    outcome = adapter.publish(content, Notebook().journal())
    assert isinstance(outcome, Published)
    (effect,) = platform.effects()
    assert outcome.external_id == effect.external_id
    assert outcome.external_url is not None
    assert outcome.external_url.startswith(platform.sandbox.url)
    assert before < outcome.published_at < datetime.now(UTC) + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("kind", "how", "outcome_type", "error_kind"),
    [
        ("delay", {"seconds": 1.2}, Unknown, ErrorKind.NETWORK),
        ("drop_before", {}, Unknown, ErrorKind.NETWORK),
        ("drop_after", {}, Unknown, ErrorKind.NETWORK),
        ("rate_limit", {"seconds": 30}, NotSent, ErrorKind.RATE_LIMITED),
        ("server_error", {}, Unknown, ErrorKind.UNAVAILABLE),
        ("server_error", {"status": 502}, Unknown, ErrorKind.UNAVAILABLE),
        ("server_error_after", {}, Unknown, ErrorKind.UNAVAILABLE),
        ("server_error_after", {"status": 504}, Unknown, ErrorKind.UNAVAILABLE),
        ("garbage", {}, Unknown, ErrorKind.PROTOCOL),
        ("unavailable", {}, Unknown, ErrorKind.UNAVAILABLE),
    ],
)
def test_a_failed_sending_is_what_it_is_and_asking_finds_what_the_ledger_says(
    platform: Platform, kind: str, how: dict[str, Any], outcome_type: type, error_kind: ErrorKind
):
    adapter = platform.adapter(timeout_seconds=0.6 if kind == "delay" else 5.0)
    content, notebook = platform.content(), Notebook()
    platform.fail(kind, **how)

    outcome = adapter.publish(content, notebook.journal())

    assert isinstance(outcome, outcome_type)
    assert not isinstance(outcome, Published)
    assert outcome.error.kind == error_kind
    if isinstance(outcome, NotSent) and not platform.rehearsal.tells_retry_time:
        assert outcome.retry_at is None
    elif isinstance(outcome, NotSent):
        assert outcome.retry_at is not None
        assert timedelta(seconds=20) < outcome.retry_at - datetime.now(UTC) < timedelta(seconds=40)
    if kind == "delay":
        wait_for_effect(platform)
    assert_found_as_the_ledger_says(platform, adapter, content, notebook)

    again = adapter.publish(content, notebook.journal())  # the engine would not where it was found; nothing may happen
    assert isinstance(again, Published)
    (effect,) = platform.effects()
    assert again.external_id == effect.external_id


def wait_for_effect(platform: Platform) -> None:
    deadline = time.monotonic() + 10
    while not platform.effects():
        assert time.monotonic() < deadline, "the delayed effect never came"
        time.sleep(0.05)


def assert_found_as_the_ledger_says(platform: Platform, adapter: Adapter, content: Content, notebook: Notebook) -> None:
    answer = settled_answer(adapter, content, notebook)
    effects = platform.effects()
    if effects:
        assert isinstance(answer, Published)
        assert [answer.external_id] == [effect.external_id for effect in effects]
    else:
        assert answer == Absent()


def calls_of(platform: Platform, act: Callable[[], object]) -> int:
    """How many calls to the platform it makes."""
    platform.sandbox.fault(platform.name, "delay", seconds=0, count=_MANY)  # which changes nothing and is counted
    act()
    (left,) = platform.sandbox.faults()
    platform.sandbox.clear()
    return _MANY - int(left["count"])


def fail_after(platform: Platform, calls: int, kind: str) -> None:
    """Let the call behind so many others go wrong."""
    if calls:
        platform.sandbox.fault(platform.name, "delay", seconds=0, count=calls)
    platform.sandbox.fault(platform.name, kind)


@pytest.mark.parametrize("kind", FAILURES)
def test_whichever_call_fails_no_step_happens_twice_and_nothing_known_is_wrong(platform: Platform, kind: str):
    for calls_before in range(calls_of(platform, lambda: publish(platform.adapter(), platform.whole_content()))):
        platform.sandbox.clear()
        adapter, content, notebook = platform.adapter(), platform.whole_content(), Notebook()
        fail_after(platform, calls_before, kind)
        outcome = adapter.publish(content, notebook.journal())
        if platform.sandbox.faults():  # it asked less often whether it was processed, and never made that call
            assert isinstance(outcome, Published)
            continue
        if isinstance(outcome, NotSent | Rejected):
            assert platform.effects() == []
        assert_found_as_the_ledger_says(platform, adapter, content, notebook)
        if not isinstance(outcome, Published):
            assert isinstance(adapter.publish(content, notebook.journal()), Published)
        assert len(platform.effects()) == 1
        assert steps_taken_twice(platform) == []


def steps_taken_twice(platform: Platform) -> list[tuple[str, str | None, str | None]]:
    taken = Counter((each.kind, each.title, each.text) for each in platform.sandbox.effects(platform.name))
    return [step for step, times in taken.items() if times > 1 and step[0] not in platform.rehearsal.repeatable]


def test_a_refused_connection_is_not_sent_and_asking_is_inconclusive(platform: Platform):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    adapter, content, notebook = (
        platform.adapter(publish_config=platform.elsewhere(url)),
        platform.content(),
        Notebook(),
    )
    outcome = adapter.publish(content, notebook.journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.NETWORK
    assert isinstance(adapter.reconcile(content, notebook.journal()), Inconclusive)
    with pytest.raises(PlatformUnavailableError):
        adapter.metrics(["1"])


def test_wrong_credentials_are_not_sent_and_say_that_a_person_is_needed(platform: Platform):
    wrong = {
        name: value if name in platform.rehearsal.public else f"wrong-{value}"
        for name, value in platform.credentials.items()
    }
    adapter, content = platform.adapter(credentials=wrong), platform.content()
    outcome = adapter.publish(content, Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.AUTH
    with pytest.raises(PlatformUnavailableError) as refused:
        adapter.whoami()
    assert refused.value.error.kind is ErrorKind.AUTH
    assert platform.effects() == []


def test_missing_credentials_are_named_before_anything_is_sent(platform: Platform):
    outcome = platform.adapter(credentials={}).publish(platform.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.AUTH
    assert outcome.error.message.startswith(f"the account {platform.name}-test has no ")


def test_the_account_is_told_by_its_name(platform: Platform):
    identity = platform.adapter().whoami()
    assert "sandbox" in identity.name.lower()
    assert identity.missing_scopes == ()
    assert identity.expires_at is None or identity.expires_at > datetime.now(UTC)


def test_no_secret_is_in_a_log_at_debug_nor_in_a_repr_nor_in_an_error(
    platform: Platform, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    account = platform.account()
    adapter, content, notebook = open_adapter(account), platform.content(), Notebook()
    platform.fail("server_error")
    outcomes: list[Any] = [adapter.publish(content, notebook.journal())]
    outcomes.append(adapter.publish(content, notebook.journal()))

    def echo(request) -> None:
        said = " ".join([*platform.secrets, request.headers.get("Authorization", "")])
        reply(request, 400, json.dumps({"message": said, "detail": said, "code": said}).encode())

    with answering(echo) as url:
        echoed = platform.adapter(publish_config=platform.elsewhere(url))
        outcomes.append(echoed.publish(content, notebook.journal()))
        with pytest.raises(PlatformUnavailableError) as failure:
            echoed.whoami()
    said = f"{caplog.text} {outcomes!r} {adapter!r} {vars(adapter)!r} {account!r} {failure.value!r} {failure.getrepr()}"
    assert [secret for secret in platform.secrets if secret in said] == []


def test_a_deletion_holds_and_repeating_it_changes_nothing(platform: Platform):
    adapter = platform.adapter()
    published = publish(adapter, platform.content())
    if not adapter.capabilities.delete:
        assert isinstance(adapter.delete(published.external_id), Rejected)
        return
    assert adapter.delete(published.external_id) == Changed(published.external_id)
    assert adapter.delete(published.external_id) == Changed(published.external_id)
    assert adapter.metrics([published.external_id]) == {published.external_id: Gone()}


def test_an_update_holds_and_repeating_it_changes_nothing(platform: Platform):
    adapter, content = platform.adapter(), platform.whole_content()
    published = publish(adapter, content)
    changed = changed_content(content)
    if not adapter.capabilities.update:
        before = platform.sandbox.effects(platform.name)
        assert isinstance(adapter.update(published.external_id, changed), Rejected)
        assert platform.sandbox.effects(platform.name) == before
        return
    first = adapter.update(published.external_id, changed)
    assert isinstance(first, Changed)
    assert first.external_id == published.external_id
    shown = latest(platform)
    assert adapter.update(published.external_id, changed) == first
    assert latest(platform) == shown
    assert len(platform.effects()) == 1


def changed_content(content: Content) -> Content:
    return replace(content, title="Another title", body=f"Changed. {content.body}")


def latest(platform: Platform) -> dict[str, tuple[str | None, ...]]:
    """The last of each kind of effect."""
    effects = platform.sandbox.effects(platform.name)
    return {each.kind: (each.external_id, each.title, each.text, each.url) for each in effects}


@pytest.mark.parametrize("kind", FAILURES)
@pytest.mark.parametrize("how", ["update", "delete"])
def test_a_change_that_fails_at_any_call_holds_once_it_is_repeated(platform: Platform, how: str, kind: str):
    def prepared_change() -> Callable[[], ChangeOutcome]:
        # A new one each time: what an adapter has asked for once it may remember, and then it makes fewer calls.
        adapter, content = platform.adapter(), platform.whole_content()
        id_ = publish(adapter, content).external_id
        if how == "delete":
            return partial(adapter.delete, id_)
        return partial(adapter.update, id_, changed_content(content))

    # Where the platform does not offer the change there is no call.
    for calls_before in range(calls_of(platform, prepared_change())):
        platform.sandbox.clear()
        change = prepared_change()
        fail_after(platform, calls_before, kind)
        assert isinstance(change(), NotSent | Unknown)
        assert platform.sandbox.faults() == []
        assert isinstance(change(), Changed)
        assert len(platform.effects()) == 1


def next_quarter() -> datetime:
    """A time that every platform takes: more than an hour ahead, on a quarter of an hour."""
    later = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=90)
    return later - timedelta(minutes=later.minute % 15)


def test_what_is_scheduled_is_held_by_the_platform_and_can_be_taken_back(platform: Platform):
    adapter, content, notebook = platform.adapter(), platform.whole_content(), Notebook()
    outcome = adapter.schedule(content, next_quarter(), notebook.journal())
    assert platform.effects() == []
    if not adapter.capabilities.schedule:
        assert isinstance(outcome, Rejected)
        assert isinstance(adapter.unschedule("1"), Rejected)
        return
    assert isinstance(outcome, Scheduled)
    assert outcome.at == next_quarter()
    assert settled_answer(adapter, content, notebook) == outcome
    assert adapter.schedule(content, next_quarter(), notebook.journal()) == outcome
    for _ in range(2):
        assert isinstance(adapter.unschedule(outcome.external_id), Changed)
    assert not isinstance(settled_answer(adapter, content, notebook), Scheduled | Published)
    assert platform.effects() == []


def test_what_is_live_is_not_taken_back_as_if_it_were_only_scheduled(platform: Platform):
    adapter = platform.adapter()
    published = publish(adapter, platform.content())
    assert not isinstance(adapter.unschedule(published.external_id), Changed)
    assert len(platform.effects()) == 1


def test_a_capability_is_what_the_adapter_does(platform: Platform):
    adapter, content = platform.adapter(), platform.content()
    published = publish(adapter, content)
    outcome = adapter.update(published.external_id, replace(content, title="Another title"))
    assert isinstance(outcome, Changed) is adapter.capabilities.update
    figures = adapter.metrics([published.external_id])
    assert (published.external_id in figures) is adapter.capabilities.metrics

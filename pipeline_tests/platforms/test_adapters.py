"""What every adapter promises, against stand-in platforms that fail on request; the sandbox's ledger is the truth."""

import json
import logging
import socket
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.platforms.base import (
    Absent,
    Account,
    Adapter,
    Changed,
    Content,
    Gone,
    Inconclusive,
    Journal,
    Metrics,
    NotSent,
    PlatformUnavailableError,
    Published,
    PublishOutcome,
    Rejected,
    Unknown,
)
from pipeline.platforms.registry import open_adapter
from pipeline.sandbox import credentials
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.ledger import Effect
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply

EMAIL = '<p>Read it. <a href="*|UNSUB|*">Unsubscribe</a> *|LIST:ADDRESS|*</p>'


@dataclass
class Notebook:
    """The engine's side of the journal."""

    handles: dict[str, str] = field(default_factory=dict)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def journal(self) -> Journal:
        return Journal(dict(self.handles), self.handles.__setitem__, self.started_at)


@dataclass(frozen=True)
class Platform:
    """One adapter with its stand-in: which call has the effect, and what the ledger calls it."""

    name: str
    sandbox: Sandbox
    effect: str
    sending: str
    config: Mapping[str, Any]

    def account(self, **changes: Any) -> Account:
        account = Account(
            key=f"{self.name}-test",
            platform=self.name,
            publish_config=self.config,
            credentials=credentials.BY_PLATFORM[self.name],
            timeout_seconds=5.0,
        )
        return replace(account, **changes)

    def adapter(self, **changes: Any) -> Adapter:
        return open_adapter(self.account(**changes))

    def content(self, **changes: Any) -> Content:
        id_ = str(uuid.uuid4())
        content = Content(
            distribution_id=id_,
            title=f"A title & more {id_[:8]}",
            body=EMAIL
            if self.name == "mailchimp"
            else f"Körper & <b>so</b> {id_[:8]} 👩‍🚀\n\nhttps://example.com/a?b=1&c=2",
        )
        return replace(content, **changes)

    def effects(self) -> list[Effect]:
        return [effect for effect in self.sandbox.effects(self.name) if effect.kind == self.effect]

    def fail(self, kind: str, **how: Any) -> None:
        """Let the call that has the effect go wrong."""
        self.sandbox.fault(self.name, kind, method="POST", path=self.sending, **how)

    def elsewhere(self, url: str) -> dict[str, Any]:
        """Settings that point to another server."""
        return {**self.config, ("api_url" if self.name == "wordpress" else "base_url"): url}


@pytest.fixture(params=["wordpress", "x", "mailchimp"])
def platform(request: pytest.FixtureRequest, sandbox: Sandbox) -> Platform:
    return platform_of(request.param, sandbox)


def platform_of(name: str, sandbox: Sandbox) -> Platform:
    match name:
        case "wordpress":
            return Platform(name, sandbox, "post_created", "/posts", {"api_url": f"{sandbox.url}/wordpress"})
        case "x":
            return Platform(name, sandbox, "tweet_created", "/tweets", {"base_url": f"{sandbox.url}/x"})
        case _:
            config = {
                "base_url": f"{sandbox.url}/mailchimp/3.0",
                "list_id": credentials.MAILCHIMP_LIST_ID,
                "from_name": "The Editors",
                "reply_to": "editors@example.com",
            }
            return Platform(name, sandbox, "campaign_sent", "/actions/send", config)


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
    if isinstance(outcome, NotSent) and platform.name == "mailchimp":
        assert outcome.retry_at is None  # it never tells
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
    answer = adapter.reconcile(content, notebook.journal())
    effects = platform.effects()
    if effects:
        assert isinstance(answer, Published)
        assert [answer.external_id] == [effect.external_id for effect in effects]
    else:
        assert answer == Absent()


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "server_error", "garbage", "unavailable", "rate_limit"])
def test_whichever_call_fails_nothing_is_published_twice_and_nothing_known_is_wrong(platform: Platform, kind: str):
    for calls_before in range(8):
        platform.sandbox.clear()
        adapter, notebook = platform.adapter(), Notebook()
        content = platform.content(platform_specific={"tags": ["one"]} if platform.name == "wordpress" else {})
        if calls_before:  # a fault that changes nothing lets the calls before pass
            platform.sandbox.fault(platform.name, "delay", seconds=0, count=calls_before)
        platform.sandbox.fault(platform.name, kind)
        outcome = adapter.publish(content, notebook.journal())
        effects = platform.effects()
        if isinstance(outcome, Published):
            assert len(effects) == 1
            break
        if isinstance(outcome, NotSent | Rejected):
            assert effects == []
        assert_found_as_the_ledger_says(platform, adapter, content, notebook)
        assert isinstance(adapter.publish(content, notebook.journal()), Published)
        assert len(platform.effects()) == 1
    else:
        pytest.fail("publishing takes more calls than expected")


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
    real = credentials.BY_PLATFORM[platform.name]
    wrong = {name: value if name in ("username", "server_prefix") else f"wrong-{value}" for name, value in real.items()}
    adapter, content = platform.adapter(credentials=wrong), platform.content()
    outcome = adapter.publish(content, Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert (outcome.error.kind, outcome.error.http_status) == (ErrorKind.AUTH, 401)
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
    assert identity.expires_at is None


def test_no_secret_is_in_a_log_at_debug_nor_in_a_repr_nor_in_an_error(
    platform: Platform, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    account = platform.account()
    secrets = [value for name, value in account.credentials.items() if name not in ("username", "server_prefix")]
    adapter, content, notebook = open_adapter(account), platform.content(), Notebook()
    platform.fail("server_error")
    outcomes: list[Any] = [adapter.publish(content, notebook.journal())]
    outcomes.append(adapter.publish(content, notebook.journal()))

    def echo(request) -> None:
        said = " ".join([*secrets, request.headers.get("Authorization", "")])
        reply(request, 400, json.dumps({"message": said, "detail": said, "code": said}).encode())

    with answering(echo) as url:
        echoed = platform.adapter(publish_config=platform.elsewhere(url))
        outcomes.append(echoed.publish(content, notebook.journal()))
        with pytest.raises(PlatformUnavailableError) as failure:
            echoed.whoami()
    said = f"{caplog.text} {outcomes!r} {adapter!r} {vars(adapter)!r} {account!r} {failure.value!r} {failure.getrepr()}"
    assert [secret for secret in secrets if secret in said] == []


def test_ten_megabytes_of_garbage_do_no_harm(platform: Platform):
    with answering(lambda request: reply(request, 200, b"\x00garbage" * 1_250_000)) as url:
        adapter, content = platform.adapter(publish_config=platform.elsewhere(url)), platform.content()
        outcome = adapter.publish(content, Notebook().journal())
        # Mailchimp is asked for an earlier campaign first: nothing was sent.
        assert isinstance(outcome, NotSent if platform.name == "mailchimp" else Unknown)
        assert outcome.error.kind is ErrorKind.PROTOCOL
        assert isinstance(adapter.reconcile(content, Notebook().journal()), Inconclusive)
        with pytest.raises(PlatformUnavailableError):
            adapter.metrics(["1", "2"])
        with pytest.raises(PlatformUnavailableError):
            adapter.whoami()


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b'"text"', b'{"data": [1], "campaigns": [1], "id": {}}'])
def test_json_of_another_shape_raises_nothing_and_claims_nothing(platform: Platform, body: bytes):
    with answering(lambda request: reply(request, 200, body, Content_Type="application/json")) as url:
        adapter, content = platform.adapter(publish_config=platform.elsewhere(url)), platform.content()
        assert isinstance(adapter.publish(content, Notebook().journal()), NotSent | Unknown)
        assert not isinstance(adapter.reconcile(content, Notebook().journal()), Published)
        assert not isinstance(adapter.delete("1"), NotSent)
        try:
            figures = adapter.metrics(["1"])
        except PlatformUnavailableError:
            return
        assert all(value in (Gone(), Metrics()) for value in figures.values())


def test_a_deletion_holds_and_repeating_it_changes_nothing(platform: Platform):
    adapter = platform.adapter()
    published = publish(adapter, platform.content())
    if not adapter.capabilities.delete:
        assert isinstance(adapter.delete(published.external_id), Rejected)
        return
    assert adapter.delete(published.external_id) == Changed(published.external_id)
    assert adapter.delete(published.external_id) == Changed(published.external_id)
    assert adapter.metrics([published.external_id]) == {published.external_id: Gone()}


def test_a_capability_is_what_the_adapter_does(platform: Platform):
    adapter, content = platform.adapter(), platform.content()
    published = publish(adapter, content)
    outcome = adapter.update(published.external_id, replace(content, title="Another title"))
    assert isinstance(outcome, Changed) is adapter.capabilities.update
    figures = adapter.metrics([published.external_id])
    assert (published.external_id in figures) is adapter.capabilities.metrics


def publish(adapter: Adapter, content: Content, notebook: Notebook | None = None) -> Published:
    outcome: PublishOutcome = adapter.publish(content, (notebook or Notebook()).journal())
    assert isinstance(outcome, Published), outcome
    return outcome

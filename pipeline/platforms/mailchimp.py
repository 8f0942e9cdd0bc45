"""Mailchimp: one campaign a distribution, made, filled, checked and sent once.

The campaign's id is recorded as soon as Mailchimp has told it; where that answer is lost, the campaign is found again
by the distribution's id in its internal title, which readers don't see. So every attempt works on one and the same
campaign, and Mailchimp itself refuses to send that twice. Only the sending has an effect on readers: what fails before
it was not sent, and after an unknown sending the campaign's status tells.

Settings (`publish_config`): `list_id`, `from_name`, `reply_to`; optional `segment_id`, a saved segment of the list that
alone gets it, and `base_url`, the API's address up to `/3.0`. Credentials: `api_key`, `server_prefix` (`us6`).
Content: the title is the subject, the body is HTML; `platform_specific` may hold `preview_text`, `plain_text` and a
`segment_id` of its own. A sent email can't be changed or taken back.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Final

import mailchimp_marketing
from mailchimp_marketing.api_client import ApiClientError

from pipeline.platforms import newsletter
from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.base import (
    Absent,
    Account,
    Adapter,
    Capabilities,
    ChangeOutcome,
    Gone,
    Guarantee,
    Identity,
    Inconclusive,
    Journal,
    Metrics,
    Permalink,
    PlatformError,
    Published,
    PublishOutcome,
    ReconcileOutcome,
    Rejected,
    Setting,
    Unknown,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import Wire, as_list, as_object, batches
from pipeline.platforms.mailchimp_report import metrics_of
from pipeline.platforms.sdk import as_response
from pipeline.vocabulary import ErrorKind

UNSUBSCRIBE_TAG: Final = "*|UNSUB|*"
ADDRESS_TAG: Final = "*|LIST:ADDRESS|*"
_CAMPAIGN_STEP: Final = "campaign"
_DRAFT: Final = "save"
_SENT: Final = ("sending", "sent")
_ROLES_THAT_DO_NOT_SEND: Final = ("viewer", "author")
_NO_CONTENT: Final = 204
_PAGE: Final = 1000
_ONE_BY_ONE: Final = 3
"""Up to so many reports are asked for singly; more come cheaper as a list."""
_SKEW: Final = timedelta(minutes=10)
"""How far Mailchimp's clock may be behind ours."""
_CAMPAIGN_FIELDS: Final = ("id", "status", "send_time", "long_archive_url", "archive_url", "settings", "recipients")


class MailchimpAdapter(Adapter):
    name: ClassVar[str] = "mailchimp"
    title: ClassVar[str] = "Mailchimp"
    capabilities: Capabilities = Capabilities(
        update=False, delete=False, schedule=False, metrics=True, metrics_batch=_PAGE, guarantee=Guarantee.CERTAIN
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=r"[0-9a-f]+", handle=_CAMPAIGN_STEP, where="the campaign's id as the API has it, ten letters and digits"
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting("list_id", "The audience's id.", required=True),
        Setting("from_name", "Whom the emails are from.", required=True),
        Setting("reply_to", "Where answers go.", required=True),
        Setting("segment_id", "A saved segment of the audience, which alone gets them."),
        Setting("base_url", "The API's address up to /3.0; default that of the key's data centre."),
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("api_key", "A key of the Marketing API.", required=True),
        Setting("server_prefix", "The data centre: us6.", required=True),
    )

    def __init__(self, account: Account) -> None:
        self._account = account

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        return newsletter.adapted(article, account)

    def validate(self, content: Content) -> list[Problem]:
        problems = []
        subject = self.measure(content)[0]
        if not subject.used:
            problems.append(Problem("title", "An email needs a subject."))
        if subject.is_over:
            allowed = f"{subject.limit} are allowed"
            problems.append(Problem("title", f"The subject has {subject.used} characters; {allowed}."))
        problems += [
            Problem("body", f"The email must hold the tag {tag}.")
            for tag in (UNSUBSCRIBE_TAG, ADDRESS_TAG)
            if tag not in content.body
        ]
        if content.media:
            problems.append(Problem("media", "Pictures of an email belong into its HTML."))
        try:
            self._segment(content)
        except CallError as failure:
            problems.append(Problem("segment_id", failure.error.message))
        return problems

    def measure(self, content: Content) -> list[Measure]:
        preview = str(content.platform_specific.get("preview_text") or "")
        return [
            Measure("title", len((content.title or "").strip()), newsletter.SUBJECT_LIMIT),
            Measure("preview_text", len(preview), newsletter.PREVIEW_LIMIT),
            Measure("body", len(content.body.encode()), newsletter.CLIPPED_AT_BYTES, "bytes"),
        ]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        try:
            wanted = self._wanted(content)
            found = self._campaign(content, journal)
            campaign = found or self._object(self._api.campaigns.create, {"type": "regular", **wanted})
            id_ = _id(campaign)
            if journal.handles.get(_CAMPAIGN_STEP) != id_:
                journal.record(_CAMPAIGN_STEP, id_)
            if campaign.get("status") in _SENT:
                return _published(campaign)
            if campaign.get("status") != _DRAFT:
                return Unknown(_touched(campaign))
            if found is not None:  # it says what an earlier attempt was to say
                campaign = self._object(self._api.campaigns.update, id_, wanted)
            self._fill(campaign, wanted, content)
            self._check(id_)
        except CallError as failure:
            return failure.without_effect()
        return self._send(id_, campaign)

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        try:
            campaign = self._campaign(content, journal)
            if campaign is None or campaign.get("status") == _DRAFT:
                return Absent()
            if campaign.get("status") in _SENT:
                return _published(campaign)
        except CallError as failure:
            return failure.inconclusive()
        return Inconclusive(_touched(campaign))

    def update(self, external_id: str, content: Content) -> ChangeOutcome:  # noqa: ARG002 - the protocol's
        return Rejected(PlatformError(ErrorKind.POLICY, "a sent email can't be changed"))

    def delete(self, external_id: str) -> ChangeOutcome:  # noqa: ARG002 - the protocol's
        return Rejected(PlatformError(ErrorKind.POLICY, "a sent email can't be taken back"))

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        figures: dict[str, Metrics | Gone] = {}
        try:
            for ids in batches(external_ids, self.capabilities.metrics_batch):
                if len(ids) > _ONE_BY_ONE:
                    answer = self._object(self._api.reports.get_all_campaign_reports, count=_PAGE)
                    found = {str(report.get("id")): report for report in as_list(answer.get("reports"))}
                    figures |= {id_: metrics_of(found[id_]) for id_ in ids if id_ in found}
                figures |= {id_: self._report(id_) for id_ in ids if id_ not in figures}
        except CallError as failure:
            raise failure.unavailable() from None
        return figures

    def whoami(self) -> Identity:
        try:
            root = self._object(self._api.root.get_root)
        except CallError as failure:
            raise failure.unavailable() from None
        name = str(root.get("account_name"))
        return Identity(name, ("sending campaigns",) * (root.get("role") in _ROLES_THAT_DO_NOT_SEND))

    def _campaign(self, content: Content, journal: Journal) -> dict[str, Any] | None:
        """The campaign that an earlier attempt made, as it is now. Raises: CallError."""
        id_ = journal.handles.get(_CAMPAIGN_STEP)
        if id_ is not None:
            return self._read(id_)
        query = {
            "since_create_time": (journal.started_at - _SKEW).astimezone(UTC).isoformat(timespec="seconds"),
            "list_id": self._setting("list_id"),
            "count": _PAGE,
            "fields": [f"campaigns.{name}" for name in _CAMPAIGN_FIELDS],
        }
        listed = as_list(self._object(self._api.campaigns.list, **query).get("campaigns"))
        ours = [each for each in listed if as_object(each.get("settings")).get("title") == _tag(content)]
        # A sent one first: where there are two, that one has had the effect.
        return min(ours, key=lambda each: each.get("status") not in _SENT, default=None)

    def _wanted(self, content: Content) -> dict[str, Any]:
        """Whom the campaign is for and what it says of itself. Raises: CallError."""
        recipients: dict[str, Any] = {"list_id": self._setting("list_id")}
        segment = self._segment(content)
        if segment is not None:
            recipients["segment_opts"] = {"saved_segment_id": segment}
        settings = {
            "title": _tag(content),
            "subject_line": content.title,
            "preview_text": content.platform_specific.get("preview_text") or "",
            "from_name": self._setting("from_name"),
            "reply_to": self._setting("reply_to"),
        }
        return {"recipients": recipients, "settings": settings}

    def _fill(self, campaign: Mapping[str, Any], wanted: Mapping[str, Any], content: Content) -> None:
        """Raises: CallError: among others, the campaign would go to others than was asked."""
        if _audience(as_object(campaign.get("recipients"))) != _audience(wanted["recipients"]):
            message = "the campaign's recipients are not those that were asked for"
            raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, message, code="recipients")))
        body = {"html": content.body}
        if content.platform_specific.get("plain_text"):
            body["plain_text"] = content.platform_specific["plain_text"]
        self._object(self._api.campaigns.set_content, _id(campaign), body)

    def _check(self, id_: str) -> None:
        """Raises: CallError: among others, Mailchimp would not send it as it is."""
        checklist = self._object(self._api.campaigns.get_send_checklist, id_)
        if checklist.get("is_ready") is True:
            return
        faults = [
            f"{item.get('heading')}: {item.get('details')}"
            for item in as_list(checklist.get("items"))
            if item.get("type") == "error"
        ]
        raise CallError(
            Rejected(PlatformError(ErrorKind.VALIDATION, "; ".join(faults) or "the campaign is not ready to send"))
        )

    def _send(self, id_: str, campaign: Mapping[str, Any]) -> PublishOutcome:
        """The one call that readers notice. Never repeated: a later attempt reads the status first."""
        try:
            answer = self._call(self._api.campaigns.send, id_)
            if getattr(answer, "status_code", None) != _NO_CONTENT:
                raise garbled("Mailchimp did not say that it sends the campaign")
        except CallError as failure:
            if not isinstance(failure.outcome, Rejected):
                return failure.outcome
            # Another attempt may have been the quicker: then this refusal is the proof.
            try:
                now = self._read(id_)
                return _published(now) if now.get("status") in _SENT else failure.outcome
            except CallError:
                return Unknown(failure.error)
        return Published(id_, _archive(campaign), datetime.now(UTC))

    def _read(self, id_: str) -> dict[str, Any]:
        """Raises: CallError."""
        return self._object(self._api.campaigns.get, id_, fields=list(_CAMPAIGN_FIELDS))

    def _report(self, id_: str) -> Metrics | Gone:
        """Raises: CallError."""
        try:
            return metrics_of(self._object(self._api.reports.get_campaign_report, id_))
        except CallError as failure:
            if failure.error.http_status == 404:  # noqa: PLR2004
                return Gone()
            raise

    def _segment(self, content: Content) -> int | None:
        """The segment that was asked for; None where the whole list is meant.

        Raises:
            CallError: one was asked for and can't be told. It would be the whole list's email otherwise.
        """
        for source in (content.platform_specific, self._account.publish_config):
            if "segment_id" in source:
                if not str(source["segment_id"]).isdecimal():
                    message = f"{source['segment_id']!r} is not the id of a segment"
                    raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, message, code="segment")))
                return int(source["segment_id"])
        return None

    def _setting(self, name: str) -> str:
        """Raises: CallError."""
        return required(self._account, self._account.publish_config, name)

    def _object(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Raises: CallError."""
        return as_object(self._call(method, *args, **kwargs))

    def _call(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The parsed answer. Raises: CallError."""
        try:
            return method(*args, **kwargs)
        except ApiClientError as error:
            # The SDK wraps what its transport raises, and hides it from `str`.
            if not isinstance(error.text, CallError):
                raise garbled("the answer can't be read") from None
            failure = error.text
        status = failure.error.http_status
        if status == 403 and failure.payload is None:  # noqa: PLR2004 - Mailchimp's throttling has no JSON
            raise CallError(failure.as_rate_limited())
        raise failure

    @cached_property
    def _api(self) -> Any:
        """An SDK client of this account alone, whose calls go over our wire.

        The SDK hands back failures without a body as if they were answers; the wire raises before it can.
        """
        credentials = self._account.credentials
        wire = Wire(self._account, auth=("pressroom", required(self._account, credentials, "api_key")))
        base_url = self._account.publish_config.get("base_url")
        if not base_url:
            base_url = f"https://{required(self._account, credentials, 'server_prefix')}.api.mailchimp.com/3.0"

        def send(method: str, url: str, params: Any = None, *, headers: Any = None, body: Any = None) -> Any:
            return as_response(wire.call(method, url, params=dict(params or ()), headers=dict(headers), json=body))

        client = mailchimp_marketing.Client()
        client.api_client.host = str(base_url).rstrip("/")
        client.api_client.server = ""  # else it replaces the word "server" wherever it stands in an address
        client.api_client.request = send
        return client


def _audience(recipients: Mapping[str, Any]) -> tuple[Any, Any]:
    options = recipients.get("segment_opts")
    segment = options.get("saved_segment_id") if isinstance(options, dict) else None
    return recipients.get("list_id"), segment or None  # Mailchimp says 0 for none


def _tag(content: Content) -> str:
    return f"pressroom {content.distribution_id}"


def _id(campaign: Mapping[str, Any]) -> str:
    """Raises: CallError."""
    id_ = campaign.get("id")
    if not isinstance(id_, str) or not id_:
        raise garbled("Mailchimp's answer has no campaign id")
    return id_


def _touched(campaign: Mapping[str, Any]) -> PlatformError:
    status = campaign.get("status")
    message = f"the campaign is {status!r} in Mailchimp: somebody has handled it there"
    return PlatformError(ErrorKind.POLICY, message, code=f"status_{status}")


def _published(campaign: Mapping[str, Any]) -> Published:
    """Raises: CallError."""
    try:
        at = datetime.fromisoformat(str(campaign.get("send_time"))).astimezone(UTC)
    except ValueError:
        at = datetime.now(UTC)
    return Published(_id(campaign), _archive(campaign), at)


def _archive(campaign: Mapping[str, Any]) -> str | None:
    return campaign.get("long_archive_url") or campaign.get("archive_url") or None

"""One account at Mailchimp: what makes an email fit to be sent, sending it once, and finding out what became of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.base import (
    Absent,
    Account,
    Adapter,
    Changed,
    ChangeOutcome,
    Gone,
    Identity,
    Inconclusive,
    Journal,
    Metrics,
    NotSent,
    PlatformError,
    Published,
    PublishOutcome,
    ReconcileOutcome,
    Rejected,
    Scheduled,
    ScheduleOutcome,
    Unknown,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import as_list, as_object
from pipeline.platforms.mailchimp import newsletter
from pipeline.platforms.mailchimp.api import PAGE, Api, Campaign
from pipeline.platforms.mailchimp.report import figures
from pipeline.platforms.media.rules import problems
from pipeline.platforms.offer import Capabilities, Guarantee, Permalink, Setting
from pipeline.vocabulary import ErrorKind

UNSUBSCRIBE_TAG: Final = "*|UNSUB|*"
ADDRESS_TAG: Final = "*|LIST:ADDRESS|*"
_CAMPAIGN_STEP: Final = "campaign"
_DRAFT: Final = "save"
_SCHEDULED: Final = "schedule"
_SENT: Final = ("sending", "sent")
_ROLES_THAT_DO_NOT_SEND: Final = ("viewer", "author")
_QUARTER_HOURS: Final = (0, 15, 30, 45)
_SKEW: Final = timedelta(minutes=10)
"""How far Mailchimp's clock may be behind ours."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A campaign in which nothing is missing but the last word."""

    id: str
    campaign: Campaign


class MailchimpAdapter(Adapter):
    name: ClassVar[str] = "mailchimp"
    title: ClassVar[str] = "Mailchimp"
    capabilities: Capabilities = Capabilities(
        update=False,
        delete=False,
        schedule=True,
        metrics=True,
        metrics_batch=PAGE,
        guarantee=Guarantee.CERTAIN,
        takes=newsletter.TAKES,
        remarks={"schedule": "on a quarter of an hour"},
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=r"[0-9a-f]+", handle=_CAMPAIGN_STEP, where="the campaign's id as the API has it, ten letters and digits"
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting("list_id", "The audience's id.", required=True),
        Setting("from_name", "Whom the emails are from.", required=True),
        Setting("reply_to", "Where answers go.", required=True),
        Setting("segment_id", "A saved segment of the audience, which alone gets them."),
        Setting("reports_days", "How many days back figures are first looked for; default 100."),
        Setting("base_url", "The API's address up to /3.0; default that of the key's data centre."),
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("api_key", "A key of the Marketing API."),
        Setting("access_token", "A token of OAuth 2.0, in place of the key."),
        Setting("server_prefix", "The data centre: us6.", required=True),
    )

    def __init__(self, account: Account) -> None:
        self._account = account
        self._api = Api(account)

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        return newsletter.adapted(article, account)

    def validate(self, content: Content) -> list[Problem]:
        found = []
        subject = self.measure(content)[0]
        if not subject.used:
            found.append(Problem("title", "An email needs a subject."))
        if subject.is_over:
            allowed = f"{subject.limit} are allowed"
            found.append(Problem("title", f"The subject has {subject.used} characters; {allowed}."))
        found += [
            Problem("body", f"The email must hold the tag {tag}.")
            for tag in (UNSUBSCRIBE_TAG, ADDRESS_TAG)
            if tag not in content.body
        ]
        found += problems(content.media, newsletter.TAKES)
        found += [
            Problem("media", f"The email does not show {each.url}: a picture belongs into its HTML.")
            for each in content.media
            if not newsletter.shows(content.body, each.url)
        ]
        try:
            self._segment(content)
        except CallError as failure:
            found.append(Problem("segment_id", failure.error.message))
        return found

    def measure(self, content: Content) -> list[Measure]:
        preview = str(content.platform_specific.get("preview_text") or "")
        return [
            Measure("title", len((content.title or "").strip()), newsletter.SUBJECT_LIMIT),
            Measure("preview_text", len(preview), newsletter.PREVIEW_LIMIT),
            Measure("body", len(content.body.encode()), newsletter.CLIPPED_AT_BYTES, "bytes"),
        ]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        try:
            prepared = self._prepared(content, journal)
            if not isinstance(prepared, _Prepared):
                return _published(prepared) if prepared.get("status") in _SENT else Unknown(_touched(prepared))
        except CallError as failure:
            return failure.without_effect()
        return self._send(prepared)

    def schedule(self, content: Content, at: datetime, journal: Journal) -> ScheduleOutcome:
        """On a quarter of an hour, in UTC: another time is refused here, since a rounded one is not what was asked."""
        at = at.astimezone(UTC)
        if at.minute not in _QUARTER_HOURS or at.second or at.microsecond:
            message = f"Mailchimp sends at :00, :15, :30 or :45, and not at {at:%H:%M:%S} UTC"
            return Rejected(PlatformError(ErrorKind.VALIDATION, message, code="schedule_time"))
        try:
            prepared = self._prepared(content, journal)
            if not isinstance(prepared, _Prepared):
                held = prepared.get("status") == _SCHEDULED and _send_time(prepared) == at
                return _scheduled(prepared) if held else Unknown(_touched(prepared))
        except CallError as failure:
            return failure.without_effect()
        failed = self._last_word(prepared, lambda id_: self._api.schedule(id_, at), (_SCHEDULED,))
        return failed or Scheduled(prepared.id, _archive(prepared.campaign), at)

    def unschedule(self, external_id: str) -> ChangeOutcome:
        try:
            status = self._api.campaign(external_id).get("status")
            if status == _SCHEDULED:
                self._api.unschedule(external_id)
        except CallError as failure:
            return Changed(external_id) if failure.error.http_status == 404 else failure.outcome  # noqa: PLR2004
        if status in _SENT:
            return Rejected(PlatformError(ErrorKind.POLICY, "the email is sent, and can't be taken back"))
        return Changed(external_id)

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        try:
            campaign = self._campaign(content, journal)
            if campaign is None or campaign.get("status") == _DRAFT:
                return Absent()
            if campaign.get("status") in _SENT:
                return _published(campaign)
            if campaign.get("status") == _SCHEDULED:
                return _scheduled(campaign)
        except CallError as failure:
            return failure.inconclusive()
        return Inconclusive(_touched(campaign))

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        try:
            return figures(self._api, external_ids, self._account.publish_config)
        except CallError as failure:
            raise failure.unavailable() from None

    def whoami(self) -> Identity:
        try:
            root = self._api.root()
        except CallError as failure:
            raise failure.unavailable() from None
        name = str(root.get("account_name"))
        return Identity(name, ("sending campaigns",) * (root.get("role") in _ROLES_THAT_DO_NOT_SEND))

    def _prepared(self, content: Content, journal: Journal) -> _Prepared | Campaign:
        """The campaign, filled and checked; as it is where it is a draft no more. Raises: CallError."""
        wanted = self._wanted(content)
        found = self._campaign(content, journal)
        campaign = found or self._api.create(wanted)
        id_ = _id(campaign)
        if journal.handles.get(_CAMPAIGN_STEP) != id_:
            journal.record(_CAMPAIGN_STEP, id_)
        if campaign.get("status") != _DRAFT:
            return campaign
        if found is not None:  # it says what an earlier attempt was to say
            campaign = self._api.change(id_, wanted)
        self._fill(campaign, wanted, content)
        self._check(id_)
        return _Prepared(id_, campaign)

    def _campaign(self, content: Content, journal: Journal) -> Campaign | None:
        """The campaign that an earlier attempt made, as it is now. Raises: CallError."""
        id_ = journal.handles.get(_CAMPAIGN_STEP)
        if id_ is not None:
            return self._api.campaign(id_)
        listed = self._api.campaigns(self._setting("list_id"), journal.started_at - _SKEW)
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

    def _fill(self, campaign: Campaign, wanted: Mapping[str, Any], content: Content) -> None:
        """Raises: CallError: among others, the campaign would go to others than was asked."""
        if _audience(as_object(campaign.get("recipients"))) != _audience(wanted["recipients"]):
            message = "the campaign's recipients are not those that were asked for"
            raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, message, code="recipients")))
        body = {"html": content.body}
        if content.platform_specific.get("plain_text"):
            body["plain_text"] = str(content.platform_specific["plain_text"])
        self._api.fill(_id(campaign), body)

    def _check(self, id_: str) -> None:
        """Raises: CallError: among others, Mailchimp would not send it as it is."""
        checklist = self._api.checklist(id_)
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

    def _send(self, prepared: _Prepared) -> PublishOutcome:
        """The one call that readers notice. Never repeated: a later attempt reads the status first."""
        failed = self._last_word(prepared, self._api.send, _SENT)
        return failed or Published(prepared.id, _archive(prepared.campaign), datetime.now(UTC))

    def _last_word(
        self, prepared: _Prepared, say: Callable[[str], None], done: Sequence[str]
    ) -> Rejected | NotSent | Unknown | None:
        """What became of it, where that is not what was asked; None where the campaign's status is one of `done`."""
        try:
            say(prepared.id)
        except CallError as failure:
            if not isinstance(failure.outcome, Rejected):
                return failure.outcome
            # Another attempt may have been the quicker: then this refusal is the proof.
            try:
                now = self._api.campaign(prepared.id)
            except CallError:
                return Unknown(failure.error)
            return None if now.get("status") in done else failure.outcome
        return None

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


def _audience(recipients: Mapping[str, Any]) -> tuple[Any, Any]:
    options = recipients.get("segment_opts")
    segment = options.get("saved_segment_id") if isinstance(options, dict) else None
    return recipients.get("list_id"), segment or None  # Mailchimp says 0 for none


def _tag(content: Content) -> str:
    return f"pressroom {content.distribution_id}"


def _id(campaign: Campaign) -> str:
    """Raises: CallError."""
    id_ = campaign.get("id")
    if not isinstance(id_, str) or not id_:
        raise garbled("Mailchimp's answer has no campaign id")
    return id_


def _touched(campaign: Campaign) -> PlatformError:
    status = campaign.get("status")
    message = f"the campaign is {status!r} in Mailchimp: somebody has handled it there"
    return PlatformError(ErrorKind.POLICY, message, code=f"status_{status}")


def _published(campaign: Campaign) -> Published:
    """Raises: CallError."""
    return Published(_id(campaign), _archive(campaign), _send_time(campaign) or datetime.now(UTC))


def _scheduled(campaign: Campaign) -> Scheduled:
    """Raises: CallError: among others, it does not tell for when."""
    at = _send_time(campaign)
    if at is None:
        raise garbled("Mailchimp does not tell when it is to send the campaign")
    return Scheduled(_id(campaign), _archive(campaign), at)


def _send_time(campaign: Campaign) -> datetime | None:
    try:
        return datetime.fromisoformat(str(campaign.get("send_time"))).astimezone(UTC)
    except ValueError:
        return None


def _archive(campaign: Campaign) -> str | None:
    return campaign.get("long_archive_url") or campaign.get("archive_url") or None

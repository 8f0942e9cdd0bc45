"""One account at Mailchimp: what makes an email fit to be sent, sending it once, and finding out what became of it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Final

from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.audience import Audience
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
from pipeline.platforms.mailchimp import newsletter, readers, variate
from pipeline.platforms.mailchimp.api import NOT_FOUND, PAGE, Api, Campaign
from pipeline.platforms.mailchimp.preparation import CAMPAIGN_STEP, DRAFT, SENT, Preparation, Prepared, id_of
from pipeline.platforms.mailchimp.report import figures
from pipeline.platforms.media.rules import problems
from pipeline.platforms.offer import Capabilities, Guarantee, Permalink, Setting
from pipeline.vocabulary import ErrorKind

UNSUBSCRIBE_TAG: Final = "*|UNSUB|*"
ADDRESS_TAG: Final = "*|LIST:ADDRESS|*"
_SCHEDULED: Final = "schedule"
_ROLES_THAT_DO_NOT_SEND: Final = ("viewer", "author")
_QUARTER_HOURS: Final = (0, 15, 30, 45)


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
        audience=True,
        split=True,
        remarks={"schedule": "on a quarter of an hour", "audience": "the list's, with who came and who went"},
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=r"[0-9a-f]+", handle=CAMPAIGN_STEP, where="the campaign's id as the API has it, ten letters and digits"
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
        self._preparation = Preparation(account, self._api)

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
        found += variate.problems(content, (UNSUBSCRIBE_TAG, ADDRESS_TAG))
        try:
            self._preparation.segment(content)
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
            prepared = self._preparation.prepared(content, journal)
            if not isinstance(prepared, Prepared):
                return _published(prepared) if prepared.get("status") in SENT else Unknown(_touched(prepared))
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
            if variate.has_own_times(content):
                return Rejected(variate.UNSCHEDULABLE)
            prepared = self._preparation.prepared(content, journal)
            if not isinstance(prepared, Prepared):
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
            return Changed(external_id) if failure.error.http_status == NOT_FOUND else failure.outcome
        if status in SENT:
            return Rejected(PlatformError(ErrorKind.POLICY, "the email is sent, and can't be taken back"))
        return Changed(external_id)

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        try:
            campaign = self._preparation.found(content, journal)
            if campaign is None or campaign.get("status") == DRAFT:
                return Absent()
            if campaign.get("status") in SENT:
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

    def audience(self) -> Audience | None:
        """The list's, whole, even where a segment of it gets the emails."""
        try:
            return readers.audience(self._api, required(self._account, self._account.publish_config, "list_id"))
        except CallError as failure:
            raise failure.unavailable() from None

    def whoami(self) -> Identity:
        try:
            root = self._api.root()
        except CallError as failure:
            raise failure.unavailable() from None
        name = str(root.get("account_name"))
        return Identity(name, ("sending campaigns",) * (root.get("role") in _ROLES_THAT_DO_NOT_SEND))

    def _send(self, prepared: Prepared) -> PublishOutcome:
        """The one call that readers notice. Never repeated: a later attempt reads the status first."""
        failed = self._last_word(prepared, self._api.send, SENT)
        return failed or Published(prepared.id, _archive(prepared.campaign), datetime.now(UTC))

    def _last_word(
        self, prepared: Prepared, say: Callable[[str], None], done: Sequence[str]
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


def _touched(campaign: Campaign) -> PlatformError:
    status = campaign.get("status")
    message = f"the campaign is {status!r} in Mailchimp: somebody has handled it there"
    return PlatformError(ErrorKind.POLICY, message, code=f"status_{status}")


def _published(campaign: Campaign) -> Published:
    """Raises: CallError."""
    return Published(id_of(campaign), _archive(campaign), _send_time(campaign) or datetime.now(UTC))


def _scheduled(campaign: Campaign) -> Scheduled:
    """Raises: CallError: among others, it does not tell for when."""
    at = _send_time(campaign)
    if at is None:
        raise garbled("Mailchimp does not tell when it is to send the campaign")
    return Scheduled(id_of(campaign), _archive(campaign), at)


def _send_time(campaign: Campaign) -> datetime | None:
    try:
        return datetime.fromisoformat(str(campaign.get("send_time"))).astimezone(UTC)
    except ValueError:
        return None


def _archive(campaign: Campaign) -> str | None:
    return campaign.get("long_archive_url") or campaign.get("archive_url") or None

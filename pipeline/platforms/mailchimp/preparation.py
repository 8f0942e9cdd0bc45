"""A campaign up to the last word: found again or made, filled, and checked. No reader notices any of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pipeline.platforms.base import Account, Journal, NotSent, PlatformError, Rejected
from pipeline.platforms.content import Content
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import as_list, as_object
from pipeline.platforms.mailchimp import variate
from pipeline.platforms.mailchimp.api import NOT_FOUND, Api, Campaign
from pipeline.vocabulary import ErrorKind

CAMPAIGN_STEP: Final = "campaign"
DRAFT: Final = "save"
SENT: Final = ("sending", "sent")
_DISCARD_STEP: Final = "discarded campaign"
_SKEW: Final = timedelta(minutes=10)
"""How far Mailchimp's clock may be behind ours."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A campaign in which nothing is missing but the last word."""

    id: str
    campaign: Campaign


class Preparation:
    """For one account. Every method raises CallError."""

    def __init__(self, account: Account, api: Api) -> None:
        self._account = account
        self._api = api

    def prepared(self, content: Content, journal: Journal) -> Prepared | Campaign:
        """The campaign, filled and checked; as it is where it is a draft no more."""
        kind, wanted = self._wanted(content)
        found = self.found(content, journal)
        if found is not None and found.get("status") == DRAFT and found.get("type", kind) != kind:
            self._discard(found, journal)
            found = None
        campaign = found or self._api.create(kind, wanted)
        id_ = id_of(campaign)
        if journal.handles.get(CAMPAIGN_STEP) != id_:
            journal.record(CAMPAIGN_STEP, id_)
        if campaign.get("status") != DRAFT:
            return campaign
        if found is not None:  # it says what an earlier attempt was to say
            campaign = self._api.change(id_, wanted)
        self._fill(campaign, wanted, content)
        self._check(id_)
        return Prepared(id_, campaign)

    def found(self, content: Content, journal: Journal) -> Campaign | None:
        """The campaign that an earlier attempt made, as it is now."""
        id_ = journal.handles.get(CAMPAIGN_STEP)
        if id_ is not None and id_ != journal.handles.get(_DISCARD_STEP):
            return self._api.campaign(id_)
        listed = self._api.campaigns(self._setting("list_id"), journal.started_at - _SKEW)
        ours = [
            each
            for each in listed
            # Mailchimp makes a campaign of its own of each arm.
            if as_object(each.get("settings")).get("title") == _tag(content) and not each.get("parent_campaign_id")
        ]
        # A sent one first: where there are two, that one has had the effect.
        return min(ours, key=lambda each: each.get("status") not in SENT, default=None)

    def segment(self, content: Content) -> int | None:
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

    def _wanted(self, content: Content) -> tuple[str, dict[str, Any]]:
        """The campaign's type, whom it is for and what it says of itself."""
        recipients: dict[str, Any] = {"list_id": self._setting("list_id")}
        segment = self.segment(content)
        if segment is not None:
            recipients["segment_opts"] = {"saved_segment_id": segment}
        reply_to = self._setting("reply_to")
        settings = {
            "title": _tag(content),
            "subject_line": content.title,
            "preview_text": content.platform_specific.get("preview_text") or "",
            "from_name": self._setting("from_name"),
            "reply_to": reply_to,
        }
        wanted = {"recipients": recipients, "settings": settings}
        arms = variate.of(content.platform_specific)
        if arms is None:
            return "regular", wanted
        return "variate", {**wanted, "variate_settings": variate.settings(arms, reply_to)}

    def _discard(self, draft: Campaign, journal: Journal) -> None:
        """Delete a draft of another type, since a type can't be changed: so no earlier attempt can send it any more.

        Where one has just done so, Mailchimp refuses to delete it, and the next attempt finds it sent.

        Raises:
            CallError: it is not certain that it is gone; nothing was sent by this attempt.
        """
        id_ = id_of(draft)
        journal.record(_DISCARD_STEP, id_)
        try:
            self._api.delete(id_)
        except CallError as failure:
            if failure.error.http_status != NOT_FOUND:
                raise CallError(NotSent(failure.error, getattr(failure.outcome, "retry_at", None))) from None

    def _fill(self, campaign: Campaign, wanted: Mapping[str, Any], content: Content) -> None:
        """Raises: CallError: among others, the campaign would go to others than was asked."""
        if _audience(as_object(campaign.get("recipients"))) != _audience(wanted["recipients"]):
            message = "the campaign's recipients are not those that were asked for"
            raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, message, code="recipients")))
        body = {"html": content.body}
        if content.platform_specific.get("plain_text"):
            body["plain_text"] = str(content.platform_specific["plain_text"])
        arms = variate.of(content.platform_specific)
        self._api.fill(id_of(campaign), body if arms is None else {"variate_contents": variate.contents(arms, body)})

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

    def _setting(self, name: str) -> str:
        return required(self._account, self._account.publish_config, name)


def id_of(campaign: Campaign) -> str:
    """Raises: CallError."""
    id_ = campaign.get("id")
    if not isinstance(id_, str) or not id_:
        raise garbled("Mailchimp's answer has no campaign id")
    return id_


def _audience(recipients: Mapping[str, Any]) -> tuple[Any, Any]:
    options = recipients.get("segment_opts")
    segment = options.get("saved_segment_id") if isinstance(options, dict) else None
    return recipients.get("list_id"), segment or None  # Mailchimp says 0 for none


def _tag(content: Content) -> str:
    return f"pressroom {content.distribution_id}"

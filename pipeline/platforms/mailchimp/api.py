"""Calls to Mailchimp's API: the SDK knows the routes, our wire carries, failures are read as Mailchimp means them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import mailchimp_marketing
from mailchimp_marketing.api_client import ApiClientError

from pipeline.platforms.base import Account
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import Wire, as_list, as_object
from pipeline.platforms.sdk import as_response

PAGE: Final = 1000
"""The most that Mailchimp lists at once."""
NOT_FOUND: Final = 404
_NO_CONTENT: Final = 204
_CAMPAIGN_FIELDS: Final = (
    *("id", "type", "status", "send_time", "long_archive_url", "archive_url", "settings", "recipients"),
    "parent_campaign_id",
)
_ACTIVITY_DAYS: Final = 30
"""Of the 180 that Mailchimp tells; younger ones may still be corrected."""

Campaign = dict[str, Any]


class Api:
    """Mailchimp for one account. Every method raises CallError."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def root(self) -> dict[str, Any]:
        """The account."""
        return self._object(self._sdk.root.get_root)

    def campaign(self, id_: str) -> Campaign:
        return self._object(self._sdk.campaigns.get, id_, fields=list(_CAMPAIGN_FIELDS))

    def campaigns(self, list_id: str, since: datetime) -> list[Campaign]:
        """The list's campaigns that were made after that."""
        query = {
            "since_create_time": _stamp(since),
            "list_id": list_id,
            "count": PAGE,
            "fields": [f"campaigns.{name}" for name in _CAMPAIGN_FIELDS],
        }
        return as_list(self._object(self._sdk.campaigns.list, **query).get("campaigns"))

    def create(self, kind: str, wanted: Campaign) -> Campaign:
        return self._object(self._sdk.campaigns.create, {"type": kind, **wanted})

    def delete(self, id_: str) -> None:
        self._done(self._sdk.campaigns.remove, id_)

    def change(self, id_: str, wanted: Campaign) -> Campaign:
        return self._object(self._sdk.campaigns.update, id_, wanted)

    def fill(self, id_: str, content: dict[str, Any]) -> None:
        self._object(self._sdk.campaigns.set_content, id_, content)

    def checklist(self, id_: str) -> dict[str, Any]:
        return self._object(self._sdk.campaigns.get_send_checklist, id_)

    def send(self, id_: str) -> None:
        self._done(self._sdk.campaigns.send, id_)

    def schedule(self, id_: str, at: datetime) -> None:
        self._done(self._sdk.campaigns.schedule, id_, {"schedule_time": _stamp(at)})

    def unschedule(self, id_: str) -> None:
        self._done(self._sdk.campaigns.unschedule, id_)

    def report(self, id_: str, fields: list[str]) -> dict[str, Any]:
        return self._object(self._sdk.reports.get_campaign_report, id_, fields=fields)

    def reports(self, fields: list[str], **sent: datetime) -> Iterator[list[dict[str, Any]]]:
        """Of the campaigns sent `since_send_time` or `before_send_time`, a page at a time."""
        query = {name: _stamp(moment) for name, moment in sent.items()}
        asked = ["total_items", *(f"reports.{name}" for name in fields)]
        read, total = 0, 1
        while read < total:
            answer = self._object(
                self._sdk.reports.get_all_campaign_reports, count=PAGE, offset=read, fields=asked, **query
            )
            page = as_list(answer.get("reports"))
            yield page
            told = answer.get("total_items")
            total = told if page and isinstance(told, int) else 0
            read += len(page)

    def variate_settings(self, id_: str) -> dict[str, Any]:
        """Of a campaign in arms, what Mailchimp made of them."""
        campaign = self._object(self._sdk.campaigns.get, id_, fields=["variate_settings"])
        return as_object(campaign.get("variate_settings"))

    def sub_reports(self, id_: str, fields: list[str]) -> list[dict[str, Any]]:
        """Of the campaigns that Mailchimp made of a campaign's arms."""
        asked = [f"reports.{name}" for name in fields]
        return as_list(self._object(self._sdk.reports.get_sub_reports_for_campaign, id_, fields=asked).get("reports"))

    def members(self, list_id: str) -> Any:
        """How many are subscribed."""
        told = self._object(self._sdk.lists.get_list, list_id, fields=["stats.member_count"])
        return as_object(told.get("stats")).get("member_count")

    def activity(self, list_id: str) -> list[dict[str, Any]]:
        """A list's last days, who came and who went."""
        asked = [f"activity.{name}" for name in ("day", "subs", "unsubs", "other_adds", "other_removes")]
        told = self._object(self._sdk.lists.get_list_recent_activity, list_id, count=_ACTIVITY_DAYS, fields=asked)
        return as_list(told.get("activity"))

    def _done(self, method: Callable[..., Any], *args: Any) -> None:
        if getattr(self._call(method, *args), "status_code", None) != _NO_CONTENT:
            raise garbled("Mailchimp did not say that it does what it was asked")

    def _object(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
        return as_object(self._call(method, *args, **kwargs))

    def _call(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The parsed answer."""
        try:
            return method(*args, **kwargs)
        except ApiClientError as error:
            # The SDK wraps what its transport raises, and hides it from `str`.
            if not isinstance(error.text, CallError):
                raise garbled("the answer can't be read") from None
            failure = error.text
        if failure.error.http_status == 403 and failure.payload is None:  # noqa: PLR2004 - throttling has no JSON
            raise CallError(failure.as_rate_limited())
        raise failure

    @cached_property
    def _sdk(self) -> Any:
        """An SDK client of this account alone, whose calls go over our wire.

        The SDK hands back failures without a body as if they were answers; the wire raises before it can.
        """
        credentials = self._account.credentials
        token = credentials.get("access_token")
        basic = None if token else ("pressroom", required(self._account, credentials, "api_key"))
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        wire = Wire(self._account, auth=basic)
        base_url = self._account.publish_config.get("base_url")
        if not base_url:
            base_url = f"https://{required(self._account, credentials, 'server_prefix')}.api.mailchimp.com/3.0"

        def send(method: str, url: str, params: Any = None, *, headers: Any = None, body: Any = None) -> Any:
            query = dict(params or ())
            return as_response(wire.call(method, url, params=query, headers={**headers, **bearer}, json=body))

        client = mailchimp_marketing.Client()
        client.api_client.host = str(base_url).rstrip("/")
        client.api_client.server = ""  # else it replaces the word "server" wherever it stands in an address
        client.api_client.request = send
        return client


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")

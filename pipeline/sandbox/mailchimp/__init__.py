"""Mailchimp: the parts of Marketing API 3.0 that write, send and report campaigns."""

from typing import Final

from pipeline.sandbox.mailchimp import actions, archive, audience, campaigns, content, credentials, errors, reports
from pipeline.sandbox.mailchimp.access import authenticated
from pipeline.sandbox.service import Endpoint, StandIn

_API = "/3.0"
_CAMPAIGN = f"{_API}/campaigns/{{id}}"

STAND_IN: Final = StandIn(
    name="mailchimp",
    title="Mailchimp",
    api=_API,
    failure=errors.failure,
    rate_limited=errors.rate_limited,
    credentials=credentials.ACCOUNT,
    publish_config=lambda sandbox: {
        "base_url": f"{sandbox}/mailchimp{_API}",
        "list_id": audience.LIST_ID,
        "from_name": "The Editors",
        "reply_to": "editors@example.com",
    },
    settle=actions.send_due,
    endpoints=[
        Endpoint(method, path, authenticated(handler))
        for method, path, handler in (
            ("GET", f"{_API}/", audience.account),
            ("GET", f"{_API}/ping", audience.ping),
            ("GET", f"{_API}/lists/{{id}}", audience.read),
            ("GET", f"{_API}/lists/{{id}}/activity", audience.activity),
            ("GET", f"{_API}/lists/{{id}}/segments", audience.segments),
            ("GET", f"{_API}/lists/{{id}}/segments/{{segment_id:int}}", audience.segment),
            ("POST", f"{_API}/campaigns", campaigns.create),
            ("GET", f"{_API}/campaigns", campaigns.search),
            ("GET", _CAMPAIGN, campaigns.read),
            ("PATCH", _CAMPAIGN, campaigns.update),
            ("DELETE", _CAMPAIGN, campaigns.delete),
            ("GET", f"{_CAMPAIGN}/content", content.read),
            ("PUT", f"{_CAMPAIGN}/content", content.replace),
            ("GET", f"{_CAMPAIGN}/send-checklist", actions.checklist),
            ("POST", f"{_CAMPAIGN}/actions/send", actions.send),
            ("POST", f"{_CAMPAIGN}/actions/schedule", actions.schedule),
            ("POST", f"{_CAMPAIGN}/actions/unschedule", actions.unschedule),
            ("GET", f"{_API}/reports", reports.search),
            ("GET", f"{_API}/reports/{{id}}", reports.read),
            ("GET", f"{_API}/reports/{{id}}/sub-reports", reports.sub_reports),
        )
    ]
    + [Endpoint("GET", "/archive/{id}", archive.page)],
)

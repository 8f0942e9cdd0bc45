"""What a campaign says."""

import re

import nh3
from pydantic import BaseModel
from starlette.responses import Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.mailchimp.access import body, partial
from pipeline.sandbox.mailchimp.campaigns import editable, one
from pipeline.sandbox.mailchimp.errors import bad_request
from pipeline.sandbox.service import Call


class _Arm(BaseModel):
    content_label: str
    html: str
    plain_text: str | None = None


class _Content(BaseModel):
    html: str | None = None
    plain_text: str | None = None
    variate_contents: list[_Arm] | None = None


def read(call: Call) -> Response:
    return partial(call, _shown(one(call)))


def replace(call: Call) -> Response:
    campaign = editable(call)
    asked = body(call, _Content)
    if (asked.variate_contents is not None) != (campaign["type"] == "variate"):
        raise bad_request("Campaigns of the type variate have variate_contents, and no others.")
    if asked.variate_contents is not None:
        campaign["contents"] = [each.model_dump() for each in asked.variate_contents]
        first = asked.variate_contents[0] if asked.variate_contents else _Content()
        asked = _Content(html=first.html, plain_text=first.plain_text)
    if asked.html is None and asked.plain_text is None:
        raise bad_request("The sandbox takes content as html or plain_text only.")
    campaign["html"] = asked.html or ""
    campaign["plain_text"] = asked.plain_text or _plain(campaign["html"])
    call.ledger.put("mailchimp", "campaign", campaign["id"], campaign)
    call.record(
        "campaign_content_set",
        campaign["id"],
        title=campaign["settings"]["subject_line"] or None,
        text=campaign["html"] or campaign["plain_text"],
    )
    return partial(call, _shown(campaign))


def _shown(campaign: Document) -> Document:
    return {
        "plain_text": campaign["plain_text"],
        "html": campaign["html"],
        "archive_html": campaign["html"],
        **({"variate_contents": campaign["contents"]} if campaign.get("variate") else {}),
        "_links": [],
    }


def _plain(html: str) -> str:
    text = nh3.clean(re.sub(r"</(p|h\d|li|div)>", "\n", html), tags=set(), clean_content_tags={"style", "script"})
    return re.sub(r"\s*\n\s*", "\n\n", text).strip()

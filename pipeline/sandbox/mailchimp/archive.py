"""A campaign's page, as its archive shows it: with its tags filled in."""

from typing import Final

from starlette.responses import HTMLResponse, Response

from pipeline.sandbox import pages
from pipeline.sandbox.mailchimp.access import utc
from pipeline.sandbox.mailchimp.audience import LIST_NAME
from pipeline.sandbox.service import Call

_FILLED_IN: Final = {
    "*|MC_PREVIEW_TEXT|*": "",  # the page shows it by itself
    "*|UNSUB|*": "#nobody-to-unsubscribe",
    "*|LIST:ADDRESS|*": "Sandbox Press, 1 Nowhere Street",
}


def page(call: Call) -> Response:
    campaign = call.ledger.get("mailchimp", "campaign", call.request.path_params["id"])
    if campaign is None or not campaign["sent"]:
        return HTMLResponse(pages.render("missing.html", what="campaign"), 404)
    settings = campaign["settings"]
    shown = pages.render(
        "mailchimp_campaign.html",
        subject=settings["subject_line"],
        preview=settings["preview_text"],
        sender=f"{settings['from_name']} <{settings['reply_to']}>",
        audience=LIST_NAME,
        sent=utc(campaign["sent"]),
        body=pages.safe_html(_filled_in(campaign["html"])) if campaign["html"] else None,
        plain=_filled_in(campaign["plain_text"]),
    )
    return HTMLResponse(shown)


def _filled_in(text: str) -> str:
    for tag, words in _FILLED_IN.items():
        text = text.replace(tag, words)
    return text

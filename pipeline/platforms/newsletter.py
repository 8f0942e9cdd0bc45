"""An article as an email: one column, styles inline, readable without pictures, with the tags Mailchimp fills in."""

import html
from dataclasses import dataclass
from typing import Final

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.text.fitting import fit
from pipeline.text.rendering import sanitised, text_of

SUBJECT_LIMIT: Final = 150
PREVIEW_LIMIT: Final = 150
CLIPPED_AT_BYTES: Final = 100_000
"""Gmail shows 102 KB of a message and hides the rest, the unsubscribe link included."""

_TAG_STYLES: Final = {
    "p": "margin:0 0 16px",
    "h2": "margin:28px 0 12px;font-size:22px;line-height:1.3",
    "h3": "margin:24px 0 8px;font-size:18px;line-height:1.3",
    "img": "max-width:100%;height:auto;border:0",
    "blockquote": "margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid #d0d0cc;color:#555",
    "pre": "overflow-x:auto;padding:12px;background:#f4f4f2;font-size:14px",
    "a": "color:#0b57a4",
}

_PAGE: Final = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body style="margin:0;padding:0;background:#f4f4f2">
<div style="max-width:600px;margin:0 auto;padding:24px;background:#fff;color:#222;font:17px/1.6 Georgia,serif">
<h1 style="margin:0 0 16px;font-size:28px;line-height:1.2">{title}</h1>
{body}
<p style="margin:24px 0"><a href="{link}" style="color:#0b57a4;font-weight:bold">{invitation}</a></p>
<p style="margin:32px 0 0;padding:16px 0 0;border-top:1px solid #d0d0cc;font-size:13px;color:#666">\
You receive this because you subscribed. <a href="*|UNSUB|*" style="color:#666">Unsubscribe</a><br>*|LIST:ADDRESS|*</p>
</div>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """`blocks` is sanitised HTML."""

    title: str
    blocks: list[str]
    link: str
    language: str


def adapted(article: AdaptableArticle, account: Destination) -> AdaptedContent:
    """The whole article with its text part. `max_content_length` is in bytes of HTML."""
    title = adaptation.title_of(article, min(account.max_title_length or SUBJECT_LIMIT, SUBJECT_LIMIT))
    letter = Letter(
        title=title,
        blocks=adaptation.disclosed(article),
        link=article.canonical_url,
        language=article.language,
    )
    limit = min(account.max_content_length or CLIPPED_AT_BYTES, CLIPPED_AT_BYTES)
    return AdaptedContent(
        title=without_merge_tags(title),
        body=to_html(letter, limit),
        link_url=article.canonical_url,
        platform_specific={
            "preview_text": without_merge_tags(fit(adaptation.teaser(article), PREVIEW_LIMIT)),
            "plain_text": to_text(letter),
        },
    )


def to_html(letter: Letter, limit_bytes: int) -> str:
    """The whole article, or as many of its blocks as the limit allows; the link to it in any case."""
    blocks = [sanitised(block, _TAG_STYLES) for block in letter.blocks]
    for kept in range(len(blocks), 0, -1):
        page = _page(
            letter, blocks[:kept], "Read it on the site" if kept == len(blocks) else "Read the rest on the site"
        )
        if len(page.encode()) <= limit_bytes:
            return page
    return _page(letter, [], "Read it on the site")


def to_text(letter: Letter) -> str:
    paragraphs = [letter.title, *(text_of(block, links=True) for block in letter.blocks)]
    said = without_merge_tags("\n\n".join(text for text in paragraphs if text))
    return f"{said}\n\nRead it on the site: {letter.link}\n\n--\nUnsubscribe: *|UNSUB|*\n*|LIST:ADDRESS|*\n"


def without_merge_tags(text: str) -> str:
    """Text in which Mailchimp finds nothing to fill in."""
    return text.replace("*|", "* |")


def _page(letter: Letter, blocks: list[str], invitation: str) -> str:
    return _PAGE.format(
        language=html.escape(letter.language),
        title=_inert(html.escape(letter.title, quote=False)),
        body=_inert("\n".join(blocks)),
        link=_inert(html.escape(letter.link)),
        invitation=invitation,
    )


def _inert(markup: str) -> str:
    """HTML that says the same, in which Mailchimp finds nothing to fill in."""
    return markup.replace("*|", "*&#124;")

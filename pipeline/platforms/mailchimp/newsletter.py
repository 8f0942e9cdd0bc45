"""An article as an email: one column in tables, readable without pictures, with the tags that Mailchimp fills in."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.mailchimp.markup import MARGIN, WIDTH, addresses, for_mail, picture
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.rules import MediaRule
from pipeline.text.fitting import fit
from pipeline.text.rendering import sanitised, text_of
from pipeline.vocabulary import MediaKind

SUBJECT_LIMIT: Final = 150
PREVIEW_LIMIT: Final = 150
CLIPPED_AT_BYTES: Final = 100_000
"""Gmail shows 102 KB of a message and hides the rest, the unsubscribe link included."""

TAKES: Final = (
    MediaRule(MediaKind.IMAGE, ("image/jpeg", "image/png", "image/gif"), max_bytes=10 * 1024 * 1024, most=1),
)
"""A picture is not sent but shown from its address; WebP and AVIF are unknown to half the mail programs."""

_PAGE: Final = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body style="margin:0;padding:0;background:#f4f4f2">
<div style="display:none;font-size:0;line-height:0;max-height:0;overflow:hidden;mso-hide:all">*|MC_PREVIEW_TEXT|*</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f4f4f2">
<tr><td align="center" style="padding:0">
<table role="presentation" width="{width}" cellpadding="0" cellspacing="0" border="0" \
style="width:100%;max-width:{width}px;background:#fff">
<tr><td style="padding:{margin}px;color:#222;font:17px/1.6 Georgia,serif;text-align:left">
<h1 style="margin:0 0 16px;font-size:28px;line-height:1.2">{title}</h1>
{body}
<p style="margin:24px 0"><a href="{link}" style="color:#0b57a4;font-weight:bold">{invitation}</a></p>
<p style="margin:32px 0 0;padding:16px 0 0;border-top:1px solid #d0d0cc;font-size:13px;color:#666">\
You receive this because you subscribed. <a href="*|UNSUB|*" style="color:#666">Unsubscribe</a><br>*|LIST:ADDRESS|*</p>
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """`blocks` is sanitised HTML; `media` are the post's, of which `picture` is shown above them.

    `page` is what the blocks' addresses are relative to, `link` where a reader goes on.
    """

    title: str
    blocks: list[str]
    page: str
    link: str
    language: str
    media: Sequence[Media] = ()
    picture: Media | None = None


def adapted(article: AdaptableArticle, account: Destination) -> AdaptedContent:
    """The whole article with its text part. `max_content_length` is in bytes of HTML."""
    title = adaptation.title_of(article, min(account.max_title_length or SUBJECT_LIMIT, SUBJECT_LIMIT))
    blocks = adaptation.disclosed(article)
    media = adaptation.media_for(article.media, TAKES)
    letter = Letter(
        title=title,
        blocks=blocks,
        page=article.canonical_url,
        link=article.link,
        language=article.language,
        media=article.media,
        picture=next((each for each in media if not _shown_in(blocks, each.url, article.canonical_url)), None),
    )
    limit = min(account.max_content_length or CLIPPED_AT_BYTES, CLIPPED_AT_BYTES)
    return AdaptedContent(
        title=without_merge_tags(title),
        body=to_html(letter, limit),
        link_url=article.link,
        media=media,
        platform_specific={
            "preview_text": without_merge_tags(fit(adaptation.teaser(article), PREVIEW_LIMIT)),
            "plain_text": to_text(letter),
        },
    )


def to_html(letter: Letter, limit_bytes: int) -> str:
    """The whole article, or as many of its blocks as the limit allows; the link to it in any case."""
    widths = {each.url: each.width for each in letter.media if each.width}
    blocks = [for_mail(sanitised(block), letter.page, widths) for block in letter.blocks]
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


def shows(body: str, address: str) -> bool:
    """Whether the email shows the picture at the address."""
    return address in addresses(body)


def without_merge_tags(text: str) -> str:
    """Text in which Mailchimp finds nothing to fill in."""
    return text.replace("*|", "* |")


def _page(letter: Letter, blocks: list[str], invitation: str) -> str:
    if letter.picture:
        top = picture(letter.picture.url, letter.picture.alt_text, letter.picture.width)
        blocks = [top, *blocks]
    return _PAGE.format(
        width=WIDTH,
        margin=MARGIN,
        language=html.escape(letter.language),
        title=_inert(html.escape(letter.title, quote=False)),
        body=_inert("\n".join(blocks)),
        link=_inert(html.escape(letter.link)),
        invitation=invitation,
    )


def _shown_in(blocks: Sequence[str], address: str, page: str) -> bool:
    return any(urljoin(page, each) == address for block in blocks for each in addresses(block))


def _inert(markup: str) -> str:
    """HTML that says the same, in which Mailchimp finds nothing to fill in."""
    return markup.replace("*|", "*&#124;")

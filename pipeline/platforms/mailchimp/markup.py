"""Sanitised HTML as mail programs take it: no style sheets, no relative addresses, no width unsaid. Pure."""

import html
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin

WIDTH: Final = 600
"""Of the column in pixels, which every mail program and phone shows whole or scales."""
MARGIN: Final = 24
PICTURE_WIDTH: Final = WIDTH - 2 * MARGIN

_HEADING: Final = "line-height:1.3;font-weight:bold"
_STYLES: Final = {
    "p": "margin:0 0 16px",
    "h2": f"margin:28px 0 12px;font-size:22px;{_HEADING}",
    "h3": f"margin:24px 0 8px;font-size:18px;{_HEADING}",
    "h4": f"margin:20px 0 8px;font-size:17px;{_HEADING}",
    "h5": f"margin:20px 0 8px;font-size:16px;{_HEADING}",
    "h6": f"margin:20px 0 8px;font-size:16px;{_HEADING}",
    "ul": "margin:0 0 16px;padding:0 0 0 24px",
    "ol": "margin:0 0 16px;padding:0 0 0 24px",
    "li": "margin:0 0 6px",
    "dl": "margin:0 0 16px",
    "dt": "font-weight:bold",
    "dd": "margin:0 0 8px 24px",
    "hr": "margin:24px 0;border:0;border-top:1px solid #d0d0cc",
    "blockquote": "margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid #d0d0cc;color:#555",
    "figure": "margin:0 0 16px",
    "figcaption": "margin:6px 0 0;font-size:14px;line-height:1.4;color:#555",
    "table": "width:100%;margin:0 0 16px;border-collapse:collapse;font-size:15px",
    "caption": "padding:0 0 6px;text-align:left;font-size:14px;color:#555",
    "th": "padding:6px 8px;border-bottom:2px solid #d0d0cc;text-align:left;vertical-align:top",
    "td": "padding:6px 8px;border-bottom:1px solid #d0d0cc;text-align:left;vertical-align:top",
    "pre": "margin:0 0 16px;padding:12px;background:#f4f4f2;font:14px/1.5 Consolas,Menlo,monospace;"
    "white-space:pre-wrap;word-wrap:break-word",
    "code": "padding:1px 4px;background:#f4f4f2;font-family:Consolas,Menlo,monospace;font-size:15px",
    "kbd": "padding:1px 4px;border:1px solid #d0d0cc;font-family:Consolas,Menlo,monospace;font-size:14px",
    "a": "color:#0b57a4",
}
_TABLE: Final = {"width": "100%", "cellpadding": "0", "cellspacing": "0", "border": "0"}


def for_mail(markup: str, page: str, widths: Mapping[str, int]) -> str:
    """The same with a style on each tag, addresses made whole as on `page`, and pictures of a width.

    `widths` are those of pictures by their address, in pixels; none is shown wider than the column.
    """
    writer = _Writer(page, widths)
    writer.feed(markup)
    writer.close()
    return "".join(writer.written)


def picture(address: str, alt: str, width: int | None) -> str:
    """A picture by itself."""
    image = f'<img src="{html.escape(address)}" alt="{html.escape(alt)}">'
    return for_mail(f"<p>{image}</p>", address, {} if width is None else {address: width})


def addresses(markup: str) -> set[str]:
    """Those of the pictures in it."""
    reader = _Writer("", {})
    reader.feed(markup)
    reader.close()
    return reader.pictures


class _Writer(HTMLParser):
    def __init__(self, page: str, widths: Mapping[str, int]) -> None:
        super().__init__(convert_charrefs=False)
        self.written: list[str] = []
        self.pictures: set[str] = set()
        self._page = page
        self._widths = widths
        self._preformatted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        for name in ("href", "src"):
            if name in attributes:
                attributes[name] = urljoin(self._page, attributes[name])
        if tag == "img":
            attributes = self._shown(attributes)
        elif tag == "table":
            attributes = {**attributes, **_TABLE}
        if tag in _STYLES and not (tag == "code" and self._preformatted):
            attributes["style"] = _STYLES[tag]
        self._preformatted += tag == "pre"
        said = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
        self.written.append(f"<{tag}{said}>")

    def handle_endtag(self, tag: str) -> None:
        self._preformatted -= tag == "pre"
        self.written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.written.append(data)

    def handle_entityref(self, name: str) -> None:
        self.written.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.written.append(f"&#{name};")

    def _shown(self, attributes: Mapping[str, str]) -> dict[str, str]:
        """Outlook goes by the attribute, the others by the style, which lets a phone show it narrower."""
        address = attributes.get("src", "")
        self.pictures.add(address)
        width = min(self._widths.get(address, PICTURE_WIDTH), PICTURE_WIDTH)
        style = f"display:block;width:100%;max-width:{width}px;height:auto;border:0"
        return {"alt": "", **attributes, "width": str(width), "style": style}

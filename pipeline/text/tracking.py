"""What a version's links carry, so that a click can be told from another's: UTM tags and sub-ids. Pure.

The scheme, one for all: `utm_source` is the platform's name, `utm_medium` what kind it is of (see `MEDIA`),
`utm_campaign` the post's campaign or its vertical, `utm_content` the code of the post on the account. Only links to our
own pages are tagged, only in versions that lead readers there from elsewhere, and never one that has tags already:
whoever set those had a reason. Links of affiliate networks that we know carry the same code as their sub-id.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit

from pipeline.text.networks import links_of

SOCIAL: Final = "social"
MEDIA: Final[Mapping[str, str]] = {
    "mailchimp": "email",
    "wordpress": "syndication",
    "podcast": "audio",
    "youtube": "video",
}
"""`utm_medium` by platform; of any other platform it is `SOCIAL`."""

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"'`]+", re.IGNORECASE)
_AFTER_AN_ADDRESS: Final = ".,;:!?*_…"


@dataclass(frozen=True, slots=True)
class Utm:
    """https://support.google.com/analytics/answer/10917952 says what the four are for."""

    source: str
    medium: str
    campaign: str
    content: str


@dataclass(frozen=True, slots=True)
class Tracking:
    """What the links of one version carry.

    `page` is the article's address at home, `target` the same with its tags, `link` the address by which readers of the
    version get there: the target or, where `short_code` is one, a short link to it. `own` are the addresses below which
    pages are ours. `utm` is None where readers are at home already.
    """

    page: str
    target: str
    link: str
    own: Sequence[str]
    utm: Utm | None
    code: str
    short_code: str | None = None

    def href(self, address: str) -> str:
        """Where a link in the article leads from this version; relative ones are of the article's page."""
        if self.utm is None:
            return with_sub_id(address, self.code)
        whole = urljoin(self.page, address) if _is_relative(address) else address
        if whole == self.page:
            return self.link
        return tagged(whole, self.utm) if is_below(whole, self.own) else with_sub_id(whole, self.code)

    def behind(self, address: str) -> str:
        """Where a link leads that shows readers the address itself: to the same host, tagged and never short."""
        return replace(self, link=self.target).href(address)

    def prose(self, text: str) -> str:
        """A text without markup, its addresses as in links."""
        return _ADDRESS.sub(self._written, text)

    def _written(self, match: re.Match[str]) -> str:
        address = match[0].rstrip(_AFTER_AN_ADDRESS)
        if address.endswith(")") and "(" not in address:
            address = address.rstrip(")").rstrip(_AFTER_AN_ADDRESS)
        return self.href(address) + match[0][len(address) :]


def tagged(address: str, utm: Utm) -> str:
    """The address with the tags behind what it has already, else unchanged to the byte; one that has tags is left."""
    split = _split(address)
    if split is None or any(name.lower().startswith("utm_") for name, _ in _query(split)):
        return address
    return _with(
        address,
        {
            "utm_source": utm.source,
            "utm_medium": utm.medium,
            "utm_campaign": utm.campaign,
            "utm_content": utm.content,
        },
    )


def with_sub_id(address: str, code: str) -> str:
    """An affiliate link with the code as its sub-id; any other, and one that has a sub-id, is left as it is."""
    split = _split(address)
    links = links_of(split.hostname or "") if split else None
    if split is None or links is None:
        return address
    names = {name for name, _ in _query(split)}
    if links.parameter in names or (links.needs and links.needs not in names):
        return address
    return _with(address, {links.parameter: code})


def is_below(address: str, bases: Sequence[str]) -> bool:
    """Whether the address is one of the bases, or of a page below one. http and https are one."""
    split = _split(address)
    return split is not None and any(_is_below(split, base) for each in bases if (base := _split(each)))


def _is_below(split: SplitResult, base: SplitResult) -> bool:
    folder = base.path.rstrip("/")
    return _host(split) == _host(base) and (split.path == folder or split.path.startswith(f"{folder}/"))


def _host(split: SplitResult) -> str:
    return split.netloc.rpartition("@")[2].lower().removesuffix(":443" if split.scheme == "https" else ":80")


def _with(address: str, parameters: Mapping[str, str]) -> str:
    before, sharp, fragment = address.partition("#")
    joint = "" if before.endswith(("?", "&")) else "&" if "?" in before else "?"
    return f"{before}{joint}{urlencode(parameters)}{sharp}{fragment}"


def _query(split: SplitResult) -> list[tuple[str, str]]:
    return parse_qsl(split.query, keep_blank_values=True)


def _split(address: str) -> SplitResult | None:
    """None for what is no address of a page."""
    try:
        split = urlsplit(address)
    except ValueError:
        return None
    return split if split.scheme in ("http", "https") and split.netloc else None


def _is_relative(address: str) -> bool:
    """Of a page of the same site; not one of the page itself, nor `mailto:`."""
    try:
        split = urlsplit(address)
    except ValueError:
        return False
    return not split.scheme and not split.netloc and bool(split.path)

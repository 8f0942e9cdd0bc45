"""Links to our own pages and to others'."""

from collections.abc import Collection, Iterator
from urllib.parse import SplitResult, urlsplit

from pipeline.editorial.findings import Finding, good, improvement
from pipeline.editorial.seo.document import Document, Link, words
from pipeline.editorial.seo.keyphrase import Keyphrase

FEWEST_INTERNAL_LINKS = 3


def check(document: Document, keyphrase: Keyphrase | None) -> Iterator[Finding]:
    base = (document.post.base_url or "").rstrip("/")
    internal = [link for link in document.links if _is_internal(link, base)]
    to_itself = {link.href: link for link in reversed(internal) if _is_page(link, base, document.post.slug)}
    yield _internal(document, len({link.href for link in internal} - to_itself.keys()))
    yield _outbound([link for link in document.links if _is_outbound(link, base)])
    yield _itself(list(to_itself.values()))
    if keyphrase is not None:
        yield _competing(document, keyphrase, to_itself.keys())


def _internal(document: Document, count: int) -> Finding:
    name, there_are = "internal links", document.post.other_pages
    wanted = FEWEST_INTERNAL_LINKS if there_are is None else min(FEWEST_INTERNAL_LINKS, there_are)
    if count >= wanted:
        only = f"; there are only {there_are} pages to link to" if wanted < FEWEST_INTERNAL_LINKS else ""
        return good(name, f"{count} internal links{only}.", "content")
    message = f"{count} internal links of at least {wanted}."
    return improvement(name, message, "Link to our own articles on the subject.", "content")


def _outbound(found: list[Link]) -> Finding:
    name = "outbound links"
    if not found:
        message = "No link leads to another site."
        return improvement(name, message, "Link to a source or to further reading.", "content")
    followed = [link for link in found if link.is_followed]
    if not followed:
        message = f"All {len(found)} links to other sites are marked as not to be followed (advertising)."
        return improvement(name, message, "Add one that is not: a source, further reading.", f"line {found[0].line}")
    return good(name, f"{len(followed)} of {len(found)} links to other sites are followed.", "content")


def _itself(found: list[Link]) -> Finding:
    name = "links to itself"
    if found:
        first = min(found, key=lambda link: link.line)
        message = f"The article links to itself ({first.text or first.href})."
        return improvement(name, message, "Take the link out, or link to a part of the page.", f"line {first.line}")
    return good(name, "No link leads to the article itself.", "content")


def _competing(document: Document, keyphrase: Keyphrase, own: Collection[str]) -> Finding:
    name, meant = "competing links", len(keyphrase.forms)
    for link in document.links:
        said = [word for word in words(link.text) if word not in document.language.function_words]
        if len(said) == meant and keyphrase.mentions(said) and link.href not in own:
            message = f"A link to {link.href} has the keyphrase “{link.text}” as its text."
            advice = "Word the link differently: it names that page, not this one, as the answer."
            return improvement(name, message, advice, f"line {link.line}")
    return good(name, "No link gives the keyphrase away to another page.", "content")


def _is_internal(link: Link, base: str) -> bool:
    if base and (link.href == base or link.href.startswith(f"{base}/")):
        return True
    address = _split(link.href)
    return address is not None and not address.scheme and not address.netloc and bool(address.path)


def _is_page(link: Link, base: str, slug: str | None) -> bool:
    """The page itself, not a part of it: `#notes` on one's own page is a fine link."""
    address = _split(link.href.removeprefix(base) if base else link.href)
    return bool(slug) and address is not None and not address.fragment and address.path.strip("/") == slug


def _is_outbound(link: Link, base: str) -> bool:
    address = _split(link.href)
    if address is None or _is_internal(link, base):
        return False
    return address.scheme in {"http", "https", ""} and bool(address.netloc)


def _split(href: str) -> SplitResult | None:
    try:
        return urlsplit(href)
    except ValueError:
        return None

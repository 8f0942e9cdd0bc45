"""Pictures and their alternative texts."""

from collections.abc import Iterator
from math import ceil, floor

from pipeline.editorial.findings import Finding, good, improvement
from pipeline.editorial.seo.document import Document, words
from pipeline.editorial.seo.keyphrase import Keyphrase

MANY = 5
SHARE_OF_MANY = (0.30, 0.75)
_HALF = 0.5


def check(document: Document, keyphrase: Keyphrase | None) -> Iterator[Finding]:
    pictures = document.pictures
    if not pictures:
        yield improvement("picture", "There is no picture.", "Add one that shows something of the subject.", "content")
        return
    yield good("picture", f"{len(pictures)} pictures." if len(pictures) > 1 else "One picture.", pictures[0].place)
    without = [picture for picture in pictures if not picture.alt]
    if without:
        message = f"{len(without)} of {len(pictures)} pictures have no alternative text."
        advice = "Say what it shows: for those who can't see it, and for search engines."
        yield improvement("alternative texts", message, advice, without[0].place)
    else:
        yield good("alternative texts", "Every picture has an alternative text.", "content")
    if keyphrase is not None:
        yield _with_keyphrase(document, keyphrase)


def _with_keyphrase(document: Document, keyphrase: Keyphrase) -> Finding:
    name, pictures = "keyphrase in alternative texts", document.pictures
    count = sum(keyphrase.share(words(picture.alt)) >= _HALF for picture in pictures)
    message = f"{count} of {len(pictures)} alternative texts have at least half of the words of “{keyphrase.text}”."
    fewest, most = 1, len(pictures)
    if len(pictures) >= MANY:
        fewest, most = ceil(SHARE_OF_MANY[0] * len(pictures)), floor(SHARE_OF_MANY[1] * len(pictures))
    if count < fewest:
        return improvement(name, message, "Name the subject where a picture shows it.", pictures[0].place)
    if count > most:
        return improvement(name, message, f"That is much: at most {most}, where it really fits.", pictures[0].place)
    return good(name, message, "content")

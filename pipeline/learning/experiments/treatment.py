"""What an arm changes of an article before it is adapted to its platform. Pure.

A treatment is a mapping of one entry or two, by what the experiment varies:

- title: `title`, a template; body: `body`, a template, in place of the words that a network shows of the article, or in
  an email of the article's whole text, in Markdown;
- image: `image`, `none` or a number, which of the article's images is shown (1 is the first);
- time: `hours`, whole hours of the account's local day (0 to 23), and `days`, 0 for Sunday to 6, without which all;
- sender: `from_name`, an email's.

A template is text with `{title}`, `{excerpt}`, `{vertical}` and `{keyword}` (the first) in it, those of the article.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pipeline.platforms.article import AdaptableArticle
from pipeline.vocabulary import MediaKind, Varied

_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_FIELDS: Final = ("title", "excerpt", "vertical", "keyword")
_HOURS: Final = 24
_DAYS: Final = 7


class TreatmentError(ValueError):
    """An arm can't be meant so; the message says why."""


def parsed(varies: Varied, said: str) -> dict[str, Any]:
    """A treatment as a person writes it: a template, `none` or a number, `9-11,15` with `mon-fri`, a name.

    Raises:
        TreatmentError.
    """
    said = said.strip()
    if not said:
        raise TreatmentError("An arm that says nothing changes nothing.")
    match varies:
        case Varied.TITLE | Varied.BODY:
            unknown = {name for name in _FIELD.findall(said) if name not in _FIELDS}
            if unknown:
                known = ", ".join(f"{{{name}}}" for name in _FIELDS)
                raise TreatmentError(f"A template knows {known}, and not {{{min(unknown)}}}.")
            return {str(varies): said}
        case Varied.IMAGE:
            if said != "none" and not (said.isdecimal() and int(said)):
                raise TreatmentError(f"An image is none or a number, 1 for the post's first, and not {said!r}.")
            return {"image": said if said == "none" else int(said)}
        case Varied.TIME:
            return _times(said)
        case Varied.SENDER:
            return {"from_name": said}


def treated(article: AdaptableArticle, treatment: Mapping[str, Any], *, is_email: bool) -> AdaptableArticle:
    """The article as the arm has it. Its link, its page and its disclosure stay as they are."""
    changed: dict[str, Any] = {}
    if "title" in treatment:
        changed["title"] = filled(str(treatment["title"]), article)
    if "body" in treatment:
        said = filled(str(treatment["body"]), article)
        # What is told in parts is told in one: the arm's words take its place.
        changed |= {"markdown": said, "parts": ()} if is_email else {"excerpt": said, "parts": ()}
    if "image" in treatment:
        changed["media"] = _with_image(article, treatment["image"])
    return replace(article, **changed)


def filled(template: str, article: AdaptableArticle) -> str:
    """The template with the article's own words in it; what it does not know is left as it is."""
    own = {
        "title": article.title,
        "excerpt": article.excerpt,
        "vertical": article.vertical,
        "keyword": next(iter(article.keywords), ""),
    }
    return _FIELD.sub(lambda match: own.get(match[1], match[0]), template)


def _with_image(article: AdaptableArticle, which: str | int) -> tuple[Any, ...]:
    """The media without images, or with that image alone; a number past the last is the last."""
    images = [each for each in article.media if each.kind == MediaKind.IMAGE]
    chosen = [] if which == "none" else images[: int(which)][-1:]
    return tuple(each for each in article.media if each.kind != MediaKind.IMAGE or each in chosen)


_DAY_NAMES: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def _times(said: str) -> dict[str, Any]:
    words = said.lower().split()
    named = [word for word in words if word[0].isalpha()]
    hours = sorted({hour for word in words if word not in named for hour in _range(word, _HOURS, _hour)})
    days = sorted({day for word in named for day in _range(word, _DAYS, _day)})
    if not hours:
        raise TreatmentError(f"A time is whole hours, as 9-11,15 or mon-fri 9-11, and not {said!r}.")
    return {"hours": hours, **({"days": days} if days else {})}


def _range(word: str, size: int, number: Any) -> list[int]:
    """`9-11,15` is 9, 10, 11 and 15; `fri-mon` goes over the week's end."""
    found = []
    for part in word.split(","):
        first, dash, last = part.partition("-")
        begins = number(first)
        ends = number(last) if dash else begins
        found += [each % size for each in range(begins, ends + 1 + (size if ends < begins else 0))]
    return found


def _hour(said: str) -> int:
    if not said.isdecimal() or int(said) >= _HOURS:
        raise TreatmentError(f"An hour is 0 to 23, and not {said!r}.")
    return int(said)


def _day(said: str) -> int:
    if said[:3] not in _DAY_NAMES:
        raise TreatmentError(f"A day is {', '.join(_DAY_NAMES)}, and not {said!r}.")
    return _DAY_NAMES.index(said[:3])

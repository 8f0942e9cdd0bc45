"""Retelling without a model: an article's own sentences, whole and in their order, as many as the form holds.

No sentence is cut, changed or made up; only the last line of a script, which asks to read on, is ours. What is told
again differs because it is another part of the article.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Final

from pipeline.text.likeness import said
from pipeline.text.rendering import blocks, one_line, text_of
from pipeline.writing.base import WriterError
from pipeline.writing.extract import stands_alone
from pipeline.writing.repurposing import Format, Limits, Repurposed, RepurposeTask
from pipeline.writing.text import clip, count_words, sentences, without_urls_and_emoji

_PREVIEW_LIMIT: Final = 150
_SPOKEN_WORDS: Final = 150
"""A minute's, at the pace of a newsreader."""
_INVITATIONS: Final[Mapping[str, str]] = {
    "de": "Den ganzen Artikel findest du über den Link.",
    "en": "Read the whole article: the link is below.",
    "es": "Lee el artículo completo en el enlace.",
    "fr": "Lisez l'article en entier : le lien est ci-dessous.",
}
_SHORT: Final = 8
"""Words: a post with fewer needs the article's title before it to be understood."""
_ABOUT_THE_TEXT: Final = ("<p><em>", "</em></p>")
"""A paragraph all in italics is a credit, a disclosure or a note, and no part of what the article tells."""


def repurpose_offline(task: RepurposeTask) -> Repurposed:
    """The article in its new form.

    Raises:
        WriterError: it has too few sentences that can stand there; trying again can't help.
    """
    paragraphs = _paragraphs(task.article.content, task.language)
    parts = _MAKERS[task.format](paragraphs, task)
    if len(parts) < task.limits.fewest_parts:
        raise WriterError(_too_few(len(parts), task), retryable=False)
    return Repurposed(
        title=clip(one_line(task.article.title), task.limits.longest_title),
        excerpt=clip(one_line(task.article.excerpt) or " ".join(parts[0].split()), _PREVIEW_LIMIT),
        parts=parts,
    )


def _too_few(parts: int, task: RepurposeTask) -> str:
    longest = task.limits.longest_part
    if task.format == "again":
        return (
            f"the article has no sentence left that can be read on its own, fits a post ({longest} characters) and was "
            "not said before"
        )
    return (
        f"the article has {parts} parts for a {task.format}, which needs {task.limits.fewest_parts}: its other "
        f"sentences are too long for one ({longest} characters) or there are none"
    )


def _paragraphs(content: str, language: str) -> list[list[str]]:
    """The sentences of each paragraph and list; headings, quotations, code and tables tell nothing on their own."""
    told = [
        text_of(block)
        for block in blocks(content)
        if block.startswith(("<p>", "<ul>", "<ol")) and not _is_about_the_text(block)
    ]
    found = [[_said(sentence) for sentence in sentences(text, language)] for text in told]
    return [kept for paragraph in found if (kept := [sentence for sentence in paragraph if sentence])]


def _is_about_the_text(block: str) -> bool:
    opening, closing = _ABOUT_THE_TEXT
    return block.startswith(opening) and block.endswith(closing) and block.count("<em>") == 1


def _said(sentence: str) -> str:
    """Without what a list or a link leaves of itself."""
    return without_urls_and_emoji(sentence).removeprefix("• ").strip()


def _thread(paragraphs: Sequence[Sequence[str]], task: RepurposeTask) -> list[str]:
    """As many sentences a post as it has room for; a paragraph's end ends one."""
    posts: list[str] = []
    for paragraph in paragraphs:
        posts += _packed(paragraph, task.limits)
    return posts[: task.limits.most_parts]


def _newsletter(paragraphs: Sequence[Sequence[str]], task: RepurposeTask) -> list[str]:
    """The first paragraph, then what opens each of the others."""
    if not paragraphs:
        return []
    introduction, *rest = [_packed(paragraph, task.limits) for paragraph in paragraphs]
    points = _openings(paragraphs[1:], task.limits) if rest else []
    if len(points) + 1 < task.limits.fewest_parts:
        points = _fitting([sentence for paragraph in paragraphs for sentence in paragraph][1:], task.limits)
        introduction = _fitting(paragraphs[0][:1], task.limits)
    return [*introduction[:1], *points][: task.limits.most_parts]


def _carousel(paragraphs: Sequence[Sequence[str]], task: RepurposeTask) -> list[str]:
    """The title, then a sentence a slide: what opens each paragraph, or every sentence where those are few."""
    slides = _openings(paragraphs, task.limits)
    if len(slides) + 1 < task.limits.fewest_parts:
        slides = _fitting([sentence for paragraph in paragraphs for sentence in paragraph], task.limits)
    return [clip(one_line(task.article.title), task.limits.longest_part), *slides][: task.limits.most_parts]


def _script(paragraphs: Sequence[Sequence[str]], task: RepurposeTask) -> list[str]:
    """A hook, points for about a minute, and the call to read, in a language that we know one in."""
    told = _fitting([sentence for paragraph in paragraphs for sentence in paragraph], task.limits)
    hook = next((sentence for sentence in told if stands_alone(sentence)), None)
    if hook is None:
        return []
    call = [_INVITATIONS[task.language]] if task.language in _INVITATIONS else []
    left = _SPOKEN_WORDS - count_words(" ".join([hook, *call]))
    points: list[str] = []
    for sentence in told[told.index(hook) + 1 :]:
        if len(points) + 1 + len(call) == task.limits.most_parts or count_words(sentence) > left:
            break
        points.append(sentence)
        left -= count_words(sentence)
    return [hook, *points, *call]


def _again(paragraphs: Sequence[Sequence[str]], task: RepurposeTask) -> list[str]:
    """Posts of sentences that were not said yet, then the same with the title before them."""
    before = " | ".join(said(text) for text in task.said)
    title = one_line(task.article.title)
    new = [
        post
        for paragraph in paragraphs
        for run in _runs(paragraph, lambda sentence: _fits(sentence, task.limits) and said(sentence) not in before)
        for post in _thoughts(run, task.limits)
    ]
    titled = [f"{title}\n\n{post}" for post in new] if said(title) not in before else []
    posts = [post for post in new if count_words(post) >= _SHORT]
    return [*posts, *(post for post in titled if _fits(post, task.limits))][: task.limits.most_parts]


def _runs(paragraph: Sequence[str], taken: Callable[[str], bool]) -> list[list[str]]:
    """What is taken of a paragraph; a sentence that is not ends a run, so that none follows what it does not follow."""
    return [list(run) for is_taken, run in groupby(paragraph, key=taken) if is_taken]


def _thoughts(run: Sequence[str], limits: Limits) -> list[str]:
    """Each sentence that can be read on its own, with those that lean on it, and the next where it is short."""
    thoughts: list[str] = []
    is_open = False
    for sentence in run:
        leans = not stands_alone(sentence)
        together = f"{thoughts[-1]} {sentence}" if is_open else ""
        if is_open and (leans or count_words(thoughts[-1]) < _SHORT) and _fits(together, limits):
            thoughts[-1] = together
        else:  # what leans on one that has no room for it is left out, and so is what leans on that
            is_open = not leans
            thoughts += [sentence] if is_open else []
    return thoughts


def _packed(paragraph: Sequence[str], limits: Limits) -> list[str]:
    packed: list[str] = []
    for sentence in _fitting(paragraph, limits):
        together = f"{packed[-1]} {sentence}" if packed else sentence
        if packed and limits.measure(together) <= limits.longest_part:
            packed[-1] = together
        else:
            packed.append(sentence)
    return packed


def _openings(paragraphs: Sequence[Sequence[str]], limits: Limits) -> list[str]:
    """Of each paragraph the first sentence that fits and can be read on its own."""
    return [
        found[0]
        for paragraph in paragraphs
        if (found := [sentence for sentence in _fitting(paragraph, limits) if stands_alone(sentence)])
    ]


def _fitting(told: Sequence[str], limits: Limits) -> list[str]:
    """Those that fit, once each."""
    return [sentence for sentence, _ in groupby(told) if _fits(sentence, limits)]


def _fits(text: str, limits: Limits) -> bool:
    return limits.measure(text) <= limits.longest_part


_MAKERS: Final[Mapping[Format, Callable[[Sequence[Sequence[str]], RepurposeTask], list[str]]]] = {
    "thread": _thread,
    "newsletter": _newsletter,
    "carousel": _carousel,
    "script": _script,
    "again": _again,
}

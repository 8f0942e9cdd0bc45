"""Where the target keyphrase stands, and how often. Thresholds: see the package."""

from collections.abc import Iterator, Sequence
from math import ceil, floor

from pipeline.editorial.findings import Finding, good, improvement
from pipeline.editorial.seo.document import Document, Passage, Sentence, words
from pipeline.editorial.seo.keyphrase import Keyphrase

MOST_WORDS, MOST_WORDS_WITHOUT_FUNCTION_WORDS, MOST_CHARACTERS = 4, 6, 12
HEADINGS_SHARE = (0.30, 0.75)
LEAST_DENSITY, MOST_DENSITY, MOST_DENSITY_WITH_FORMS = 0.5, 3.0, 3.5
MOST_DESCRIPTION_MENTIONS = 2
LONGEST_GAP = 0.3
FEWEST_SENTENCES_FOR_A_GAP = 15
FIT_FOR_DENSITY = 100
SHORT_TEXT = 50
SHORT_KEYPHRASE, LONG_KEYPHRASE = 2, 4


def check(document: Document, keyphrase: Keyphrase | None) -> Iterator[Finding]:
    """One finding where there is none: everything else about it can't be told then."""
    if keyphrase is None:
        message = "There is no target keyphrase, so its use can't be judged."
        yield improvement("keyphrase", message, "Set what readers would search for.", "target keyword")
        return
    yield _length(document, keyphrase)
    yield _used_before(document, keyphrase)
    yield _in_title("keyphrase in title", "title", document.post.title or "", keyphrase)
    meta_title = document.post.meta_title or ""
    if meta_title.strip() and meta_title != document.post.title:
        yield _in_title("keyphrase in meta title", "meta title", meta_title, keyphrase)
    yield _begins_title(document, keyphrase)
    if document.post.slug is not None:
        yield _in_slug(document.post.slug, keyphrase)
    if (document.post.meta_description or "").strip():
        yield _in_description(document.post.meta_description or "", keyphrase)
    yield _in_first_paragraph(document, keyphrase)
    yield from _in_headings(document, keyphrase)
    yield from _in_text(document, keyphrase)


def _length(document: Document, keyphrase: Keyphrase) -> Finding:
    name, language = "keyphrase length", document.language
    if language.function_words and all(word in language.function_words for word in keyphrase.words):
        message = f"“{keyphrase.text}” has only words that carry no meaning of their own."
        return improvement(name, message, "Name the article's subject.", "target keyword")
    most, unit = MOST_WORDS if language.function_words else MOST_WORDS_WITHOUT_FUNCTION_WORDS, "words"
    if not language.has_spaces:
        most, unit = MOST_CHARACTERS, "characters"
    count = len(keyphrase.content_words)
    if count > most:
        message = f"The keyphrase has {count} {unit} that count, more than {most}."
        return improvement(name, message, "Make it shorter: few people search for so much.", "target keyword")
    return good(name, f"The keyphrase has {count} of at most {most} {unit}.", "target keyword")


def _used_before(document: Document, keyphrase: Keyphrase) -> Finding:
    name, others = "keyphrase used before", document.post.keyphrase_used_by
    if not others:
        return good(name, "No other post of ours has this keyphrase.", "target keyword")
    message = f"Other posts have the keyphrase “{keyphrase.text}” too: {', '.join(others)}."
    return improvement(name, message, "Choose another: our pages would compete with each other.", "target keyword")


def _in_title(name: str, place: str, title: str, keyphrase: Keyphrase) -> Finding:
    if keyphrase.stands_in(title):
        return good(name, f"The {place} has the keyphrase “{keyphrase.text}”.", place)
    if keyphrase.is_in(title):
        message = f"The {place} has the words of “{keyphrase.text}”, but not as the keyphrase has them."
        return improvement(name, message, "Put it in as it is searched for, if it reads well.", place)
    message = f"The {place} does not have the keyphrase “{keyphrase.text}”."
    return improvement(name, message, "Work it in where it reads naturally.", place)


def _begins_title(document: Document, keyphrase: Keyphrase) -> Finding:
    name, post = "keyphrase begins title", document.post
    title = (post.meta_title or "").strip() or post.title or ""
    place = "meta title" if (post.meta_title or "").strip() else "title"
    said = [word for word in words(title) if word not in document.language.function_words]
    if keyphrase.mentions(said[: len(keyphrase.content_words)]):
        return good(name, f"The {place} begins with the keyphrase.", place)
    message = f"The {place} does not begin with “{keyphrase.text}”."
    return improvement(name, message, "Move it to the beginning: that is what is seen first, and never cut off.", place)


def _in_slug(slug: str, keyphrase: Keyphrase) -> Finding:
    from slugify import slugify

    name, parts = "keyphrase in slug", set(slug.split("-"))
    found = sum(any(set(slugify(form).split("-")) <= parts for form in forms) for forms in keyphrase.forms)
    count = len(keyphrase.forms)
    if found == count or (count > SHORT_KEYPHRASE and found * 2 > count):
        return good(name, "The slug has the keyphrase.", "slug")
    message = f"The slug has {found} of the {count} words of “{keyphrase.text}”."
    return improvement(name, message, "Have it in the page's address, while the post is not published yet.", "slug")


def _in_description(description: str, keyphrase: Keyphrase) -> Finding:
    name, place = "keyphrase in meta description", "meta description"
    count = keyphrase.mentions(words(description)) or int(keyphrase.stands_in(description))
    if not count:
        message = f"The meta description does not have “{keyphrase.text}”."
        return improvement(name, message, "Work it in: search engines show it in bold.", place)
    if count > MOST_DESCRIPTION_MENTIONS:
        message = f"The meta description has the keyphrase {count} times."
        return improvement(name, message, f"Say it at most {MOST_DESCRIPTION_MENTIONS} times.", place)
    return good(name, "The meta description has the keyphrase.", place)


def _in_first_paragraph(document: Document, keyphrase: Keyphrase) -> Finding:
    name = "keyphrase in first paragraph"
    first = next((passage for passage in document.passages if passage.kind == "paragraph"), None)
    if first is None:
        message = f"There is no first paragraph to have “{keyphrase.text}”."
        return improvement(name, message, "Open with a paragraph that says what the article is about.", "content")
    if any(keyphrase.is_in(sentence.text) for sentence in first.sentences):
        return good(name, f"The first paragraph has the keyphrase “{keyphrase.text}”.", first.place)
    if keyphrase.mentions([word for sentence in first.sentences for word in sentence.words]):
        message = f"The words of “{keyphrase.text}” are in the first paragraph, but not in one sentence."
        return improvement(name, message, "Say it in one sentence.", first.place)
    message = f"The first paragraph does not have the keyphrase “{keyphrase.text}”."
    return improvement(name, message, "Say there what the article is about.", first.place)


def _in_headings(document: Document, keyphrase: Keyphrase) -> Iterator[Finding]:
    """Nothing where there is no heading of level 2 or 3: whether there must be one is told elsewhere."""
    name, headings = "keyphrase in subheadings", [heading for heading in document.headings if heading.level in {2, 3}]
    if not headings:
        return
    # Half of the words will do where the words without meaning of their own can be told.
    needed = 0.5 if document.language.function_words else 1.0
    count = sum(keyphrase.share(heading.words) >= needed for heading in headings)
    least, most = HEADINGS_SHARE
    message = f"{count} of {len(headings)} subheadings of level 2 and 3 reflect “{keyphrase.text}”"
    if count < least * len(headings):
        missing = next(heading for heading in headings if keyphrase.share(heading.words) < needed)
        wanted = f"Name the subject in at least {ceil(least * len(headings))} of them."
        yield improvement(name, f"{message}, fewer than {least:.0%}.", wanted, missing.place)
    elif count > most * len(headings) and len(headings) > 1:
        wanted = f"Vary them: at most {floor(most * len(headings))} should."
        yield improvement(name, f"{message}, more than {most:.0%}.", wanted, headings[0].place)
    else:
        yield good(name, f"{message}.", "content")


def _in_text(document: Document, keyphrase: Keyphrase) -> Iterator[Finding]:
    """How often, and how evenly; nothing where there is no text."""
    said = list(document.sentences())
    if not said:
        return
    counts = [keyphrase.mentions(sentence.words) for _, sentence in said]
    in_headings = sum(keyphrase.mentions(heading.words) for heading in document.subheadings)
    yield _density(document, keyphrase, sum(counts) + in_headings)
    if len(said) >= FEWEST_SENTENCES_FOR_A_GAP and any(counts):
        yield _distribution(keyphrase, said)


def _density(document: Document, keyphrase: Keyphrase, count: int) -> Finding:
    name = "keyphrase density"
    fewest, most = _wanted(document, keyphrase)
    wanted = f"{fewest} to {most}" if fewest < most else f"{most}"
    message = f"The text has “{keyphrase.text}” {count} times; {wanted} would do for {document.word_count} words."
    if count < fewest:
        return improvement(name, message, "Name the subject more often, in any form of the words.", "content")
    if count > most:
        return improvement(name, message, "Name it less often: it reads as stuffed.", "content")
    return good(name, message, "content")


def _wanted(document: Document, keyphrase: Keyphrase) -> tuple[int, int]:
    """How many mentions at least and at most: a longer keyphrase need be said less often."""
    count = document.word_count
    if count < FIT_FOR_DENSITY:
        return 1, 1 if count <= SHORT_TEXT else 2
    weight = 0.7 + len(keyphrase.content_words) / 3
    most = MOST_DENSITY_WITH_FORMS if document.language.has_word_forms else MOST_DENSITY
    return max(1, ceil(LEAST_DENSITY * count / 100 / weight)), max(2, floor(most * count / 100 / weight))


def _distribution(keyphrase: Keyphrase, said: Sequence[tuple[Passage, Sentence]]) -> Finding:
    """The longest run of sentences that are not about it."""
    name = "keyphrase distribution"
    needed = 0.5 if len(keyphrase.content_words) >= LONG_KEYPHRASE else 1.0
    longest = start = at = 0
    for position, (_, sentence) in enumerate(said):
        if keyphrase.share(sentence.words) >= needed:
            start = position + 1
        elif position + 1 - start > longest:
            longest, at = position + 1 - start, start
    share = longest / len(said)
    if share <= LONGEST_GAP:
        return good(name, "The keyphrase is spread over the text.", "content")
    passage, sentence = said[at]
    message = f"{longest} of {len(said)} sentences in a row do not mention “{keyphrase.text}” ({share:.0%})."
    return improvement(name, message, "Mention the subject there too.", f"from {passage.place_of(sentence)}")

"""SEO analysis of a 2,000-word article against parsing the same Markdown once, in turns, in processor time."""

import statistics
import time
from collections.abc import Callable

from bench.article import KEYPHRASE, TITLE, article
from bench.results import Row, Section

_ROUNDS = 200


def measure(*, quick: bool) -> Section:
    from pipeline.editorial import markdown as md
    from pipeline.editorial.seo import SeoInput, analyse
    from pipeline.editorial.seo.document import prepare

    text = article()
    post = SeoInput(TITLE, text, None, "x" * 130, KEYPHRASE, "https://garden.example", "garden-hose-guide")
    words = prepare(post).word_count
    rounds = _ROUNDS // 10 if quick else _ROUNDS
    pairs = [(_seconds(lambda: analyse(post)), _seconds(lambda: md.parse(text))) for _ in range(rounds)]
    ours, parsing = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    checks = len(analyse(post).findings)
    row = Row(
        f"SEO analysis of {words:,} words, {checks} checks",
        _told(ours),
        f"the parse alone: {_told(parsing)}",
        f"{ratio:.2f}",
    )
    note = (
        f"Medians of {rounds} rounds of processor time, the analysis and the parse in turns. The analysis parses "
        "once and takes sentences and words apart once; what it costs beside the parse is all checks together."
    )
    return Section("SEO", [row], [note])


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _told(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"

"""An article of about 2,000 words, always the same: prose of plain words with headings, a list, links and pictures."""

import random

KEYPHRASE = "garden hose"
TITLE = "Garden hose guide: which one lasts"

_WORDS = """
water pressure garden hose brass fitting rubber summer drought gardener lawn valve leak reel length metre price
winter frost storage plastic kink nozzle spray pattern bed border greenhouse tank pump filter season gauge wall
cheap strong heavy light flexible sturdy green short long narrow early late dry wet old new common simple careful
buys holds carries turns lasts freezes bursts drips needs keeps makes stores connects waters covers shows costs
the a this every some many our their and but because however when while although so then of in on for with under
without between after before over is are was can may should it they we you
"""
_SECTIONS, _PARAGRAPHS, _SENTENCES = 8, 4, 5


def article(seed: int = 0) -> str:
    chance, known = random.Random(seed), _WORDS.split()  # noqa: S311 - the same text every time

    def sentence() -> str:
        words = chance.choices(known, k=chance.randint(7, 18))
        return f"{' '.join(words).capitalize()}."

    blocks = [f"# {TITLE}"]
    for section in range(_SECTIONS):
        blocks.append(f"## {' '.join(chance.choices(known, k=4)).capitalize()}")
        blocks += [" ".join(sentence() for _ in range(_SENTENCES)) for _ in range(_PARAGRAPHS)]
        blocks[-1] += (
            f" A garden hose, as [a test](https://test.example/{section}) says, **needs** [care](/care-{section}/)."
        )
        if section % 3 == 0:
            blocks.append(f"![A garden hose]({section}.png)")
            blocks.append("\n".join(f"- {sentence()}" for _ in range(3)))
    return "\n\n".join(blocks) + "\n"

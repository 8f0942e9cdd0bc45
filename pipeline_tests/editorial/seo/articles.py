"""An article that nothing is to be said against, and how to look at one finding."""

from typing import Any

from pipeline.editorial.findings import Finding
from pipeline.editorial.seo import SeoInput, analyse

PARAGRAPH = (
    "Although a golf driver looks hard to use, it forgives more than people think. Because its face is large, a miss still "
    "flies straight. However, length costs control, so players who rush lose the ball. For example, one of my friends "
    "gave up after a week. He came back later, when the rain had stopped and the grass by the lake was dry again."
)
CONTENT = f"""# Golf driver guide

A golf driver is the longest club in the bag, and [our guide to bags](/bags/) shows where it goes.

## Choosing a golf driver

{PARAGRAPH}

![A golf driver on grass](/driver.png)

{PARAGRAPH}

A golf driver that fits costs less than two that do not, as [a study](https://example.org/study) found.

## How long should it be

{PARAGRAPH}

See [how to grip](/grip/) and [how to stand](/stand/) before you buy one.

{PARAGRAPH}
"""
GOOD: dict[str, Any] = {
    "title": "Golf driver guide",
    "content": CONTENT,
    "meta_title": "Golf driver guide for beginners",
    "meta_description": "Which golf driver fits you: length, face and shaft compared, with what each of them costs and whom "
    "it suits, for beginners and for players.",
    "target_keyword": "golf driver",
    "base_url": "https://golf.example",
    "slug": "golf-driver-guide",
}


def post(**values: Any) -> SeoInput:
    return SeoInput(**{**GOOD, **values})


def finding(check: str, **values: Any) -> Finding:
    return next(found for found in analyse(post(**values)).findings if found.check == check)


def checks(**values: Any) -> dict[str, str]:
    """The severity of every check that was made."""
    return {found.check: found.severity for found in analyse(post(**values)).findings}

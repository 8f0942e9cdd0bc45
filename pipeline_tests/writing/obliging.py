"""What a good model would answer, made from the request alone: it reads the fenced data as a model does."""

import json
import re
from typing import Any

_FENCED = re.compile(r"----- data (\w+) begins -----\n(.*?)\n----- data \1 ends -----", re.DOTALL)
_FILLER = (
    "otters",
    "rest",
    "in",
    "kelp",
    "beds",
    "near",
    "the",
    "shore",
    "while",
    "pups",
    "sleep",
    "and",
    "tides",
    "turn",
)


def obliging_answer(request: dict[str, Any]) -> dict[str, Any]:
    wanted = request["response_format"]["json_schema"]
    # A repair is asked for in a later turn; what it is about stands in the first.
    data = [_read(text) for _, text in _FENCED.findall(request["messages"][1]["content"])]
    match wanted["name"]:
        case "analysis":
            return _analysis(data[0])
        case "brief":
            return _brief(data[1])
        case "article" if isinstance(data[-1], dict) and data[-1].keys() == {"type", "title", "word_count"}:
            return _part(data[0], data[-1], with_title="title" in wanted["schema"]["properties"])
        case "article":
            return article_for(data[0])
        case _:
            return _retold()


def article_for(brief: dict[str, Any]) -> dict[str, Any]:
    """An article that keeps to a brief, to the word."""
    title = _title(brief)
    blocks = [f"# {title}"]
    for section in brief["structure"]:
        if section["title"]:
            blocks.append(f"## {section['title']}")
        blocks.append(prose(section["word_count"]))
    return {**_head(title), "content": "\n\n".join(blocks)}


def prose(words: int) -> str:
    """So many words, in sentences."""
    chosen = [_FILLER[number % len(_FILLER)] for number in range(words)]
    sentences = [chosen[start : start + 12] for start in range(0, words, 12)]
    return " ".join(" ".join(sentence).capitalize() + "." for sentence in sentences)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _analysis(source: dict[str, Any]) -> dict[str, Any]:
    sentences = [sentence for sentence in re.split(r"(?<=[.!?])\s+", source["text"]) if sentence]
    return {
        "topics": [word for word in source["text"].split() if word.isalpha() and len(word) > 4][:3] or ["otters"],
        "facts": [{"text": sentence, "sentence": sentence} for sentence in sentences],
        "hook_strength": 80,
        "language": "en",
        "entities": [],
    }


def _brief(analysis: dict[str, Any]) -> dict[str, Any]:
    topic = analysis["topics"][0]
    return {
        "topic": f"All about {topic}",
        "target_keyword": topic.lower(),
        "secondary_keywords": [],
        "target_word_count": 300,
        "structure": [
            {"type": "intro", "title": None, "word_count": 60},
            {"type": "h2", "title": "What is known", "word_count": 120},
            {"type": "h2", "title": "Why it matters", "word_count": 120},
        ],
        "tone": "calm",
        "affiliate_opportunities": [],
        "internal_links": [],
    }


def _part(brief: dict[str, Any], section: dict[str, Any], *, with_title: bool) -> dict[str, Any]:
    content = {"content": prose(section["word_count"])}
    return {**_head(_title(brief)), **content} if with_title else content


def _title(brief: dict[str, Any]) -> str:
    return f"What to know about {brief['target_keyword']}"


def _head(title: str) -> dict[str, Any]:
    return {
        "title": title,
        "meta_title": title,
        "meta_description": "What is known, told from the facts of the source, in a few plain words.",
        "excerpt": "What is known, in a few plain words.",
    }


def _retold() -> dict[str, Any]:
    return {"title": "What is known", "excerpt": "In short.", "parts": [prose(12) for _ in range(5)]}

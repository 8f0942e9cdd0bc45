"""What a page is, read as a browser and as a search engine would."""

import json
import re
from typing import Any, Final

import html5lib
import lxml.html

from pipeline.platforms.site import sanitise

_HANDLER: Final = re.compile(r"^on", re.IGNORECASE)
_FORBIDDEN: Final = frozenset(
    {"iframe", "object", "embed", "form", "input", "style", "base", "math", "svg", "template"}
)


def parsed(page: str) -> Any:
    return lxml.html.document_fromstring(page)


def assert_valid(page: str) -> None:
    """Without a single parse error of the HTML standard."""
    html5lib.HTMLParser(strict=True).parse(page)


def assert_valid_and_inert(page: str) -> Any:
    """The page's root, once nothing in it can run, send or reach outside its article."""
    assert_valid(page)
    root = parsed(page)
    for element in root.iter(lxml.html.etree.Element):
        assert element.tag not in _FORBIDDEN
        assert not [name for name in element.attrib if _HANDLER.match(name) or name in {"style", "srcdoc"}]
        for name in ("href", "src"):
            address = re.sub(r"[\x00-\x20]", "", element.get(name, ""))
            assert not re.match(r"(?i)(javascript|data|vbscript):", address)
    assert {script.get("type") for script in root.iter("script")} <= {"application/ld+json"}
    assert len(root.findall(".//h1")) == 1
    return root


def structured(page: str) -> dict[str, Any]:
    """The page's structured data by type."""
    found = [json.loads(script.text) for script in parsed(page).iter("script")]
    return {data["@type"]: data for data in found}


def foreign_to_a_body(html: str) -> list[str]:
    """The tags, attributes and addresses in a sanitised body that it must not have."""
    tree = html5lib.parseFragment(html, treebuilder="lxml", namespaceHTMLElements=False)
    elements = [element for root in tree if not isinstance(root, str) for element in root.iter()]
    wrong = []
    for element in elements:
        allowed = (
            sanitise.ATTRIBUTES.get(element.tag, set()) | sanitise.ATTRIBUTES["*"] | {"loading", "decoding", "class"}
        )
        wrong += [element.tag] if element.tag not in sanitise.TAGS else []
        wrong += [f"{element.tag} {name}" for name in element.attrib if name not in allowed]
        wrong += [element.get("class")] if element.get("class") not in {None, "", "disclosure"} else []
        for name in ("href", "src", "cite"):
            address = re.sub(r"[\x00-\x20]", "", element.get(name, ""))
            scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", address)
            wrong += [element.get(name)] if scheme and scheme[1].lower() not in sanitise.SCHEMES else []
    return wrong

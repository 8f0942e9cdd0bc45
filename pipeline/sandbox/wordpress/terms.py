"""Categories and tags."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document, Ledger
from pipeline.sandbox.service import Call, Handler
from pipeline.sandbox.wordpress.access import params, require_capability
from pipeline.sandbox.wordpress.errors import refusal
from pipeline.sandbox.wordpress.listing import id_list, only, page_of
from pipeline.sandbox.wordpress.slugs import free, slug_of

UNCATEGORIZED: Final = 1
_FIRST_ID: Final = 2


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """`making` is the capability that a new term takes; `exists` is the refusal of one that is there."""

    name: str
    route: str
    making: str
    exists: str


TAXONOMIES: Final = {
    "category": Taxonomy(
        "category", "categories", "manage_categories", "A term with the name provided already exists with this parent."
    ),
    "post_tag": Taxonomy(
        "post_tag", "tags", "edit_posts", "A term with the name provided already exists in this taxonomy."
    ),
}


def known(ledger: Ledger, taxonomy: Taxonomy, ids: Iterable[int]) -> list[int]:
    """Those of the ids that there are; WordPress drops the others without a word."""
    there = {term["id"] for term in _terms(ledger, taxonomy)}
    return [id_ for id_ in ids if id_ in there]


def searching(taxonomy: Taxonomy) -> Handler:
    def search(call: Call) -> Response:
        query = call.request.query_params
        found = _terms(call.ledger, taxonomy)
        if "include" in query:
            ids = id_list(query["include"], "include")
            found = [term for term in found if term["id"] in ids]
        if "slug" in query:
            slugs = query["slug"].split(",")
            found = [term for term in found if term["slug"] in slugs]
        if needle := query.get("search", "").strip().lower():
            # Core keeps names escaped and does not escape what is searched for: `R&D` finds nothing.
            found = [term for term in found if needle in _escaped(term["name"]).lower() or needle in term["slug"]]
        return page_of([_shown(call, term) for term in sorted(found, key=lambda term: term["name"].lower())], query)

    return search


def creating(taxonomy: Taxonomy) -> Handler:
    def create(call: Call) -> Response:
        message = "Sorry, you are not allowed to create terms in this taxonomy."
        require_capability(call, taxonomy.making, "rest_cannot_create", message)
        asked = params(call)
        name = re.sub(r"<[^>]*>", "", str(asked.get("name", ""))).strip()
        if not name:
            raise refusal(400, "rest_missing_callback_param", "Missing parameter(s): name", params=["name"])
        parent = int(asked.get("parent", 0))
        there = _terms(call.ledger, taxonomy)
        taken = {term["slug"] for term in there}
        slug = slug_of(str(asked.get("slug") or name))
        for term in there:
            same_name = term["name"].lower() == name.lower() and term["parent"] == parent
            if same_name and (not asked.get("slug") or slug in taken):
                raise refusal(400, "term_exists", taxonomy.exists, term_id=term["id"])
        slug = free(slug, taken.__contains__)
        term = {
            "id": call.ledger.next_id("wordpress terms", at_least=_FIRST_ID),
            "name": name,
            "slug": slug,
            "description": str(asked.get("description", "")),
            "parent": parent,
            "taxonomy": taxonomy.name,
        }
        call.ledger.put("wordpress", taxonomy.name, str(term["id"]), term, lookup=slug)
        call.record("term_created", str(term["id"]), title=name)
        return JSONResponse(_shown(call, term), 201)

    return create


def reading(taxonomy: Taxonomy) -> Handler:
    def read(call: Call) -> Response:
        for term in _terms(call.ledger, taxonomy):
            if term["id"] == call.request.path_params["id"]:
                return JSONResponse(only(_shown(call, term), call.request.query_params))
        raise refusal(404, "rest_term_invalid", "Term does not exist.")

    return read


def _escaped(name: str) -> str:
    return html.escape(name, quote=False)


def _terms(ledger: Ledger, taxonomy: Taxonomy) -> list[Document]:
    made = list(ledger.newest("wordpress", taxonomy.name))
    if taxonomy.name == "category":
        made.append(
            {
                "id": UNCATEGORIZED,
                "name": "Uncategorized",
                "slug": "uncategorized",
                "description": "",
                "parent": 0,
                "taxonomy": "category",
            }
        )
    return made


def _shown(call: Call, term: Document) -> dict[str, Any]:
    route = "category" if term["taxonomy"] == "category" else "tag"
    return {
        **term,
        "name": _escaped(term["name"]),
        "link": call.link(f"/wordpress/{route}/{term['slug']}/"),
        "meta": [],
    }

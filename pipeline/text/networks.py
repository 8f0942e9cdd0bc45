"""Affiliate networks, as `networks.toml` tells of them: how a link carries a sub-id, and how a report is read. Pure."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

_DATA: Final = Path(__file__).with_name("networks.toml")


@dataclass(frozen=True, slots=True)
class Links:
    """`needs` is a parameter without which a link to one of the hosts is nobody's affiliate link."""

    hosts: Sequence[str]
    parameter: str
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Which headings hold what, the spellings of each in order. `in_usd`: of these values the currency is the dollar.

    `words` are the network's words for a status, in lower case, and ours. Lines of a report without `id` are told apart
    by the columns of `identity`.
    """

    occurred_at: Sequence[str]
    value: Sequence[str]
    id: Sequence[str] = ()
    identity: Sequence[str] = ()
    currency: Sequence[str] = ()
    in_usd: Sequence[str] = ()
    code: Sequence[str] = ()
    status: Sequence[str] = ()
    merchant: Sequence[str] = ()
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Network:
    """`source` is where the facts are from."""

    name: str
    title: str
    source: str
    links: Links | None
    report: Report | None


@cache
def networks() -> Mapping[str, Network]:
    """By name."""
    return read(tomllib.loads(_DATA.read_text(encoding="utf-8")))


def read(data: Mapping[str, Any]) -> Mapping[str, Network]:
    """What a file like ours says.

    Raises:
        TypeError: it names something that a network has not, or leaves out what one must have.
    """
    return {
        name: Network(
            name=name,
            title=told.get("title", name),
            source=told.get("source", ""),
            links=Links(**told["links"]) if "links" in told else None,
            report=Report(**told["report"]) if "report" in told else None,
        )
        for name, told in data.items()
    }


@cache
def _links_by_host() -> Mapping[str, Links]:
    return {host: each.links for each in networks().values() if each.links for host in each.links.hosts}


def links_of(host: str) -> Links | None:
    """How the links of a host take a sub-id; None where the host is no network's."""
    labels = host.lower().split(".")
    known = _links_by_host()
    return next((known[name] for n in range(len(labels)) if (name := ".".join(labels[n:])) in known), None)

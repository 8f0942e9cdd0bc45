"""What a platform offers and takes, and what an account on it needs to be told. Nothing here asks anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pipeline.platforms.media.rules import MediaRule
from pipeline.vocabulary import MediaKind


class Guarantee(StrEnum):
    """How surely an unknown outcome can be resolved by asking the platform."""

    CERTAIN = "certain"
    """The platform keeps a handle of ours: found or absent, both are proof."""
    LIKELY = "likely"
    """Found by what was said and when; an absence is believed only after the settle time."""
    A_PERSON_DECIDES = "a person decides"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the platform offers through its API; never faked.

    Attributes:
        metrics_batch: how many publications' figures one call brings.
        takes: what it takes of media, what it would rather have first; a post's media go by the first that fits.
        needs: the kinds of media of which a publication must have one; none where text will do.
        quota: it tells what it would still take.
        remarks: what is to be known of one of these, by its name: "text only", of an update.
    """

    update: bool
    delete: bool
    schedule: bool
    metrics: bool
    metrics_batch: int
    guarantee: Guarantee
    takes: Sequence[MediaRule] = ()
    needs: Sequence[MediaKind] = ()
    quota: bool = False
    remarks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of an account's `publish_config`, or of its credentials; `help` is a sentence for who fills it in."""

    name: str
    help: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Permalink:
    """A platform's ids of publications: how one looks, where an address or a handle holds it, where people find it.

    `pattern` and `in_address` are regular expressions; the first group of `in_address` is the id. `handle` names the
    step that recorded it. `where` ends the sentence "give it: …".
    """

    pattern: str = r"\S+"
    in_address: str | None = None
    handle: str | None = None
    where: str = "what its API calls it"


OAUTH_URL: Final = Setting("oauth_url", "Where OAuth's /authorize and /token are, in place of the platform's own.")
"""A setting of every platform whose accounts are connected."""

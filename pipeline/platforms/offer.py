"""What a platform offers and takes, and what an account on it needs to be told. Nothing here asks anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
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
        audience: it tells how many follow the account.
        split: it sends the arms of one publication to parts of its readers, which it draws at random.
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
    audience: bool = False
    split: bool = False
    remarks: Mapping[str, str] = field(default_factory=dict)


class Charge(StrEnum):
    """What a platform takes money for."""

    PUBLICATION = "publication"
    PUBLICATION_WITH_LINK = "publication_with_link"
    READ = "read"
    """A publication's figures, asked for by its id."""
    OWN_READ = "own_read"
    """The same, read in the account's own timeline."""
    AUDIENCE = "audience"
    DELETION = "deletion"


@dataclass(frozen=True, slots=True)
class Price:
    """What the platform's list says of one charge: dollars, where the list is, and when it was read there."""

    charge: Charge
    usd: Decimal
    source: str
    seen_on: date


@dataclass(frozen=True, slots=True)
class Prices:
    """What questions cost one account, as it is set up, at the platform's list price in dollars.

    Attributes:
        read: one publication's figures, asked for once.
        read_old: the same of a publication that is older than `old_after`.
        audience: how many follow the account, asked for once.
        once_a_day: what is asked for again on the same day, in UTC, costs nothing more.
    """

    read: Decimal
    read_old: Decimal
    audience: Decimal
    old_after: timedelta = timedelta.max
    once_a_day: bool = False


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

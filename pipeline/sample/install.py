"""Puts the sample into the database: a vertical, its people, its source, its products, and accounts on the sandbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from pipeline.settings import Settings, settings
from pipeline.store.tables import (
    affiliate_products,
    analytics_sources,
    content_sources,
    platforms,
    publisher_verticals,
    users,
)
from pipeline.vocabulary import SourceKind, UserRole

VERTICAL: Final = "workshop"
_NAME: Final = "The Bicycle Workshop"
_TIMEZONE: Final = "Europe/Berlin"
_HERE: Final = "http://127.0.0.1:"
_SITE: Final = "site"
_BEACON: Final = "beacon_url"

_USERS: Final = [
    {
        "email": "demo-reviewer@pressroom.example",
        "full_name": "Demo reviewer (scripted)",
        "roles": [UserRole.REVIEWER, UserRole.PUBLISHER],
        "is_person": False,
    },
]

_MEDIA: Final = {
    "picture.jpg": "A drawing of a bicycle wheel in a truing stand, an orange reflector between its spokes",
    "video.mp4": "The drawn wheel turns twice, and its orange reflector with it",
    "sound.mp3": "",
}

_PRODUCTS: Final = [
    ("Chain wear gauge", "Example Cycles", "chain-gauge", ["chain wear gauge", "chain gauge", "chain checker"]),
    ("Torque wrench, 2 to 24 Nm", "Example Tools", "torque-wrench", ["torque wrench"]),
    ("Floor pump with a gauge", "Example Cycles", "floor-pump", ["floor pump", "tyre pressure", "track pump"]),
    ("Tubeless sealant, 500 ml", "Example Cycles", "sealant", ["sealant", "tubeless"]),
    ("Chain wax starter set", "Example Tools", "chain-wax", ["chain wax", "molten wax"]),
    ("Puncture repair kit", "Example Cycles", "repair-kit", ["repair kit", "puncture repair"]),
]


def sample_media() -> list[tuple[Path, str]]:
    """A picture, a film and a sound that go with any of the stories, each with what it shows."""
    folder = Path(__file__).parent / "media"
    return [(folder / name, alt_text) for name, alt_text in _MEDIA.items()]


def install_sample(connection: sa.Connection) -> None:
    """Add what is missing of the sample; run as often as you like.

    Rows that are there stay as somebody may have changed them. Only the addresses on this machine follow the settings:
    the vertical's and the site's, and those of the accounts that still use the sandbox's credentials.
    """
    vertical_id = _install_vertical(connection, settings())
    for user in _USERS:
        connection.execute(insert(users).values(user).on_conflict_do_nothing(index_elements=["email"]))
    source = {
        "name": "Workshop notes (sample)",
        "kind": SourceKind.JSONL,
        "location": "pipeline/sample/workshop.jsonl",
        "vertical_id": vertical_id,
    }
    connection.execute(insert(content_sources).values(source).on_conflict_do_nothing(index_elements=["name"]))
    for name, merchant, path, keywords in _PRODUCTS:
        product = {
            "vertical_id": vertical_id,
            "name": name,
            "merchant": merchant,
            "affiliate_url": f"https://example.com/shop/{path}?ref=pressroom",
            "keywords": keywords,
        }
        statement = insert(affiliate_products).values(product)
        connection.execute(statement.on_conflict_do_nothing(index_elements=["vertical_id", "name"]))
    for account in _accounts(settings()):
        _install_account(connection, account)
    _count_readers(connection)


def _install_vertical(connection: sa.Connection, current: Settings) -> Any:
    statement = insert(publisher_verticals).values(
        slug=VERTICAL,
        name=_NAME,
        description="Repairing and keeping bicycles, with numbers that can be checked.",
        base_url=_site_url(current),
        language="en",
        timezone=_TIMEZONE,
        voice_profile={
            "tone": "calm, exact, encouraging",
            "person": "second",
            "avoided_words": ["game-changer", "must-have", "simply the best"],
            "longest_sentence_words": 25,
            "spelling": "American",
            "notes": {"reader": "somebody who owns three tools and wants to use them"},
        },
    )
    statement = statement.on_conflict_do_update(
        index_elements=["slug"],
        set_={"base_url": statement.excluded.base_url},
        where=publisher_verticals.c.base_url.startswith(_HERE)
        & (publisher_verticals.c.base_url != statement.excluded.base_url),
    )
    connection.execute(statement)
    return connection.scalar(sa.select(publisher_verticals.c.id).where(publisher_verticals.c.slug == VERTICAL))


def _install_account(connection: sa.Connection, account: dict[str, Any]) -> None:
    """Add it; of one that is there, and still ours, bring the addresses up to date and leave other settings alone."""
    statement = insert(platforms).values(account)
    addresses = _addresses(account)
    counted = {name: value for name, value in addresses.items() if name == _BEACON}
    config = platforms.c.publish_config
    always = config.op("||")(sa.cast({name: addresses[name] for name in addresses.keys() - counted}, config.type))
    # Whoever took the script off the pages does not find it there again.
    merged = sa.case((config.has_key(_BEACON), always.op("||")(sa.cast(counted, config.type))), else_=always)
    statement = statement.on_conflict_do_update(
        index_elements=["account_key"],
        set_={"publish_config": merged},
        where=platforms.c.credentials_secret_id.is_not_distinct_from(account["credentials_secret_id"])
        & (platforms.c.publish_config != merged),
    )
    connection.execute(statement)


def _count_readers(connection: sa.Connection) -> None:
    """Readers of the site's pages, by the script on them; a source that somebody made, or retired, is left alone."""
    site_id = sa.select(platforms.c.id).where(platforms.c.account_key == _SITE).scalar_subquery()
    source = {
        "source_key": "readers",
        "kind": "first_party",
        "platform_id": site_id,
        "counts_since": sa.func.current_date(),
    }
    connection.execute(insert(analytics_sources).values(source).on_conflict_do_nothing())


def _addresses(account: dict[str, Any]) -> dict[str, str]:
    """What of the account's settings is a place on this machine."""
    config = account["publish_config"]
    return {name: value for name, value in config.items() if name == "folder" or str(value).startswith(_HERE)}


def _accounts(current: Settings) -> Iterator[dict[str, Any]]:
    """The site, and an account on every platform of the sandbox."""
    from pipeline.sandbox.registry import stand_ins

    shared = {"timezone": _TIMEZONE, "min_interval_minutes": 0}
    yield {
        **shared,
        "name": "site",
        "account_key": _SITE,
        "account_name": _NAME,
        "is_home": True,
        "credentials_secret_id": None,
        "publish_config": {
            "folder": str(current.home / "site"),
            "base_url": _site_url(current),
            "name": _NAME,
            _BEACON: f"{_HERE}{current.collect_port}/v/{_SITE}",
        },
    }
    for platform in stand_ins().values():
        yield {
            **shared,
            "name": platform.name,
            "account_key": f"{platform.name}-sandbox",
            "account_id": "sandbox",
            "account_name": f"{platform.title} (sandbox)",
            "credentials_secret_id": f"sandbox:{platform.name}",
            "posts_per_hour": 60,
            "publish_config": dict(platform.publish_config(f"{_HERE}{current.sandbox_port}")),
        }


def _site_url(current: Settings) -> str:
    return f"{_HERE}{current.site_port}"

"""`docs/platforms.md`, made from the adapters: what each offers, takes and needs. `make docs` writes it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pipeline.platforms.base import Adapter
from pipeline.platforms.media.rules import MediaRule
from pipeline.platforms.offer import Capabilities, Price, Setting
from pipeline.platforms.registry import adapter_class, platform_names

PAGE: Final = Path(__file__).parents[2] / "docs" / "platforms.md"
_HEAD: Final = """# What each platform offers

Made from the adapters by `make docs`; a test compares. *Certain*, *likely* and *a person decides* say how surely it can
be found out what became of a publication whose answer was lost. What a platform does not offer to programs is not
faked. Limits are the platforms' own; an account's may be narrower (`pressroom accounts add`).

How an account is added: [publishing.md](publishing.md). How a platform is:
[adding-a-platform.md](adding-a-platform.md).
"""
_COLUMNS: Final = (
    *("Platform", "A lost answer", "Change", "Delete", "Schedule there", "Figures", "Followers", "Quota", "Needs"),
)
_UNITS: Final = ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB"))


def page() -> str:
    """The whole document, in Markdown."""
    adapters = [adapter_class(name) for name in platform_names()]
    rows = [_COLUMNS, tuple("---" for _ in _COLUMNS), *map(_offered, adapters)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([_HEAD, table, "", *(_chapter(adapter) for adapter in adapters)])


def _offered(adapter: type[Adapter]) -> tuple[str, ...]:
    capabilities = adapter.capabilities
    batch = f"{capabilities.metrics_batch:,} a call" if capabilities.metrics_batch > 1 else "one call each"
    return (
        f"[{adapter.title}](#{_anchor(adapter.title)})",
        _noted(capabilities, "guarantee", str(capabilities.guarantee)),
        _noted(capabilities, "update", _yes(capabilities.update)),
        _noted(capabilities, "delete", _yes(capabilities.delete)),
        _noted(capabilities, "schedule", _yes(capabilities.schedule)),
        _noted(capabilities, "metrics", batch if capabilities.metrics else _yes(is_offered=False)),
        _noted(capabilities, "audience", _yes(capabilities.audience)),
        _noted(capabilities, "quota", _yes(capabilities.quota)),
        " or ".join(capabilities.needs) or "text",
    )


def _chapter(adapter: type[Adapter]) -> str:
    lines = [f"## {adapter.title}", "", f"`{adapter.name}`. {_connected(adapter)}", ""]
    if adapter.capabilities.takes:
        lines += ["Takes, what it would rather have first:", "", *map(_taken, adapter.capabilities.takes), ""]
    if adapter.capabilities.split:
        lines += ["Sends the arms of an experiment to parts of its readers, which it draws at random.", ""]
    if adapter.list_prices:
        lines += [_charged(adapter.list_prices), ""]
    lines += [*_fields("Settings", adapter.settings), *_fields("Credentials", adapter.secrets)]
    return "\n".join(lines)


def _connected(adapter: type[Adapter]) -> str:
    if adapter.oauth is not None:
        return f"Connected by `pressroom accounts connect {adapter.name}`."
    return "Its credentials are made there." if adapter.secrets else "Needs no credentials."


def _taken(rule: MediaRule) -> str:
    types = ", ".join(each.partition("/")[2] for each in rule.mime_types)
    said = [f"{rule.most} {rule.kind}{'s' if rule.most > 1 else ''} ({types})", f"up to {_size(rule.max_bytes)}"]
    if rule.seconds:
        said.append(f"{rule.seconds[0]:g} to {rule.seconds[1]:g} s")
    if rule.width:
        said.append(f"{rule.width[0]} to {rule.width[1]} pixels wide")
    if rule.aspect:
        said.append(f"{rule.aspect[0]:.2f} to {rule.aspect[1]:.2f} wide to 1 high")
    return f"- {', '.join(said)}"


def _charged(prices: Sequence[Price]) -> str:
    first = prices[0]
    listed = ", ".join(f"{price.charge.replace('_', ' ')} ${price.usd}" for price in prices)
    return f"Charges, by its list of {first.seen_on} ({first.source}): {listed}."


def _fields(heading: str, fields: Sequence[Setting]) -> Iterator[str]:
    if fields:
        yield from (f"{heading}:", "")
        yield from (f"- `{each.name}`{' (required)' if each.required else ''}: {each.help}" for each in fields)
        yield ""


def _noted(capabilities: Capabilities, name: str, said: str) -> str:
    remark = capabilities.remarks.get(name)
    return f"{said}: {remark}" if remark else said


def _yes(is_offered: bool) -> str:
    return "yes" if is_offered else "no"


def _size(size: int) -> str:
    for unit, name in _UNITS:
        if size >= unit and size % unit == 0:
            return f"{size // unit:,} {name}"
    return f"{size:,} bytes"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

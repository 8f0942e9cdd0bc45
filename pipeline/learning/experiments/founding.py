"""A new experiment: whether it can be meant so, and what can be expected of it, before anything is fixed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from pipeline.learning.experiments.designs import figures_of
from pipeline.learning.experiments.history import Expected, expected
from pipeline.learning.experiments.model import EMAIL_RATES
from pipeline.learning.experiments.treatment import parsed, treated
from pipeline.platforms.adaptation import needed
from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.base import Adapter
from pipeline.platforms.media.facts import Media
from pipeline.platforms.registry import UnknownPlatformError, adapter_class
from pipeline.store import experiment_history
from pipeline.store.accounts import AccountRow
from pipeline.store.experiments import ExperimentError, NewExperiment
from pipeline.vocabulary import ExperimentMethod, MediaKind, Varied

HORIZONS: Final = (1, 6, 24, 48, 168, 720, 2160)
"""Hours since publishing at which figures are kept for comparison."""
_MOST_ARMS: Final = 6
_MOST_ARMS_OF_A_SPLIT: Final = 3
_ALL: Final = 100
_AS_POSTS: Final[Mapping[str, tuple[str, str]]] = {
    "open_rate": ("engagements", "reach"),
    "click_rate": ("clicks", "reach"),
}
"""Where the rates of an email are among a publication's figures."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for. `arms` are (name, what it says), without the control; None says it post by post.

    `test_percent`, `winner` and `wait_hours` are of an email: how many of its readers have the test, and by what and
    after how long its platform chooses what the others have.
    """

    name: str
    varies: Varied
    hypothesis: str
    metric: str
    arms: Sequence[tuple[str, str | None]]
    most_posts: int
    horizon_hours: int = 48
    method: ExperimentMethod = ExperimentMethod.FIXED
    error_level: float = 0.05
    margin: float = 0.05
    applies_winner: bool = True
    test_percent: int = 100
    winner: str = "manual"
    wait_hours: int | None = None


def founded(connection: sa.Connection, account: AccountRow, wanted: Wanted) -> NewExperiment:
    """The design, with what the account's posts told so far.

    Raises:
        ExperimentError: it can't be meant so; the message says why.
    """
    is_split = wanted.metric in EMAIL_RATES
    try:
        adapter = adapter_class(account.name)
        figures_of(wanted.metric)
        treatments = [(name, None if said is None else parsed(wanted.varies, said)) for name, said in wanted.arms]
    except (UnknownPlatformError, ValueError) as error:
        raise ExperimentError(str(error)) from None
    for fault in _faults(account, adapter, wanted, is_split=is_split):
        raise ExperimentError(fault)
    _check_that_arms_differ(account, adapter, wanted.varies, treatments)
    known = expected_of(connection, account, wanted.metric, wanted.horizon_hours)
    return NewExperiment(
        name=wanted.name,
        platform_id=account.id,
        varies=wanted.varies,
        hypothesis=wanted.hypothesis,
        metric=wanted.metric,
        horizon_hours=wanted.horizon_hours,
        method=wanted.method,
        error_level=wanted.error_level,
        margin=wanted.margin,
        most_posts=wanted.most_posts,
        spread=_split_spread(wanted, known) if is_split else known.spread,
        prior_successes=known.prior.successes if known.prior else None,
        prior_failures=known.prior.failures if known.prior else None,
        overdispersion=known.prior.overdispersion if known.prior else None,
        split=_split(wanted) if is_split else None,
        applies_winner=wanted.applies_winner,
        arms=[("control", {}), *treatments],
    )


def expected_of(connection: sa.Connection, account: AccountRow, metric: str, horizon_hours: int) -> Expected:
    """What the account's posts of the last year had at that age. Raises: ValueError: it is no metric."""
    amount, exposure = _AS_POSTS.get(metric) or figures_of(metric)
    return expected(experiment_history.figures(connection, account.id, horizon_hours, amount, exposure))


def _split_spread(wanted: Wanted, known: Expected) -> float | None:
    from pipeline.learning.experiments.power import split_spread

    if known.rate is None or known.readers is None:
        return None
    tested = known.readers * wanted.test_percent / _ALL
    return split_spread(1 + len(wanted.arms), wanted.most_posts, wanted.error_level, known.rate, tested)


def _split(wanted: Wanted) -> dict[str, Any]:
    asked: dict[str, Any] = {"test_percent": wanted.test_percent, "winner": wanted.winner}
    return asked if wanted.wait_hours is None else {**asked, "wait_minutes": 60 * wanted.wait_hours}


def _faults(account: AccountRow, adapter: type[Adapter], wanted: Wanted, *, is_split: bool) -> list[str]:
    """What can't be meant so, for a person."""
    arms = 1 + len(wanted.arms)
    most = _MOST_ARMS_OF_A_SPLIT if is_split else _MOST_ARMS
    found = []
    if account.is_home:
        found.append(f"{account.account_key} is the posts' home, whose page is one for all readers.")
    if not 1 < arms <= most or len({"control", *(name for name, _ in wanted.arms)}) < arms:
        found.append(f"An experiment has a control and 1 to {most - 1} other arms, each with a name of its own.")
    if wanted.horizon_hours not in HORIZONS:
        found.append(f"The horizon is one of {', '.join(map(str, HORIZONS))} hours.")
    if any(said is None for _, said in wanted.arms) and wanted.varies not in (Varied.TITLE, Varied.BODY):
        found.append(f"An arm of {wanted.varies} says what it is: --arm NAME=…")
    return found + (_faults_of_split(adapter, wanted) if is_split else _faults_of_posts(adapter, wanted))


def _faults_of_split(adapter: type[Adapter], wanted: Wanted) -> list[str]:
    found = []
    if not adapter.capabilities.split:
        found.append(f"{adapter.title} does not split its readers: choose a metric of posts, such as clicks.")
    if wanted.method == ExperimentMethod.BANDIT or wanted.varies in (Varied.TIME, Varied.IMAGE):
        found.append("An email is split in equal parts, by its title (the subject), its body or its sender.")
    if wanted.test_percent < _ALL and (wanted.winner == "manual" or wanted.wait_hours is None):
        found.append("Where not all readers have the test, say by what the others' is chosen, and after how long.")
    return found


def _faults_of_posts(adapter: type[Adapter], wanted: Wanted) -> list[str]:
    arms = 1 + len(wanted.arms)
    found = []
    if adapter.capabilities.split:
        found.append(f"{adapter.title} splits its readers: measure it by {' or '.join(EMAIL_RATES)}.")
    if wanted.varies == Varied.SENDER:
        found.append("Only an email has a sender.")
    if wanted.method == ExperimentMethod.FIXED and wanted.most_posts % arms:
        found.append(f"Posts are given arms in blocks of {arms}: choose a multiple of it, not {wanted.most_posts}.")
    return found


def _check_that_arms_differ(
    account: AccountRow,
    adapter: type[Adapter],
    varies: Varied,
    treatments: Sequence[tuple[str, Mapping[str, Any] | None]],
) -> None:
    """Tries the arms on an article that has everything. Raises: ExperimentError."""
    if varies in (Varied.TIME, Varied.SENDER):
        return
    is_email = adapter.capabilities.split
    sample = _sample(account)
    plain = adapter.adapt(sample, account)
    for name, treatment in treatments:
        arm = {str(varies): "Quite other words."} if treatment is None else treatment
        changed = treated(sample, arm, is_email=is_email)
        missing = needed(changed.media, adapter.capabilities)
        if missing and not needed(sample.media, adapter.capabilities):
            raise ExperimentError(f"{name}: {missing[0].message}")
        if adapter.adapt(changed, account) == plain:
            raise ExperimentError(
                f"{adapter.title} would show {name} and the control alike: it has no use for the {varies} so changed."
            )


def _sample(account: AccountRow) -> AdaptableArticle:
    """`account`: whose page it is does not matter, so long as there is one."""
    pictures = tuple(
        Media(
            kind=MediaKind.IMAGE,
            mime_type="image/jpeg",
            size=100_000,
            width=1200,
            height=1200,
            url=f"https://example.com/{account.account_key}-{number}.jpg",
            sha256=str(number) * 64,
        )
        for number in (1, 2, 3)
    )
    return AdaptableArticle(
        title="How to prune",
        markdown="Cut above a bud.\n\nThen wait.",
        excerpt="What to cut, and when.",
        keywords=("pruning", "roses"),
        canonical_url="https://example.com/how-to-prune/",
        vertical="Garden",
        media=pictures,
    )

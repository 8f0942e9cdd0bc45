"""An experiment as it is fixed beforehand, and what is seen of it at one moment. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pipeline.vocabulary import ExperimentMethod, Varied, Verdict

RATES: Final[Mapping[str, tuple[str, str]]] = {
    "engagement_rate": ("engagements", "impressions"),
    "click_through_rate": ("clicks", "impressions"),
}
"""The metrics of a post that are rates: what is counted, and of what."""
COUNTS: Final = ("impressions", "reach", "engagements", "clicks", "shares", "comments", "likes", "saves", "video_views")
"""The metrics of a post that are counts."""
EMAIL_RATES: Final[Mapping[str, tuple[str, str]]] = {
    "open_rate": ("unique_opens", "delivered"),
    "click_rate": ("unique_clicks", "delivered"),
}
"""The metrics of an email that is split: people of those it was delivered to."""
DEFAULT_SPREAD: Final = 1.2
"""Of the log engagement of one account's posts: measured on 10,393 real posts of news pages (1.17)."""
DEFAULT_SPLIT_SPREAD: Final = 0.3
"""Of the log ratios of an email's arms, where nothing is known of the account's emails: our judgement."""


@dataclass(frozen=True, slots=True)
class Arm:
    """`treatment`: what it changes; None where the words are given post by post."""

    id: UUID
    name: str
    treatment: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Prior:
    """What earlier posts told of the account's rates: a Beta, and by how much posts vary beyond one rate."""

    successes: float
    failures: float
    overdispersion: float


@dataclass(frozen=True, slots=True)
class Design:
    """What is fixed before the start. The first arm is the control.

    `error_level`: how often at most, as a fraction of 1, arms that are alike are told apart. `margin`: what is no
    difference, as a fraction of the control's figure. `is_split`: an email, of which each reader has an arm; else each
    post has one. `spread`: the standard deviation of the logarithm of a post's figure; of a split, that of the log
    ratios for which its interval is the narrowest.
    """

    metric: str
    horizon_hours: int
    method: ExperimentMethod
    arms: Sequence[Arm]
    most_posts: int
    error_level: float = 0.05
    margin: float = 0.05
    spread: float = DEFAULT_SPREAD
    prior: Prior | None = None
    seed: int = 0
    is_split: bool = False
    varies: Varied = Varied.TITLE

    @property
    def compared_at(self) -> float:
        """The error level of one arm against the control: together the comparisons keep that of the experiment."""
        return self.error_level / (len(self.arms) - 1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one arm had of one post at the horizon. `turn`: the post's among those given an arm.

    `amount` is the metric's count, a rate's numerator; `exposure` a rate's denominator. None: lost.
    """

    turn: int
    arm: int
    amount: float | None
    exposure: float | None

    @property
    def log_figure(self) -> float | None:
        """The logarithm of the post's figure, with half a one added, so that zero counts as a small figure.

        None where it is lost, or a rate of nothing.
        """
        if self.amount is None:
            return None
        if self.exposure is None:
            return math.log1p(self.amount)
        return math.log((self.amount + 0.5) / (self.exposure + 1)) if self.exposure else None


@dataclass(frozen=True, slots=True)
class Seen:
    """An arm at one look. `figure` is its rate, or the typical (geometric mean) count, None where nothing is known.

    `ratio`, `low` and `high` are its figure over the control's, 1 for the same, with the always-valid interval; a
    bandit's is none but the posterior's middle 90 %. `chance` is a bandit's: the probability that it is the best.
    """

    name: str
    given: int
    measured: int
    lost: int
    figure: float | None
    ratio: float | None
    low: float | None
    high: float | None
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What the figures say. `verdict`: None where the experiment goes on. `winner`: an arm's number."""

    measured: int
    arms: Sequence[Seen]
    is_over: bool
    verdict: Verdict | None
    winner: int | None
    reason: str

"""What the stand-in adapters have in common: only publishing is asked of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.base import (
    Account,
    Adapter,
    Gone,
    Identity,
    Journal,
    Metrics,
    Published,
    PublishOutcome,
    ReconcileOutcome,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.offer import Capabilities, Guarantee, Permalink, Setting


class StandInAdapter(Adapter):
    """Publishes by `deliver`; answers nothing else."""

    name: ClassVar[str] = "bench"
    title: ClassVar[str] = "Test"
    settings: ClassVar[Sequence[Setting]] = ()
    secrets: ClassVar[Sequence[Setting]] = ()
    capabilities: Capabilities = Capabilities(
        update=False, delete=False, schedule=False, metrics=False, metrics_batch=1, guarantee=Guarantee.LIKELY
    )
    permalink: ClassVar[Permalink] = Permalink()

    def __init__(self, account: Account) -> None:
        self.account = account

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        raise NotImplementedError

    def deliver(self, content: Content) -> None:
        raise NotImplementedError

    def validate(self, content: Content) -> list[Problem]:
        return []

    def measure(self, content: Content) -> list[Measure]:
        return []

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        self.deliver(content)
        return Published(content.distribution_id, None, datetime.now(UTC))

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        raise NotImplementedError

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        raise NotImplementedError

    def whoami(self) -> Identity:
        raise NotImplementedError

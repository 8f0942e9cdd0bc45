"""An in-process platform for the worker's threads: it takes its time, and counts what it was sent."""

import time
from collections import Counter

from bench.adapter import StandInAdapter
from pipeline.platforms.base import Account, Adapter
from pipeline.platforms.content import Content
from pipeline.store.accounts import AccountRow


class Platform:
    """Where every account's posts go. `effects` is the ground truth: how often each distribution arrived."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.effects: Counter[str] = Counter()

    def open(self, row: AccountRow) -> Adapter:
        return _SleepingAdapter(Account(row.account_key, row.name, row.publish_config), self)


class _SleepingAdapter(StandInAdapter):
    def __init__(self, account: Account, platform: Platform | None = None) -> None:
        assert platform is not None
        super().__init__(account)
        self._platform = platform

    def deliver(self, content: Content) -> None:
        if self._platform.latency:
            time.sleep(self._platform.latency)
        # Threads write different keys; only a double send of one distribution could race, and the key shows it anyway.
        self._platform.effects[content.distribution_id] += 1

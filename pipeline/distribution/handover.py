"""Native scheduling: handed to its platform beforehand, which publishes it by itself; followed up, taken back.

The protocol, and why it has one effect at most.

A distribution that a platform may hold is marked (`distributions.handed_over_for`), and no claim takes what is marked.

1. The mark and a row of the journal `handovers` are committed before the platform is first called. There is one open
   row a distribution (a unique index), and one worker speaks of it at a time: it has a lease and a fencing token, and
   each of its writes, the handles of the adapter's steps included, names that.
2. The mark goes only with the row, and the row only ends when the platform is certain to hold nothing:
   a. it refused, or the call certainly had no effect;
   b. it took it back (`unschedule`);
   c. it is live: then the distribution is published, by the same statement;
   d. it was asked, and has it neither live nor held, later than `settle_until`: the lease of whoever may be calling and
      the settle time are over then, so that nothing of an earlier call can arrive any more.
   Nothing else ends it: no time-out, no count of tries, and no word of ours that it should be over.
3. Nobody else knows of all that. A move, a hold, a cancellation, a withdrawn approval, a paused account or vertical are
   written as of any distribution. Here the row is compared with what the platform holds, again and again, and what does
   not agree is taken back. Until then the mark stands, so the new time can't lead to a second publication.

So whoever dies, and when, leaves one of these:

- before the first commit: nothing;
- after it, before, in or after the call: an open row of which nobody knows whether the platform holds it. When the
  lease is over, the platform is asked (`reconcile`): held is confirmed, live is published, absent waits for (d);
- after the answer, before it is written: the same;
- while taking it back: the row is open still, and taking back is repeated, which does nothing twice;
- after taking it back, before that is written: the same; the platform says that it is gone, or that it was quicker.

A worker that was frozen and wakes up holds no token any more. Its call can still reach the platform, as long after its
lease as it was frozen: `settle` must be longer than that, as for publishing. If what it does late is taking back, then
nothing goes out at its time, and the inquiry after that finds it absent; it is sent then, late, as its policy says.

At its time the platform is asked until it says that it is live. One that holds it still when it counts as late (a blog
whose clockwork stands still) gives it back, and it is sent by us. The journal of attempts, by which accounts are paced,
gets its row when it is live, with the time at which it went out; until then `account_pace` counts the mark at its time.
"""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

import sqlalchemy as sa
import structlog

from pipeline.distribution.accounts import AccountUnusableError, AdapterFactory
from pipeline.distribution.engine import EngineConfig
from pipeline.distribution.handing_over import hand_over
from pipeline.distribution.handover_books import Books
from pipeline.distribution.lane import LeaseLostError, Leases
from pipeline.distribution.looking_after import look
from pipeline.distribution.own_pages import HomePages, own_origins
from pipeline.platforms.base import NotSent, PlatformError
from pipeline.store import accounts, handovers
from pipeline.store.database import transaction
from pipeline.store.handovers import Handover
from pipeline.vocabulary import ErrorKind

log = structlog.get_logger(__name__)

_ACCOUNTS_AT_ONCE: Final = 8


def tend(
    engine: sa.Engine,
    open_adapter: AdapterFactory,
    config: EngineConfig,
    *,
    worker: str,
    stop: threading.Event | None = None,
) -> Counter[str]:
    """Hand over what is near enough, ask about what should be live, take back what is not to go out; until all is done.

    Any number of workers may do so at once. Setting `stop` ends it after what is in hand. Returns how many were: handed
    over, published, taken back, refused, not sent, unknown, held (confirmed), absent (ours again), waiting (absent, but
    not settled), not taken back, inconclusive, unchanged, lease lost.
    """
    stop = stop or threading.Event()
    with engine.connect() as connection:
        concerned = set(handovers.accounts_concerned(connection, at_least=config.hand_over_at_least))
        rows = [row for row in accounts.all_accounts(connection) if row.id in concerned]
    counts: Counter[str] = Counter()
    leases = Leases(engine, worker, config.lease, partial(handovers.extend, settle=config.settle))
    homes = HomePages(partial(own_origins, engine))
    with leases.beating(), ThreadPoolExecutor(_ACCOUNTS_AT_ONCE, thread_name_prefix="handover") as pool:
        lanes = [_Lane(Books(engine, config, worker, row), open_adapter, leases, homes) for row in rows]
        for verdicts in pool.map(lambda lane: lane.work(stop), lanes):
            counts.update(verdicts)
    return counts


@dataclass(frozen=True, slots=True)
class _Lane:
    """One account's, one distribution at a time."""

    books: Books
    open_adapter: AdapterFactory
    leases: Leases
    homes: HomePages

    def work(self, stop: threading.Event) -> Counter[str]:
        verdicts: Counter[str] = Counter()
        while not stop.is_set():
            item = self._take()
            if item is None:
                break
            try:
                verdict = self._tend(item)
            except LeaseLostError:
                verdict = "lease lost"
            finally:
                self.leases.drop(item.id)
            log.info("handover", account=self.books.account.account_key, distribution=str(item.id), verdict=verdict)
            verdicts[verdict] += 1
        return verdicts

    def _take(self) -> Handover | None:
        books, config = self.books, self.books.config
        asked_at = time.monotonic()
        with transaction(books.engine, books.worker) as connection:
            item = handovers.take(
                connection,
                books.account.id,
                lease=config.lease,
                settle=config.settle,
                at_least=config.hand_over_at_least,
            )
        if item is not None:
            self.leases.add({item.id: item.token}, asked_at)
        return item

    def _tend(self, item: Handover) -> str:
        try:
            adapter = self.open_adapter(self.books.account)
        except AccountUnusableError as error:
            if not item.begins:
                return self.books.undecided(item, f"the account can't be used: {error}")
            kind = ErrorKind.UNAVAILABLE if error.passes else ErrorKind.AUTH
            return self.books.not_sent(item, NotSent(PlatformError(kind, str(error))))
        if item.begins:
            return hand_over(self.books, self.leases, self.homes, adapter, item)
        return look(self.books, adapter, item)

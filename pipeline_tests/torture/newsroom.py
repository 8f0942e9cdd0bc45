"""A database with accounts on the sandbox, and posts to publish there: what the tests set a worker to."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pipeline.distribution.contents import stored
from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.media.facts import Media
from pipeline.platforms.registry import adapter_class, platform_names
from pipeline.sandbox.registry import find_stand_in
from pipeline.store import accounts, tables
from pipeline.vocabulary import AccountState
from pipeline_tests import factories
from pipeline_tests.platforms.rehearsal import rehearsal_of, sample_media
from pipeline_tests.torture.outside import Outside
from pipeline_tests.torture.worker import Job

PLATFORMS = platform_names()


@dataclass(frozen=True, slots=True)
class Sent:
    """A distribution that was set up. `mark` is in its words, and so in every effect of it, and in no other's."""

    id: UUID
    platform: str
    account_id: UUID
    mark: str


@dataclass(frozen=True, slots=True)
class Sending:
    """The call by which a platform publishes, and what the sandbox's ledger calls its effect."""

    effect: str
    method: str
    path: str


@dataclass(slots=True)
class Newsroom:
    """The accounts are the sandbox's, at the outside world's addresses, and have no limits unless told."""

    engine: sa.Engine
    outside: Outside
    scratch: Path
    sendings: dict[str, Sending] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What the site serves may be read though its address is private: a vertical of ours lives there."""
        with self.engine.begin() as connection:
            factories.vertical(connection, base_url=self.outside.site_url)

    def account(self, platform: str, **changes: Any) -> UUID:
        """A new account on a platform."""
        key = f"{platform}-{uuid.uuid4().hex[:12]}"
        values = {"name": platform, "account_key": key, "account_id": key, **self._way_in(platform), **changes}
        with self.engine.begin() as connection:
            return factories.account(connection, **values)

    def retire_all(self) -> None:
        """Nothing is sent from any account any more: what a test left behind disturbs none after it."""
        table = tables.platforms
        retired = table.update().where(table.c.state == AccountState.ACTIVE)
        with self.engine.begin() as connection:
            connection.execute(retired.values(state=AccountState.PAUSED, state_reason="the test is done with it"))

    def post(
        self, account_ids: Sequence[UUID], *, due_in: timedelta = timedelta(seconds=-1), grouped: bool = False
    ) -> list[Sent]:
        """An approved post with a distribution to each account, adapted as the planning would."""
        with self.engine.begin() as connection:
            group = factories.insert(connection, tables.cross_post_groups, name="one post") if grouped else None
            post_id, review_id = factories.approved_post(connection)
            rows = {row.id: row for row in accounts.all_accounts(connection)}
            made = []
            for account_id in account_ids:
                mark = uuid.uuid4().hex[:12]
                row = rows[account_id]
                version = adapter_class(row.name).adapt(self._article(mark, row.name), row)
                id_ = factories.distribution(
                    connection,
                    account_id,
                    post_id=post_id,
                    review_id=review_id,
                    due_in=due_in,
                    **stored(version),
                    cross_post_group_id=group,
                )
                made.append(Sent(id_, row.name, account_id, mark))
        return made

    def job(self, **how: Any) -> Job:
        """A worker's job here."""
        url = self.engine.url.render_as_string(hide_password=False)
        return Job(url, self.outside, self.scratch / f"{uuid.uuid4().hex}.log", **how)

    def rehearse(self, platforms: Sequence[str] = PLATFORMS) -> None:
        """Publish once on each platform, to learn by which call it does.

        What happens at a first publication only, such as the site's style sheet, is then done too.
        """
        for platform in platforms:
            account = self.account(platform)
            (sent,) = self.post([account])
            job = self.job(awaited=(sent.id,))
            assert job.run() == 0, job.log.read_text()
            self.retire_all()
            steps = [each for each in self.outside.sandbox.effects() if sent.mark in f"{each.title} {each.text}"]
            if steps:
                method, _, path = steps[-1].request.partition(" ")
                self.sendings[platform] = Sending(steps[-1].kind, method, f"/{path.rpartition('/')[2]}")

    def _article(self, mark: str, platform: str) -> AdaptableArticle:
        return AdaptableArticle(
            title=f"How to prune {mark}",
            markdown=f"Cut above a bud, says {mark}.\n\nThen wait.",
            excerpt=f"Cut above a bud, says {mark}.",
            keywords=[f"pruning {mark}"],
            canonical_url=f"{self.outside.site_url}/how-to-prune-{mark}/",
            vertical="garden",
            topics=[f"gardens {mark}"],
            media=self._media(platform),
        )

    def _media(self, platform: str) -> list[Media]:
        """What the platform takes no post without."""
        if find_stand_in(platform) is None:
            return []
        return [sample_media(name, f"{self.outside.site_url}/media") for name in rehearsal_of(platform).media]

    def _way_in(self, platform: str) -> dict[str, Any]:
        """An account's settings and credentials."""
        stand_in = find_stand_in(platform)
        if stand_in is None:  # the site, whose files are ours
            outside = self.outside
            config = {"folder": str(outside.site_folder), "base_url": outside.site_url, "name": "The newsroom"}
            return {"publish_config": config}
        config = dict(stand_in.publish_config(self.outside.sandbox_url))
        return {"publish_config": config, "credentials_secret_id": f"sandbox:{platform}"}

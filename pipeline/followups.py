"""What follows a publication: which handler delivers which topic of the outbox."""

import sqlalchemy as sa

from pipeline.alerting.channels import alert_handlers
from pipeline.distribution import announcements as tell
from pipeline.distribution.accounts import AdapterFactory, adapter_factory
from pipeline.distribution.credentials import Keepers
from pipeline.distribution.relay import Handler
from pipeline.distribution.takedown import takedown
from pipeline.settings import Settings
from pipeline.store import announcements as topics
from pipeline.store import takedowns


def handlers(settings: Settings, engine: sa.Engine) -> dict[str, Handler]:
    """A handler for every topic, configured or not: what was written while it was configured is still answered for."""

    def adapters() -> AdapterFactory:
        keepers = Keepers.from_settings(settings, engine)
        return adapter_factory(keepers, timeout_seconds=settings.call_timeout_seconds)

    return {
        topics.WEBHOOK: tell.webhook(engine, settings.webhook_secret),
        topics.INDEXNOW: tell.indexnow(settings.indexnow_endpoint, settings.indexnow_key),
        topics.WEBSUB: tell.websub(settings.websub_hub),
        takedowns.TOPIC: takedown(engine, adapters),
        **alert_handlers(settings),
    }

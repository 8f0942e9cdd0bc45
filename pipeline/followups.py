"""What follows a publication: which handler delivers which topic of the outbox."""

import sqlalchemy as sa

from pipeline.alerting.channels import alert_handlers
from pipeline.distribution import announcements as tell
from pipeline.distribution.relay import Handler
from pipeline.settings import Settings
from pipeline.store import announcements as topics


def handlers(settings: Settings, engine: sa.Engine) -> dict[str, Handler]:
    """A handler for every topic, configured or not: what was written while it was configured is still answered for."""
    return {
        topics.WEBHOOK: tell.webhook(engine, settings.webhook_secret),
        topics.INDEXNOW: tell.indexnow(settings.indexnow_endpoint, settings.indexnow_key),
        topics.WEBSUB: tell.websub(settings.websub_hub),
        **alert_handlers(settings),
    }

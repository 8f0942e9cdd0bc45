"""Settings from the environment. Nothing else in the project reads `os.environ`."""

from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.clock import zone

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Every setting has a default that works on a fresh clone; its alias is the environment variable that sets it.

    A field is never read under its own name: `home` would be HOME, and `user` USER.
    """

    model_config = SettingsConfigDict(env_file=PROJECT_ROOT / ".env", extra="ignore")

    home: Path = Field(default=PROJECT_ROOT / ".pressroom", alias="PRESSROOM_HOME")
    """Where the embedded database, Dagster's files, the built site and the sandbox's ledger are kept."""

    database_url: SecretStr | None = Field(default=None, alias="DATABASE_URL")
    """A PostgreSQL 15 or newer of your own. Unset: the embedded server under `home`."""

    dagster_database_url: SecretStr | None = Field(default=None, alias="DAGSTER_DATABASE_URL")
    """Dagster's storage, a database of its own. Unset: the database `dagster` on the embedded server."""

    web_port: int = Field(default=3000, alias="PRESSROOM_WEB_PORT")
    site_port: int = Field(default=3001, alias="PRESSROOM_SITE_PORT")
    sandbox_port: int = Field(default=3002, alias="PRESSROOM_SANDBOX_PORT")
    code_port: int = Field(default=3003, alias="PRESSROOM_CODE_PORT")
    """Dagster's code server, which the web server and the daemon share."""
    feed_port: int = Field(default=3004, alias="PRESSROOM_FEED_PORT")
    feed_url: str | None = Field(default=None, pattern=r"^https?://", alias="PRESSROOM_FEED_URL")
    """Where a proxy of your own makes the calendar's feed known to others. Unset: to this machine only."""
    collect_port: int = Field(default=3005, alias="PRESSROOM_COLLECT_PORT")
    collect_url: str | None = Field(default=None, pattern=r"^https?://", alias="PRESSROOM_COLLECT_URL")
    """Where a proxy of your own makes the collector known to readers. Unset: to this machine only, and no version has a
    short link."""
    conversions_secret: SecretStr | None = Field(default=None, alias="PRESSROOM_CONVERSIONS_SECRET")
    """What shops sign conversions by (Standard Webhooks): whsec_ and the base64 of 24 to 64 random bytes; of several,
    with commas between, any. Unset: none are taken over HTTP."""

    user: str | None = Field(default=None, alias="PRESSROOM_USER")
    """Who you are at the review desk: an email address or a full name of `pressroom users`."""

    allow_private_sources: bool = Field(default=False, alias="PRESSROOM_ALLOW_PRIVATE_SOURCES")
    """Whether feeds may be read from private addresses. Off, so that a feed's address can't reach into your network."""

    writer_base_url: str | None = Field(default=None, alias="PRESSROOM_WRITER_BASE_URL")
    """An OpenAI-compatible endpoint. Unset: the offline writer."""
    writer_model: str = Field(default="gpt-4o-mini", alias="PRESSROOM_WRITER_MODEL")
    writer_api_key: SecretStr | None = Field(default=None, alias="PRESSROOM_WRITER_API_KEY")
    writer_budget_usd_per_day: float = Field(default=5.0, alias="PRESSROOM_WRITER_BUDGET_USD_PER_DAY")

    secret_keys: SecretStr | None = Field(default=None, alias="PRESSROOM_SECRET_KEYS")
    """What credentials named db:NAME are encrypted by: keys of `pressroom secrets new-key`, with commas between, the
    newest first. The others are only read by, until `pressroom secrets rotate`."""
    vault_addr: str | None = Field(default=None, pattern=r"^https?://", alias="VAULT_ADDR")
    vault_token: SecretStr | None = Field(default=None, alias="VAULT_TOKEN")
    """Where credentials named vault:PATH are: HashiCorp Vault's own variables, or OpenBao's."""

    call_timeout_seconds: float = Field(default=30.0, alias="PRESSROOM_CALL_TIMEOUT_SECONDS")
    lease_seconds: float = Field(default=120.0, alias="PRESSROOM_LEASE_SECONDS")
    """Longer than any single platform call, so that only a dead or frozen worker loses its lease."""
    settle_seconds: float = Field(default=600.0, alias="PRESSROOM_SETTLE_SECONDS")
    """After an unknown outcome, finding nothing on the platform counts as evidence only once this has passed:
    a frozen worker that wakes up can still send. Must be well above the lease."""
    look_ahead_seconds: float = Field(default=60.0, alias="PRESSROOM_LOOK_AHEAD_SECONDS")

    attribution_look_back_days: int = Field(default=30, ge=1, le=365, alias="PRESSROOM_ATTRIBUTION_LOOK_BACK_DAYS")
    """How long before a conversion an arrival counts as having led to it."""
    attribution_half_life_days: float = Field(default=7, gt=0, alias="PRESSROOM_ATTRIBUTION_HALF_LIFE_DAYS")
    """By how much older an arrival weighs half as much, in the model `time_decay`."""

    alert_webhook_url: SecretStr | None = Field(default=None, alias="PRESSROOM_ALERT_WEBHOOK_URL")
    """Slack's incoming webhook, or of anything that takes its JSON. Alerts and the daily digest go there."""
    smtp_url: SecretStr | None = Field(default=None, alias="PRESSROOM_SMTP_URL")
    """The mail server: smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465."""
    alert_email_to: str | None = Field(default=None, alias="PRESSROOM_ALERT_EMAIL_TO")
    """Who gets alerts and the digest by mail; several with commas between."""
    alert_email_from: str = Field(default="pressroom@localhost", alias="PRESSROOM_ALERT_EMAIL_FROM")
    digest_hour: int = Field(default=8, ge=0, le=23, alias="PRESSROOM_DIGEST_HOUR")
    timezone: str = Field(default="UTC", alias="PRESSROOM_TIMEZONE")
    """The IANA zone in which the newsroom reads the clock: of the digest's hour and its times."""

    dagster_postgres_url: SecretStr | None = Field(default=None, alias="DAGSTER_POSTGRES_URL")
    """Dagster's storage as Dagster itself is told of it; for the watchdog, which reads it."""
    code_server: str | None = Field(default=None, alias="PRESSROOM_CODE_SERVER")
    """host:port of Dagster's code server, for the watchdog. Unset: it is not asked."""

    metrics_keep_days: int = Field(default=180, ge=92, alias="PRESSROOM_METRICS_KEEP_DAYS")
    """For how long every snapshot of figures is kept, in days; of older ones the last of each day. Publications are
    followed for 90. The answers of language models are kept for as long."""

    webhook_secret: SecretStr | None = Field(default=None, alias="PRESSROOM_WEBHOOK_SECRET")
    """Signs what accounts' webhooks are told (Standard Webhooks): whsec_ and the base64 of 24 to 64 random bytes.
    Unset: they are told unsigned."""
    indexnow_key: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{8,128}$", alias="PRESSROOM_INDEXNOW_KEY")
    """Any 8 to 128 letters, digits and dashes. New pages of the home site are then announced to search engines, and
    the site serves the key. No secret: whoever knows its address can read it."""
    indexnow_endpoint: str = Field(default="https://api.indexnow.org/indexnow", alias="PRESSROOM_INDEXNOW_ENDPOINT")
    websub_hub: str | None = Field(default=None, pattern=r"^https?://", alias="PRESSROOM_WEBSUB_HUB")
    """The hub that the home site's feed names, and that is told when the feed changes."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        zone(name)
        return name


@cache
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()

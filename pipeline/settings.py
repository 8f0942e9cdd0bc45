"""Settings from the environment. Nothing else in the project reads `os.environ`."""

from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

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

    user: str | None = Field(default=None, alias="PRESSROOM_USER")
    """Who you are at the review desk: an email address or a full name of `pressroom users`."""

    allow_private_sources: bool = Field(default=False, alias="PRESSROOM_ALLOW_PRIVATE_SOURCES")
    """Whether feeds may be read from private addresses. Off, so that a feed's address can't reach into your network."""

    writer_base_url: str | None = Field(default=None, alias="PRESSROOM_WRITER_BASE_URL")
    """An OpenAI-compatible endpoint. Unset: the offline writer."""
    writer_model: str = Field(default="gpt-4o-mini", alias="PRESSROOM_WRITER_MODEL")
    writer_api_key: SecretStr | None = Field(default=None, alias="PRESSROOM_WRITER_API_KEY")
    writer_budget_usd_per_day: float = Field(default=5.0, alias="PRESSROOM_WRITER_BUDGET_USD_PER_DAY")

    call_timeout_seconds: float = Field(default=30.0, alias="PRESSROOM_CALL_TIMEOUT_SECONDS")
    lease_seconds: float = Field(default=120.0, alias="PRESSROOM_LEASE_SECONDS")
    """Longer than any single platform call, so that only a dead or frozen worker loses its lease."""
    settle_seconds: float = Field(default=600.0, alias="PRESSROOM_SETTLE_SECONDS")
    """After an unknown outcome, finding nothing on the platform counts as evidence only once this has passed:
    a frozen worker that wakes up can still send. Must be well above the lease."""
    look_ahead_seconds: float = Field(default=60.0, alias="PRESSROOM_LOOK_AHEAD_SECONDS")


@cache
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()

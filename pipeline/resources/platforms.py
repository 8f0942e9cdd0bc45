"""The platforms' adapters, each with its account's credentials, and what the publish engine is set to."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from pipeline.resources.database import Database

if TYPE_CHECKING:
    from pipeline.distribution.accounts import AdapterFactory
    from pipeline.distribution.credentials import Keepers
    from pipeline.distribution.engine import EngineConfig


class Platforms(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Opens an account's adapter. Credentials are resolved from the account's reference, at use, and kept nowhere."""

    database: dg.ResourceDependency[Database]
    settle_seconds: float | None = Field(
        default=None, description="Overrides PRESSROOM_SETTLE_SECONDS; see docs/decisions for what it guards."
    )

    @property
    def adapters(self) -> "AdapterFactory":
        from pipeline.distribution.accounts import adapter_factory
        from pipeline.settings import settings

        return adapter_factory(self.keepers, timeout_seconds=settings().call_timeout_seconds)

    @property
    def keepers(self) -> "Keepers":
        """Who keeps credentials besides the environment and files."""
        from pipeline.distribution.credentials import Keepers
        from pipeline.settings import settings

        return Keepers.from_settings(settings(), self.database.engine)

    @property
    def config(self) -> "EngineConfig":
        from dataclasses import replace
        from datetime import timedelta

        from pipeline.distribution.engine import EngineConfig
        from pipeline.settings import settings

        config = EngineConfig.from_settings(settings())
        if self.settle_seconds is not None:
            config = replace(config, settle=timedelta(seconds=self.settle_seconds))
        return config

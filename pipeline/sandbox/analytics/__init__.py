"""Stand-ins for the sites' analytics. They count nobody: how many readers a page had is told to them, at `_READERS`."""

from collections.abc import Mapping
from typing import Final

from pipeline.sandbox.analytics import ga4, matomo, plausible
from pipeline.sandbox.service import StandIn

STAND_INS: Final[Mapping[str, StandIn]] = {
    each.name: each for each in (ga4.STAND_IN, matomo.STAND_IN, plausible.STAND_IN)
}

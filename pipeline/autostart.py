"""Whether sensors and schedules run by themselves: in `make run` yes, in a production start once switched on."""

import os

import dagster as dg

# Read here, not through the settings: this module is imported with the definitions, which must load fast.
_ON = os.environ.get("PRESSROOM_AUTOSTART") == "1"

SENSOR_STATUS = dg.DefaultSensorStatus.RUNNING if _ON else dg.DefaultSensorStatus.STOPPED
SCHEDULE_STATUS = dg.DefaultScheduleStatus.RUNNING if _ON else dg.DefaultScheduleStatus.STOPPED

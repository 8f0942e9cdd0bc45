"""When credentials end, as the plan tells it."""

import json
from datetime import UTC, datetime

from pipeline.distribution.credentials import Keepers
from pipeline.distribution.endings import endings
from pipeline.store.database import transaction
from pipeline_tests import factories

SOON = "2026-12-01T09:00:00+00:00"


def test_what_ends_without_being_renewed_is_told_and_so_is_what_can_t_be_read(engine, monkeypatch):
    kept = {
        "ending": {"access_token": "a", "expires_at": SOON},
        "renewed": {"access_token": "a", "expires_at": SOON, "refresh_token": "r", "client_id": "c"},
        "lasting": {"access_token": "a"},
        "paused": {"access_token": "a", "expires_at": SOON},
    }
    with transaction(engine, "test") as connection:
        for name, credentials in kept.items():
            monkeypatch.setenv(f"CREDENTIALS_{name.upper()}", json.dumps(credentials))
            state = {"state": "paused", "state_reason": "holiday"} if name == "paused" else {}
            factories.account(
                connection,
                name="linkedin",
                account_key=name,
                credentials_secret_id=f"env:CREDENTIALS_{name.upper()}",
                **state,
            )
        factories.account(connection, account_key="unread", credentials_secret_id="env:CREDENTIALS_NOWHERE")
        factories.account(connection, account_key="site", name="site", is_home=True)
    found = endings(engine, Keepers(engine))
    assert found.keys() == {"ending", "unread"}
    assert found["ending"] == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert "CREDENTIALS_NOWHERE is not set" in str(found["unread"])

from dataclasses import replace

from pipeline.platforms.content import Content
from pipeline_tests.platforms.rehearsal import Rehearsal, some_text

EMAIL = '<p>Read it. <a href="*|UNSUB|*">Unsubscribe</a> *|LIST:ADDRESS|*</p>'


def _email(distribution_id: str) -> Content:
    return replace(some_text(distribution_id), body=EMAIL)


REHEARSAL = Rehearsal(
    effect="campaign_sent",
    sending=("POST", "/actions/send"),
    content=_email,
    repeatable=frozenset({"campaign_updated", "campaign_content_set"}),
    public=frozenset({"server_prefix"}),
    asks_first=True,  # whether an earlier attempt has made the campaign
    tells_retry_time=False,
)

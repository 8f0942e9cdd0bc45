from dataclasses import replace

from pipeline.platforms.content import Content
from pipeline_tests.platforms.rehearsal import Rehearsal, some_text


def _description(distribution_id: str) -> Content:
    """YouTube takes no angle brackets."""
    content = some_text(distribution_id)
    return replace(content, body=content.body.replace("<b>", "*").replace("</b>", "*"), platform_specific={"tags": []})


REHEARSAL = Rehearsal(
    effect="video_published",
    sending=("PUT", "/upload/youtube/v3/videos"),
    content=_description,
    every_step={"tags": ["space travel", "moon"], "language": "en"},
    media=("video",),
    repeatable=frozenset({"video_updated"}),
    asks_first=True,  # a session is opened, which nobody sees
    tells_retry_time=False,
)

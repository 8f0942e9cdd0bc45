from pipeline_tests.platforms.rehearsal import Rehearsal, some_text

REHEARSAL = Rehearsal(
    effect="post_published",
    sending=("PUT", "/upload"),
    content=some_text,
    media=("video",),
    every_media=("video",),
    asks_first=True,
    tells_retry_time=False,
)

from pipeline_tests.platforms.rehearsal import Rehearsal, some_text

REHEARSAL = Rehearsal(
    effect="post_created",
    sending=("POST", "/rest/posts"),
    content=some_text,
    every_step={"hashtags": ["#rehearsal"]},
    every_media=("video",),
    tells_retry_time=False,
)

from pipeline_tests.platforms.rehearsal import Rehearsal, some_text

REHEARSAL = Rehearsal(
    effect="media_published",
    sending=("POST", "/media_publish"),
    content=some_text,
    media=("picture",),
    every_media=("picture", "cover"),
    asks_first=True,  # the container, which nobody sees
    tells_retry_time=False,  # in minutes, so not of half a minute
)

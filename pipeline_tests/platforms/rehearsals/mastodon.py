from pipeline_tests.platforms.rehearsal import Rehearsal, some_text

REHEARSAL = Rehearsal(
    effect="status_created",
    sending=("POST", "/api/v1/statuses"),
    content=some_text,
    every_media=("picture",),
    asks_first=True,  # what the server takes
)

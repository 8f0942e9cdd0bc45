from pipeline_tests.platforms.rehearsal import Rehearsal, some_text

REHEARSAL = Rehearsal(
    effect="tweet_created",
    sending=("POST", "/tweets"),
    content=some_text,
    every_media=("picture", "cover"),
    repeatable=frozenset({"media_uploaded", "media_described"}),  # which no post carries, and nobody sees
)

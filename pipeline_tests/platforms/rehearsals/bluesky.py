from pipeline_tests.platforms.rehearsal import Rehearsal, some_text

REHEARSAL = Rehearsal(
    effect="post_created",
    sending=("POST", "/com.atproto.repo.createRecord"),
    content=some_text,
    every_media=("picture",),
    public=frozenset({"identifier"}),
    asks_first=True,  # for a session
)

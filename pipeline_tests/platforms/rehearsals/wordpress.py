from pipeline_tests.platforms.rehearsal import Rehearsal, some_text

REHEARSAL = Rehearsal(
    effect="post_created",
    sending=("POST", "/posts"),
    content=some_text,
    every_step={"tags": ["one"]},
    every_media=("picture", "video"),
    public=frozenset({"username"}),
)

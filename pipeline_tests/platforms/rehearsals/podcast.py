from pipeline_tests.platforms.rehearsal import Rehearsal, some_text

REHEARSAL = Rehearsal(
    effect="episode_published",
    sending=("PUT", "/feed.xml"),
    content=some_text,
    every_step={"transcript_url": "https://example.com/transcript.vtt", "season": 1, "episode": 2, "explicit": False},
    media=("sound",),
    every_media=("sound", "cover"),
    asks_first=True,  # what the feed says
    tells_retry_time=False,
)

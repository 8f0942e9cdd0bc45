from pipeline_tests.platforms.rehearsal import Rehearsal, some_text

REHEARSAL = Rehearsal(effect="tweet_created", sending=("POST", "/tweets"), content=some_text)

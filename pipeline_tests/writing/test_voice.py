"""How a publication sounds, as it is stored and as the writer is told."""

import pytest
from pydantic import ValidationError

from pipeline.writing.voice import VoiceProfile


def test_the_writer_is_told_everything_that_is_said_and_nothing_else():
    profile = VoiceProfile(tone="dry", person="second", avoided_words=["game-changer"], longest_sentence_words=25)
    assert profile.told() == (
        "- tone: dry\n- person: the reader is you\n- words never to use: game-changer\n"
        "- length: no sentence longer than 25 words"
    )
    assert not VoiceProfile().told()


def test_a_profile_from_before_there_was_a_model_is_told_as_it_stands():
    old = VoiceProfile.of({"tone": "calm", "avoid": ["hype", "noise"]})
    assert old.told() == "- tone: calm\n- avoid: hype, noise"
    assert VoiceProfile.of({"tone": "calm"}).tone == "calm"


@pytest.mark.parametrize("wrong", [{"tones": "x"}, {"person": "fourth"}, {"longest_sentence_words": 2}])
def test_a_profile_with_a_slip_is_refused(wrong):
    with pytest.raises(ValidationError):
        VoiceProfile.model_validate(wrong)

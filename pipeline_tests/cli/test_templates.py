"""`pressroom templates` and `pressroom verticals`: what the writer is told."""

import json

import pytest

from pipeline_tests import factories


@pytest.fixture
def nature(engine):
    with engine.begin() as connection:
        return factories.vertical(connection, slug="nature", voice_profile={"avoid": ["hype"]})


def test_a_template_is_shown_changed_set_compared_and_taken_back(pressroom, nature, tmp_path):
    assert "pressroom-article 1" in pressroom("templates").output
    shown = pressroom("templates", "show", "article").output
    file = tmp_path / "mine.yaml"
    file.write_text(shown.replace("name: pressroom-article", "name: mine").replace("You write", "You carefully write"))
    assert "mine version 1 is stored" in pressroom("templates", "set", file).output
    assert "says this already" in pressroom("templates", "set", file).output
    file.write_text(file.read_text().replace("carefully", "quickly"))
    pressroom("templates", "set", file)
    difference = pressroom("templates", "diff", "mine", "1").output
    assert "+  You quickly write" in difference
    assert "-  You carefully write" in difference
    assert pressroom("templates", "diff", "mine", "1", "1").output == "They say the same.\n"
    assert "mine version 1 writes article" in pressroom("templates", "activate", "mine", "1").output
    assert "carefully" in pressroom("templates", "show", "article").output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("output: article\nname: mine\nuser: '{{ source_text }}'\n", "outside a fence"),
        ("output: poem\nname: mine\nuser: x\n", "output"),
        ("{", "no YAML"),
        ("just words", "no template"),
    ],
)
def test_a_file_that_is_no_template_is_told_why(pressroom, nature, tmp_path, text, said):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    result = pressroom("templates", "set", file)
    assert result.exit_code == 1
    assert said in result.output


def test_an_unknown_template_is_told_in_a_sentence(pressroom, nature):
    result = pressroom("templates", "show", "poem")
    assert result.exit_code == 1
    assert "no template poem" in result.output


def test_a_verticals_voice_is_shown_and_set(pressroom, nature, tmp_path):
    assert "nature" in pressroom("verticals").output
    assert json.loads(pressroom("verticals", "voice", "nature").output)["notes"] == {"avoid": "hype"}
    file = tmp_path / "voice.json"
    file.write_text('{"tone": "dry", "avoided_words": ["game-changer"]}')
    assert "- words never to use: game-changer" in pressroom("verticals", "voice", "nature", file).output
    assert json.loads(pressroom("verticals", "voice", "nature").output)["tone"] == "dry"


@pytest.mark.parametrize("text", ["{", '{"tune": "dry"}', '{"person": "fourth"}'])
def test_a_voice_with_a_slip_is_refused_with_what_there_is(pressroom, nature, tmp_path, text):
    file = tmp_path / "voice.json"
    file.write_text(text)
    result = pressroom("verticals", "voice", "nature", file)
    assert result.exit_code == 1
    assert "avoided_words" in result.output
    assert "there are: nature" in pressroom("verticals", "voice", "mars").output

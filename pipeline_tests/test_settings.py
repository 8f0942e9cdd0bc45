"""Settings come from the environment, under names of our own."""

from pathlib import Path

from pipeline.settings import PROJECT_ROOT, Settings


def test_the_state_folder_is_not_the_users_home_nor_the_reviewer_the_unix_user(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("USER", "somebody")
    monkeypatch.delenv("PRESSROOM_HOME", raising=False)
    monkeypatch.delenv("PRESSROOM_USER", raising=False)
    settings = Settings(_env_file=None)
    assert settings.home == PROJECT_ROOT / ".pressroom"
    assert settings.user is None


def test_pressroom_home_moves_the_state_folder(monkeypatch):
    monkeypatch.setenv("PRESSROOM_HOME", "/srv/pressroom")
    assert Settings(_env_file=None).home == Path("/srv/pressroom")

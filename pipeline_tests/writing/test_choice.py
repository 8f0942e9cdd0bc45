"""Which writer the settings ask for."""

from pipeline.settings import Settings
from pipeline.writing.choice import open_writer
from pipeline.writing.offline import OfflineWriter
from pipeline.writing.openai_compatible import OpenAICompatibleWriter


def test_without_an_endpoint_the_offline_writer_writes(monkeypatch):
    monkeypatch.delenv("PRESSROOM_WRITER_BASE_URL", raising=False)
    assert isinstance(open_writer(Settings(_env_file=None)), OfflineWriter)


def test_an_endpoint_brings_the_model_in(monkeypatch):
    monkeypatch.setenv("PRESSROOM_WRITER_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("PRESSROOM_WRITER_MODEL", "house-model-7")
    writer = open_writer(Settings(_env_file=None))
    assert isinstance(writer, OpenAICompatibleWriter)
    assert writer.model == "house-model-7"

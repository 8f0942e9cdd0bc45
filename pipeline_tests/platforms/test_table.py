"""The table in the documents is the adapters'."""

from pipeline.platforms.registry import adapter_class, platform_names
from pipeline.platforms.table import PAGE, page


def test_the_table_in_the_documents_is_what_the_adapters_say():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"


def test_every_platform_says_what_its_account_needs():
    for name in platform_names():
        adapter = adapter_class(name)
        described = [*adapter.settings, *adapter.secrets]
        assert len({each.name for each in described}) == len(described)
        assert all(each.help.endswith(".") for each in described), name

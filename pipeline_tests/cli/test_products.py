"""`pressroom products` and `pressroom links` as they are typed."""

import pytest

from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories

HEADING = "name,url,keywords,merchant,priority,vertical\n"


@pytest.fixture
def vertical(engine):
    with transaction(engine, "test") as connection:
        return factories.vertical(connection, slug="garden")


@pytest.fixture
def imported(pressroom, vertical, tmp_path):
    def write(content, *options):
        path = tmp_path / "products.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return pressroom("products", "import", path, *options)

    return write


def stored(engine):
    p = tables.affiliate_products.c
    with engine.connect() as connection:
        rows = connection.execute(
            tables.affiliate_products.select()
            .with_only_columns(p.name, p.merchant, p.affiliate_url, p.keywords, p.priority, p.is_active)
            .order_by(p.name)
        )
        return [tuple(row) for row in rows]


def test_a_product_is_added_listed_changed_and_removed(pressroom, engine, vertical):
    said = ("products", "add", "Secateurs", "https://shop.example/s?tag=us", "--keyword", "Secateurs")
    assert "1 added, 0 changed" in pressroom(*said).output
    assert "0 added, 1 changed" in pressroom(*said, "--keyword", "pruning shears", "--priority", "3").output
    assert "0 added, 0 changed, 1 as" in pressroom(*said, "--keyword", "pruning shears", "--priority", "3").output
    url = "https://shop.example/s?tag=us"
    assert stored(engine) == [("Secateurs", "shop.example", url, ["Secateurs", "pruning shears"], 3, True)]
    listed = pressroom("products", "list").output
    for shown in ("Secateurs", "garden", "pruning shears", "priority 3", url):
        assert shown in listed
    assert pressroom("products", "remove", "Secateurs").exit_code == 0
    assert "No products yet" in pressroom("products", "list").output
    assert "removed" in pressroom("products", "list", "--all").output
    assert pressroom("products", "remove", "Secateurs").exit_code == 1


@pytest.mark.parametrize(
    ("url", "keyword", "reason"),
    [
        ("javascript:alert(1)", "x", "no http or https address"),
        ("https://", "x", "no http or https address"),
        ("https://shop.example/a b", "x", "no http or https address"),
        ("https://shop.example/", " ", "it has no keyword"),
        ("https://shop.example/", "*", "has no letter or digit"),
        ("https://shop.example/", "x" * 101, "longer than 100"),
    ],
)
@pytest.mark.usefixtures("vertical")
def test_a_product_that_could_not_be_linked_is_refused(pressroom, engine, url, keyword, reason):
    result = pressroom("products", "add", "Secateurs", url, "--keyword", keyword)
    assert result.exit_code == 1
    assert reason in result.output
    assert stored(engine) == []


def test_a_file_is_imported_whole_and_again_without_a_change(imported, engine):
    content = '\ufeffName,URL,Keywords,Priority\nSecateurs,https://s.example/1,secateurs|pruning shears,2\n\nSpade,https://s.example/2,"spade|garden\nspade",\n'
    assert "2 added, 0 changed, 0 as they were" in imported(content).output
    assert stored(engine) == [
        ("Secateurs", "s.example", "https://s.example/1", ["secateurs", "pruning shears"], 2, True),
        ("Spade", "s.example", "https://s.example/2", ["spade", "garden spade"], 0, True),
    ]
    assert "0 added, 0 changed, 2 as they were" in imported(content).output
    assert "0 added, 1 changed, 1 as they were" in imported(content.replace("/2", "/3")).output


def test_of_a_file_with_mistakes_nothing_is_kept_and_each_line_is_told(imported, engine):
    result = imported(
        HEADING
        + "Good,https://s.example/,good,,,\n"
        + "NoUrl,nowhere,x,,,\n"
        + "NoKeyword,https://s.example/,|,,,\n"
        + 'Other,https://s.example/,"two\nlines",,,tools\n'
        + "Good,https://s.example/,again,,,\n"
        + "Short,https://s.example/\n"
        + "Rank,https://s.example/,x,,high,\n"
    )
    assert result.exit_code == 1
    for told in (
        "line 3: 'nowhere' is no http or https address",
        "line 4: it has no keyword",
        "line 5: there is no vertical 'tools'; there are: garden",
        "line 7: “Good” stands on line 2 already",
        "line 8: it has not as many fields as the heading",
        "line 9: the priority 'high' is no whole number",
        "Nothing was kept",
    ):
        assert told in result.output
    assert stored(engine) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "lacks name, url, keywords"),
        ("name,url\n", "lacks keywords"),
        ("name,url,keywords,colour\n", "has colour"),
        ("name,url,keywords,name\n", "a heading twice"),
        ("name,url,keywords\n", "no product"),
        ('name,url,keywords\n"a,b,c\n', "is no CSV"),
        (b"name,url,keywords\nCaf\xe9,https://s.example/,x\n", "is not UTF-8"),
    ],
)
def test_a_file_of_another_form_is_refused_with_the_reason(imported, engine, content, told):
    result = imported(content)
    assert result.exit_code == 1
    assert told in result.output
    assert stored(engine) == []


def test_with_several_verticals_one_is_asked_for(pressroom, engine, imported):
    with transaction(engine, "test") as connection:
        factories.vertical(connection, slug="tools")
    refused = pressroom("products", "add", "Spade", "https://s.example/", "--keyword", "spade")
    assert "--vertical garden or tools" in refused.output
    assert imported("name,url,keywords\nSpade,https://s.example/,spade\n").exit_code == 1
    assert imported("name,url,keywords\nSpade,https://s.example/,spade\n", "--vertical", "tools").exit_code == 0
    assert "Spade" in pressroom("products", "list", "--vertical", "tools").output
    assert "Spade" not in pressroom("products", "list", "--vertical", "garden").output


def test_what_a_name_holds_is_shown_and_not_obeyed(pressroom, vertical):
    pressroom("products", "add", "[red]Spade\x1b[31m", "https://s.example/", "--keyword", "spade")
    listed = pressroom("products", "list").output
    assert "\x1b" not in listed
    assert "[red]Spade" in listed

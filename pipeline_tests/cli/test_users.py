"""`pressroom users`: who is known, and who may do what."""

import pytest

from pipeline.editorial.permissions import MAY
from pipeline.store import users


def roles_of(engine, who):
    with engine.connect() as connection:
        return users.find(connection, who).roles


def test_somebody_is_added_with_roles_given_more_and_then_set_to_others(engine, pressroom):
    assert pressroom("users", "add", "Ada Lovelace", "Ada@Example.com", "--role", "writer").exit_code == 0
    pressroom("users", "add", "Ada Lovelace", "ada@example.com", "--role", "publisher")
    assert roles_of(engine, "ada@example.com") == {"writer", "publisher"}
    result = pressroom("users", "roles", "Ada Lovelace", "reviewer")
    assert result.output == "Ada Lovelace's roles: reviewer.\n"
    assert roles_of(engine, "ada@example.com") == {"reviewer"}
    pressroom("users", "roles", "ada@example.com", "--none")
    assert roles_of(engine, "ada@example.com") == set()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("roles", "Nobody", "writer"), "Nobody is known as 'Nobody'"),
        (("roles", "ada@example.com"), "or --none"),
        (("add", "Ada", "no address"), "no email address"),
        (("add", "  ", "ada@example.com"), "needs a name"),
    ],
)
def test_what_can_not_be_is_told(pressroom, words, said):
    result = pressroom("users", *words)
    assert result.exit_code == 1
    assert said in result.output


def test_the_table_of_who_may_do_what_is_the_one_that_is_asked(pressroom):
    table = pressroom("users", "roles").output
    rows = {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in _cells(table)}
    assert set(MAY) <= set(rows)
    assert rows["approve"] == ["", "yes", "", "yes", "never"]


def _cells(table):
    return [line.strip("│┃").split("│") for line in table.splitlines() if line.startswith("│")]

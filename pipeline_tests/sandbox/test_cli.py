from urllib.parse import urlsplit

import httpx
import pytest
from typer.testing import CliRunner

from pipeline.cli.sandbox import app
from pipeline.sandbox.client import Sandbox


def pressroom(sandbox: Sandbox, *command: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*command, "--port", str(urlsplit(sandbox.url).port)], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_the_ledger_is_shown_and_cleared(sandbox: Sandbox, wordpress: httpx.Client):
    assert pressroom(sandbox, "ledger") == (0, "Nothing has been published here yet.\n")
    wordpress.post("/posts", json={"title": "Read [bold]this[/bold]", "status": "publish"})
    status, shown = pressroom(sandbox, "ledger")
    assert status == 0
    assert "post created" in shown
    assert "Read [bold]this[/bold]" in shown
    assert "Nothing" in pressroom(sandbox, "ledger", "--platform", "x")[1]
    assert pressroom(sandbox, "clear")[0] == 0
    assert sandbox.effects() == []


def test_a_fault_is_asked_for_with_its_particulars(sandbox: Sandbox):
    command = ("fault", "x", "server_error", "--count", "2", "--status", "503", "--path", "/tweets", "--method", "post")
    assert pressroom(sandbox, *command)[0] == 0
    (fault,) = sandbox.faults()
    asked = {"platform": "x", "kind": "server_error", "count": 2, "status": 503, "path": "/tweets", "method": "POST"}
    assert asked.items() <= fault.items()


@pytest.mark.parametrize(
    ("command", "message"),
    [(("fault", "nowhere", "delay"), "No platform 'nowhere'"), (("fault", "x", "sulk"), "sulk")],
)
def test_a_fault_that_cannot_be_is_explained(sandbox: Sandbox, command: tuple[str, ...], message: str):
    status, shown = pressroom(sandbox, *command)
    assert status != 0
    assert message in shown


def test_a_sandbox_that_does_not_run_is_told_in_a_sentence():
    status, shown = pressroom(Sandbox("http://127.0.0.1:9"), "ledger")
    assert status == 1
    assert "pressroom sandbox run" in shown


def test_a_taken_port_is_told_in_a_sentence(sandbox: Sandbox, tmp_path):
    status, shown = pressroom(sandbox, "run", "--ledger", str(tmp_path / "sandbox.sqlite"))
    assert status == 1
    assert "Can't listen on port" in shown

"""`pressroom review` as it is typed."""

import os
import pty
import select
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipeline import clock
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.editorial.newsdesk import POST, newsdesk, post_of, revise, versions_of

ESCAPE = "\x1b"


@pytest.fixture(autouse=True)
def _queue(engine):
    """A post of a Berlin newsroom that waits for Ada, with three versions, one of them held."""
    newsdesk(engine)
    with transaction(engine, "test") as connection:
        factories.insert(
            connection,
            tables.distributions,
            post_id=post_of(engine).id,
            cross_post_group_id=connection.scalar(sa.select(tables.cross_post_groups.c.id)),
            content_type="generated",
            platform_id=factories.account(connection, name="x", account_key="x-long", timezone="UTC"),
            body="Cut above a bud.",
            content_hash="hash of x-long",
            status="held",
            hold_reason="body: too long",
        )


def approve(pressroom, *options):
    return pressroom("review", "approve", POST, "--as", "ada@example.com", "--checked", "all", *options)


def row_with(output, account):
    """The cells of an account's line in the table."""
    line = next(line for line in output.splitlines() if f"│ {account} " in line)
    return [cell.strip() for cell in line.strip("│ ").split("│")]


def read_only(output):
    """Without the spaces and line breaks of the layout."""
    return " ".join(output.replace("│", " ").split())


def test_an_approval_tells_each_accounts_local_and_utc_time_and_what_is_held(pressroom):
    result = approve(pressroom, "--at", "2035-07-02 09:00", "--timing", "staggered", "--stagger", "15")
    assert result.exit_code == 0, result.output
    assert "revision 1. 2 versions go out from 2035-07-02 07:00 UTC" in result.output
    assert row_with(result.output, "site") == ["site", "2035-07-02 09:00", "Europe/Berlin", "2035-07-02 07:00"]
    assert row_with(result.output, "x") == ["x", "2035-07-02 03:15", "America/New_York", "2035-07-02 07:15"]
    assert "x-long: body: too long" in result.output


def test_optimized_is_said_with_the_times_it_found(pressroom):
    in_two_weeks = datetime.now(UTC) + timedelta(days=14)
    saturday = (in_two_weeks + timedelta(days=(5 - in_two_weeks.weekday()) % 7)).date()
    result = approve(pressroom, "--at", f"{saturday} 09:00", "--timing", "optimized")
    tuesday = saturday + timedelta(days=3)
    utc = clock.parse(f"{tuesday} 09:00", "America/New_York")
    assert row_with(result.output, "x") == ["x", f"{tuesday} 09:00", "America/New_York", f"{utc:%Y-%m-%d %H:%M}"]


def test_staggered_without_minutes_is_told_how_and_approves_nothing(engine, pressroom):
    result = approve(pressroom, "--timing", "staggered")
    assert result.exit_code == 1
    assert "--stagger 15" in result.output
    assert post_of(engine).status == "review"


@pytest.mark.parametrize("options", [("--stagger", "0"), ("--timing", "whenever")])
def test_a_timing_that_there_is_not_is_refused_by_the_command(pressroom, options):
    assert approve(pressroom, *options).exit_code == 2


def test_simultaneous_goes_out_now_where_nothing_is_said(pressroom):
    result = approve(pressroom)
    assert result.exit_code == 0
    assert "from now on (simultaneous), each once the page that it links to is live" in result.output
    assert row_with(result.output, "site")[3] == row_with(result.output, "x")[3]


def test_without_a_terminal_what_was_looked_at_must_be_said(engine, pressroom):
    result = pressroom("review", "approve", POST, "--as", "ada@example.com")
    assert result.exit_code == 1
    assert "nobody has confirmed factual_accuracy" in result.output
    result = pressroom("review", "approve", POST, "--as", "ada@example.com", "--checked", "seo,pictures")
    assert "has no item 'pictures'" in result.output
    for items in (["legal", "brand-voice", "seo"], ["factual_accuracy,images"]):
        words = [word for item in items for word in ("--checked", item)]
        missing = pressroom("review", "approve", POST, "--as", "ada@example.com", *words)
        assert missing.exit_code == 1
    assert post_of(engine).status == "review"


def test_items_are_confirmed_one_by_one_and_then_it_is_approved(engine, pressroom):
    items = ["factual-accuracy", "brand-voice", "seo", "affiliate-placement", "images", "legal"]
    result = pressroom("review", "check", POST, *items, "--as", "grace@example.com", "--note", "Read it twice.")
    assert result.exit_code == 0, result.output
    assert result.output.count("found right by Grace Hopper") == 6
    assert "6 of 6 confirmed" in pressroom("review").output
    assert pressroom("review", "approve", POST, "--as", "ada@example.com").exit_code == 0
    assert post_of(engine).status == "scheduled"


def test_the_queue_tells_score_cost_age_and_what_blocks(engine, pressroom):
    with transaction(engine, "test") as connection:
        connection.execute(
            tables.ai_usage.insert().values(
                task="article",
                provider="test",
                model="m",
                latency_ms=1,
                outcome="ok",
                cost_usd=0.0123,
                canonical_id=POST,
            )
        )
        sponsored = '# How to prune\n\nBuy [shears](https://shop.example/shears "pressroom:sponsored").'
        connection.execute(tables.publisher_posts.update().values(content=sponsored, content_hash="h2"))
    assert "not checked" in pressroom("review").output
    pressroom("review", "show", POST)
    queue = pressroom("review").output
    assert "blocked" in queue
    assert "$0.0123 · waits 0 min" in queue
    assert "0 of 6 confirmed" in queue


def test_what_was_sent_back_stands_below_the_queue_with_its_note(pressroom):
    pressroom("review", "changes", POST, "--note", "Name the tool.", "--as", "ada@example.com")
    queue = pressroom("review").output
    assert "Nothing waits for review." in queue
    assert "sent back: Name the tool." in queue


def test_a_post_is_shown_whole_or_by_its_parts(pressroom):
    whole = pressroom("review", "show", POST)
    assert whole.exit_code == 0, whole.output
    for said in ("revision 1", "Cut above a bud, on a dry day.", "nobody has looked", "x-long · held · body: too long"):
        assert said in whole.output
    part = pressroom("review", "show", POST, "--only", "checklist").output
    assert "nobody has looked" in part
    assert "on a dry day" not in part


def test_what_a_text_holds_is_shown_and_never_obeyed(engine, pressroom):
    with transaction(engine, "test") as connection:
        hostile = f"# Title {ESCAPE}[2J\n\n[bold]not ours[/bold] {ESCAPE}]0;gotcha\x07"
        connection.execute(
            tables.publisher_posts.update().values(title=f"[red]{ESCAPE}[31m", content=hostile, content_hash="h2")
        )
    pressroom("review", "changes", POST, "--note", f"[blink]{ESCAPE}[5m", "--as", "ada@example.com")
    for words in (["show", POST], ["diff", POST], ["revisions", POST], ["log", POST], []):
        result = pressroom("review", *words)
        assert result.exit_code == 0, result.output
        assert ESCAPE not in result.output


def test_an_edit_with_fields_above_the_text_changes_both_and_shows_what_changed(engine, pressroom, tmp_path):
    file = tmp_path / "mine.md"
    file.write_text(
        '---\ntitle: "Prune: when and how"\nkeyword: Prune roses\nmeta_description: When to cut.\n---\n\n'
        "# How to prune\n\nCut above an outer bud, on a dry day.\n",
        encoding="utf-8",
    )
    result = pressroom("review", "edit", POST, "--file", file, "--as", "ada@example.com")
    assert result.exit_code == 0, result.output
    assert "Cut above [-a-]{+an outer+} bud, on a dry day." in result.output
    post = post_of(engine)
    assert (post.title, post.target_keyword, post.slug) == ("Prune: when and how", "prune roses", "prune")
    assert {version.status for version in versions_of(engine)} == {"draft"}
    again = pressroom("review", "edit", POST, "--file", file, "--as", "ada@example.com")
    assert "Nothing was changed." in again.output


def test_links_are_put_into_a_text_on_request_and_taken_out_again(engine, pressroom):
    with transaction(engine, "test") as connection:
        factories.product(
            connection, connection.scalars(sa.select(tables.publisher_posts.c.vertical_id)).one(), keywords=["bud"]
        )
    added = pressroom("review", "links", POST, "--as", "ada@example.com")
    assert added.exit_code == 0, added.output
    assert "shop.example/secateurs" in added.output
    assert "nothing to link" in pressroom("review", "links", POST, "--as", "ada@example.com").output
    assert pressroom("review", "links", POST, "--remove", "--as", "ada@example.com").exit_code == 0
    again = pressroom("review", "links", POST, "--remove", "--as", "ada@example.com")
    assert "It holds none of our links." in again.output


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("slug: other", "no field 'slug'; there are: title"),
        ("title:", "title is empty"),
        ("title: [a, b]", "title is no text"),
        ("title: a: b", "is not YAML"),
    ],
)
def test_fields_that_can_not_be_taken_are_told_and_change_nothing(engine, pressroom, tmp_path, fields, said):
    file = tmp_path / "mine.md"
    file.write_text(f"---\n{fields}\n---\n\n# Other\n", encoding="utf-8")
    result = pressroom("review", "edit", POST, "--file", file, "--as", "ada@example.com")
    assert result.exit_code == 1
    assert said in read_only(result.output)
    assert post_of(engine).content_hash == "h1"


def test_a_text_is_changed_and_approved_in_one_command_with_the_difference_shown(engine, pressroom, tmp_path):
    file = tmp_path / "mine.md"
    file.write_text("# How to prune\n\nCut above an outer bud, on a dry day.\n", encoding="utf-8")
    result = approve(pressroom, "--file", file)
    assert result.exit_code == 0, result.output
    assert result.output.index("{+an outer+}") < result.output.index("Approved, revision 2.")
    home, x, _ = versions_of(engine)
    assert "an outer bud" in home.body
    assert home.status == x.status == "scheduled"


def test_revisions_are_listed_compared_and_restored(engine, pressroom):
    revise(engine, "grace", content="# How to prune\n\nNever cut.", title="Never prune")
    listed = pressroom("review", "revisions", POST).output
    assert "Grace Hopper" in listed
    assert "Never prune" in listed
    difference = pressroom("review", "diff", POST).output
    assert "title: [-Prune-]{+Never prune+}" in difference
    assert "[-Cut above a bud, on a dry day.-]" in difference
    assert "no revision 7; the latest is 2" in pressroom("review", "diff", POST, "--to", "7").output
    restored = pressroom("review", "restore", POST, "1", "--as", "ada@example.com")
    assert restored.exit_code == 0, restored.output
    assert post_of(engine).title == "Prune"
    assert post_of(engine).status == "review"


def test_the_log_tells_what_was_decided_by_whom_and_why(pressroom):
    approve(pressroom, "--note", "Well told.")
    pressroom("review", "unschedule", POST, "--note", "The sale is off.", "--as", "peter@example.com")
    log = read_only(pressroom("review", "log", POST).output)
    for said in ("approved, revision 1 Ada Lovelace Well told.", "scheduled → review Peter Publisher The sale is off."):
        assert said in log


def test_a_publisher_moves_and_archives_and_a_reviewer_does_not(engine, pressroom):
    approve(pressroom, "--at", "2035-07-02 09:00")
    refused = pressroom("review", "archive", POST, "--note", "why", "--as", "ada@example.com")
    assert "may not archive" in refused.output
    moved = pressroom("schedule", POST, "--at", "2035-07-03 09:00", "--as", "peter@example.com")
    assert "2035-07-03 09:00 Europe/Berlin (2035-07-03 07:00 UTC), was 2035-07-02 09:00" in moved.output
    archived = pressroom("review", "archive", POST, "--note", "Outdated.", "--as", "peter@example.com")
    assert "given up: site, x" in archived.output
    assert post_of(engine).status == "archived"


class Terminal:
    """A person at a terminal of 80 columns: what the command shows, and what is typed."""

    def __init__(self, engine, tmp_path, *words):
        self.fd, theirs = pty.openpty()
        command = [str(Path(sys.executable).parent / "pressroom"), *words]
        environment = {
            **os.environ,
            "DATABASE_URL": engine.url.render_as_string(hide_password=False),
            "PRESSROOM_HOME": str(tmp_path),
            "COLUMNS": "80",
            "TERM": "xterm",
        }
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        )
        os.close(theirs)
        self.shown = ""

    def wait_for(self, text):
        end = time.monotonic() + 60
        seen = len(self.shown)
        while text not in self.shown[seen:]:
            ready, _, _ = select.select([self.fd], [], [], 1.0)
            assert time.monotonic() < end, self.shown
            try:
                self.shown += os.read(self.fd, 65536).decode() if ready else ""
            except OSError:  # the other end is closed: it has ended
                assert text in self.shown[seen:], self.shown
                return

    def type(self, text):
        os.write(self.fd, f"{text}\n".encode())

    def end(self):
        self.wait_for("")
        return self.process.wait(60)


def test_at_a_terminal_each_item_is_asked_for_and_what_is_bound_is_shown_first(engine, tmp_path):
    terminal = Terminal(engine, tmp_path, "review", "approve", POST, "--as", "ada@example.com")
    terminal.wait_for("Revision 1")
    for _ in range(6):
        terminal.wait_for("[y/N]")
        terminal.type("y")
    terminal.wait_for("Approve revision 1 of garden-1?")
    terminal.type("y")
    terminal.wait_for("Approved, revision 1.")
    assert terminal.end() == 0
    assert terminal.shown.index("x-long") < terminal.shown.index("[y/N]")
    assert post_of(engine).status == "scheduled"


def test_the_first_no_approves_nothing_and_keeps_what_was_a_yes(engine, tmp_path, pressroom):
    terminal = Terminal(engine, tmp_path, "review", "approve", POST, "--as", "ada@example.com")
    for answer in ("y", "y", "n"):
        terminal.wait_for("[y/N]")
        terminal.type(answer)
    terminal.wait_for("Nothing was approved")
    assert terminal.end() == 1
    assert post_of(engine).status == "review"
    assert "2 of 6 confirmed" in pressroom("review").output

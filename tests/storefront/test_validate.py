"""`goeswith validate`, as it is typed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli.root import goeswith
from streams.contract.events import encode
from streams.contract.schemas.examples import EVENT_EXAMPLES, SECRET
from streams.contract.schemas.schemas import example

GOOD = json.dumps(example("item_viewed"))
DEAD = json.dumps({**example("item_viewed"), "event_id": "dead", "occurred_at_ms": 1_767_225_600})
EXAMPLE_FILE = Path(__file__).parent.parent.parent / "examples" / "events.jsonl"
SEGMENTS = {"GOESWITH_SEGMENTS": "club"}


def typed(text: str, *options: str) -> Result:
    """The command with this on its standard input."""
    return CliRunner().invoke(goeswith, ["validate", "-", *options], input=text, env=SEGMENTS)


def test_a_file_of_which_nothing_dies_ends_with_zero(tmp_path: Path) -> None:
    """And says what was not looked at."""
    file = tmp_path / "events.jsonl"
    file.write_text(f"\ufeff{GOOD}\n\n")
    done = CliRunner().invoke(goeswith, ["validate", str(file)], env=SEGMENTS)

    assert 0 == done.exit_code
    assert [
        "1 line: 1 event, 0 dead letters",
        "  not checked: the record's key, which has to be the session_id",
    ] == done.output.splitlines()


def test_the_file_of_examples_has_one_event_of_each_kind() -> None:
    """With receipts that the secret of the examples has signed; nothing is to be said of it."""
    known = {**SEGMENTS, "GOESWITH_RECEIPT_SECRET": SECRET}
    done = CliRunner().invoke(goeswith, ["validate", str(EXAMPLE_FILE)], env=known)

    assert [encode(event).decode() for event in EVENT_EXAMPLES] == (
        EXAMPLE_FILE.read_text().splitlines()
    )
    assert ["13 lines: 13 events, 0 dead letters"] == done.output.splitlines()[:-1]


def test_an_event_with_a_bad_receipt_is_not_counted_as_two_lines() -> None:
    """It is an event, and a dead letter: the sum of both would be more than there are lines."""
    known = {**SEGMENTS, "GOESWITH_RECEIPT_SECRET": "another secret, of somebody else"}
    done = CliRunner().invoke(goeswith, ["validate", str(EXAMPLE_FILE)], env=known)
    counts = json.loads(
        CliRunner().invoke(goeswith, ["validate", str(EXAMPLE_FILE), "--json"], env=known).output
    )

    said = "13 lines: 13 events (3 with a bad receipt, which is a dead letter), 0 other dead"
    assert said in done.output
    assert (13, 13, 3) == (counts["lines"], counts["events"], counts["events_in_part"])


def test_a_line_that_would_die_is_named_with_its_reason() -> None:
    """Exit code 1, for a build that must not pass."""
    done = typed(f"{GOOD}\n{DEAD}\n")

    assert 1 == done.exit_code
    assert "line 2: item_viewed dead: a DEAD LETTER, invalid_event" in done.output
    assert "1 dead letter\n" in done.output
    assert "  dead letters: 1 invalid_event" in done.output


def test_a_warning_is_said_of_the_first_line_and_counted_of_all() -> None:
    """Nobody reads the same sentence a thousand times."""
    strange = [
        json.dumps({**example("item_viewed"), "event_id": f"e{n}", "colour": "red"})
        for n in range(30)
    ]
    done = typed("\n".join(strange))

    assert 0 == done.exit_code
    assert 1 == done.output.count("`colour` is ignored")
    assert "warnings: 30 unknown_field" in done.output


def test_all_lines_are_told_of_on_request() -> None:
    """Good ones, too."""
    assert "line 1: item_viewed event-1: an event" in typed(GOOD, "--all").output


def test_what_is_told_is_bounded_and_all_is_counted() -> None:
    """A file may have a million bad lines."""
    done = typed(f"{DEAD}\n" * 30, "--max", "2")

    assert 2 == done.output.count("a DEAD LETTER")
    assert "28 more lines" in done.output
    assert "30 invalid_event" in done.output


def test_json_is_one_object() -> None:
    """For programs."""
    done = typed(f"{GOOD}\n{DEAD}\n", "--json")
    said = json.loads(done.output)

    assert 1 == done.exit_code
    assert (2, 1, {"invalid_event": 1}) == (said["lines"], said["events"], said["dead_letters"])
    assert [(2, "invalid_event")] == [(f["line"], f["reason"]) for f in said["findings"]]
    assert ({"key": 1}, 0) == (said["unchecked"], said["findings_left_out"])


def test_control_characters_of_an_event_stay_out_of_the_terminal() -> None:
    """Somebody else has written the file."""
    done = typed(GOOD.replace("event-1", "\\u001b[2J").replace("consent", "con\\u001b[2Jsent"))

    assert "\x1b" not in done.output


def test_a_pipe_is_told_of_while_it_lasts() -> None:
    """`tail -f events.jsonl | goeswith validate -` says of each line what it has to say."""
    program = [sys.executable, "-m", "streams", "validate", "-"]
    pipes = subprocess.PIPE
    environment = {**os.environ, **SEGMENTS, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(program, stdin=pipes, stdout=pipes, env=environment) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(f"{DEAD}\n".encode())
        running.stdin.flush()
        assert b"DEAD LETTER" in running.stdout.readline()
        running.stdin.close()
        assert 1 == running.wait(60)


@pytest.mark.parametrize("name", ["nosuch.jsonl", "."])
def test_what_is_no_file_is_said_in_one_line(name: str, tmp_path: Path) -> None:
    """Exit code 2: an argument has to be changed."""
    done = CliRunner().invoke(goeswith, ["validate", str(tmp_path / name)])

    assert 2 == done.exit_code
    assert "Traceback" not in done.output

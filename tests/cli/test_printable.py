"""Text from outside, on a terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from streams.cli.printable import JOINERS, in_columns, printable, printable_bytes
from streams.contract.dead_letters import REASONS
from streams.contract.published.prompts import Reason
from streams.contract.schemas.examples import PROMPT
from streams.storefront.published.prompt_lines import json_line, line


@given(st.text())
def test_nothing_that_a_terminal_obeys_gets_through(text: str) -> None:
    """Neither control characters, nor marks that turn a line around, nor a second line."""
    shown = printable(text)

    assert all(letter.isprintable() or letter in JOINERS for letter in shown)
    assert len(shown) <= 200


@given(st.binary())
def test_any_bytes_can_be_shown(raw: bytes) -> None:
    """Whatever a sender sent."""
    assert all(letter.isprintable() or letter in JOINERS for letter in printable_bytes(raw))


def test_a_prompt_cannot_write_over_the_screen() -> None:
    """Ids and texts come from senders."""
    evil = PROMPT.model_copy(
        update={
            "anchor": "bread\x1b[2J",
            "reason": Reason(key="popular", text="\x9b31m\u202eecal\nsecond line"),
        }
    )

    assert line(evil).isprintable()
    assert r"bread\x1b[2J" in line(evil)


def test_json_lines_are_ascii_on_one_line() -> None:
    """So they are as safe, and still the same record."""
    evil = PROMPT.model_copy(update={"anchor": "bröd\x1b\x9b\u202e\n"})
    said = json_line(evil)

    assert said.isascii()
    assert said.isprintable()
    assert "bröd\x1b\x9b\u202e\n" == json.loads(said)["anchor"]


def test_long_text_is_cut() -> None:
    """With a mark where it was."""
    assert "x" * 9 + "…" == printable("x" * 1_000_000, chars_max=10)


@pytest.mark.parametrize("columns", [20, 41, 80])
def test_lines_are_folded_between_words_and_go_on_indented(columns: int) -> None:
    """Nothing is lost, and what fits stays as it is; a word that does not fit stays whole."""
    words = "silence, cool_down: a pause follows each prompt, and 11.0 s of it were left"
    told = f"12:00:05Z event-3\n  {words}\n\n    {'x' * 90}\n"
    lines = in_columns(told, columns).splitlines()

    assert " ".join(told.split()) == " ".join(" ".join(lines).split())
    assert "12:00:05Z event-3" == lines[0]
    assert all(len(line) <= columns or "x" in line for line in lines)
    begin = next(at for at, line in enumerate(lines) if line.startswith("  silence"))
    assert columns == 80 or lines[begin + 1].startswith("    ")
    assert f"    {'x' * 90}" in lines


@pytest.mark.parametrize("columns", [40, 80])
def test_a_command_that_is_to_be_pasted_stays_on_one_line(columns: int) -> None:
    """Each that a dead letter advises; where it is longer, the terminal goes on with it."""
    advice = [reason.next_step for reason in REASONS.values() if "`goeswith " in reason.next_step]

    for said in advice:
        command = f"`goeswith {said.partition('`goeswith ')[2].partition('`')[0]}`"
        lines = in_columns(f"next: {said}", columns).splitlines()
        assert f"next: {said}" == " ".join(line.strip() for line in lines)
        assert any(command in line for line in lines)
        assert all(len(line) <= columns or line.strip().startswith(command) for line in lines)


def test_a_wide_character_takes_two_columns() -> None:
    """As terminals have it: a line is folded before they do."""
    lines = in_columns("  \u65e5\u672c\u8a9e " * 12, 30).splitlines()

    assert max(map(cell_len, lines)) <= 30
    assert 12 == "".join(lines).count("\u65e5\u672c\u8a9e")
    assert not set("".join(lines)) - set(" \u65e5\u672c\u8a9e")
    assert len(lines) == 4

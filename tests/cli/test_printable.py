"""Text from outside, on a terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cli.printable import JOINERS, in_columns, printable, printable_bytes
from streams.contract.prompts import Reason
from streams.contract.schemas.examples import PROMPT
from streams.storefront.prompt_lines import json_line, line


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

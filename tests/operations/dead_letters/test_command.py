"""What the dead-letter commands print: limits as they are, and lines for every width."""

import io
import json
import re
import shlex
from typing import Any

import pytest
from rich.console import Console

from streams.cli.root import goeswith
from streams.clients.log_reader import Partition, RawRecord
from streams.contract.dead_letters import REASONS, dead_letter_headers
from streams.contract.errors import InvalidEvent
from streams.contract.events import decode
from streams.contract.schemas.examples import ITEM_VIEWED, ORDER_PLACED
from streams.contract.settings import Settings
from streams.operations.dead_letters.letters import Kind, opened, pattern
from streams.operations.dead_letters.tables import in_words, kinds_table
from tests.stories import NOON_MS
from tests.test_docs import unknown_to

VIEWED = ITEM_VIEWED.model_dump()
PLACED = ORDER_PLACED.model_dump()


def message(event: dict[str, Any], settings: Settings | None = None) -> str:
    """What is said of an event that cannot be used."""
    value = json.dumps(event).encode()
    with pytest.raises(InvalidEvent) as refused:
        decode(b"s1", value, timestamp_ms=NOON_MS, settings=settings or Settings())
    return str(refused.value)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (VIEWED | {"currency": "euro"}, "currency: three capital letters, such as EUR"),
        (VIEWED | {"item_id": ""}, "at least 1 character"),
        (VIEWED | {"schema_version": 3}, "schema_version: Input should be 1 or 2"),
        (VIEWED | {"occurred_at_ms": 1767225600}, "greater than or equal to 1420070400000"),
        (PLACED | {"lines": [{"item_id": "x", "quantity": 0}]}, "lines.N.quantity: Input should"),
        (PLACED | {"lines": [{"item_id": "x"}] * 2_001}, "at most 2000 items"),
    ],
)
def test_limits_stay_in_the_message_of_a_kind(event: dict[str, Any], said: str) -> None:
    """They are what a sender has to know; what was sent is left out."""
    assert said in pattern(message(event))


def test_letters_of_one_cause_are_one_kind_whatever_was_sent() -> None:
    """Sizes, positions, times and keys differ from letter to letter."""
    small = Settings(event_bytes_max=1024)
    long = [VIEWED | {"item_id": "x" * length} for length in (2_000, 3_000)]
    ahead = [VIEWED | {"occurred_at_ms": NOON_MS + later_ms} for later_ms in (10**9, 10**10)]
    orders = [PLACED | {"lines": [{"item_id": "x"}] * number} for number in (2_001, 2_002)]
    for (one, other), settings in ((long, small), (orders, None)):
        assert message(one, settings) != message(other, settings)
        assert pattern(message(one, settings)) == pattern(message(other, settings))
    sealed = "sealed with a key {}, and the secrets here give the keys 0a1b2c3d: add the secret"

    assert "N bytes are more than event_bytes_max=1024" == pattern(message(long[0], small))
    assert 1 == len({pattern(message(event)) for event in ahead})
    assert sealed.format("N") == pattern(sealed.format("1f00a9b3"))


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_summary_is_short_in_a_narrow_terminal(columns: int) -> None:
    """Two lines a kind, and its message's own; nothing is cut."""
    text = " ".join(["item_viewed.item_id: String should have at least 1 character;"] * 3)
    text_out = io.StringIO()
    kinds = [Kind("invalid_event", text, 7, NOON_MS, f"0:{n}") for n in range(20)]
    Console(file=text_out, width=columns).print(kinds_table(kinds, NOON_MS))
    lines = text_out.getvalue().splitlines()

    assert max(map(len, lines)) <= columns
    assert not any("…" in line for line in lines)
    assert len(lines) <= 20 * (2 + -(-len(text) // (columns - 20))) + 1
    assert "140 letters" == lines[-1]


def test_a_letter_begins_with_what_was_wrong() -> None:
    """And with what to do; then key and value; the headers are the longest, and come last."""
    headers = dead_letter_headers(
        topic="goeswith.events",
        partition=3,
        offset=41,
        timestamp_ms=NOON_MS,
        error=InvalidEvent("invalid_event", "item_viewed.item_id: Field required"),
        original=[("sender", b"bakery\x1b[2J")],
    )
    at = Partition("goeswith.dead-letters", 0)
    lines = list(in_words(opened(RawRecord(at, 7, NOON_MS, b"s1", b"{}", headers))))

    assert lines[:7] == [
        "reason: invalid_event",
        "message: item_viewed.item_id: Field required",
        f"next: {REASONS['invalid_event'].next_step}",
        "key: s1",
        "value: {}",
        "headers:",
        r"  sender: bakery\x1b[2J",
    ]


def test_what_to_do_next_names_commands_that_there_are() -> None:
    """With options that they have."""
    said = [words for one in REASONS.values() for words in re.findall(r"`([^`]*)`", one.next_step)]
    typed = [shlex.split(words)[1:] for words in said if words.startswith("goeswith ")]

    assert len(typed) > 3
    assert [] == [words for words in typed if unknown_to(goeswith, words)]

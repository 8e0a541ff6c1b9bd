"""Which checkpoints a topic names, as they come and go."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.clients.checkpoints.pointer import (
    GENERATIONS_MAX,
    Pointer,
    Stored,
    number_in,
    pointer_in,
)
from streams.clients.checkpoints.rules import kept_name
from streams.contract.errors import CheckpointRefused

SETTINGS, REPLACED, LOG = (kept_name(word, "1" * 12) for word in ("settings", "replaced", "log"))


def stored(mark: str, events: int, lineage: str = "bread", offset: int = 0) -> Stored:
    """A checkpoint of two chunks."""
    return Stored(
        fingerprint=mark,
        sha256=mark,
        size=9,
        offsets=(offset, offset + 1),
        lineage=lineage,
        events=events,
        reach=events,
        made_at_ms=1_000 * events,
    )


def after(*checkpoints: Stored) -> Pointer:
    """The pointer when each has taken the place of the one before."""
    pointer = Pointer()
    for one in checkpoints:
        held = pointer.generations[0] if pointer.generations else None
        pointer = pointer.with_newest(one, held, "")
    return pointer


def test_the_last_three_generations_are_named() -> None:
    """The newest first; the chunks of those before are named no longer."""
    ours = [stored(f"{number}", number) for number in range(5)]
    pointer = after(*ours)

    assert (ours[4], ours[3], ours[2]) == pointer.generations
    assert {"chunk/4/0", "chunk/4/1", "chunk/3/0", "chunk/3/1", "chunk/2/0", "chunk/2/1"} == (
        pointer.chunk_keys()
    )
    assert ["generation-2", "generation-3"] == pointer.older()
    assert (ours[3],) == pointer.named("generation-2")
    assert () == pointer.named("generation-9") == pointer.named("settings-1f0c3a5e7b92")


def test_one_that_is_kept_aside_leaves_the_generations() -> None:
    """The generation before it is behind the new one: two of other settings are not tried."""
    old, new = stored("1", 9, "butter"), stored("2", 3)
    pointer = after(stored("0", 8, "butter"), old).with_newest(new, old, SETTINGS)

    assert ["2", "0"] == [one.fingerprint for one in pointer.generations]
    assert {SETTINGS: old} == pointer.kept
    assert {"chunk/1/0", "chunk/1/1"} <= pointer.chunk_keys()
    assert (old,) == pointer.named(SETTINGS)
    assert [(SETTINGS, 9, 9.0)] == [
        (one.name, one.events, one.written_s) for one in pointer.kept_aside()
    ]


def test_what_the_newest_knows_is_not_kept_aside_any_longer() -> None:
    """Nor are its chunks."""
    old = stored("1", 9)
    aside = after(old).with_newest(stored("2", 3), old, REPLACED)
    later = aside.with_newest(stored("3", 10), aside.generations[0], "")

    assert [REPLACED] == [*aside.kept]
    assert {} == later.kept
    assert not {key for key in later.chunk_keys() if key.startswith("chunk/1/")}


def test_what_is_before_the_one_in_its_place_is_damaged_and_leaves() -> None:
    """All of them, where none is whole."""
    first, second, third = (stored(f"{number}", number) for number in range(3))
    pointer = after(first, second)

    assert (third, first) == pointer.with_newest(third, first, "").generations
    assert (third,) == pointer.with_newest(third, None, "").generations


def test_one_that_is_written_again_is_named_where_it_is_now() -> None:
    """By all names: its chunks have the same keys, and the former ones are compacted away."""
    old, again = stored("1", 9), stored("1", 9, offset=70)
    aside = after(stored("0", 1), old).with_newest(stored("2", 3), old, REPLACED)
    pointer = aside.with_newest(stored("1", 9, offset=70), aside.generations[0], "")

    assert (again.offsets, 1) == (
        pointer.generations[0].offsets,
        sum(one.fingerprint == "1" for one in pointer.generations),
    )
    assert (again,) == after(old, again).generations
    assert again == Pointer(kept={LOG: old}).with_newest(again, None, "").kept[LOG]


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["bread", "butter"]))))
def test_a_pointer_is_bounded_and_read_as_it_was_written(tries: list[tuple[int, str]]) -> None:
    """Whatever is written in whichever order."""
    pointer = Pointer()
    for number, (events, lineage) in enumerate(tries):
        held = pointer.generations[0] if pointer.generations else None
        word = kept_name("settings", f"{number:012x}") if held and held.lineage != lineage else ""
        pointer = pointer.with_newest(stored(f"{number}", events, lineage), held, word)

    assert len(pointer.generations) <= GENERATIONS_MAX
    assert len(pointer.kept) <= 3
    assert pointer == pointer_in(pointer.model_dump_json().encode())


def test_a_name_of_a_generation_has_a_number() -> None:
    """Nothing else that is typed is one, nor is it of use how large the number is."""
    assert [1, 3, 4] == [number_in(f"generation-{number}") for number in (1, 3, "9" * 5_000)]
    assert {0} == {number_in(name) for name in ("", "2", "generation-", "generation--1", "x-1")}


SAID = json.loads(after(stored("1", 9)).model_dump_json())


def with_generation(**other: Any) -> bytes:
    """A pointer whose generation says something else."""
    return json.dumps({**SAID, "generations": [{**SAID["generations"][0], **other}]}).encode()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        with_generation(fingerprint="../1"),
        with_generation(offsets=[]),
        with_generation(offsets=[-1]),
        with_generation(events=1 << 63),
        with_generation(made_at_ms=10**400),
        json.dumps({**SAID, "version": 2}).encode(),
        json.dumps({**SAID, "kept": {"\x1b[31m": SAID["generations"][0]}}).encode(),
    ],
)
def test_what_we_did_not_write_is_no_pointer(value: bytes) -> None:
    """It is not ours: nothing is read by it, and nothing of it is printed."""
    with pytest.raises(CheckpointRefused) as refused:
        pointer_in(value)

    assert "foreign" == refused.value.reason


@given(st.binary(max_size=200))
def test_any_bytes_are_a_pointer_or_refused(value: bytes) -> None:
    """Anybody may write to a topic."""
    try:
        pointer = pointer_in(value)
    except CheckpointRefused:
        return
    assert pointer == pointer_in(pointer.model_dump_json().encode())

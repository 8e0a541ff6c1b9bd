"""Snapshots: what is not exactly what was written is refused, with the reason."""

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Popularity, SnapshotError
from models.snapshot.snapshot import pack, unpack

STATE = {"items": {"bread": "1f", "crème fraîche": "2"}, "all": 3}
SNAPSHOT = pack("Basket", 1, STATE)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(st.text(), json_values))
def test_what_was_packed_is_unpacked(state: dict[str, Any]) -> None:
    """Whatever is JSON comes back as it was."""
    assert state == unpack(pack("Any", 7, state), "Any", 7)


def test_equal_states_have_equal_bytes() -> None:
    """The order in which keys came does not show."""
    backwards = dict(reversed(STATE.items()))

    assert SNAPSHOT == pack("Basket", 1, backwards)


@given(st.integers(0, len(SNAPSHOT) - 1), st.integers(1, 255))
def test_a_single_wrong_byte_is_refused(place: int, flip: int) -> None:
    """In the magic, in the header or in the body: no byte is unguarded."""
    damaged = bytearray(SNAPSHOT)
    damaged[place] ^= flip

    with pytest.raises(SnapshotError, match=r"damaged|truncated|not a snapshot"):
        unpack(bytes(damaged), "Basket", 1)


@given(st.integers(0, len(SNAPSHOT) - 1))
def test_a_truncated_snapshot_is_refused(length: int) -> None:
    """Wherever the disk was full."""
    with pytest.raises(SnapshotError, match=r"truncated|not a snapshot"):
        unpack(SNAPSHOT[:length], "Basket", 1)


def test_more_than_was_written_is_refused() -> None:
    """Two snapshots in one file are none."""
    with pytest.raises(SnapshotError, match="checksum"):
        unpack(SNAPSHOT + b"x", "Basket", 1)


def test_another_kind_is_refused_by_name() -> None:
    """The message says what it is and what it should be."""
    with pytest.raises(SnapshotError, match="a snapshot of Basket, where one of Popularity"):
        unpack(SNAPSHOT, "Popularity", 1)


def test_another_version_is_refused_with_the_way_out() -> None:
    """The log is the truth: fold it anew."""
    with pytest.raises(SnapshotError, match="version 1, where 2 is needed: fold the log anew"):
        unpack(SNAPSHOT, "Basket", 2)


@pytest.mark.parametrize("state", [{"a": {1, 2}}, {"a": float("nan")}, {"a": float("inf")}])
def test_what_is_no_json_is_not_packed(state: dict[str, Any]) -> None:
    """Better no snapshot than one that nobody can read."""
    with pytest.raises(SnapshotError, match="cannot be written as JSON"):
        pack("Basket", 1, state)


def test_a_snapshot_can_be_read_without_goeswith() -> None:
    """A line of JSON, then zlib: any language can."""
    _, body = SNAPSHOT.split(b"\n", 1)

    assert STATE == json.loads(zlib.decompress(body))


def test_a_state_of_another_shape_is_refused() -> None:
    """An undamaged snapshot of a state that the model does not know."""
    strange = pack("Popularity", 1, {"params": {"half_life_s": 86_400.0, "colour": "red"}})

    with pytest.raises(SnapshotError, match=r"no state of Popularity: .*colour"):
        Popularity.from_bytes(strange)


def test_a_state_without_its_sums_is_refused() -> None:
    """The missing key is named."""
    with pytest.raises(SnapshotError, match="tallies"):
        Popularity.from_state({"params": {}, "all": "0"})

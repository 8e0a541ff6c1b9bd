"""Sealed data: what was sealed is opened as it was, and whatever was changed is not."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.contract.errors import CheckpointRefused
from streams.contract.secrets.sealing import SEGMENT_BYTES, TAG_BYTES, SealingKeys

KEYS = SealingKeys("not a secret")
ABOUT = b"basket"
WHOLE = SEGMENT_BYTES + TAG_BYTES
"""A segment that is sealed."""


def sealed(data: bytes, about: bytes = ABOUT, keys: SealingKeys = KEYS) -> tuple[bytes, str]:
    """Data that are sealed, and their salt."""
    salt = keys.salt(data, about)
    return keys.sealed(data, about, salt), salt


def opened(data: bytes, salt: str, about: bytes = ABOUT, keys: SealingKeys = KEYS) -> bytes:
    """What was sealed with the first key of `KEYS`."""
    return keys.opened(data, about, KEYS.ids[0], salt)


@given(st.binary(max_size=300), st.binary(max_size=30))
def test_what_was_sealed_is_opened(data: bytes, about: bytes) -> None:
    """And only its length is seen: a tag of 16 bytes is all that is added."""
    closed, salt = sealed(data, about)

    assert data == opened(closed, salt, about)
    assert len(data) + TAG_BYTES == len(closed)


@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize("segments", [1, 2])
def test_data_of_any_number_of_segments_are_opened(segments: int, more: int) -> None:
    """One that is full is the last one, where nothing follows."""
    data = bytes(range(256)) * (segments * SEGMENT_BYTES // 256) + b"." * max(0, more)
    data = data[: segments * SEGMENT_BYTES + more]
    closed, salt = sealed(data)

    assert data == opened(closed, salt)
    assert len(data) + (segments + (more > 0)) * TAG_BYTES == len(closed)


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_bit_that_was_changed_anywhere_is_refused(data: bytes, draw: st.DataObject) -> None:
    """In the data, in the tag, in what they are about, in the salt."""
    closed, salt = sealed(data)
    at = draw.draw(st.integers(0, 8 * len(closed) - 1))
    changed = bytearray(closed)
    changed[at // 8] ^= 1 << at % 8

    for wrong in ((bytes(changed), salt), (closed, salt[:-1] + "x"), (closed[:-1], salt)):
        with pytest.raises(CheckpointRefused, match="its seal is broken"):
            opened(*wrong)
    with pytest.raises(CheckpointRefused, match="its seal is broken"):
        opened(closed, salt, ABOUT + b".")


@pytest.mark.parametrize(
    "order", [(1, 0, 2), (0, 2, 1), (0, 1), (0, 2), (0,), (0, 1, 1, 2), (1, 2), (0, 1, 2, 2)]
)
def test_segments_in_another_order_are_refused(order: tuple[int, ...]) -> None:
    """Moved, missing, doubled, cut off at the end of one."""
    closed, salt = sealed(b"bread" * (SEGMENT_BYTES // 2))
    segments = [closed[at : at + WHOLE] for at in range(0, len(closed), WHOLE)]

    assert 3 == len(segments)
    with pytest.raises(CheckpointRefused, match="its seal is broken"):
        opened(b"".join(segments[number] for number in order), salt)


def test_a_segment_of_other_data_is_refused() -> None:
    """Though the key and the place are the same."""
    one, salt = sealed(b"bread" * SEGMENT_BYTES)
    other, _ = sealed(b"toast" * SEGMENT_BYTES)

    with pytest.raises(CheckpointRefused, match="its seal is broken"):
        opened(one[:WHOLE] + other[WHOLE : 2 * WHOLE] + one[2 * WHOLE :], salt)


def test_the_same_data_give_the_same_bytes_and_others_share_no_keystream() -> None:
    """What differs in a byte, or is about something else, has another salt, and so another key."""
    zeros, ones = bytes(64), bytes(63) + b"\1"
    (one, salt), (other, another) = sealed(zeros), sealed(ones)
    elsewhere, _ = sealed(zeros, b"cart")

    assert sealed(zeros) == (one, salt)
    assert salt != another
    assert 3 == len({data[:63] for data in (one, other, elsewhere)})


def test_a_key_is_changed_one_worker_after_the_other() -> None:
    """Old → old,new → new,old → new: each opens what those of the step before have sealed."""
    steps = [SealingKeys(said) for said in ("old", "old, new", "new,old", "new")]
    for before, after in pairwise(steps):
        for ours, theirs in ((before, after), (after, before)):
            closed, salt = sealed(b"bread", keys=ours)
            assert b"bread" == theirs.opened(closed, ABOUT, ours.ids[0], salt)


def test_a_key_that_is_not_here_is_named() -> None:
    """By its id; nothing of a secret is said."""
    closed, salt = sealed(b"bread")
    for keys, here in ((SealingKeys(""), "none"), (SealingKeys("loaf"), "the keys [0-9a-f]{8}")):
        said = f"with the key {KEYS.ids[0]}, and GOESWITH_CHECKPOINT_KEY gives {here} here"
        with pytest.raises(CheckpointRefused, match=said) as refused:
            opened(closed, salt, keys=keys)
        assert "sealed" == refused.value.reason
        assert "loaf" not in str(refused.value)


def test_the_key_of_checkpoints_is_none_of_receipts() -> None:
    """Though an operator may have given the same secret for both."""
    from streams.contract.receipts import Receipts  # noqa: PLC0415

    assert {*Receipts("not a secret").key_ids}.isdisjoint(KEYS.ids)

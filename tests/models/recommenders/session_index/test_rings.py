"""Rings hold their own numbers and no others', whatever the pool has left for them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from models.recommenders.session_index import rings, sound
from models.recommenders.session_index.records import SHOPPER, blank
from models.recommenders.session_index.rings import COUNT_MAX, EMPTY, FIRST_ROOM

KEYS = 6
ROOM_MAX = 32
LIMIT = 40
"""Of six rings that want 32 places each, one may have them, or none."""
PLACES = LIMIT + FIRST_ROOM * KEYS
counts = st.one_of(
    st.integers(0, 100),
    st.integers(1_000_000, 5_000_000),
    st.integers(COUNT_MAX - 80, COUNT_MAX - 1),
)


def read(head: Any, pool: Any) -> list[int]:
    """What a reader takes for the ring: its latest places, the oldest first."""
    held = min(head["count"], head["room"])
    return [
        int(pool[head["at"] + (j & (head["room"] - 1))])
        for j in range(head["count"] - held, head["count"])
    ]


class CrowdedRings(RuleBasedStateMachine):
    """Rings in a pool that is soon at its bound, beside plain lists of all that was pushed."""

    def __init__(self) -> None:
        super().__init__()
        self.heads, self.pool = blank(KEYS, SHOPPER), np.full(PLACES, 77_777, np.int32)
        self.blocks = rings.no_blocks()
        self.pushed: dict[int, list[int]] = {key: [] for key in range(KEYS)}
        self.next = 0

    @initialize(counts=st.lists(counts, min_size=KEYS, max_size=KEYS))
    def have_lived_long(self, counts: list[int]) -> None:
        """Four numbers each, the latest of so many."""
        for key, count in enumerate(counts):
            self.push(key, FIRST_ROOM)
            self.heads[key]["count"] += count // FIRST_ROOM * FIRST_ROOM

    @rule(key=st.integers(0, KEYS - 1), times=st.integers(1, 80))
    def push(self, key: int, times: int) -> None:
        """Numbers that nobody else has."""
        for _ in range(times):
            self.next += 1
            rings.push(
                self.heads[key : key + 1][0], self.next, self.pool, self.blocks, ROOM_MAX, LIMIT
            )
            self.pushed[key].append(self.next)

    @rule(key=st.integers(0, KEYS - 1))
    def empty(self, key: int) -> None:
        """Its places are there for others."""
        rings.empty(self.heads[key : key + 1][0], self.pool, self.blocks)
        self.pushed[key].clear()

    @invariant()
    def each_holds_its_own_latest(self) -> None:
        """The newest without a gap, at least four of them; before these, nothing."""
        for key, pushed in self.pushed.items():
            found = read(self.heads[key], self.pool)
            own = [number for number in found if number != EMPTY]
            assert found == [EMPTY] * (len(found) - len(own)) + own
            assert own == pushed[len(pushed) - len(own) :]
            assert len(own) >= min(len(pushed), FIRST_ROOM)

    @invariant()
    def every_place_is_of_one_ring_or_free(self) -> None:
        """And counts stay where four bytes have room for them."""
        used = self.pool[: self.blocks[0]]
        sound.check_rings(used, self.blocks, [(self.heads, ROOM_MAX)])
        assert (self.heads["count"] <= COUNT_MAX + ROOM_MAX).all()


TestCrowdedRings = CrowdedRings.TestCase
TestCrowdedRings.settings = settings(max_examples=60, stateful_step_count=25)


def crowded() -> tuple[Any, Any, Any]:
    """Two rings: one has eaten the pool, the other was refused a second time at four."""
    heads, pool, blocks = blank(2, SHOPPER), np.zeros(64, np.int32), rings.no_blocks()
    for number in range(40):
        rings.push(heads[0:1][0], 1_000 + number, pool, blocks, 32, 12)
    for number in range(30):
        rings.push(heads[1:2][0], number, pool, blocks, 32, 12)
    return heads, pool, blocks


def test_a_ring_that_widens_late_reads_only_its_own_entries() -> None:
    """It was refused room while it went on counting; then the other ring's places are free."""
    heads, pool, blocks = crowded()
    assert 4 == heads[1]["room"]

    rings.empty(heads[0:1][0], pool, blocks)
    for number in range(30, 33):
        rings.push(heads[1:2][0], number, pool, blocks, 32, 12)

    held = [number for number in read(heads[1], pool) if number != EMPTY]
    assert 8 == heads[1]["room"]
    assert held == list(range(33 - len(held), 33))


def test_a_first_ring_is_always_to_be_had() -> None:
    """However full the pool is of others that grew."""
    heads, pool, blocks = blank(3, SHOPPER), np.zeros(64, np.int32), rings.no_blocks()
    for number in range(100):
        rings.push(heads[0:1][0], number, pool, blocks, 32, 40)
    for key in (1, 2):
        rings.push(heads[key : key + 1][0], key, pool, blocks, 32, 40)

    assert [[1], [2]] == [read(heads[key], pool) for key in (1, 2)]


@pytest.mark.parametrize("count", [COUNT_MAX, COUNT_MAX + 37, 2**31 - 1])
def test_a_count_of_before_that_is_too_large_falls_back_to_the_same_places(count: int) -> None:
    """Two thousand millions fit into four bytes; one more does not."""
    heads = blank(1, SHOPPER)
    heads["count"], heads["room"] = count, 512
    sound.settle_counts(heads)

    assert 512 <= heads[0]["count"] < COUNT_MAX
    assert count % 512 == heads[0]["count"] % 512

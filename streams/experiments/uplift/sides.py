"""Sides of an experiment: who was seen on which, and first."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import FiniteFloat

from streams.contract.wire.numbers import Count, TimeMs

DAY_MS = 86_400_000
WRONG_CLOCKS = 1 / 20
"""So many units at either end may be of wrong clocks, and at least one."""
HELD_OUT, MAY_GET = 1, 2
"""Bits of the sides that somebody was seen on."""
BOTH = HELD_OUT | MAY_GET


class SideOf(NamedTuple):
    """A session's assignment."""

    at_ms: TimeMs
    unit: str
    holdout: bool
    share: FiniteFloat
    context: str = ""
    """Placement and segment of what it asked; "" where that was not told."""
    orders_before: Count = 0
    shopper: str = ""
    """Who was signed in; "" where nobody was named."""
    written_ms: TimeMs = 0
    """When the broker got that; 0 where nobody knows."""

    @property
    def logged_ms(self) -> int:
        """When that was known: a worker that is behind assigns long after the shopper came."""
        return self.written_ms or self.at_ms

    @property
    def came_ms(self) -> int:
        """When the shopper came: by a clock of theirs, but before that was known."""
        return min(self.at_ms, self.written_ms or self.at_ms)


class ExperimentSeen(NamedTuple):
    """An experiment that there are assignments of.

    Its first and last one are those that came so, by the shoppers' clocks without wrong ones: see
    `span_ms`.
    """

    id: str
    share: float
    first_ms: int
    last_ms: int
    sessions: int
    logged_ms: int
    """When the broker got the first assignment, whoever it was of."""

    @property
    def known_ms(self) -> int:
        """No unit of it was there before that, by the log or by what the log tells."""
        return min(self.first_ms, self.logged_ms)


def span_ms(sides: Iterable[SideOf]) -> tuple[int, int]:
    """When the first unit came, and the last one, but for wrong clocks.

    Of the outermost units at either end those are left out that more than a day parts from the
    rest: a clock that is wrong by years moves neither start nor pace, nor does a backlog.
    """
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for side in sides:
        came_ms, unit = side.came_ms, side.unit
        if first.setdefault(unit, came_ms) > came_ms:
            first[unit] = came_ms
        if last.setdefault(unit, came_ms) < came_ms:
            last[unit] = came_ms
    return _outermost(sorted(first.values())), _outermost(sorted(last.values(), reverse=True))


def _outermost(times: Sequence[int]) -> int:
    """The first one that no day parts from the next, of times in either order."""
    spare = min(max(1, int(len(times) * WRONG_CLOCKS)), (len(times) - 1) // 2)
    parted = (at for at in range(spare, 0, -1) if abs(times[at] - times[at - 1]) > DAY_MS)
    return times[next(parted, 0)]


def first_sides(sides: Iterable[SideOf]) -> dict[str, SideOf]:
    """By unit the side on which it was first."""
    first: dict[str, SideOf] = {}
    for side in sides:
        first[side.unit] = min(first.get(side.unit, side), side)
    return dict(sorted(first.items()))


def bits_of(sides: Iterable[SideOf]) -> dict[str, int]:
    """By unit the sides on which it was seen."""
    bits: dict[str, int] = {}
    for side in sides:
        bits[side.unit] = bits.get(side.unit, 0) | (HELD_OUT if side.holdout else MAY_GET)
    return bits


def on_both(seen: Iterable[tuple[str, int]]) -> int:
    """How many were seen on both sides."""
    sides: dict[str, int] = {}
    for who, bits in seen:
        sides[who] = sides.get(who, 0) | bits
    return sum(bits == BOTH for bits in sides.values())


def seen_of(name: str, sides: Iterable[SideOf]) -> ExperimentSeen:
    """An experiment, of which these sessions were assigned."""
    sides = list(sides)
    logged_ms = min(side.logged_ms for side in sides)
    return ExperimentSeen(name, sides[0].share, *span_ms(sides), len(sides), logged_ms)

"""Sides of an experiment: who was seen on which, and first."""

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import FiniteFloat

from streams.contract.wire.numbers import Count, TimeMs

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
    def watched_ms(self) -> int:
        """When it was assigned by the broker's time: shoppers' clocks may be wrong by years."""
        return self.written_ms or self.at_ms


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

"""What shop and twin are compared by: baskets, purchases, what was met, what prompts earned."""

from collections.abc import Iterator, Mapping
from math import isclose
from typing import Any, NamedTuple

Cell = tuple[str, str]
"""A context and an arm."""
TOLERANCE = 1e-6


class LedgerDifference(NamedTuple):
    """What two ledgers do not have in common."""

    name: str
    """Which field,"""
    key: Any
    """and what of it."""
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        said = sorted(self.key) if isinstance(self.key, frozenset) else self.key
        return f"{self.name} of {said!r}: {self.ours}, not {self.theirs}"


class Ledger(NamedTuple):
    """What is known in the end; nothing is as good as 0."""

    baskets: Mapping[str, Mapping[str, int]]
    """What is in the basket of each session."""
    purchases: Mapping[str, Mapping[str, int]]
    """How many orders of each shopper kept some of an item."""
    items: Mapping[str, int]
    """In how many baskets each item was."""
    pairs: Mapping[frozenset[str], int]
    """In how many two items met."""
    baskets_begun: int
    exposures: Mapping[str, int]
    """How many prompts of each arm were shown."""
    earned: Mapping[Cell, float]
    """The mean of what they earned in each context, those of before faded."""

    def differences(self, other: "Ledger") -> Iterator[LedgerDifference]:
        """What is not the same; a sentence each, as text.

        >>> empty = Ledger({}, {}, {}, {}, 0, {}, {})
        >>> [str(one) for one in empty._replace(items={"jam": 2}).differences(empty)]
        ["items of 'jam': 2, not 0"]
        """
        for name in self._fields:
            ours, theirs = getattr(self, name), getattr(other, name)
            if isinstance(ours, int):
                ours, theirs = {"": ours}, {"": theirs}
            for key in dict.fromkeys((*ours, *theirs)):
                one, two = ours.get(key) or 0, theirs.get(key) or 0
                if not same(one, two):
                    yield LedgerDifference(name, key, one, two)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, numbers but for what rounding does."""
    if isinstance(one, float) or isinstance(other, float):
        return isclose(one or 0.0, other or 0.0, abs_tol=TOLERANCE)
    return bool(one == other)

"""The least overshoot, beside a search that looks at every combination by itself."""

from collections.abc import Callable
from itertools import combinations, count

from hypothesis import given
from hypothesis import strategies as st

from streams.shop.decision.slots.overshoot import CLOSE, least_overshoot

Pairs = set[frozenset[int]]


def plainly(
    missing: int, prices: list[int], most: int, fits: Callable[[int, int], bool], beyond: int
) -> tuple[int, ...]:
    """Of one size after the other the cheapest that reach and fit, the better items first."""
    best: tuple[int, int, tuple[int, ...]] | None = None
    for size in range(1, most + 1):
        for found in combinations(range(len(prices)), size):
            total = sum(prices[place] for place in found)
            if missing <= total <= missing + beyond and all(
                fits(*pair) for pair in combinations(found, 2)
            ):
                said = total, size, found
                best = said if best is None else min(best, said)
        if best is not None and best[0] - missing <= CLOSE * missing:
            break
    return () if best is None else best[2]


@given(
    prices=st.lists(st.integers(0, 60), max_size=10),
    missing=st.integers(1, 150),
    most=st.integers(0, 3),
    beyond=st.none() | st.integers(0, 40),
    apart=st.sets(st.frozensets(st.integers(0, 9), min_size=2, max_size=2), max_size=30),
)
def test_it_is_what_a_search_of_all_finds(
    prices: list[int], missing: int, most: int, beyond: int | None, apart: Pairs
) -> None:
    """The same items, whatever costs the same, and whichever do not fit each other."""

    def fits(a: int, b: int) -> bool:
        return frozenset((a, b)) not in apart

    far = 10**6 if beyond is None else beyond
    found = least_overshoot(missing, prices, most, fits, None, beyond)
    assert plainly(missing, prices, most, fits, far) == found
    every = plainly(missing, prices, most, lambda _a, _b: True, far)
    assert every == least_overshoot(missing, prices, most, beyond=beyond)


def test_prices_of_any_size_are_added_up_exactly() -> None:
    """Thresholds have fifteen digits at most, and so have prices."""
    dear = 10**15

    assert (0, 2) == least_overshoot(2 * dear - 1, [dear, 1, dear - 1], most=3)
    assert () == least_overshoot(3 * dear + 1, [dear, dear, dear], most=3)


def test_whether_two_fit_is_asked_of_the_cheapest_alone() -> None:
    """Of forty prices some ten thousand combinations reach: as a rule the first ones fit."""
    asked = count()

    def fits(_a: int, _b: int) -> bool:
        return next(asked) >= 0

    assert (1, 2, 3) == least_overshoot(300, [101, *[100] * 39], 3, fits)
    assert 3 == next(asked)

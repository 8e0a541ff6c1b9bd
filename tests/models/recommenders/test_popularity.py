"""Popularity: counts alone decide, never the order in which they came."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Popularity

MONDAY = 1_767_225_600
DAY_S = 86_400

purchases = st.lists(
    st.tuples(st.sampled_from([f"item-{n}" for n in range(12)]), st.integers(0, 40)), max_size=40
)


def learned(seen: list[tuple[str, int]], top_max: int = 4, look_every: int = 100) -> Popularity:
    """Popularity after these purchases (item, day), looked at in between."""
    popular = Popularity(half_life_s=7.0 * DAY_S, top_max=top_max)
    for number, (item, day) in enumerate(seen, start=1):
        popular.learn_one((), item, time_s=MONDAY + day * DAY_S)
        if number % look_every == 0:
            popular.top(1)
    return popular


@given(purchases, st.data())
def test_any_permutation_has_the_same_top(seen: list[tuple[str, int]], data: st.DataObject) -> None:
    """The list is kept in order as counts grow, and is still a function of the counts."""
    shuffled = data.draw(st.permutations(seen))

    assert learned(seen).to_bytes() == learned(shuffled).to_bytes()
    assert learned(seen).top(4) == learned(shuffled).top(4)
    assert learned(seen).recommend((), 4) == learned(shuffled).recommend((), 4)


@given(purchases, st.integers(1, 12), st.integers(1, 10))
def test_the_top_is_that_of_sorting_everything(
    seen: list[tuple[str, int]], top_max: int, look_every: int
) -> None:
    """Exact, not approximate, however short the list, and however often it is put in order."""
    popular = learned(seen, top_max, look_every)
    counts: dict[str, int] = {}
    for item, day in seen:
        counts[item] = counts.get(item, 0) + popular._decay.weight(MONDAY + day * DAY_S)
    expected = sorted(counts, key=lambda item: (-counts[item], item))

    assert expected[:top_max] == popular.top(100)


@given(purchases)
def test_scores_are_shares_of_everything(seen: list[tuple[str, int]]) -> None:
    """All shares make one; the plain counts make the number of purchases."""
    found = learned(seen, top_max=100).recommend((), 100)

    assert math.fsum(candidate.score for candidate in found) == pytest.approx(float(bool(seen)))
    assert len(seen) == sum(candidate.together for candidate in found)
    assert {len(seen)} >= {candidate.of for candidate in found}


def test_fashions_pass() -> None:
    """Three sold a month ago are less than one sold today."""
    popular = learned([("skates", 0), ("skates", 0), ("skates", 0), ("sandals", 30)])

    assert ["sandals", "skates"] == popular.top(2)


def test_equal_counts_go_by_id() -> None:
    """Whoever came first."""
    assert ["bread", "milk", "tea"] == learned([("tea", 1), ("bread", 1), ("milk", 1)]).top(3)


def test_the_forgotten_leave_the_top_alone() -> None:
    """Many items that came once do not disturb the staples."""
    popular = Popularity(top_max=2, items_max=10)
    for n in range(300):
        for item in ("bread", "milk", "bread", f"once-{n}"):
            popular.learn_one((), item, time_s=MONDAY + n)

    assert ["bread", "milk"] == popular.top(2)
    assert (600, 1200) == popular.recommend((), 1)[0][2:4]

"""What must agree agrees: in any order, across restarts, and with bounds so tight that all forget.

Each recommender says itself what of its state is exact (`exact_state`); here it is held to that.
"""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import CoOccurrence, Popularity, Recommender, Repeats

MONDAY = 1_767_225_600
Lesson = tuple[list[str], str, int]
"""Who or what came before, what came next, and on which day."""

FOREVER_S = 1e9
"""Where tables are tight: whether one was ever full depends on who had expired by then."""

LEARNERS: dict[str, Callable[[], Recommender]] = {
    "popularity": Popularity,
    "popularity of few": lambda: Popularity(items_max=2, top_max=2),
    "pairs": CoOccurrence,
    "short rows of pairs": lambda: CoOccurrence(row_max=2),
    "short rows by distance": lambda: CoOccurrence(row_max=1, distance_decay=True, window=2),
    "pairs of few items": lambda: CoOccurrence(items_max=3),
    "few pairs at all": lambda: CoOccurrence(row_max=1, items_max=4),
    "repeats": Repeats,
    "few items of a shopper": lambda: Repeats(items_per_shopper_max=2, kept_s=FOREVER_S),
    "few shoppers": lambda: Repeats(shoppers_max=2, kept_s=FOREVER_S),
    "few items": lambda: Repeats(items_max=2, kept_s=FOREVER_S),
    "few of all": lambda: Repeats(
        items_per_shopper_max=2, shoppers_max=3, items_max=3, kept_s=FOREVER_S
    ),
}
ITEMS = st.sampled_from(["bread", "butter", "jam", "milk", "tea"])
DAYS = st.integers(0, 400) | st.integers(0, 6000)
LESSONS = st.lists(st.tuples(st.lists(ITEMS, max_size=3), ITEMS, DAYS), max_size=40)


def taught(learner: Recommender, lessons: list[Lesson]) -> Recommender:
    """The recommender after these lessons."""
    for before, after, day in lessons:
        learner.learn_one(before, after, time_s=MONDAY + day * 86_400)
    return learner


def exact(learner: Recommender) -> str:
    """What must agree, as text."""
    return json.dumps([learner.exact_state(), sorted(learner.left_out())], sort_keys=True)


@pytest.mark.parametrize("kind", LEARNERS)
@settings(max_examples=40)
@given(LESSONS, st.data())
def test_what_is_exact_is_so_in_any_order(
    kind: str, lessons: list[Lesson], data: st.DataObject
) -> None:
    """However small the tables are: what ran full is left out, in every order alike."""
    otherwise = data.draw(st.permutations(lessons))
    one, other = (taught(LEARNERS[kind](), order) for order in (lessons, otherwise))

    assert exact(one) == exact(other)


@pytest.mark.parametrize("kind", LEARNERS)
@settings(max_examples=40)
@given(LESSONS, st.integers(0, 40))
def test_what_is_exact_outlives_a_restart(kind: str, lessons: list[Lesson], at: int) -> None:
    """Also that something once ran full is remembered."""
    straight = taught(LEARNERS[kind](), lessons)
    stopped = taught(LEARNERS[kind](), lessons[:at])
    woken = taught(type(stopped).from_bytes(stopped.to_bytes()), lessons[at:])

    assert straight.state() == woken.state()
    assert exact(straight) == exact(woken)


@pytest.mark.parametrize("kind", ["popularity", "pairs", "repeats"])
@given(LESSONS)
def test_within_its_bounds_everything_is_exact(kind: str, lessons: list[Lesson]) -> None:
    """Nothing is left out where nothing was forgotten."""
    learner = taught(LEARNERS[kind](), lessons)

    assert learner.state() == learner.exact_state()
    assert {} == learner.left_out()

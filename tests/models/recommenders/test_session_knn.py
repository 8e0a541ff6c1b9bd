"""Session kNN: robots, long visits, and items that are new."""

from itertools import cycle, islice

import numpy as np
import pytest

from models import BestFit, SessionKNN
from models.recommenders.session_index.rarity import rarity
from models.recommenders.session_index.session_index import (
    RUNNING_MAX,
    SESSIONS_PER_ITEM_MAX,
    SessionIndex,
)

MONDAY = 1_767_225_600
AISLE = [f"item-{n}" for n in range(30)]
Model = BestFit | SessionKNN


def visit(model: Model, name: str, items: list[str]) -> None:
    """A session from beginning to end."""
    for place, item in enumerate(items):
        x = items[max(0, place - 20) : place]
        model.learn_one(x, item, time_s=MONDAY, session=name)


def held(index: SessionIndex, item: str) -> list[int]:
    """The sessions in an item's ring."""
    ring = index.items[index.names.find(item)]
    inside = range(ring["count"] - min(ring["count"], ring["room"]), ring["count"])
    return [int(index.pool[ring["at"] + (j & (ring["room"] - 1))]) for j in inside]


def test_a_session_without_an_end_stands_once_in_each_ring() -> None:
    """Though it looks at more items than are kept of it, again and again."""
    knn = SessionKNN()
    robot = list(islice(cycle(AISLE), 40 * len(AISLE)))
    visit(knn, "shopper", ["item-0", "butter"])
    visit(knn, "robot", robot)
    index = knn._index

    assert [0, 1] == held(index, "item-0")
    assert {1} == {len(held(index, item)) for item in AISLE[1:]}
    assert 2 == index.items[index.names.find("item-0")]["count"]


@pytest.mark.parametrize("kind", [SessionKNN, BestFit])
def test_a_robot_does_not_push_out_the_sessions_of_shoppers(kind: type[Model]) -> None:
    """What goes with an item is known after its walk as it was before."""
    model = kind()
    for number in range(20):
        visit(model, f"shopper-{number}", ["item-0", "butter"])
    visit(model, "robot", list(islice(cycle(AISLE), (SESSIONS_PER_ITEM_MAX + 10) * len(AISLE))))
    found = model.recommend(["item-0"], 40, session="new", exclude={*AISLE})

    assert ["butter"] == [one.item for one in found]
    assert 20 == found[0].together


def test_the_visit_that_was_used_longest_ago_is_forgotten_first() -> None:
    """Not the one that began first and is still running."""
    knn = SessionKNN()
    visit(knn, "long", ["bread"])
    for number in range(RUNNING_MAX + 10):
        knn.learn_one((), "milk", time_s=MONDAY, session=f"short-{number}")
        if number % 20_000 == 0:
            knn.learn_one(["bread"], f"tea-{number}", time_s=MONDAY, session="long")
    begun = knn._index.begun
    knn.learn_one(["bread"], "jam", time_s=MONDAY, session="long")
    knn.learn_one(["milk"], "jam", time_s=MONDAY, session="short-0")

    assert [0] == held(knn._index, "bread")
    assert begun + 1 == knn._index.begun


def test_new_is_not_rare() -> None:
    """Two items of every tenth session weigh alike, though one of them came a short while ago."""
    index = SessionIndex(1_000, 50_000)
    for number in range(20_000):
        index.begin((), f"s{number}")
        if number % 10 == 0:
            index.enter(index.item("old"), number)
        if number % 10 == 5 and number >= 19_000:
            index.enter(index.item("new"), number)
        if number % 2_000 == 0:
            index.enter(index.item("rare"), number)
    old, new, rare = (
        rarity(index.items[index.item(name)], index.pool, 0.0, index.begun)
        for name in ("old", "new", "rare")
    )

    assert old == pytest.approx(1 + np.log(10), rel=0.01)
    assert new < 1.25 * old
    assert rare > 2 * old


def test_whoever_was_seen_once_is_taken_for_rare() -> None:
    """Whenever that was: nothing more is known."""
    index = SessionIndex(1_000, 50_000)
    for number in range(10_000):
        index.begin((), f"s{number}")
        if number in (0, 9_999):
            index.enter(index.item(f"seen-{number}"), number)
    first, last = (
        rarity(index.items[index.item(f"seen-{n}")], index.pool, 0.0, index.begun)
        for n in (0, 9_999)
    )

    assert last == pytest.approx(first, rel=0.01)

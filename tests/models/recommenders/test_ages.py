"""No time and no weight makes a recommender answer with nothing, infinity or no number."""

import math
from collections.abc import Callable

import pytest

from models import (
    AssociationRules,
    BestFit,
    CoOccurrence,
    Markov,
    Popularity,
    Recommender,
    Repeats,
    SessionKNN,
)
from models.limits import WEIGHT_MAX

MONDAY = 1_767_225_600
DAY_S = 86_400
IN_2096 = 3_976_214_400
HOUR_S = 3_600.0

FADING: dict[str, Callable[[], Recommender]] = {
    "baskets": lambda: CoOccurrence(HOUR_S),
    "taming": lambda: CoOccurrence(HOUR_S, popularity_norm=1.0, row_norm=1.0),
    "browsing": lambda: CoOccurrence(HOUR_S, distance_decay=True, popularity_norm=0.0),
    "popularity": lambda: Popularity(HOUR_S),
    "repeats": lambda: Repeats(HOUR_S),
    "association rules": lambda: AssociationRules(HOUR_S),
    "markov": lambda: Markov(HOUR_S),
    "session kNN": SessionKNN,
    "best fit": BestFit,
}
every_kind = pytest.mark.parametrize("kind", FADING)


def sound(model: Recommender, time_s: float | None) -> list[str]:
    """The items of an answer whose scores are finite, above 0, and fall."""
    found = model.recommend(("bread",), 5, time_s=time_s, exclude={"bread"})
    assert all(0.0 < one.score < math.inf for one in found)
    assert found == sorted(found, key=lambda one: (-one.score, one.item))
    return [one.item for one in found]


def teach(model: Recommender, item: str, time_s: float, times: int = 1, **more: float) -> None:
    """Bread, and then this item."""
    for _ in range(times):
        model.learn_one((), "bread", time_s=time_s, **more)
        model.learn_one(("bread",), item, time_s=time_s, **more)


@every_kind
@pytest.mark.parametrize("idle_days", [2, 50, 400, 20_000])
def test_idle_time_changes_no_order(kind: str, idle_days: int) -> None:
    """With a half-life of an hour, fifty days are 1,200 halvings: more than floats have."""
    model = FADING[kind]()
    teach(model, "jam", MONDAY)
    teach(model, "butter", MONDAY, times=3)

    assert ["butter", "jam"] == sound(model, MONDAY)
    assert ["butter", "jam"] == sound(model, MONDAY + idle_days * DAY_S)


@every_kind
def test_an_event_dated_in_2096_leaves_sound_answers(kind: str) -> None:
    """Whatever it does to the weights of those before and after it."""
    model = FADING[kind]()
    teach(model, "butter", MONDAY, times=3)
    teach(model, "jam", MONDAY)
    teach(model, "time machine", IN_2096)
    for time_s in (None, MONDAY, IN_2096, IN_2096 + 400 * DAY_S):
        assert "time machine" in sound(model, time_s)
    teach(model, "tea", MONDAY + DAY_S)
    assert "time machine" in sound(model, MONDAY + DAY_S)
    assert sound(model, None) == sound(type(model).from_bytes(model.to_bytes()), None)


@every_kind
@pytest.mark.parametrize("weight", [5e-324, 1e-12, WEIGHT_MAX])
def test_any_weight_is_sound(kind: str, weight: float) -> None:
    """Next to nothing counts as a little, and the most there is leaves room for more."""
    model = FADING[kind]()
    teach(model, "butter", MONDAY, times=200, weight=weight)

    assert ["butter"] == sound(model, MONDAY)
    assert ["butter"] == sound(model, MONDAY + 50 * DAY_S)


@every_kind
@pytest.mark.parametrize("weight", [2 * WEIGHT_MAX, 1e300, math.inf, math.nan])
def test_too_much_weight_is_refused(kind: str, weight: float) -> None:
    """Before anything is learned."""
    model = FADING[kind]()
    with pytest.raises(ValueError, match="weight="):
        model.learn_one(("bread",), "butter", time_s=MONDAY, weight=weight)

    assert FADING[kind]().to_bytes() == model.to_bytes()


@every_kind
def test_what_was_asked_before_a_restore_is_not_answered_after_it(kind: str) -> None:
    """The question is the same, what is known is not."""
    taught, woken = FADING[kind](), FADING[kind]()
    teach(taught, "butter", MONDAY)
    sound(woken, MONDAY)
    woken.proposes(("bread",))
    if isinstance(woken, BestFit):
        woken.learn_rank(["bread"], "butter")
    woken.restore(taught.state())

    assert ["butter"] == sound(woken, MONDAY)
    assert taught.recommend(("bread",), 5) == woken.recommend(("bread",), 5)

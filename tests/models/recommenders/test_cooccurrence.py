"""Co-occurrence: what goes together, and how often it did."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import CoOccurrence

MONDAY = 1_767_225_600
DAY_S = 86_400
ITEMS = ["bread", "butter", "jam", "milk", "tea"]

sessions = st.lists(
    st.tuples(
        st.lists(st.sampled_from(ITEMS), min_size=1, max_size=6),
        st.integers(MONDAY, MONDAY + 60 * DAY_S),
    ),
    min_size=1,
    max_size=10,
)
baskets = st.lists(
    st.lists(st.sampled_from(ITEMS), min_size=1, max_size=5, unique=True), min_size=1, max_size=20
)


def learn(pairs: CoOccurrence, session: list[str], time_s: int = MONDAY) -> None:
    """Learn a session or basket, event by event."""
    for place, item in enumerate(session):
        pairs.learn_one(session[:place], item, time_s=time_s)


def plainly_scored(
    pairs: CoOccurrence, seen: list[tuple[list[str], int]], context: list[str], now_s: int
) -> dict[str, float]:
    """The formula of the docstring in floats, straight from the events."""
    count: dict[str, float] = {}
    together: dict[tuple[str, str], float] = {}
    met: set[tuple[str, str]] = set()  # without a meeting that counts there is nothing to show
    for session, time_s in seen:
        fade = 2.0 ** ((time_s - now_s) / pairs.half_life_s)
        for place, item in enumerate(session):
            count[item] = count.get(item, 0.0) + fade
            nearest = {other: place - i for i, other in enumerate(session[:place])}
            for other, distance in nearest.items():
                if other != item and distance <= (pairs.window or math.inf):
                    weight = fade / distance if pairs.distance_decay else fade
                    for pair in ((item, other), (other, item)):
                        together[pair] = together.get(pair, 0.0) + weight
                        met.update({pair} if item not in session[:place] else ())
    scores: dict[str, float] = {}
    proven: set[str] = set()
    vote = 1.0
    for anchor in dict.fromkeys(reversed(context[-pairs.context_items :])):
        for (one, other), weight in together.items():
            if one == anchor:
                share = vote * weight / count[anchor] ** pairs.row_norm
                proven.update({other} if (one, other) in met else ())
                scores[other] = scores.get(other, 0) + share / count[other] ** pairs.popularity_norm
        vote *= pairs.context_decay
    return {item: score for item, score in scores.items() if item in proven}


@pytest.mark.parametrize(
    "pairs",
    [
        CoOccurrence(half_life_s=30 * DAY_S),
        CoOccurrence(half_life_s=7 * DAY_S, row_norm=0.5, popularity_norm=0.5, context_items=2),
        CoOccurrence(window=2, distance_decay=True, context_decay=0.6, popularity_norm=1.0),
    ],
    ids=["baskets", "few voters", "browsing"],
)
@given(seen=sessions, context=st.lists(st.sampled_from(ITEMS), max_size=6))
def test_scores_are_those_of_the_formula(
    pairs: CoOccurrence, seen: list[tuple[list[str], int]], context: list[str]
) -> None:
    """Whole numbers and shifts give what plain floats give, within the fixed point."""
    pairs = pairs.clone()
    for session, time_s in seen:
        learn(pairs, session, time_s)
    now_s = max(time_s for _, time_s in seen)
    expected = plainly_scored(pairs, seen, context, now_s)
    found = {one.item: one.score for one in pairs.recommend(context, 100, time_s=now_s)}

    assert found == pytest.approx(expected, rel=1e-4)


@given(baskets)
def test_evidence_counts_baskets(seen: list[list[str]]) -> None:
    """Of all baskets with the anchor, so many held the item, too."""
    pairs = CoOccurrence()
    for basket in seen:
        learn(pairs, basket)
    for found in pairs.recommend(ITEMS, 10):
        with_anchor = [basket for basket in seen if found.anchor in basket]

        assert len(with_anchor) == found.of
        assert sum(found.item in basket for basket in with_anchor) == found.together


@given(baskets)
def test_pair_lift_is_what_chance_is_to_fact(seen: list[list[str]]) -> None:
    """Baskets with both times all baskets, by baskets with the one times those with the other."""
    pairs = CoOccurrence()
    for basket in seen:
        learn(pairs, basket)
    of_a = sum("bread" in basket for basket in seen)
    of_b = sum("butter" in basket for basket in seen)
    both = sum({"bread", "butter"} <= set(basket) for basket in seen)
    lift = both * len(seen) / (of_a * of_b) if of_a * of_b else 0.0

    assert (lift, both, of_a, of_b, len(seen)) == pairs.lift("bread", "butter")
    assert pairs.lift("butter", "bread").lift == lift


def test_looking_again_adds_weight_but_no_evidence() -> None:
    """Bread, butter, bread, butter: one session in which both were seen."""
    pairs = CoOccurrence(window=10, distance_decay=True)
    learn(pairs, ["bread", "butter", "bread", "butter"])
    [found] = pairs.recommend(["bread"], 3)

    assert ("butter", 1, 1) == (found.item, found.together, found.of)


def test_the_strongest_anchor_gives_the_evidence() -> None:
    """Butter is offered because of bread, though tea stands in the basket, too."""
    pairs = CoOccurrence()
    for _ in range(5):
        learn(pairs, ["bread", "butter"])
    learn(pairs, ["tea", "butter"])
    best = pairs.recommend(["bread", "tea"], 1, exclude={"bread", "tea"})[0]

    assert ("butter", "bread", 5, 5) == (best.item, best.anchor, best.together, best.of)


def test_what_was_true_last_year_fades() -> None:
    """Ten old baskets weigh less than two new ones."""
    pairs = CoOccurrence(half_life_s=30 * DAY_S)
    for _ in range(10):
        learn(pairs, ["bread", "jam"], MONDAY)
    for _ in range(2):
        learn(pairs, ["bread", "butter"], MONDAY + 365 * DAY_S)

    assert ["butter", "jam"] == [found.item for found in pairs.recommend(["bread"], 2)]


def test_nearness_counts_where_it_is_asked_for() -> None:
    """Browsing: the next page tells more than one five clicks on."""
    browsing = CoOccurrence(window=10, distance_decay=True)
    learn(browsing, ["bread", "butter", "jam", "milk", "tea"])
    scores = {found.item: found.score for found in browsing.recommend(["bread"], 4)}

    assert scores["butter"] == pytest.approx(4 * scores["tea"], rel=1e-3)


def test_a_pair_reaches_no_further_than_the_window() -> None:
    """Two items back is out of sight for a window of one."""
    pairs = CoOccurrence(window=1)
    learn(pairs, ["bread", "butter", "jam"])

    assert ["butter"] == [found.item for found in pairs.recommend(["bread"], 3)]


def test_a_row_never_holds_more_than_its_maximum() -> None:
    """However many partners an item meets; what it met often stays, with its full count."""
    pairs = CoOccurrence(row_max=8)
    for n in range(500):
        learn(pairs, ["bread", "butter"], MONDAY + n)
        learn(pairs, ["bread", f"rare-{n}"], MONDAY + n)

    assert len(pairs.recommend(["bread"], 100)) <= 8
    assert 500 == pairs.lift("bread", "butter").together


def test_forgetting_evidence_never_exaggerates_it() -> None:
    """A pair that was forgotten and comes again is counted anew: too few, never too many."""
    pairs, unbounded = CoOccurrence(row_max=4), CoOccurrence()
    for n in range(200):
        basket = [f"item-{n % 5}", f"item-{n * 7 % 31}", f"item-{n * 3 % 17}"]
        learn(pairs, basket, MONDAY + n)
        learn(unbounded, basket, MONDAY + n)
    for n in range(31):
        for found in pairs.recommend([f"item-{n}"], 10):
            truth = unbounded.lift(found.anchor, found.item)
            assert (found.together, found.of) <= (truth.together, truth.of_a)


def test_an_hours_half_life_lasts_for_years() -> None:
    """Thousands of half-lives are beyond floats: neither learning nor reading minds."""
    pairs = CoOccurrence(half_life_s=3600.0, popularity_norm=1.0)
    learn(pairs, ["bread", "jam"], MONDAY)
    for day in range(0, 1_000, 50):
        learn(pairs, ["bread", "butter"], MONDAY + day * DAY_S)
    best = pairs.recommend(["bread"], 1)[0]

    assert "butter" == best.item
    assert math.isfinite(best.score)
    assert pairs.to_bytes() == CoOccurrence.from_bytes(pairs.to_bytes()).to_bytes()
    assert [best] == CoOccurrence.from_bytes(pairs.to_bytes()).recommend(["bread"], 1)

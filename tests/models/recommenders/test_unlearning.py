"""What is unlearned was never learned: states and recommendations are those without it."""

from itertools import permutations
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from models import CoOccurrence, Popularity, Repeats
from models.recommenders.shopper_purchases import TIMES_MAX

MONDAY_S = 1_767_225_600
DAY_S = 86_400
HALF_LIFE_S = 86_400.0
ITEMS = ("bread", "butter", "jam", "milk", "tea")
LATER_S = MONDAY_S + 40 * 86_400
"""The last event of all logs, so that all models have the same clock; more than two eras on."""


class Told(NamedTuple):
    """A basket or a purchase; `kept` or taken back."""

    items: tuple[str, ...]
    who: str
    time_s: int
    kept: bool


tellings = st.lists(
    st.builds(
        Told,
        st.permutations(ITEMS).flatmap(lambda p: st.integers(1, 4).map(lambda n: tuple(p[:n]))),
        st.sampled_from(("ann", "bob")),
        st.integers(MONDAY_S, LATER_S),
        st.booleans(),
    ),
    max_size=12,
)


def baskets(told: list[Told], *, unlearned: bool) -> CoOccurrence:
    """All baskets learned and some taken back, or only those that were kept."""
    model = CoOccurrence(half_life_s=HALF_LIFE_S, together_min=2)

    def each(one: Told, act: Any) -> None:
        for place, item in enumerate(one.items):
            act(one.items[:place], item, time_s=one.time_s, begins=place == 0)

    for one in told:
        if one.kept or unlearned:
            each(one, model.learn_one)
    for one in told if unlearned else ():
        if not one.kept:
            each(one, model.unlearn_one)
    model.learn_one((), "end", time_s=LATER_S)
    return model


@settings(max_examples=200, deadline=None)
@given(tellings)
def test_baskets_that_are_taken_back_were_never_seen(told: list[Told]) -> None:
    """Pairs, items, sessions; and nothing is promised that there is not."""
    never, back = (baskets(told, unlearned=unlearned) for unlearned in (False, True))

    assert never.state() == back.state()
    for item in ITEMS:
        assert never.recommend((item,), 5) == back.recommend((item,), 5)
        assert never.proposes((item,)) == back.proposes((item,)) == bool(back.recommend((item,), 5))
    restored = CoOccurrence(half_life_s=HALF_LIFE_S, together_min=2)
    restored.restore(back.state())
    assert back.state() == restored.state()


@settings(max_examples=100, deadline=None)
@given(tellings, st.integers(0, 12))
def test_when_baskets_are_taken_back_makes_no_difference(told: list[Told], at: int) -> None:
    """At once or at the end, an era later or two."""
    once = CoOccurrence(half_life_s=HALF_LIFE_S)
    for one in told[:at]:
        once.learn_one((), one.items[0], time_s=one.time_s)
    once.learn_one(("bread",), "jam", time_s=MONDAY_S)
    later = CoOccurrence(half_life_s=HALF_LIFE_S)
    later.restore(once.state())
    once.unlearn_one(("bread",), "jam", time_s=MONDAY_S, begins=False)
    for one in told[at:]:
        for model in (once, later):
            model.learn_one((), one.items[0], time_s=one.time_s)
    later.unlearn_one(("bread",), "jam", time_s=MONDAY_S, begins=False)

    assert once.state() == later.state()


def test_pairs_alone_are_taken_back_alone() -> None:
    """The items were there, and stay."""
    model = CoOccurrence()
    for item in ("bread", "jam"):
        model.learn_one((), item, time_s=MONDAY_S, begins=item == "bread")
    before = model.state()
    model.learn_meetings(["jam"], "bread", time_s=MONDAY_S)
    assert before != model.state()
    model.unlearn_one(["jam"], "bread", time_s=MONDAY_S, begins=False, alone=True)

    assert before == model.state()


def test_what_is_not_known_has_nothing_to_take_back() -> None:
    """It fell out of a full table, or was never there."""
    model = CoOccurrence()
    model.learn_one((), "bread", time_s=MONDAY_S)
    before = model.state()
    model.unlearn_one(("jam",), "tea", time_s=MONDAY_S, begins=False)
    model.unlearn_one(("jam",), "bread", time_s=MONDAY_S, begins=False, alone=True)

    assert before == model.state()


@settings(max_examples=200, deadline=None)
@given(tellings, st.sampled_from((1, 2, 512)), st.lists(st.booleans(), max_size=12))
def test_popularity_that_is_taken_back_was_never_counted(
    told: list[Told], top_max: int, looks: list[bool]
) -> None:
    """And the order is that of what is left, whoever looked in between."""
    never, back = (Popularity(half_life_s=HALF_LIFE_S, top_max=top_max) for _ in range(2))
    for one in told:
        for item in one.items:
            back.learn_one((), item, time_s=one.time_s)
            if one.kept:
                never.learn_one((), item, time_s=one.time_s)
    for look, one in zip(looks, told, strict=False):
        assert not look or back.top(3) is not None
        for item in () if one.kept else one.items:
            back.unlearn_one(item, time_s=one.time_s)
        if not one.kept and look:
            back.top(3)
    for one in told[len(looks) :]:
        for item in () if one.kept else one.items:
            back.unlearn_one(item, time_s=one.time_s)

    assert never.state() == back.state()
    assert never.recommend((), 5) == back.recommend((), 5)


@settings(max_examples=200, deadline=None)
@given(tellings)
def test_purchases_that_are_taken_back_were_never_made(told: list[Told]) -> None:
    """How often, how often again, and when last."""
    never, back = Repeats(half_life_s=HALF_LIFE_S), Repeats(half_life_s=HALF_LIFE_S)
    for one in told:
        for item in one.items:
            back.learn_one((one.who,), item, time_s=one.time_s)
            if one.kept:
                never.learn_one((one.who,), item, time_s=one.time_s)
    for one in told:
        for item in () if one.kept else one.items:
            back.unlearn_one((one.who,), item, time_s=one.time_s)
    for model in (never, back):
        model.learn_one(("zoe",), "end", time_s=LATER_S)

    assert never.state() == back.state()
    restored = Repeats(half_life_s=HALF_LIFE_S)
    restored.restore(back.state())
    assert back.state() == restored.state()


def test_purchases_of_somebody_forgotten_are_taken_from_all_of_them() -> None:
    """Whether they were repeats is not known any more, as the table ran full."""
    repeats = Repeats(shoppers_max=1)
    for day, who in enumerate(("eve", "eve", "ann")):
        repeats.learn_one((who,), "coffee", time_s=MONDAY_S + day)
    assert {"ann"} == {*repeats.known()}
    for x in (["eve"], ["eve"], []):
        repeats.unlearn_one(x, "coffee", time_s=MONDAY_S)
    repeats.unlearn_one((), "tea", time_s=MONDAY_S)

    assert [1, 0] == repeats.state()["all"]
    assert {"coffee": [1, 0]} == repeats.state()["items"]


def test_what_was_dropped_with_its_shopper_is_not_taken_back_once_more() -> None:
    """A return of what was bought by somebody who does not want to be remembered."""
    repeats = Repeats()
    for who in ("ann", "bob"):
        repeats.learn_one((who,), "coffee", time_s=MONDAY_S)
    repeats.forget("ann", MONDAY_S)
    repeats.unlearn_one(("ann",), "coffee", time_s=MONDAY_S)

    assert [1, 0] == repeats.state()["all"]


def test_what_expires_leaves_what_is_newer() -> None:
    """As if it had never been learned, whichever came first, live as after a restart."""
    days = (0, 50, 120)
    for order in permutations(days):
        repeats, newer = Repeats(kept_s=100 * DAY_S), Repeats(kept_s=100 * DAY_S)
        for day in order:
            repeats.learn_one(("ann",), "coffee", time_s=MONDAY_S + day * DAY_S)
            if day:
                newer.learn_one(("ann",), "coffee", time_s=MONDAY_S + day * DAY_S)

        assert newer.state() == repeats.state()


def test_what_has_expired_is_no_more_proposed_than_offered() -> None:
    """By who is live as by who was restored."""
    repeats = Repeats(kept_s=100 * DAY_S)
    repeats.learn_one(("ann",), "coffee", time_s=MONDAY_S)
    repeats.learn_one((), "tea", time_s=MONDAY_S + 101 * DAY_S)
    restored = Repeats.from_bytes(repeats.to_bytes())

    for one in (repeats, restored):
        assert [] == one.recommend(("ann",), 1)
        assert not one.proposes(("ann",))
        assert set() == one.bought_since("ann", 0)


def test_the_times_of_the_latest_purchases_are_kept() -> None:
    """Of the others only that there were any."""
    repeats = Repeats()
    for number in range(TIMES_MAX + 8):
        repeats.learn_one(("ann",), "milk", time_s=MONDAY_S + number)
    (item,) = repeats.state()["shoppers"]["ann"]["items"].values()

    assert TIMES_MAX + 1 == len(item)
    assert MONDAY_S + TIMES_MAX + 7 == item[1]
    assert MONDAY_S + 8 == min(item[1:])


def test_purchases_whose_times_were_not_kept_leave_the_last_time_as_it_is() -> None:
    """As states of before have them: with the last time alone."""
    repeats = Repeats()
    for number in range(2):
        repeats.learn_one(("ann",), "milk", time_s=MONDAY_S + number)
    state = repeats.state()
    state["shoppers"]["ann"]["items"]["milk"] = state["shoppers"]["ann"]["items"]["milk"][:2]
    before = Repeats()
    before.restore(state)
    before.unlearn_one(("ann",), "milk", time_s=MONDAY_S + 1)

    assert {"milk"} == before.bought_since("ann", MONDAY_S + 1)
    assert 1 == before.recommend(("ann",), 1)[0].together


def test_what_another_log_taught_is_taken_back_down_to_nothing() -> None:
    """A table that began anew knows none of it: its state is one that it takes up again."""
    model = CoOccurrence()
    model.learn_one((), "bread", time_s=MONDAY_S)
    for _ in range(2):
        model.unlearn_one((), "jam", time_s=MONDAY_S, begins=True)
    assert model.sessions == 0

    again = CoOccurrence()
    again.restore(model.state())
    assert again.state() == model.state()

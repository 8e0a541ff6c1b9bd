"""The contract of recommenders: every one of them passes every test here."""

import json
import pickle
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river.checks import common

import models
from models import (
    AssociationRules,
    BestFit,
    CoOccurrence,
    Markov,
    Popularity,
    Recommender,
    Repeats,
    SessionKNN,
    SnapshotError,
)

MONDAY = 1_767_225_600
ITEMS = [f"item-{n}" for n in range(6)]
SHOPPERS = ["ada", "bob", "eve"]

ROOMY: dict[str, Recommender] = {
    "baskets": CoOccurrence(),
    "browsing": CoOccurrence(window=2, distance_decay=True, context_decay=0.6),
    "last item": CoOccurrence(row_norm=1.0, popularity_norm=1.0, context_items=1),
    "popularity": Popularity(),
    "short popularity": Popularity(top_max=3),
    "repeats": Repeats(),
    "association rules": AssociationRules(),
    "markov": Markov(),
    "session kNN": SessionKNN(),
    "best fit": BestFit(),
}
"""Each with bounds that the tests' few items do not reach."""

TIGHT: dict[str, Recommender] = {
    "baskets": CoOccurrence(row_max=8, items_max=40),
    "browsing": CoOccurrence(row_max=8, items_max=40, window=3, distance_decay=True),
    "popularity": Popularity(top_max=10, items_max=40),
    "long popularity": Popularity(top_max=100, items_max=40),
    "repeats": Repeats(items_per_shopper_max=8, shoppers_max=20, items_max=40),
    "association rules": AssociationRules(row_max=8, items_max=40),
    "markov": Markov(row_max=8, items_max=40),
    "session kNN": SessionKNN(items_max=40, sessions_max=50),
    "best fit": BestFit(items_max=40, sessions_max=50, shoppers_max=20),
}
"""Each with bounds that are soon reached."""

every_recommender = pytest.mark.parametrize("untaught", ROOMY.values(), ids=ROOMY)
every_tight_recommender = pytest.mark.parametrize("untaught", TIGHT.values(), ids=TIGHT)


few = settings(max_examples=40)
"""Enough for small events, as each test runs for each recommender."""


class Seen(NamedTuple):
    """One event to learn."""

    x: tuple[str, ...]
    y: str
    time_s: float
    weight: float

    def teach(self, recommender: Recommender) -> None:
        """Let a recommender learn it."""
        recommender.learn_one(self.x, self.y, time_s=self.time_s, weight=self.weight)


events = st.lists(
    st.builds(
        Seen,
        x=st.lists(st.sampled_from(ITEMS + SHOPPERS), max_size=5).map(tuple),
        y=st.sampled_from(ITEMS),
        time_s=st.floats(MONDAY, MONDAY + 400 * 86_400),
        weight=st.sampled_from([0.1, 1.0, 2.5]),
    ),
    max_size=12,
)


def taught(untaught: Recommender, seen: list[Seen]) -> Recommender:
    """A recommender like this one, that has learned these events."""
    recommender = untaught.clone()
    for event in seen:
        event.teach(recommender)
    return recommender


def questions(seen: list[Seen]) -> list[tuple[str, ...]]:
    """Contexts worth asking about: those that were learned, each shopper, each item, none."""
    return [*(event.x for event in seen), *((name,) for name in SHOPPERS + ITEMS), ()]


def stream(number: int) -> Iterator[Seen]:
    """Events that bring new items and new shoppers for ever, but also some that come again."""
    for n in range(number):
        x = (f"shopper-{n // 3}", f"item-{n - 1}", f"item-{n % 7}")
        yield Seen(x, f"item-{n % 11 if n % 2 else n}", MONDAY + n, 1.0)


# Predicting


@every_recommender
@few
@given(seen=events)
def test_recommending_changes_nothing(untaught: Recommender, seen: list[Seen]) -> None:
    """Not the state, nor anything that a pickle can see, nor the next answer."""
    recommender = taught(untaught, seen)
    state, pickled = recommender.to_bytes(), pickle.dumps(recommender)
    first = [recommender.recommend(x, 3) for x in questions(seen)]
    again = [recommender.recommend(x, 3) for x in questions(seen)]

    assert first == again
    assert (state, pickled) == (recommender.to_bytes(), pickle.dumps(recommender))


@every_recommender
@few
@given(seen=events)
def test_what_was_asked_before_a_restore_is_forgotten(
    untaught: Recommender, seen: list[Seen]
) -> None:
    """A worker may be asked before its checkpoint has come."""
    alive, woken = taught(untaught, seen), untaught.clone()
    for x in questions(seen):
        woken.recommend(x, 3)
        if isinstance(woken, BestFit):
            woken.learn_rank(x, "no candidate")
    woken.restore(json.loads(json.dumps(alive.state(), sort_keys=True)))

    assert [alive.recommend(x, 5) for x in questions(seen)] == [
        woken.recommend(x, 5) for x in questions(seen)
    ]


@every_recommender
@few
@given(seen=events, k=st.integers(-1, 8))
def test_k_is_honoured(untaught: Recommender, seen: list[Seen], k: int) -> None:
    """At most k candidates, the first k of any longer list, each item once."""
    recommender = taught(untaught, seen)
    for x in questions(seen):
        found = recommender.recommend(x, k)

        assert found == recommender.recommend(x, 100)[: max(k, 0)]
        assert len({candidate.item for candidate in found}) == len(found)


@every_recommender
@few
@given(seen=events)
def test_the_best_comes_first_and_equals_by_id(untaught: Recommender, seen: list[Seen]) -> None:
    """Scores are positive and fall; where they do not, ids rise."""
    recommender = taught(untaught, seen)
    for x in questions(seen):
        found = recommender.recommend(x, 100)

        assert found == sorted(found, key=lambda candidate: (-candidate.score, candidate.item))
        assert all(candidate.score > 0.0 for candidate in found)


@every_recommender
@few
@given(seen=events, exclude=st.frozensets(st.sampled_from(ITEMS)))
def test_exclude_is_honoured(
    untaught: Recommender, seen: list[Seen], exclude: frozenset[str]
) -> None:
    """Excluding is the same as leaving out of the full list: the others move up, unchanged."""
    recommender = taught(untaught, seen)
    for x in questions(seen):
        everything = recommender.recommend(x, 100)
        expected = [candidate for candidate in everything if candidate.item not in exclude]

        assert expected[:2] == recommender.recommend(x, 2, exclude=exclude)


@every_recommender
@few
@given(seen=events)
def test_all_that_is_ranked_is_all_that_is_recommended(
    untaught: Recommender, seen: list[Seen]
) -> None:
    """As far as somebody looks, and in the same order: who asks leaves out what is excluded."""
    recommender = taught(untaught, seen)
    for x in questions(seen):
        assert recommender.recommend(x, 100) == [*recommender.ranked(x)]


@every_tight_recommender
def test_what_is_ranked_later_goes_on_where_the_first_ended(untaught: Recommender) -> None:
    """Also of models that have more to offer than is ranked at first: 400 events."""
    recommender = taught(untaught, [*stream(400)])
    for x in questions([*stream(20)]):
        assert recommender.recommend(x, 100_000) == [*recommender.ranked(x)]


@every_recommender
@few
@given(seen=events)
def test_evidence_is_never_more_than_all(untaught: Recommender, seen: list[Seen]) -> None:
    """As in "41 of 57": part of a whole; and the anchor stood in the context."""
    recommender = taught(untaught, seen)
    for x in questions(seen):
        for candidate in recommender.recommend(x, 100):
            assert 0 <= candidate.together <= candidate.of
            assert candidate.anchor in {"", *x}


@every_recommender
@few
@given(seen=events, excluded=st.frozensets(st.sampled_from(ITEMS)))
def test_proposing_is_having_something_to_recommend(
    untaught: Recommender, seen: list[Seen], excluded: frozenset[str]
) -> None:
    """The cheap question has the answer of the dear one, whatever is excluded."""
    recommender = taught(untaught, seen)
    for x in questions(seen):
        assert recommender.proposes(x, exclude=excluded) == bool(
            recommender.recommend(x, 1, exclude=excluded)
        )


@every_recommender
def test_the_unknown_is_answered_with_nothing(untaught: Recommender) -> None:
    """Before any learning there is nothing to say, and no error."""
    assert [] == untaught.clone().recommend(("bread",), 3)
    assert [] == untaught.clone().recommend((), 3)


@every_recommender
def test_unknown_items_in_the_context_speak_for_nothing(untaught: Recommender) -> None:
    """Whoever needs the context has no candidates for an unknown one (but itself, once more)."""
    recommender = taught(untaught, [Seen(("ada",), "item-1", MONDAY, 1.0)])
    expected = ["item-1"] if isinstance(untaught, Popularity | BestFit) else []
    candidates = recommender.recommend(("nobody",), 3, exclude={"nobody"})

    assert expected == [found.item for found in candidates]


@every_recommender
def test_time_alone_does_not_change_the_order(untaught: Recommender) -> None:
    """Scores are read at `time_s`; everything fades alike."""
    seen = [Seen(("ada",), item, MONDAY, 1.0) for item in ("item-1", "item-2", "item-1")]
    recommender = taught(untaught, seen)
    for x in (("ada",), ("item-1",)):
        now = recommender.recommend(x, 3, time_s=MONDAY)
        later = recommender.recommend(x, 3, time_s=MONDAY + 30 * 86_400)

        assert [one.item for one in now] == [one.item for one in later]


# Learning


@every_recommender
@few
@given(seen=events, data=st.data())
def test_the_order_of_events_does_not_matter(
    untaught: Recommender, seen: list[Seen], data: st.DataObject
) -> None:
    """Workers interleave partitions as they like, and end with the same bytes and answers."""
    if not untaught.COMMUTES:
        pytest.skip("it learns from the order of events")
    shuffled = data.draw(st.permutations(seen))
    one, other = taught(untaught, seen), taught(untaught, shuffled)

    assert one.to_bytes() == other.to_bytes()
    assert [one.recommend(x, 5) for x in questions(seen)] == [
        other.recommend(x, 5) for x in questions(seen)
    ]


@every_recommender
@few
@given(seen=events, split=st.integers(0, 12))
def test_a_snapshot_and_the_rest_of_the_log_are_the_whole_log(
    untaught: Recommender, seen: list[Seen], split: int
) -> None:
    """Same bytes, same answers, whenever the snapshot was taken."""
    whole = taught(untaught, seen)
    continued = type(untaught).from_bytes(taught(untaught, seen[:split]).to_bytes())
    for event in seen[split:]:
        event.teach(continued)

    assert whole.to_bytes() == continued.to_bytes()
    assert [whole.recommend(x, 5) for x in questions(seen)] == [
        continued.recommend(x, 5) for x in questions(seen)
    ]


@every_recommender
def test_the_state_is_json_and_shares_nothing(untaught: Recommender) -> None:
    """What a caller does to the state does nothing to the model."""
    recommender = taught(untaught, list(stream(20)))
    before = recommender.to_bytes()
    state = recommender.state()

    assert state == json.loads(json.dumps(state))
    for part in state.values():
        if isinstance(part, dict | list):
            part.clear()
    assert before == recommender.to_bytes()


@every_recommender
def test_the_input_is_neither_changed_nor_kept(untaught: Recommender) -> None:
    """A session's list goes on changing after it was learned from."""
    recommender = untaught.clone()
    x = ["ada", "item-1"]
    recommender.learn_one(x, "item-2", time_s=MONDAY)
    before = recommender.to_bytes()

    assert ["ada", "item-1"] == x
    x.clear()
    assert before == recommender.to_bytes()


@every_recommender
@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_an_event_weighs_more_than_nothing(untaught: Recommender, weight: float) -> None:
    """Refused before anything is learned."""
    recommender = untaught.clone()
    with pytest.raises(ValueError, match="weight"):
        recommender.learn_one(("ada",), "item-1", time_s=MONDAY, weight=weight)

    assert untaught.clone().to_bytes() == recommender.to_bytes()


@every_recommender
def test_a_time_beyond_reason_is_refused_whole(untaught: Recommender) -> None:
    """Milliseconds for seconds: an error, and nothing half learned."""
    recommender = untaught.clone()
    with pytest.raises(ValueError, match="2100"):
        recommender.learn_one(("ada",), "item-1", time_s=MONDAY * 1000.0)

    assert untaught.clone().to_bytes() == recommender.to_bytes()


# Bounds


@every_tight_recommender
def test_memory_is_bounded_when_ten_times_more_items_arrive(untaught: Recommender) -> None:
    """Once full, a model stays as large as it is (a factor of two for the slack of dicts)."""
    recommender = untaught.clone()
    sizes = []
    for number, event in enumerate(stream(5_000), start=1):
        event.teach(recommender)
        if number in (500, 5_000):
            sizes.append(recommender._raw_memory_usage)

    assert sizes[1] <= 2 * sizes[0]


@every_tight_recommender
def test_a_full_model_survives_its_snapshot(untaught: Recommender) -> None:
    """Forgetting leaves nothing behind that a snapshot would not bring back."""
    recommender = taught(untaught, list(stream(1_000)))
    restored = type(untaught).from_bytes(recommender.to_bytes())
    more = list(stream(1_100))[1_000:]
    for event in more:
        event.teach(recommender)
        event.teach(restored)

    assert recommender.to_bytes() == restored.to_bytes()
    assert [recommender.recommend(x, 5) for x in questions(more)] == [
        restored.recommend(x, 5) for x in questions(more)
    ]


@every_tight_recommender
def test_what_comes_again_and_again_is_not_forgotten(untaught: Recommender) -> None:
    """Thousands of items that came once do not push out the few that keep coming."""
    recommender = untaught.clone()
    for n in range(2_000):
        recommender.learn_one((), f"once-{n}", time_s=MONDAY + n)
        recommender.learn_one(("bread",), f"once-{n}", time_s=MONDAY + n)
        recommender.learn_one((), "bread", time_s=MONDAY + n)
        recommender.learn_one(("bread",), "butter", time_s=MONDAY + n)

    assert "butter" in {found.item for found in recommender.recommend(("bread",), 3)}


@every_recommender
def test_a_snapshot_of_another_recommender_is_refused(untaught: Recommender) -> None:
    """By its name, not by luck."""
    other = Repeats() if not isinstance(untaught, Repeats) else Popularity()

    with pytest.raises(SnapshotError, match=f"a snapshot of {type(other).__name__}"):
        type(untaught).from_bytes(other.to_bytes())


@pytest.mark.parametrize(
    "recommender",
    [AssociationRules, BestFit, CoOccurrence, Markov, Popularity, Repeats, SessionKNN],
)
def test_a_limit_is_at_least_one(recommender: type[Recommender]) -> None:
    """A model that could hold nothing is a mistake."""
    with pytest.raises(ValueError, match="items_max=0"):
        recommender(items_max=0)  # type: ignore[call-arg]


# River

RIVER_CHECKS = [
    common.check_repr,
    common.check_str,
    common.check_tags,
    common.check_clone_same_class,
    common.check_clone_is_idempotent,
    common.check_init_has_default_params_for_tests,
    common.check_init_default_params_are_not_mutable,
    common.check_doc,
    common.check_clone_changes_memory_addresses,
    common.check_mutate_can_be_idempotent,
    common.check_pickling_supports_roundtrip,
    common.check_repr_roundtrips_clone,
    common.check_clone_with_new_params_applies,
    common.check_get_params_matches_signature,
]
"""All general checks of `river.checks.yield_checks`.

They are called one by one, because `check_estimator` goes on to River's data sets, which need
scikit-learn. Of the checks with data, those below apply; the others ask for dicts of features to
drop, shuffle or change (`emerging_features`, `no_state_aliasing_with_input` and the like) or for
`predict_one`, which an estimator that answers with a ranked list has not.
"""


@every_recommender
@pytest.mark.parametrize("check", RIVER_CHECKS)
def test_river_finds_a_good_citizen(untaught: Recommender, check: Callable[..., None]) -> None:
    """River's own general checks."""
    check(untaught.clone())


class Dated:
    """A recommender that learns everything on one Monday: River's checks tell no times."""

    _supervised = True

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender

    def learn_one(self, x: tuple[str, ...], y: str) -> None:
        """Learn it, on that Monday."""
        self.recommender.learn_one(x, y, time_s=MONDAY)

    def clone(self) -> "Dated":
        """One that has learned nothing."""
        return Dated(self.recommender.clone())

    @property
    def _raw_memory_usage(self) -> int:
        return self.recommender._raw_memory_usage


@every_recommender
@pytest.mark.parametrize("check", [common.check_learn_one, common.check_clone_is_independent])
def test_river_finds_that_learning_is_clean(
    untaught: Recommender, check: Callable[..., None]
) -> None:
    """Learning leaves its input and its clones alone."""
    check(Dated(untaught.clone()), [(event.x, event.y) for event in stream(40)])


@every_tight_recommender
def test_river_finds_that_memory_is_bounded(untaught: Recommender) -> None:
    """The second half of a long stream takes hardly more than the first."""
    check: Callable[..., None] = common.check_bounded_memory_growth

    check(Dated(untaught.clone()), [(event.x, event.y) for event in stream(2_000)])


def test_no_recommender_is_left_out() -> None:
    """A new recommender is tested here, or this fails."""
    named = [getattr(models, name) for name in models.__all__]
    public = {value for value in named if isinstance(value, type)}
    recommenders = {kind for kind in public if issubclass(kind, Recommender)} - {Recommender}

    assert recommenders == {type(recommender) for recommender in ROOMY.values()}
    assert recommenders == {type(recommender) for recommender in TIGHT.values()}

"""Each compiled loop does what its twin in plain Python does."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.recommenders.best_fit import features, ranker
from models.recommenders.best_fit.counts import pairs
from models.recommenders.best_fit.sources import Sources
from models.recommenders.session_index import rings
from models.recommenders.session_index.records import PAIR, SHOPPER, blank
from models.recommenders.session_index.session_index import SESSIONS_PER_ITEM_MAX
from tests.models.recommenders import twins

some = settings(max_examples=60)


@some
@given(
    pushes=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99)), max_size=120),
    emptied=st.sets(st.integers(0, 119), max_size=4),
)
def test_rings_hold_the_latest(pushes: list[tuple[int, int]], emptied: set[int]) -> None:
    """Through doubling, overwriting, being emptied and taking over old blocks."""
    heads, pool, blocks = blank(4, SHOPPER), np.zeros(400, np.int32), rings.no_blocks()
    twin = twins.Rings(room_max=16)
    for n, (key, value) in enumerate(pushes):
        if n in emptied:
            rings.empty(heads[key : key + 1][0], pool, blocks)
            twin.rings[key].clear()
        rings.push(heads[key : key + 1][0], value, pool, blocks, 16, 400)
        twin.push(key, value)

    for key in range(4):
        ring = heads[key]
        held = range(ring["count"] - min(ring["count"], ring["room"]), ring["count"])
        values = [pool[ring["at"] + j % ring["room"]] for j in held]
        assert list(twin.rings[key]) == values


@some
@given(
    values=st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from([0.1, 0.5, 1.0, 2.5])), max_size=60
    ),
    owner=st.integers(0, 99),
    gone=st.sets(st.integers(0, 12)),
)
def test_a_full_row_replaces_its_lightest_by_chance(
    values: list[tuple[int, float]], owner: int, gone: set[int]
) -> None:
    """Which leaves its weight; and what is forgotten leaves no gap."""
    row, twin = blank(1, PAIR, 5)[0], twins.Row(5, owner)
    for session, (item, weight) in enumerate(values):
        pairs.add(row, owner, item, weight, session)
        twin.add(item, weight, session)

    filled = row[row["item"] >= 0]
    assert twin.weights == dict(zip(filled["item"].tolist(), filled["weight"], strict=True))

    pairs.remove_items(row, np.array([item in gone for item in range(13)], np.int32))
    kept = {item: weight for item, weight in twin.weights.items() if item not in gone}
    filled = row[: len(kept)]
    assert kept == dict(zip(filled["item"].tolist(), filled["weight"], strict=True))
    assert (row["item"][len(kept) :] == -1).all()


class Log(NamedTuple):
    """Sessions, who they are of, and in which order their events come."""

    sessions: list[tuple[str, list[str]]]
    order: list[int]

    def events(self) -> list[tuple[list[str], str, str, str]]:
        """x, y, session and shopper of each."""
        places = [0] * len(self.sessions)
        found = []
        for number in self.order:
            shopper, items = self.sessions[number]
            if places[number] < len(items):
                x = items[: places[number]]
                found.append((x, items[places[number]], f"session-{number}", shopper))
                places[number] += 1
        return found


items = st.sampled_from([f"item-{n}" for n in range(12)])
logs = st.lists(
    st.tuples(st.sampled_from(["", "ada", "bob"]), st.lists(items, min_size=1, max_size=13)),
    min_size=1,
    max_size=8,
).flatmap(
    lambda sessions: st.builds(
        Log,
        sessions=st.just(sessions),
        order=st.lists(st.integers(0, len(sessions) - 1), max_size=60),
    )
)


@some
@given(
    log=logs,
    stranger=st.booleans(),
    shelf=st.dictionaries(items, st.sampled_from(["dairy", "bread", "tea"])),
)
def test_candidates_and_features_are_as_defined(
    log: Log, stranger: bool, shelf: dict[str, str]
) -> None:
    """Of every question, sessions interleaved, of some items the category, to single precision."""
    model, twin = Sources(100, 1_000, 100), twins.Sources()
    for x, y, session, shopper in log.events():
        ask = [*x, "stranger"] if stranger else x
        where = "elsewhere" if stranger else session
        count = model.propose(ask, where, shopper)
        expected = twin.propose(ask, where, shopper)
        found = {model.name(model.chosen[i]): model.xs[i] for i in range(count)}

        assert expected.keys() == found.keys()
        for item, described in expected.items():
            described[features.RANK_KNN : features.RANK_TOGETHER + 1] = found[item][
                features.RANK_KNN : features.RANK_TOGETHER + 1
            ]
            for name, one, other in zip(features.FEATURES, described, found[item], strict=True):
                assert one == pytest.approx(other, rel=1e-5, abs=1e-5), name
        model.learn(x, y, 1.0, session, shopper, shelf.get(y, ""))
        twin.learn(x, y, session, shopper, shelf.get(y, ""))


@pytest.mark.parametrize(
    ("times", "first", "last", "now", "pauses"),
    [(1, 5, 5, 90, 1.0), (3, 0, 20, 30, 1.0), (3, 0, 20, 50, 3.0), (2, 0, 90, 91, np.exp(-2))],
)
def test_what_is_due_was_taken_a_mean_pause_ago(
    times: float, first: int, last: int, now: int, pauses: float
) -> None:
    """The logarithm of the pauses that have gone by; nothing of what was taken only once."""
    assert features.due(times, first, last, now) == pytest.approx(np.log(pauses))


@some
@given(values=st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=20))
def test_ranks_are_places_in_the_order(values: list[float]) -> None:
    """The first among equals comes first."""
    xs = np.zeros((len(values), features.WIDTH))
    xs[:, features.KNN] = values
    features.ranks(xs, len(values), features.KNN, features.RANK_KNN)
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))

    assert [1 / (1 + order.index(i)) for i in range(len(values))] == pytest.approx(
        xs[:, features.RANK_KNN].tolist()
    )


@some
@given(seed=st.integers(0, 10**6), count=st.integers(1, 30), memory=st.sampled_from([1.0, 0.99]))
def test_the_ranker_descends_its_slope(seed: int, count: int, memory: float) -> None:
    """Scores and twenty steps, by matrices."""
    rng = np.random.default_rng(seed)
    model = ranker.ListwiseRanker(6, {0: 4.0}, rate=0.05, memory=memory, seed=seed)
    twin = twins.ListwiseRanker(model.weights, 0.05, memory)
    for _ in range(20):
        xs = rng.normal(size=(count, 6))
        taken = int(rng.integers(count))
        scores = np.exp(twin.scores(xs) - twin.scores(xs).max())

        assert (scores / scores.sum()).tolist() == pytest.approx(
            model.shares(xs, count).tolist(), rel=1e-9, abs=1e-9
        )
        model.learn(xs, count, taken)
        twin.learn(xs, taken)

    assert twin.weights.tolist() == pytest.approx(model.weights[0].tolist(), abs=1e-7)


@pytest.mark.parametrize("x", [-4.0, -2.9, -1.0, 0.0, 0.3, 2.0, 3.5])
def test_the_slope_of_the_bend_is_its_derivative(x: float) -> None:
    """And the activation is nearly tanh."""
    assert (ranker.activation(x + 1e-6) - ranker.activation(x - 1e-6)) / 2e-6 == pytest.approx(
        ranker.activation_derivative(x), abs=1e-6
    )
    assert np.tanh(x) == pytest.approx(ranker.activation(x), abs=0.03)


@some
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1.0, 1e3, 1e150, np.inf, np.nan]))
def test_weights_stay_finite_and_bounded(seed: int, scale: float) -> None:
    """Whatever the features, even no numbers."""
    rng = np.random.default_rng(seed)
    model = ranker.ListwiseRanker(6, {}, rate=1.0, memory=0.9, seed=seed)
    for _ in range(50):
        model.learn(rng.normal(size=(8, 6)) * scale, 8, 3)

    assert np.isfinite(model.weights).all()
    assert np.abs(model.weights[0]).max() <= ranker.WEIGHT_MAX


def test_the_index_remembers_as_many_sessions_as_neighbours_need() -> None:
    """Rings are powers of two."""
    assert SESSIONS_PER_ITEM_MAX.bit_count() == 1

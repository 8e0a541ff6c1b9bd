"""Restoring: what was written before, into other bounds, and what somebody has tampered with."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from models.recommenders.best_fit import features
from models.recommenders.session_index import sound
from models.recommenders.session_index.records import CLOCK, ITEM, PAIR, SHOPPER
from models.recommenders.session_index.rings import EMPTY, FIRST_ROOM
from models.recommenders.session_index.session_index import NUMBERS_MAX
from models.snapshot import arrays
from models.snapshot.arrays import column, read_column
from tests.models.recommenders.aged import Sessions, aged

MONDAY = 1_767_225_600
BEFORE = Path(__file__).parent / "written_before"


class Event(NamedTuple):
    """What a shopper took, after what."""

    x: list[str]
    y: str
    time_s: int
    session: str
    shopper: str


def log(sessions: int, seed: int = 1, first: int = 0) -> Iterator[Event]:
    """Sixty items, twenty-five shoppers."""
    chance = np.random.default_rng(seed)
    for number in range(first, first + sessions):
        items = [f"item-{n}" for n in chance.integers(0, 60, int(chance.integers(1, 6)))]
        for place, y in enumerate(items):
            names = f"session-{number}", f"shopper-{number % 25}"
            yield Event(items[:place], y, MONDAY + 600 * number, *names)


def teach(model: Recommender, events: Iterator[Event]) -> Any:
    """Each model learns of an event what it can."""
    for x, y, time_s, session, shopper in events:
        if isinstance(model, BestFit):
            model.learn_one(x, y, time_s=time_s, session=session, shopper=shopper, category=y[-1])
        elif isinstance(model, SessionKNN):
            model.learn_one(x, y, time_s=time_s, session=session)
        else:
            model.learn_one((shopper,) if isinstance(model, Repeats) else x, y, time_s=time_s)
    return model


def answers(model: Recommender) -> list[Any]:
    """To many questions, of shoppers and sessions that it knows and that it does not."""
    xs = [(f"item-{n}", f"item-{n * 7 % 70}") for n in range(0, 66, 5)]
    if isinstance(model, BestFit):
        return [
            model.recommend(x, 9, session=f"session-{290 + n}", shopper=f"shopper-{n}")
            for n, x in enumerate(xs)
        ]
    return [model.recommend(x, 9) for x in [*xs, *((f"shopper-{n}",) for n in range(20)), ()]]


UNDER: dict[str, dict[str, int]] = {
    "pairs": {"row_max": 8, "items_max": 40},
    "popularity": {"top_max": 10, "items_max": 40},
    "repeats": {"items_per_shopper_max": 8, "shoppers_max": 20, "items_max": 40},
    "rules": {"row_max": 8, "items_max": 40},
    "markov": {"row_max": 8, "items_max": 40},
    "session_knn": {"items_max": 40, "sessions_max": 50},
    "best_fit": {"items_max": 40, "sessions_max": 50, "shoppers_max": 20},
}
"""Every public bound of every model; the log goes beyond each."""
KINDS: dict[str, Any] = {
    "pairs": CoOccurrence,
    "popularity": Popularity,
    "repeats": Repeats,
    "rules": AssociationRules,
    "markov": Markov,
    "session_knn": SessionKNN,
    "best_fit": BestFit,
}
BOUNDS = [(name, bound) for name, bounds in UNDER.items() for bound in bounds]
TOO_FEW = {("session_knn", "items_max"), ("best_fit", "items_max"), ("best_fit", "shoppers_max")}
"""Numbers above these are in use: refused."""


@pytest.mark.parametrize("name", UNDER)
def test_snapshots_that_were_written_before_are_still_read(name: str) -> None:
    """And answer as a model does that has learned the same today."""
    model = KINDS[name].from_bytes((BEFORE / f"{name}.snapshot").read_bytes())

    assert answers(model) == answers(teach(KINDS[name](**UNDER[name]), log(300)))
    assert len(teach(model, log(100, seed=2, first=300)).to_bytes()) > 0


def sizes(model: Any) -> dict[str, int]:
    """How much of each bound is used."""
    if isinstance(model, BestFit):
        index, shoppers = model._sources.index, len(model._sources.names)
        return {
            "items_max": len(index.names),
            "sessions_max": len(index.sessions),
            "shoppers_max": shoppers,
        }
    if isinstance(model, SessionKNN):
        index = model._index
        return {"items_max": len(index.names), "sessions_max": len(index.sessions)}
    if isinstance(model, CoOccurrence):
        rows = model._pairs.rows
        return {"items_max": len(model._pairs), "row_max": int(rows["length"].max())}
    if isinstance(model, Popularity):
        return {"items_max": len(model._tallies), "top_max": len(model._ordered())}
    if isinstance(model, Repeats):
        items = max(len(shopper.tallies) for shopper in model._shoppers.values())
        return {
            "items_max": len(model._items),
            "shoppers_max": len(model._shoppers),
            "items_per_shopper_max": items,
        }
    row = max(len(row) for row in model._rows.values())
    return {"items_max": len(model._led), "row_max": row}


@pytest.mark.parametrize(("name", "bound"), BOUNDS)
@pytest.mark.parametrize("other", [1, 3, 8, 39, 41, 100])
def test_every_bound_may_be_another_one_when_a_model_is_restored(
    name: str, bound: str, other: int
) -> None:
    """Filled, grown past, restored into less and into more: within the bound, or refused."""
    state = teach(KINDS[name](**UNDER[name]), log(300)).state()
    bounds = {**UNDER[name], bound: other}
    model = KINDS[name](**bounds)
    untaught = model.to_bytes()
    if (name, bound) in TOO_FEW and other < UNDER[name][bound]:
        with pytest.raises(SnapshotError):
            model.restore(state)
        assert untaught == model.to_bytes()
        return

    model.restore(state)
    for _ in range(2):
        assert [] == [each for each, size in sizes(model).items() if size > bounds[each]]
        assert answers(model) == answers(KINDS[name].from_bytes(model.to_bytes()))
        teach(model, log(200, seed=3, first=300))


def test_a_row_that_is_too_long_keeps_its_heaviest() -> None:
    """And goes on in the cells that it has."""
    wide = teach(CoOccurrence(row_max=64), log(300))
    narrow = CoOccurrence(row_max=5)
    narrow.restore(wide.state())

    for item in wide._pairs.number:
        weights = sorted(wide._pairs.partners(item)["latest"].tolist(), reverse=True)
        kept = sorted(narrow._pairs.partners(item)["latest"].tolist(), reverse=True)
        assert weights[:5] == kept
    assert narrow.left_out()


def test_sessions_find_their_places_in_a_larger_and_in_a_smaller_ring() -> None:
    """What the latest held is known there as it was."""
    model = teach(SessionKNN(items_max=60, sessions_max=50), log(180))
    for other in (20, 70):
        again = SessionKNN(items_max=60, sessions_max=other)
        again.restore(model.state())
        for number in range(180 - min(other, 50), 180):
            assert (
                model._index.sessions[number % 50].tolist()
                == again._index.sessions[number % other].tolist()
            )


@pytest.mark.parametrize("name", UNDER)
def test_a_refused_state_leaves_the_recommender_as_it_was(name: str) -> None:
    """Whichever part of it is missing: a caller may go on with what it has."""
    state = written_state(name)
    model = KINDS[name](**UNDER[name])
    before = model.to_bytes()
    for part in state.keys() - {"params"}:
        with pytest.raises(SnapshotError, match=part):
            model.restore({key: value for key, value in state.items() if key != part})

        assert before == model.to_bytes()


# Long lives


@pytest.mark.parametrize(
    ("kind", "bounds"),
    [
        (BestFit, {"items_max": 40_000_000}),
        (SessionKNN, {"sessions_max": 200_000_000}),
        (CoOccurrence, {"items_max": 1 << 31}),
        (CoOccurrence, {"row_max": 1 << 26}),
    ],
)
def test_bounds_that_four_bytes_cannot_hold_are_refused(kind: Any, bounds: dict[str, int]) -> None:
    """When a model is made, not when it is full."""
    with pytest.raises(ValueError, match=next(iter(bounds))):
        kind(**bounds)


@pytest.mark.parametrize("kind", [BestFit, CoOccurrence, SessionKNN])
@pytest.mark.parametrize("weight", [2.0**20 + 1, 1e39, math.inf])
def test_an_event_does_not_weigh_more_than_sums_can_bear(kind: Any, weight: float) -> None:
    """Single precision ends at 3e38."""
    with pytest.raises(ValueError, match="weight"):
        kind().learn_one((), "bread", time_s=MONDAY, weight=weight)


def test_a_pair_that_met_as_often_as_four_bytes_can_tell_goes_on() -> None:
    """It stays at that, and is still a candidate."""
    model = teach(CoOccurrence(), iter([Event(["bread"], "jam", MONDAY, "", "")]))
    state = model.state()
    state["pairs"]["pair_times"] = column(np.full(2, 2**31 - 1))
    again = CoOccurrence.from_state(state)
    teach(again, iter([Event(["bread"], "jam", MONDAY, "", "")] * 3))

    assert 2**31 - 1 == again.recommend(["bread"], 1)[0].together


@pytest.mark.parametrize("kind", ["session_knn", "best_fit"])
@pytest.mark.parametrize("left", [0, 1, 60, 200])
def test_sessions_go_on_when_their_numbers_are_used_up(kind: str, left: int) -> None:
    """Beside a model that has begun half as many: the same neighbours, the same histories."""
    model = teach(KINDS[kind](**UNDER[kind]), log(300))
    last = aged(model, NUMBERS_MAX - 300 - left - 50)
    young = aged(model, NUMBERS_MAX // 2)
    for events in (log(90, seed=5, first=300), log(200, seed=6, first=390)):
        for event in events:
            teach(last, iter([event]))
            teach(young, iter([event]))
        assert evidence(young) == evidence(last)

    index = last._sources if isinstance(last, BestFit) else last
    assert (index.index if isinstance(last, BestFit) else last._index).begun < NUMBERS_MAX


def evidence(model: Sessions) -> list[Any]:
    """What does not depend on how many sessions there have been in all."""
    if isinstance(model, SessionKNN):
        return [sorted((f.item, f.together, f.of) for f in found) for found in answers(model)]
    told = (features.PLAIN, features.OWN, features.OWN_LATEST, features.OWN_DUE, features.OWN_AGE)
    found = []
    for n in range(20):
        count = model._sources.propose([f"item-{n}"], "new", f"shopper-{n}")
        xs, names = (
            model._sources.xs,
            model._sources.names_of(model._sources.chosen[:count].tolist()),
        )
        found.append(sorted((name, *xs[i, told].round(9).tolist()) for i, name in enumerate(names)))
    return found


@pytest.mark.parametrize("begun", [2**31 - 3, 2**31 + 5])
def test_a_snapshot_of_before_in_which_numbers_ran_over_is_read(begun: int) -> None:
    """Fifty days at five hundred sessions a second."""
    model = teach(BestFit(**UNDER["best_fit"]), log(300))
    state = model.state()
    index = state["sources"]["index"]
    del index["rings"]
    index["begun"] = begun
    restored = BestFit.from_state(state)
    teach(restored, log(100, seed=4, first=300))

    assert restored._sources.index.begun < NUMBERS_MAX
    assert any(answers(restored))


def test_rings_of_before_that_were_crowded_keep_what_is_theirs_for_sure() -> None:
    """What else they have may be what another shopper took."""
    model = teach(BestFit(items_max=70, sessions_max=2, shoppers_max=30), log(2_000))
    state = model.state()
    del state["sources"]["index"]["rings"]
    sources = BestFit.from_state(state)._sources

    rings = sources.shoppers[sources.shoppers["count"] > sources.shoppers["room"]]
    rings = rings[rings["room"] > FIRST_ROOM]
    assert len(rings)
    held = sources.index.pool[sound.held_places(rings)]
    assert FIRST_ROOM * len(rings) >= int((held != EMPTY).sum()) > 0


# Tampering

FIELDS: dict[str, list[tuple[tuple[str, ...], Any]]] = {
    "session_knn": [
        (("index", "items"), ITEM),
        (("index", "pool"), np.int32),
        (("index", "sessions"), np.int32),
        (("index", "blocks"), list),
        (("index", "begun"), int),
        (("index", "running"), dict),
        (("index", "names", "numbers"), list),
        (("index", "names", "free"), list),
    ],
    "best_fit": [
        (("sources", "index", "items"), ITEM),
        (("sources", "index", "pool"), np.int32),
        (("sources", "index", "sessions"), np.int32),
        (("sources", "index", "blocks"), list),
        (("sources", "index", "begun"), int),
        (("sources", "shoppers"), SHOPPER),
        (("sources", "partners"), PAIR),
        (("sources", "nexts"), PAIR),
        (("sources", "popular"), list),
        (("sources", "clock"), CLOCK),
        (("sources", "catalogue", "partners"), PAIR),
        (("sources", "catalogue", "sellers"), PAIR),
        (("sources", "catalogue", "shelf"), np.float64),
        (("sources", "shopper_names", "numbers"), list),
        (("weights",), np.float64),
    ],
    "pairs": [
        *((("pairs", name), "column") for name in ("partners", "length", "times", "trimmed")),
        *((("pairs", f"pair_{name}"), "column") for name in ("times", "latest", "before")),
        (("pairs", "era"), int),
        (("latest_s",), int),
    ],
}
ATTACKED = [(name, path, kind) for name, fields in FIELDS.items() for path, kind in fields]
STATES: dict[str, bytes] = {}
odd = st.one_of(
    st.integers(-3, 70),
    st.sampled_from([2**31 - 1, -(2**31), 2**30, 10**6, 2**33, 10**30]),
)


def written_state(name: str) -> Any:
    """A fresh copy of the state of a full model."""
    if name not in STATES:
        STATES[name] = teach(KINDS[name](**UNDER[name]), log(300)).to_bytes()
    return KINDS[name].from_bytes(STATES[name]).state()


def tampered(value: Any, kind: Any, data: st.DataObject) -> Any:
    """The same with another number in it, or one too few or too many."""
    number = data.draw(odd)
    if kind is int:
        return number
    if kind is dict:
        return [[name, number] for name, _ in value]
    if kind is list:
        return _changed(list(value), number, data)
    if kind == "column":
        numbers = read_column(value).tolist()
        return column(
            np.array(
                [int(np.clip(n, -(2**63), 2**63 - 1)) for n in _changed(numbers, number, data)],
                np.int64,
            )
        )
    records = arrays.read(value, kind)
    names = records.dtype.names
    at = data.draw(st.integers(0, len(records) - 1))
    field = records[data.draw(st.sampled_from(names))] if names else records
    low, high = _range(field.dtype)
    field[at] = (
        data.draw(st.sampled_from([math.nan, math.inf, -1.0]))
        if high is None
        else min(max(number, low), high)
    )
    return arrays.written(records[: len(records) - data.draw(st.sampled_from([0, 0, 0, 1]))])


def _range(kind: Any) -> Any:
    if kind.kind == "f":
        return None, None
    return int(np.iinfo(kind).min), int(np.iinfo(kind).max)


def _changed(numbers: list[int], number: int, data: st.DataObject) -> list[int]:
    how = data.draw(st.sampled_from(["set", "drop", "add"]))
    at = data.draw(st.integers(0, max(0, len(numbers) - 1)))
    return numbers[:at] + ([] if how == "drop" else [number]) + numbers[at + (how != "add") :]


@pytest.mark.parametrize(("name", "path", "kind"), ATTACKED, ids=lambda value: str(value)[:40])
@settings(max_examples=20)
@given(data=st.data())
def test_a_tampered_state_is_refused_or_answers_from_its_own_arrays(
    name: str, path: tuple[str, ...], kind: Any, data: st.DataObject
) -> None:
    """Under `NUMBA_BOUNDSCHECK=1` this shows that no loop looks elsewhere."""
    state = written_state(name)
    inner = state
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = tampered(inner[path[-1]], kind, data)
    try:
        model = KINDS[name].from_state(state)
    except SnapshotError:
        return
    answers(model)
    answers(teach(model, log(40, seed=9, first=300)))
    model.to_bytes()

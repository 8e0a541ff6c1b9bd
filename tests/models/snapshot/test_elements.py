"""A state with an element of another type is refused, rather than learned on with."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import Repeats, SnapshotError, ThompsonSampling
from models.decay.forward import LATEST_S
from tests.leaves import OTHERS, leaf, leaves, replaced

MONDAY = 1_767_225_600


def learned(model: Any, times: int = 3) -> Any:
    """A model that has heard of a few things, or hears of more."""
    for n in range(times):
        if isinstance(model, Repeats):
            model.learn_one(("ada",), f"item-{n % 2}", time_s=MONDAY + n)
            model.recommend(("ada",), 3, time_s=MONDAY + n)
            model.bought_since("ada", MONDAY)
        else:
            model.expose("popular", "basket", time_s=MONDAY + n)
            model.reward("popular", "basket", 1.0, time_s=MONDAY + n, at_s=MONDAY + n + 60)
            model.choose(["popular", "other"], "basket", b"1", time_s=MONDAY + n)
    return model


MODELS = [Repeats(), ThompsonSampling(), ThompsonSampling(window_s=3600.0)]
STATES = [json.loads(json.dumps(learned(model).state())) for model in MODELS]
LEAVES = [
    (number, path)
    for number, state in enumerate(STATES)
    for path in leaves(state)
    if path[0] != "params"
]


@pytest.mark.parametrize(
    ("number", "path", "value"),
    [
        (0, ("latest_s",), "x"),
        (0, ("latest_s",), LATEST_S + 1),
        (0, ("all",), ["a", "b"]),
        (0, ("all",), "ab"),
        (0, ("items", "item-0"), [1, None]),
        (0, ("full", 0), "x"),
        (0, ("shoppers", "ada", "last_s"), None),
        (0, ("shoppers", "ada", "items", "item-0", 1), "x"),
        (1, ("latest_s",), "x"),
        (1, ("latest_s",), None),
        (1, ("exposures",), "popular"),
        (1, ("exposures", "popular"), "x"),
        (1, ("exposures_all",), None),
        (1, ("full", 1), "x"),
        (1, ("changes", "latest"), None),
        (2, ("delays", "latest"), "x"),
    ],
)
def test_an_element_of_another_type_is_refused(
    number: int, path: tuple[Any, ...], value: Any
) -> None:
    """The next thing to learn would raise, and again after each restart."""
    with pytest.raises(SnapshotError, match="no state of"):
        type(MODELS[number]).from_state(replaced(STATES[number], path, value))


@settings(max_examples=200)
@given(st.sampled_from(LEAVES), st.sampled_from(OTHERS))
def test_a_changed_leaf_is_refused_or_learned_on_with(
    place: tuple[int, tuple[Any, ...]], value: Any
) -> None:
    """Whatever of another type stands there."""
    number, path = place
    if type(leaf(STATES[number], path)) is type(value):
        return
    try:
        model = type(MODELS[number]).from_state(replaced(STATES[number], path, value))
    except SnapshotError:
        return
    learned(model, 5).to_bytes()

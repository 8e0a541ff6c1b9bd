"""Which controls are known, and what is refused with a reason."""

import re
from typing import Any

import pytest

from streams.contract.errors import InvalidReference
from streams.contract.events.reference.control import KEY_PATTERN, ControlRecord
from streams.contract.events.reference.curated import REFUSED
from streams.shop.decision.arms import ARMS
from streams.shop.decision.controls.registry import CONTROLS, check, checked, known

CROWD = {"items": ["jam"], "source": "everybody"}
GOOD = {
    "arms.popular.state": ["on", "off", "shadow"],
    "arms.popular.share_max": [0, 0.001, 0.5, 1],
    "policy.floor": [0, 1e-6, 0.05, 1 / len(ARMS)],
    "prompts.items_max": [0, 3],
    "prompts.per_session_max": [0, 1000],
    "prompts.cool_down_s": [0, 0.5, 86_400],
    "prompts.paused": [True, False],
    "items.hidden": [[], ["jam", "tea"]],
    "curated.bread": [{"items": ["jam"]}, {"items": ["lid"], "item_id": "Pot"}],
    "loyalty.program": [{"points_per_mille": {"EUR": 10}, "tiers": {"gold": 2000, "member": 1}}],
    "bundles.photo": [
        {"items": ["camera", "case"], "discount_minor": {"EUR": 1, "JPY": 100}},
        {"items": list("abcdefgh"), "discount_per_mille": 999},
    ],
}
BAD: dict[str, list[Any]] = {
    "arms.popular.state": ["loud", True, 1, ["on"]],
    "arms.popular.share_max": [0.0001, -0.1, 1.1, "half", True, "0.5"],
    "arms.nobody.state": ["on"],
    "arms.nobody.share_max": [0.5],
    "policy.floor": [1 / len(ARMS) + 0.01, -0.01, 1e-300, 9e-7, "0.1", False],
    "prompts.items_max": [4, -1, 1.5, True],
    "prompts.per_session_max": [-1, 1001, "3"],
    "prompts.cool_down_s": [-1, 86_401, "1"],
    "prompts.paused": [1, "true", "yes"],
    "items.hidden": ["jam", [""], [1], ["x" * 129], ["jam"] * 1001, {"jam": True}],
    "curated.bread": [["jam"], {"items": []}, {"items": ["bread"]}, {"items": [1]}, CROWD],
    "loyalty.program": [
        {"points_per_mille": {"EUR": 10}, "tiers": {}},
        {"points_per_mille": {}, "tiers": {"gold": 1000}},
        {"points_per_mille": {"EUR": 0}, "tiers": {"gold": 1000}},
        {"points_per_mille": {"EUR": 10}, "tiers": {"gold": 0.5}},
        {"points_per_mille": {"EUR": 10}, "tiers": {"x" * 33: 1}},
        [],
    ],
    "bundles.photo": [
        {"items": ["camera", "case"]},
        {"items": ["camera"], "discount_per_mille": 1},
        {"items": list("abcdefghi"), "discount_per_mille": 1},
        {"items": ["case", "case"], "discount_per_mille": 1},
        {"items": ["camera", "case"], "discount_per_mille": 1000},
        {"items": ["camera", "case"], "discount_minor": {"EUR": 0}},
        {"items": ["camera", "case"], "discount_minor": {"euro": 5}},
        {"items": ["camera", "case"], "discount_minor": {"EUR": 5}, "discount_per_mille": 1},
    ],
}


def example(name: str) -> str:
    """A key of this control."""
    return name.replace("<arm>", "popular").replace("<item>", "bread").replace("<name>", "photo")


def test_there_is_an_example_of_every_control() -> None:
    """Good and bad ones, so that none is without its bounds."""
    every = {example(control.name) for control in CONTROLS}

    assert every == GOOD.keys()
    assert every <= BAD.keys()


@pytest.mark.parametrize(("key", "values"), GOOD.items(), ids=GOOD)
def test_what_a_control_can_be_is_taken(key: str, values: list[Any]) -> None:
    """As it is."""
    assert values == [checked(key, value) for value in values]


@pytest.mark.parametrize(("key", "values"), BAD.items(), ids=BAD)
def test_what_a_control_cannot_be_is_refused_with_a_reason(key: str, values: list[Any]) -> None:
    """That says what it can be, and does not repeat what was typed."""
    for value in values:
        with pytest.raises(InvalidReference) as refused:
            checked(key, value)
        assert REFUSED == refused.value.reason
        assert 10 < len(str(refused.value)) < 300


@pytest.mark.parametrize("key", [*GOOD, "arms.nobody.state"])
def test_any_control_can_be_set_no_longer(key: str) -> None:
    """Of an arm that there is no more, too: a version ago there was one."""
    assert checked(key, None) is None


@pytest.mark.parametrize(
    "key", ["arms.floor", "slots", "arms.popular.colour", "prompts", "arms..x"]
)
def test_all_other_names_are_notes(key: str) -> None:
    """Whatever they are set to."""
    assert known(key) is None
    assert ["basket"] == checked(key, ["basket"])


def test_an_arm_of_a_shop_of_its_own_is_known_by_that_shop() -> None:
    """And the floor is as many as it has."""
    record = ControlRecord(
        key="arms.mine.state", value="off", author="ann", reason="x", at_ms=1_767_225_600_000
    )
    assert record == check(record, ["mine", "yours"])
    assert 0.5 == checked("policy.floor", 0.5, ["mine", "yours"])
    with pytest.raises(InvalidReference, match=r"0\.6 is more than each of 2 arms can have: 0\.5"):
        checked("policy.floor", 0.6, ["mine", "yours"])


@pytest.mark.parametrize(("key", "values"), BAD.items(), ids=BAD)
def test_a_record_that_workers_refuse_is_refused_before_it_is_written(
    key: str, values: list[Any]
) -> None:
    """By whoever types it: the operator reads the reason, and not a worker's log."""
    said = {"author": "ann", "reason": "x", "at_ms": 1_767_225_600_000}
    with pytest.raises(
        InvalidReference, match="there is no arm nobody" if "nobody" in key else re.escape(key)
    ):
        check(ControlRecord(key=key, value=values[0], **said))


def test_arms_that_only_a_catalogue_brings_are_controlled_as_all_others() -> None:
    """By their names, in a shop with arms of its own, too."""
    assert "off" == checked("arms.accessories.state", "off", ["mine"])
    assert 0.5 == checked("arms.curated.share_max", 0.5)


def test_every_control_says_what_it_does_and_can_be_a_key() -> None:
    """In a plain sentence, with what holds without it."""
    for control in CONTROLS:
        assert control.says
        assert control.without
        assert re.fullmatch(KEY_PATTERN, example(control.name))

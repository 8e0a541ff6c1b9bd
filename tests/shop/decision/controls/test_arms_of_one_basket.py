"""Arms that are made for one basket or page are stopped by a control, too, each by its name."""

from collections.abc import Callable
from typing import Any

import pytest

from streams.contract.errors import InvalidReference
from streams.contract.published.prompts import Prompt
from streams.shop.decision.arms import ARMS
from streams.shop.decision.controls.arm_names import ARM_NAMES, OFFER_ARMS
from streams.shop.decision.slots.top_up import SOURCES
from streams.shop.memory.answer import Silence
from tests.shop.decision import test_bundles as of_bundles
from tests.shop.decision import test_loyalty as of_loyalty
from tests.shop.decision import test_top_up as of_top_up
from tests.shop.decision import test_upgrades as of_upgrades
from tests.stories import Story, Till

UPGRADE: Any = {"slots": ("upgrade",), **of_upgrades.PRICED}


def completing(shop: Till) -> list[Prompt]:
    """What somebody gets whose basket lacks a card of the bundle."""
    session = f"visit-{len(shop.served)}"
    prompt = of_bundles.basket(shop, "camera", "case", session=session)
    return [] if prompt is None else [prompt]


def stepping_up(shop: Till) -> list[Prompt]:
    """What somebody gets who looks at the toaster, where upgrades stand."""
    answer = shop.serve(Story(f"visit-{len(shop.served)}").view("toaster", **UPGRADE))
    return [] if answer.prompt is None else [answer.prompt]


SHOPS: dict[str, tuple[Callable[[], Till], Callable[[Till], list[Prompt]]]] = {
    "bundle": (of_bundles.till, completing),
    "loyalty": (of_loyalty.till, of_loyalty.told),
    "top_up": (of_top_up.till, lambda shop: of_top_up.offered(shop, "bread")),
    "upgrade": (lambda: of_upgrades.till(of_upgrades.better("oven")), stepping_up),
}
"""Of each arm a shop in which it speaks, and how it is heard."""


def test_each_of_them_has_its_shop_here() -> None:
    """And a control may name every arm that there is."""
    assert {*OFFER_ARMS} == SHOPS.keys()
    assert len(ARM_NAMES) == len({*ARM_NAMES})


@pytest.mark.parametrize("stopped", [("state", "off"), ("share_max", 0.0)], ids=["off", "0"])
@pytest.mark.parametrize("arm", OFFER_ARMS)
def test_what_is_stopped_is_offered_to_nobody_until_it_is_set_no_longer(
    arm: str, stopped: tuple[str, Any]
) -> None:
    """From the next decision on."""
    make, hear = SHOPS[arm]
    (what, value), shop, again = stopped, make(), make()
    assert arm in {prompt.arm for prompt in hear(make())}

    shop.controls.put(f"arms.{arm}.{what}", value, size=9)
    assert {arm} == shop.controls.stopped
    assert arm not in {name for prompt in hear(shop) for name in prompt.propensities}

    for said in (value, None):
        again.controls.put(f"arms.{arm}.{what}", said, size=9)
    assert arm in {prompt.arm for prompt in hear(again)}


def test_a_bundle_is_offered_where_all_other_arms_are_off() -> None:
    """Each arm is stopped by its own name alone."""
    shop = of_bundles.till()
    for arm in ARMS:
        shop.controls.put(f"arms.{arm}.state", "off", size=9)

    assert ["bundle"] == [prompt.arm for prompt in completing(shop)]


@pytest.mark.parametrize("arm", OFFER_ARMS)
def test_none_of_them_is_put_into_shadow(arm: str) -> None:
    """What it would offer is made for who is there: nothing is counted of it beside."""
    with pytest.raises(InvalidReference, match=f"{arm} is made for one basket"):
        of_upgrades.till().controls.put(f"arms.{arm}.state", "shadow", size=9)


def test_where_upgrades_are_off_their_slot_says_so() -> None:
    """And so it does, without a catalogue, where another arm is off."""
    shop = of_upgrades.till(of_upgrades.better("oven"))
    shop.controls.put("arms.upgrade.state", "off", size=9)
    assert Silence("arms_off") == shop.serve(Story().view("toaster", **UPGRADE)).silence

    plain = Till()
    plain.teach("toaster", "bread")
    plain.controls.put("arms.popular.state", "off", size=9)
    assert Silence("arms_off") == plain.serve(Story().view("toaster", **UPGRADE)).silence


@pytest.mark.parametrize(
    ("what", "value", "chosen"),
    [("state", "shadow", True), ("state", "off", False), ("share_max", 0.0, False)],
    ids=["shadow", "off", "0"],
)
@pytest.mark.parametrize("arm", ["loyalty", "top_up"])
def test_of_what_an_arm_in_shadow_proposes_others_choose_and_of_what_is_off_nobody(
    arm: str, what: str, value: Any, *, chosen: bool
) -> None:
    """The shadow is not drawn itself; what is off may have been stopped for its items."""
    make, hear = SHOPS[arm]
    shop = make()
    for source in SOURCES:
        shop.controls.put(f"arms.{source}.{what}", value, size=9)
    told = hear(shop)

    assert chosen == (arm in {prompt.arm for prompt in told})
    assert {*SOURCES}.isdisjoint(name for prompt in told for name in prompt.propensities)
    if chosen:
        before = {tuple(item.item_id for item in prompt.items) for prompt in hear(make())}
        assert before == {tuple(item.item_id for item in prompt.items) for prompt in told}

"""What operators set is what decisions go by, at once, and nothing else changes by it."""

import math
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bandit.propensity import NO_LIMITS, ShareLimits
from streams.contract.errors import InvalidReference
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.shop.decision.arms import ARMS
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.catalog.curation import ABOUT_MAX
from streams.shop.decision.controls.controls import CONTROLS_MAX, Controls
from streams.shop.memory.answer import Silence
from tests.stories import Story, Till

REFUSED_FOR = re.compile("less than or equal to 3|there is no arm nobody")
DRAWN = ("bought_together", "popular", "viewed_together")
"""The arms that have something to offer in this shop."""


def till(controls: dict[str, Any] | None = None, **settings: Any) -> Till:
    """A shop that knows what goes with bread in three ways, run by these controls."""
    shop = Till(**settings)
    for number in range(5):
        story = Story(f"looked-{number}")
        shop.serve(story.view("bread"))
        shop.serve(story.view("butter"))
    shop.teach("bread", "butter", "jam")
    operate(shop, controls or {})
    return shop


def operate(shop: Till, controls: dict[str, Any]) -> None:
    """Set these."""
    for key, value in controls.items():
        shop.controls.put(key, value, 0)
    shop.catalog = shop.catalog or Catalog()
    shop.catalog.hidden = shop.controls.hidden


def asked(shop: Till, times: int = 40) -> list[Prompt | Silence]:
    """What so many shoppers get who look at bread."""
    number = len(shop.served)
    answers = [shop.serve(Story(f"s{number + n}").view("bread")) for n in range(times)]
    return [answer.prompt or answer.silence for answer in answers if answer]  # type: ignore[misc]


def prompts(shop: Till, times: int = 40) -> list[Prompt]:
    """The prompts among these."""
    return [one for one in asked(shop, times) if isinstance(one, Prompt)]


def test_without_a_control_all_arms_are_drawn() -> None:
    """The shop of these tests has three that have something to offer."""
    assert {*DRAWN} == {one.arm for one in prompts(till())}


@pytest.mark.parametrize("state", ["off", "shadow"])
@pytest.mark.parametrize("arm", DRAWN)
def test_an_arm_that_is_not_on_is_not_drawn_and_in_no_vector(arm: str, state: str) -> None:
    """The others are drawn from what is left, which sums to one."""
    found = prompts(till({f"arms.{arm}.state": state}))

    assert {*DRAWN} - {arm} == {one.arm for one in found}
    assert all(one.propensities.keys() == {*DRAWN} - {arm} for one in found)
    assert all(math.fsum(one.propensities.values()) == pytest.approx(1.0) for one in found)


def test_before_anything_is_said_there_is_no_programme_and_nothing_is_stopped() -> None:
    """A worker asks for both before it has read its first control."""
    controls = Controls(Settings())

    assert (None, frozenset(), frozenset(), frozenset()) == (
        *(controls.loyalty, controls.stopped, controls.hidden),
        Catalog().stopped,
    )


def test_what_is_set_holds_from_the_next_decision_on_and_until_it_is_set_no_longer() -> None:
    """In one and the same shop."""
    shop = till()
    operate(shop, {"arms.popular.state": "off"})
    assert "popular" not in {one.arm for one in prompts(shop)}
    operate(shop, {"arms.popular.state": None})
    assert "popular" in {one.arm for one in prompts(shop)}
    assert shop.controls.now is None


def test_an_arm_without_a_share_is_off() -> None:
    """A ramp begins at nothing."""
    assert "popular" not in {o.arm for o in prompts(till({"arms.popular.share_max": 0}))}


def test_a_ramp_bounds_an_arm_and_the_receipt_tells_by_what_it_was_drawn() -> None:
    """The vector is the one that was drawn from: no arm in it is above its cap."""
    shop = till({"arms.popular.share_max": 0.1, "policy.floor": 0.05})
    for one in prompts(shop):
        receipt = shop.shop.receipts.open(one.receipt, one.session_id)
        assert receipt.propensities == tuple(one.propensities.values())
        assert one.propensities["popular"] <= 0.1
        assert one.propensity == one.propensities[one.arm]


def test_where_all_that_fits_is_capped_the_rest_is_silence() -> None:
    """So an arm that alone has something to offer is shown in its share of decisions only.

    Of 400 decisions at a share of .25 between 65 and 135 are prompts: four deviations of 8.7.
    """
    off = {f"arms.{arm}.state": "off" for arm in ARMS if arm != "popular"}
    found = asked(till({**off, "arms.popular.share_max": 0.25}), times=400)
    said = [one for one in found if isinstance(one, Prompt)]

    assert 65 <= len(said) <= 135
    assert {Silence("ramp")} == {one for one in found if not isinstance(one, Prompt)}
    assert all(one.propensities == {"popular": 1.0} for one in said)


def test_two_ramps_share_what_they_have_together() -> None:
    """One of .1 and one of .3: a fourth to three fourths of the prompts, and .6 are silence.

    Of 1,000 decisions 52 to 148 are of the first and 242 to 358 of the second: by four deviations.
    """
    off = {f"arms.{arm}.state": "off" for arm in ARMS if arm not in DRAWN[:2]}
    ramps = {"arms.bought_together.share_max": 0.1, "arms.popular.share_max": 0.3}
    found = prompts(till(off | ramps), times=1_000)
    drawn = Counter(one.arm for one in found)

    assert found[0].propensities == pytest.approx({"bought_together": 0.25, "popular": 0.75})
    assert 62 <= drawn["bought_together"] <= 138
    assert 242 <= drawn["popular"] <= 358


def test_a_floor_is_kept() -> None:
    """Every arm that is on offer has it."""
    shop = till({"policy.floor": 0.15})
    for _ in range(3):
        assert min(prompts(shop, 1)[0].propensities.values()) >= 0.15


def test_a_pause_is_silence_for_all_until_it_is_over() -> None:
    """The reason says whose doing it is."""
    shop = till({"prompts.paused": True})
    assert [Silence("paused")] * 3 == asked(shop, 3)
    operate(shop, {"prompts.paused": False})
    assert prompts(shop, 3)


def test_no_items_are_silence_and_fewer_are_fewer() -> None:
    """More than the setting allows are as many as that."""
    assert {Silence("paused")} == {*asked(till({"prompts.items_max": 0}), 3)}
    assert {1} == {len(one.items) for one in prompts(till({"prompts.items_max": 1}))}
    narrow = till({"prompts.items_max": 3}, prompt_items_max=1)
    assert {1} == {len(one.items) for one in prompts(narrow)}


def test_all_arms_off_is_silence_with_its_reason() -> None:
    """Where something would have fitted; where nothing does, that is the reason."""
    off = {f"arms.{arm}.state": "off" for arm in ARMS}
    assert [Silence("arms_off")] * 2 == asked(till(off), 2)
    empty = Till()
    operate(empty, off)
    assert Silence("no_candidate") == empty.serve(Story().view("bread")).silence


def test_cap_and_pause_are_what_operators_say() -> None:
    """Instead of the settings, either way."""
    shop = till({"prompts.per_session_max": 1}, prompts_per_session_max=5)
    story = Story("capped")
    shop.prompt(story.view("bread"))
    assert Silence("session_cap") == shop.serve(story.view("bread")).silence
    operate(shop, {"prompts.per_session_max": None, "prompts.cool_down_s": 60})
    assert Silence("cool_down") == shop.serve(story.view("bread")).silence
    assert shop.serve(story.view("bread", after_s=61)).prompt


def test_a_hidden_item_is_offered_to_nobody_nor_are_its_variants() -> None:
    """Without a catalogue, too; it is counted, and where nothing else fits, the silence says so."""
    shop = till({"items.hidden": ["butter"]})
    assert {"jam"} == {i.item_id for one in prompts(shop) for i in one.items} - {"bread"}

    shop = till({"items.hidden": ["spreads"]})
    assert shop.catalog is not None
    for item in ("butter", "jam"):
        shop.catalog.put(CatalogItem(item_id=item, variant_of="spreads"))
    answer = shop.serve(Story("last").view("bread"))
    assert (Silence("withheld"), {"hidden"}) == (answer.silence, {*answer.withheld})


controls = st.fixed_dictionaries(
    {},
    optional={
        **{f"arms.{a}.state": st.sampled_from(["on", "off", "shadow"]) for a in DRAWN},
        **{f"arms.{a}.share_max": st.just(0.0) | st.floats(0.001, 1.0) for a in DRAWN},
        "policy.floor": st.just(0.0) | st.floats(1e-6, 1 / len(ARMS)),
        "prompts.paused": st.booleans(),
        "prompts.items_max": st.integers(0, 3),
    },
)
SHOP = till()


@given(controls)
def test_whatever_is_set_the_vector_is_one_and_within_its_bounds(what: dict[str, Any]) -> None:
    """Arms that are off are absent, no arm is drawn beyond its share, the floor is kept."""
    shop = SHOP
    shop.controls.forget()
    operate(shop, what)
    drawn = [
        arm
        for arm in DRAWN
        if what.get(f"arms.{arm}.state", "on") == "on" and what.get(f"arms.{arm}.share_max", 1.0)
    ]
    caps = {arm: what.get(f"arms.{arm}.share_max", 1.0) for arm in drawn}
    room, floor = min(1.0, math.fsum(caps.values())), what.get("policy.floor", 0.05)
    for one in asked(shop, 2):
        if isinstance(one, Silence):
            silent = what.get("prompts.paused") or what.get("prompts.items_max") == 0
            assert silent or not drawn or room < 1.0
            continue
        assert [*one.propensities] == sorted(drawn)
        assert math.fsum(one.propensities.values()) == pytest.approx(1.0, abs=1e-12)
        for arm, share in one.propensities.items():
            assert room * share <= caps[arm] * (1 + 1e-9)
            assert room * share >= min(floor, caps[arm]) * (1 - 1e-9)


def test_controls_that_bound_nothing_change_no_bit_of_a_prompt() -> None:
    """Nor does one that is a note: the same draws, the same vectors."""
    plain, bounded = till(), till({"arms.popular.state": "on", "prompts.paused": False, "x.y": 1})
    assert bounded.controls.now is not None
    assert NO_LIMITS == bounded.controls.now.limits

    told = [[one.model_dump(exclude={"receipt"}) for one in prompts(s)] for s in (plain, bounded)]
    assert told[0] == told[1]


def test_a_shop_learns_the_same_under_any_control() -> None:
    """Nothing of it is folded."""
    plain, ruled = till(), till({"prompts.paused": True, "arms.popular.state": "off"})
    for shop in (plain, ruled):
        shop.serve(Story("later").view("bread"))

    assert plain.shop.digest() == ruled.shop.digest()


def test_one_control_leaves_all_others_at_what_the_settings_say() -> None:
    """The arms are those that are drawn and those that are idle, each once."""
    rules = Controls(Settings(prompt_items_max=3))
    rules.put("arms.popular.state", "off", size=9)

    assert rules.now is not None
    assert Settings(prompt_items_max=3) == rules.now.settings
    assert ({"popular"}, ARMS.keys() - {"popular"}) == ({*rules.now.idle}, {*rules.now.arms})
    assert not rules.now.paused


def test_a_floor_alone_bounds_what_is_drawn() -> None:
    """Without a ramp beside it; and a ramp leaves the floor to the settings."""
    rules = Controls(Settings())
    rules.put("policy.floor", 0.1, size=9)
    assert rules.now is not None
    assert ShareLimits(0.1, ()) == rules.now.limits

    rules.put("policy.floor", None, size=9)
    rules.put("arms.popular.share_max", 0.25, size=9)
    assert ShareLimits(None, (("popular", 0.25),)) == rules.now.limits


def test_where_items_are_hidden_and_nothing_else_is_set_the_settings_hold() -> None:
    """The catalogue hides them: no decision has to ask what operators say."""
    rules = Controls(Settings())
    rules.put("items.hidden", ["jam"], size=9)

    assert (["jam"], 1) == ([*rules.hidden], len(rules))
    assert rules.now is None


def test_a_control_that_cannot_be_is_refused_and_all_is_as_it_was() -> None:
    """What held before it still holds."""
    rules = Controls(Settings())
    rules.put("prompts.items_max", 1, size=9)
    held = rules.now
    for key, value in (("prompts.items_max", 4), ("arms.nobody.state", "on")):
        with pytest.raises(InvalidReference, match=REFUSED_FOR):
            rules.put(key, value, size=9)

    assert ({"prompts.items_max": 1}, 1) == (rules.values, len(rules))
    assert held is rules.now


def test_of_more_controls_than_there_is_room_for_the_next_one_is_refused() -> None:
    """What is set may change, or be set no longer, which makes room."""
    rules = Controls(Settings())
    for number in range(CONTROLS_MAX):
        rules.put(f"note-{number}", number, size=9)
    for key, value in (("another", 1), ("prompts.paused", True)):
        with pytest.raises(InvalidReference, match="no room"):
            rules.put(key, value, size=9)
    rules.put("note-0", "new", size=7)
    assert (CONTROLS_MAX, 7, None) == (len(rules), rules.notes["note-0"], rules.now)

    rules.put("another", None, size=9)
    rules.put("note-1", None, size=9)
    rules.put("prompts.paused", True, size=9)
    assert rules.now is not None
    rules.put("prompts.paused", False, size=9)
    assert CONTROLS_MAX == len(rules)


def test_of_a_topic_that_is_another_one_no_control_and_no_note_is_set() -> None:
    """The settings hold again, and what was hidden may be offered."""
    rules = Controls(Settings())
    said = {"prompts.paused": True, "items.hidden": ["jam"], "slots": ["basket"]}
    for key, value in said.items():
        rules.put(key, value, size=9)
    rules.put("curated.bread", {"items": ["jam"]}, size=90)
    assert (4, ["jam"]) == (len(rules), [*rules.hidden])
    rules.forget()

    assert (0, []) == (len(rules), [*rules.hidden])
    assert rules.now is None
    assert [] == [*rules.curation.of("bread")]


def test_a_bundle_is_a_control_that_is_there_once_and_forgotten_with_all_others() -> None:
    """Told again it takes no further room, in a topic that has none left."""
    controls = Controls(Settings())
    terms = {"items": ["tea", "pot"], "discount_per_mille": 100}
    controls.put("bundles.tea-time", terms, size=9)
    for number in range(CONTROLS_MAX - 1):
        controls.put(f"note-{number}", "x", size=1)
    controls.put("bundles.tea-time", {**terms, "items": ["tea", "cup"]}, size=9)
    assert (CONTROLS_MAX, True) == (len(controls), controls.bundles.holds("cup"))

    controls.forget()
    assert (0, False) == (len(controls), controls.bundles.holds("cup"))


def test_a_curated_pair_bounds_no_decision_and_is_no_note() -> None:
    """It counts once, and the settings hold."""
    rules = Controls(Settings())
    rules.put("curated.bread", {"items": ["jam"]}, size=90)

    assert (1, None) == (len(rules), rules.now)
    assert ({}, {}) == (rules.values, rules.notes)


def test_notes_are_kept_by_their_size_and_set_no_longer() -> None:
    """Nothing is decided by them."""
    rules = Controls(Settings())
    rules.put("slots", ["basket"], size=77)
    assert ({"slots": 77}, None, 1) == (rules.notes, rules.now, len(rules))
    rules.put("slots", None, size=9)
    assert 0 == len(rules)


def test_of_many_controls_about_one_item_the_first_by_key_are_looked_at() -> None:
    """Whoever follows and whoever starts later agree, whatever came and went meanwhile."""
    controls, later = Controls(Settings()), Controls(Settings())
    for number in reversed(range(ABOUT_MAX + 5)):
        said = {"items": [f"jam-{number}"], "item_id": "bread"}
        controls.put(f"curated.pair-{number:02}", said, size=90)
    assert [f"jam-{n}" for n in range(ABOUT_MAX)] == [i for i, _ in controls.curation.of("bread")]
    assert controls.curation.says("bread", f"jam-{ABOUT_MAX - 1}")
    assert not controls.curation.says("bread", f"jam-{ABOUT_MAX}")

    controls.put("curated.pair-03", None, size=0)
    controls.put("curated.pair-00", {"items": ["tea"], "item_id": "bread"}, size=90)
    said = {"items": ["jam-0"], "item_id": "toast"}
    controls.put("curated.pair-01", said, size=90)
    for number in range(ABOUT_MAX + 5):
        item = "tea" if number == 0 else f"jam-{number}"
        if number not in (1, 3):
            said = {"items": [item], "item_id": "bread"}
            later.put(f"curated.pair-{number:02}", said, size=90)
    assert [*later.curation.of("bread")] == [*controls.curation.of("bread")]
    assert ABOUT_MAX == len([*later.curation.of("bread")])
    assert [("jam-0", "merchant")] == [*controls.curation.of("toast")]

"""A session that is none is refused when it is restored, rather than learned on with."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import SnapshotError
from streams.contract.published.outcomes import STAGES
from streams.contract.receipts import YEAR_2100_MS
from streams.contract.settings import Settings
from streams.shop.memory.orders.arrivals import Arrivals
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.sessions import session_of
from streams.shop.shop import Shop
from tests.leaves import OTHERS, leaf, leaves, replaced
from tests.stories import NOON_MS, OPEN, Story, Till

STORY = Story(shopper_id="ada")


def busy() -> tuple[Any, Any]:
    """The sessions of a shop in which a prompt sold something, and that prompt."""
    till = Till()
    till.teach("bread", "butter", times=3)
    prompt = till.prompt(STORY.view("bread"))
    late = STORY.now_ms - 7 * 86_400_000
    for event in (
        STORY.see(prompt),
        STORY.view("jam", occurred_at_ms=late),
        STORY.add("bread"),
        STORY.add("jam"),
        STORY.remove("bread"),
        STORY.add("tea"),
        STORY.click(prompt),
        STORY.add("butter", receipt=prompt.receipt),
        STORY.order("butter", "tea"),
        STORY.add("milk"),
    ):
        till.serve(event)
    state = json.loads(json.dumps(till.shop.state()["sessions"]["0"]))
    state[1] = state[1][-1:]
    return state, prompt


STATE, PROMPT = busy()
LAST_ID = STORY.view("bread").event_id
LEAVES = list(leaves(STATE))


def woken(state: Any) -> Shop:
    """A shop with these sessions."""
    shop = Shop(Settings(**OPEN))
    shop.parts()["sessions"].restore({"0": state})
    return shop


def goes_on(shop: Shop) -> None:
    """Whatever may happen next."""
    till = Till()
    till.shop = shop
    more = Story(shopper_id="ada", start_ms=STORY.now_ms)
    while more.view("bread").event_id != LAST_ID:
        pass  # ids that were not seen yet
    for event in (
        more.see(PROMPT),
        more.click(PROMPT),
        more.view("bread"),
        more.add("butter", receipt=PROMPT.receipt),
        more.add("milk"),
        more.add("bread"),
        more.remove("milk"),
        more.check_out(),
        more.dismiss(PROMPT),
        more.order("butter", "bread", "tea"),
        more.send_back("butter", "tea"),
        more.view("tea", after_s=3600),
    ):
        till.serve(event)
    shop.state()
    shop.digest()


def test_a_sound_session_goes_on() -> None:
    """So that what follows refuses none that is sound."""
    shop = woken(STATE)
    assert STATE == json.loads(json.dumps(shop.parts()["sessions"].state()))["0"]
    goes_on(shop)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((0,), "x"),
        ((0,), None),
        ((1, 0, 0), 7),
        ((1, 0, 1), None),
        ((1, 0, 2), None),
        ((1, 0, 2), 10**30),
        ((1, 0, 3), 7),
        ((1, 0, 4, 0, 0), 7),
        ((1, 0, 4, 0, 1), "x"),
        ((1, 0, 4, 0, 1), 0),
        ((1, 0, 4, 0, 1), True),
        ((1, 0, 5), "jam"),
        ((1, 0, 1), -1),
        ((1, 0, 1), YEAR_2100_MS + 1),
        ((1, 0, 9, 0), None),
        ((1, 0, 9, 0), -1),
        ((1, 0, 9, 2), -1),
        ((1, 0, 10, 0, 0), 7),
        ((1, 0, 10, 0, 1), -1),
        ((1, 0, 10, 0, 1), "x"),
        ((1, 0, 11), [7]),
        ((0,), -1),
        ((0,), YEAR_2100_MS + 1),
        ((1, 0, 12, 0, 0, 7), "x"),
        ((1, 0, 12, 0, 1, 0, 0), "seen"),
        ((1, 0, 12, 0, 1, 1, 2), "x"),
        ((1, 0, 12, 0, 1, 1, 3), None),
        ((1, 0, 14, 0, 0), 7),
        ((1, 0, 14, 1, 0, 0), 7),
        ((1, 0, 14, 1, 0), [7, 8]),
        ((1, 0, 15, 0), None),
    ],
)
def test_a_session_of_other_elements_is_refused(path: tuple[Any, ...], value: Any) -> None:
    """The next event would raise, and again after each restart from this state."""
    with pytest.raises(SnapshotError, match="no state of SessionsByPartition"):
        woken(replaced(STATE, path, value))


@pytest.mark.parametrize(
    ("path", "value"), [((0,), 0), ((0,), YEAR_2100_MS), ((1, 0, 2), YEAR_2100_MS), ((1, 0, 1), 0)]
)
def test_the_least_and_the_latest_that_may_be_is_sound(path: tuple[Any, ...], value: int) -> None:
    """A session of 1970, or of the last day that there is."""
    assert value == leaf(
        json.loads(json.dumps(woken(replaced(STATE, path, value)).parts()["sessions"].state()))[
            "0"
        ],
        path,
    )


@pytest.mark.parametrize(
    ("rewards", "sound"),
    [
        ([0.0, 1.0, -1.0], True),
        ([0.0, 0.25, 0.75], True),
        ([0.0, 1.5, -1.0], False),
        ([0.0, 1.0, -1.5, 1.0], False),
        ([0.0, 0.75, 0.75], True),
        ([0.0, 0.25, -0.75], True),
        ([0.0, 0.0, math.nan], False),
    ],
)
def test_no_stage_brings_or_takes_more_than_one(rewards: list[float], *, sound: bool) -> None:
    """What they come to in all is not asked: they may have been told under other terms."""
    stages = ["shown", "clicked", "added", "bought"]
    reached = [
        [stage, "e1", NOON_MS, value, None] for stage, value in zip(stages, rewards, strict=False)
    ]
    receipt = STATE[1][0][12][0][0]
    if sound:
        assert sum(rewards) == Impression.from_state([receipt, reached]).reward
    else:
        with pytest.raises(ValueError, match="reward"):
            Impression.from_state([receipt, reached])


def test_an_impression_was_shown_and_reached_no_stage_that_is_none() -> None:
    """Without its beginning no window can be told; another stage would be published."""
    receipt, reached = STATE[1][0][12][0]
    for other in (reached[1:], [*reached, ["sold", *reached[0][1:]]], []):
        with pytest.raises(ValueError, match="an impression that reached"):
            Impression.from_state([receipt, other])


def test_an_impression_may_have_reached_every_stage_at_any_time_there_is() -> None:
    """From 1970 on."""
    receipt = STATE[1][0][12][0][0]
    for at_ms, sound in ((0, True), (-1, False)):
        reached = [[stage, "e1", at_ms, 0.0, None] for stage in STAGES]
        if sound:
            found = Impression.from_state([receipt, reached]).reached
            assert {*STAGES} == {fact.stage for fact in found}
        else:
            with pytest.raises(ValueError, match="-1"):
                Impression.from_state([receipt, reached])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(LEAVES), st.sampled_from(OTHERS))
def test_a_changed_leaf_is_refused_or_learned_on_with(path: tuple[Any, ...], value: Any) -> None:
    """Whatever of another type stands there."""
    if type(leaf(STATE, path)) is type(value):
        return
    try:
        shop = woken(replaced(STATE, path, value))
    except SnapshotError:
        return
    goes_on(shop)


def test_a_session_of_version_3_goes_on_without_the_times_of_what_it_has_seen() -> None:
    """Its impressions told no quantities, and none of what it remembers is in doubt."""
    shop = Till()
    story = Story("old")
    shop.teach("bread", "butter")
    prompt = shop.prompt(story.add("bread"))
    for event in (story.see(prompt), story.add("butter", receipt=prompt.receipt)):
        shop.serve(event)
    session = shop.shop.sessions[0].find("old")
    assert session is not None
    state: list[Any] = json.loads(json.dumps(session.state()))
    before = [*state[:21]]
    before[13] = 3
    ((receipt, facts),) = before[12]
    before[12] = [[receipt, [fact[:5] for fact in facts]]]
    restored = session_of(before)
    bought = restored.impressions[prompt.prompt_id].standing("butter", story.now_ms)

    assert 3 == restored.seen.noted
    assert not restored.seen.is_too_late(story.view("tea"))
    assert 1 == bought
    assert json.loads(json.dumps(session_of(state).state())) == state


@pytest.mark.parametrize(
    "wrong",
    [
        [39, 0, -1, -1, [0]],
        [40, 0, -1, -1, []],
        [40, 0, -2, -1, [0]],
        [40.0, 0, -1, -1, [0]],
        [40, 0],
    ],
)
def test_arrivals_that_are_none_are_refused(wrong: list[Any]) -> None:
    """Rather than learned on with: forty events are seen, and one block is full."""
    with pytest.raises((TypeError, ValueError)):
        Arrivals.from_state(wrong, 40)

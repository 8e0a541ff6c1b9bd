"""What came back of an order, wherever that was told, comes off what its prompt has earned."""

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import OrderLine
from streams.contract.prompts import AnyOutcome, Unmatched
from streams.contract.settings import Settings
from streams.experiments.impressions import Trials
from streams.experiments.off_policy import add_outcome
from streams.experiments.open_prompts import ReturnsElsewhere
from streams.shop.memory.orders.earnings import Worth, earnings
from tests.shop.memory.test_returns_elsewhere import Reader, seen
from tests.stories import NOON_MS, Story

OWN, BESIDE, ELSEWHERE = "own session", "same partition", "another partition"
LATER = Story("later", start_ms=NOON_MS + 3 * 86_400_000)
backs = st.tuples(
    st.sampled_from((OWN, BESIDE, ELSEWHERE)),
    st.booleans(),  # whether before the order
    st.none() | st.integers(1, 4),  # all of it, or so much of the butter
)


def earned(told: Sequence[AnyOutcome]) -> float:
    """What the only trial of these outcomes comes to, whatever their order."""
    trials = Trials(settle_ms=2 * 86_400_000)
    for outcome in told:
        add_outcome(trials, outcome.to_json())
        add_outcome(trials, outcome.to_json())  # at least once
    add_outcome(trials, after(told).to_json())
    (trial,) = trials.settled()
    return trial.reward


def after(told: Sequence[AnyOutcome]) -> AnyOutcome:
    """Something that happened days later, by which all of that is settled."""
    clicked = next(one for one in told if getattr(one, "stage", "") == "shown")
    return clicked.model_copy(
        update={"prompt_id": "another", "occurred_at_ms": LATER.now_ms, "propensities": None}
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(backs, max_size=3), st.randoms(use_true_random=False))
def test_a_trial_earns_what_the_policy_has_learned(
    told: list[tuple[str, bool, int | None]], dice: object
) -> None:
    """Returns in any sessions, on either partition, before and after; records in any order."""
    reader = Reader()
    story = seen(reader, "butter", "jam")
    office = {BESIDE: Story("office", start_ms=story.now_ms), OWN: story}
    office[ELSEWHERE] = Story("elsewhere", start_ms=story.now_ms)
    lines = tuple(OrderLine(item_id=item, quantity=4) for item in ("butter", "jam"))
    for before in (True, False):
        for where, first, quantity in told:
            if first is before:
                some = (OrderLine(item_id="butter", quantity=quantity or 1),)
                back = office[where].send_back(lines=some, order_id="o-7")
                back = back if quantity else back.model_copy(update={"lines": None})
                reader.read((int(where == ELSEWHERE), back))
        if before:
            reader.read((0, story.order(lines=lines, order_id="o-7")))
    outcomes = [one for _, _, event in reader.places for one in reader.outcomes(event)]
    dice.shuffle(outcomes)  # type: ignore[attr-defined]

    (impression,) = reader.session().impressions.values()
    said = Settings()
    worth = Worth(said.reward_clicked, said.reward_added, said.reward_bought)
    assert sum(gain for _, gain in earnings(impression, worth)) == pytest.approx(earned(outcomes))


def test_a_return_that_the_prompt_tells_as_well_counts_once() -> None:
    """In another session of its partition: it is unmatched there, and the prompt tells it."""
    reader = Reader()
    story = seen(reader, "butter")
    line = (OrderLine(item_id="butter", quantity=4),)
    back = Story("office", start_ms=story.now_ms).send_back(
        lines=(OrderLine(item_id="butter", quantity=1),), order_id="o-7"
    )
    reader.read((0, story.order(lines=line, order_id="o-7")), (0, back))
    outcomes = [one for _, _, event in reader.places for one in reader.outcomes(event)]

    assert ["outcome", "unmatched"] == [one.type for one in reader.outcomes(back)]
    assert earned(outcomes) == pytest.approx(0.5 + 0.5 * 0.75)


def test_a_return_that_comes_too_late_takes_nothing_off() -> None:
    """A trial is what came within its time."""
    reader = Reader()
    story = seen(reader, "butter")
    order = story.order("butter", order_id="o-7")
    late = Story("elsewhere", start_ms=NOON_MS + 2 * 86_400_000 + 60_000).cancel(order_id="o-7")
    reader.read((0, order), (1, late))
    outcomes = [one for _, _, event in reader.places for one in reader.outcomes(event)]

    assert ["unmatched"] == [one.type for one in reader.outcomes(late)]
    for told in permutations(outcomes[-3:]):
        assert earned([*outcomes[:-3], *told]) == pytest.approx(1.0)


def test_of_too_many_orders_what_came_back_of_the_oldest_is_forgotten() -> None:
    """Whoever makes up numbers fills no memory."""
    returns = ReturnsElsewhere(returns_max=2)
    for number in range(3):
        said = {"order_id": f"o-{number}", "items": 0, "quantity": 0, "session_id": "office"}
        returns.add(Unmatched(caused_by=f"e{number}", occurred_at_ms=NOON_MS, **said))

    assert ["o-1", "o-2"] == returns.orders

"""Impressions: what their facts come to, how they are read again, and what is published of them."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.contract.errors import InvalidReceipt
from streams.contract.events import PromptShown
from streams.shop.memory.orders.impression import AMOUNT_MAX, FACTS_MAX, Impression, prompted_of
from streams.shop.memory.orders.outcomes import outcomes
from streams.shop.memory.orders.reward.reached import Reached, joined
from tests.leaves import replaced
from tests.shop.memory.orders.test_earnings import RECEIPT, SHOWN, basket_and_bag, facts, told_of
from tests.stories import NOON_MS, Story

BOUGHT = Reached("bought", "e2", NOON_MS + 5, 0.25, "butter", 3, "o-1", 600, "EUR")
BACK = Reached("returned", "6 officee3", NOON_MS + 9, -0.25, "butter", 1, "o-1", 200, "EUR")


def impression(*more: Reached) -> Impression:
    """A prompt that was shown at noon, and then reached these."""
    return Impression(RECEIPT, [SHOWN, *more])


@example([told_of("added", 1, "jam", 2), told_of("removed", 2, "jam", 3)])
@given(st.lists(facts(), max_size=9))
def test_what_is_left_of_an_item_is_what_was_added_less_what_was_taken_out(
    told: list[Reached],
) -> None:
    """By each moment, and never less than nothing; and of an order what came back."""
    found = impression(*told)
    for item in ("butter", "jam"):
        for until_ms in range(NOON_MS - 1, NOON_MS + 6):
            assert sum(basket_and_bag(told, item, until_ms)) == found.standing(item, until_ms)
            left, _ = basket_and_bag(told, item, until_ms, after=True)
            assert left == found.in_basket(item, until_ms)
        for order in ("o-1", "o-2", None):
            back = [fact for fact in told if (fact.stage, fact.order_id) == ("returned", order)]
            of_item = [fact.quantity for fact in back if fact.item_id == item]
            assert sum(of_item) == found.returned(order, item)
            assert sum(fact.quantity for fact in back) == found.returned(order, None)


@pytest.mark.parametrize("stage", ["clicked", "dismissed"])
def test_a_prompt_was_shown_by_the_earliest_sign_of_it(stage: Any) -> None:
    """Seen, followed or sent away: whichever was first, and not before it was made.

    That an item was added proves nothing: it may have been before.
    """
    for at_ms in (NOON_MS - 5, NOON_MS, NOON_MS + 5):
        seen, early = Reached("shown", "e1", NOON_MS + 3), Reached("added", "e0", NOON_MS + 1)
        found = Impression(RECEIPT, [early, seen, Reached(stage, "e2", at_ms)])

        assert max(NOON_MS, min(at_ms, NOON_MS + 3)) == found.shown_ms
        assert (NOON_MS, "p1") == found.prompted


def test_an_impression_is_full_of_facts_but_never_of_returns() -> None:
    """They are bounded by what was bought."""
    for number in (FACTS_MAX - 1, FACTS_MAX):
        found = Impression(RECEIPT, [SHOWN] * number + [BACK] * FACTS_MAX)

        assert (number == FACTS_MAX) == found.full


def test_an_impression_is_read_as_it_was_kept() -> None:
    """Whole; or what its own session has told, without rewards, which returns have changed."""
    found = impression(BOUGHT, BACK)
    whole, own = (json.loads(json.dumps(found.state(whole=whole))) for whole in (True, False))

    assert found == Impression.from_state(whole)
    assert found.kept_bytes == Impression.from_state(whole).kept_bytes
    assert impression(BOUGHT._replace(reward=0.0)) == Impression.from_state(own)
    assert 0.0 == found.reward


STATE = json.loads(json.dumps(impression(BOUGHT, BACK).state()))


@pytest.mark.parametrize("fact", [1, 2])
@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "sold"),
        (0, None),
        (1, None),
        (1, 7),
        (2, None),
        (2, -1),
        (2, 0.5),
        (3, 1.5),
        (3, -1.5),
        (3, "x"),
        (4, 7),
        (5, -1),
        (5, None),
        (6, 7),
        (7, -1),
        (7, "x"),
        (8, 7),
    ],
)
def test_a_fact_with_something_else_in_it_is_refused(fact: int, place: int, value: Any) -> None:
    """It would be published, or learned from."""
    with pytest.raises((TypeError, ValueError)):
        Impression.from_state(replaced(STATE, (1, fact, place), value))


@pytest.mark.parametrize("margin", [None, 0, 240, AMOUNT_MAX, -AMOUNT_MAX])
@pytest.mark.parametrize("claim", [None, 0, 2])
def test_margins_and_claims_are_read_as_they_were_kept(
    margin: int | None, claim: int | None
) -> None:
    """Losses are margins, too; a claim is not below nothing."""
    found = impression(BOUGHT._replace(margin_minor=margin, claim=claim))
    assert found == Impression.from_state(json.loads(json.dumps(found.state())))


@pytest.mark.parametrize(
    "more",
    [
        {"margin_minor": "240"},
        {"margin_minor": 0.5},
        {"margin_minor": AMOUNT_MAX + 1},
        {"margin_minor": -AMOUNT_MAX - 1},
        {"claim": -1},
        {"claim": "1"},
        {"claim": AMOUNT_MAX + 1},
    ],
    ids=str,
)
def test_a_margin_or_a_claim_that_is_none_is_refused(more: dict[str, Any]) -> None:
    """It would be counted as money."""
    facts = [[*SHOWN], [*BOUGHT._replace(**more)]]
    with pytest.raises((TypeError, ValueError)):
        Impression.from_state([STATE[0], facts])


@pytest.mark.parametrize(("place", "value"), [(2, 0), (4, None), (5, 0), (6, None), (7, 0)])
def test_the_least_that_a_fact_may_tell_is_sound(place: int, value: Any) -> None:
    """Nothing of the item, the order or a price; a time of 1970."""
    state = replaced(STATE, (1, 1, place), value)

    assert state == json.loads(json.dumps(Impression.from_state(state).state()))


@pytest.mark.parametrize("rewards", [(0.0, 1.0), (1.0, -1.0), (1.0 + 1e-10, -1e-10)])
def test_rewards_are_sound_up_to_rounding(rewards: tuple[float, float]) -> None:
    """One at most, in sum and by itself, and none at least."""
    found = impression(*(BOUGHT._replace(reward=reward) for reward in rewards))

    assert found == Impression.from_state(json.loads(json.dumps(found.state())))


@pytest.mark.parametrize("wrong", [[-1, "p1"], [0.5, "p1"], [0, 7], [0], "0p"])
def test_a_prompts_place_that_is_none_is_refused(wrong: Any) -> None:
    """A time and an id: what was forgotten last would be nothing, or all."""
    assert (0, "") == prompted_of([0, ""])
    with pytest.raises((TypeError, ValueError)):
        prompted_of(wrong)


# What is published


def test_the_outcome_of_a_receipt_that_does_not_tell_its_draw_tells_none_either() -> None:
    """An older one: that nobody knows is not that there were no arms."""
    event = PromptShown(
        event_id="seen", session_id="s1", receipt="2.x", occurred_at_ms=Story().now_ms
    )
    told = RECEIPT._replace(arms=("popular", "again"), propensities=(0.5, 0.5), estimates=(0.1, 0))
    (without,) = outcomes([impression()], event, RECEIPT)
    sealed_elsewhere = InvalidReceipt("receipt_unknown_key", "another secret", key_id="07")
    (unread,) = outcomes([impression()], event, sealed_elsewhere)
    (drawn,) = outcomes([Impression(told, [SHOWN])], event, told)

    assert (None, None) == (without.propensities, without.estimates)
    assert without == unread
    assert {"popular": 0.5, "again": 0.5} == drawn.propensities
    assert {"popular": 0.1, "again": 0.0} == drawn.estimates


def test_an_impression_takes_as_much_whichever_objects_its_values_are() -> None:
    """Else a worker that was restarted would let go other things than one that was not."""
    one_object, twin = ["butter"] * 2, [b"butter".decode(), b"butter".decode()]
    facts = [
        [Reached("bought", "e1", NOON_MS, 0.0, each, 1, "o-1", 600, "EUR") for each in names]
        for names in (one_object, twin)
    ]
    one, other = (Impression(RECEIPT, [SHOWN, *told]) for told in facts)

    assert twin[0] is not twin[1]
    assert one.kept_bytes == other.kept_bytes
    assert one == other
    assert one != Impression(RECEIPT, [SHOWN])
    assert one != "an impression"


@pytest.mark.parametrize(
    ("one", "other", "worth"),
    [(0, 0, 0), (0, 200, 200), (100, 0, 100), (100, 200, 300), (None, 5, None), (5, None, None)],
)
def test_returns_told_elsewhere_are_worth_their_sum_if_all_tell_a_price(
    one: int | None, other: int | None, worth: int | None
) -> None:
    """What is free is worth nothing; what of one of them nobody knows, nobody knows of both."""
    first, second = (
        BACK._replace(event_id="", quantity=number, at_ms=NOON_MS + number, value_minor=value)
        for number, value in ((1, one), (2, other))
    )
    *before, both = joined((SHOWN, BOUGHT, first), (second,))

    assert [SHOWN, BOUGHT] == before
    assert (3, NOON_MS + 2, worth) == (both.quantity, both.at_ms, both.value_minor)

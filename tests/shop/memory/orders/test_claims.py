"""Several prompts bring the same item: an order's pieces are shared, and none is sold twice."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.contract.events import OrderLine
from streams.contract.published.outcomes import Outcome
from streams.contract.published.prompts import Prompt
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.allotment import allotted
from streams.shop.memory.orders.reward.earnings import earnings, terms_of
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from streams.shop.state import restore
from tests.shop.memory.test_returns_elsewhere import Reader
from tests.shop.test_net_reward import MONEY, till
from tests.stories import Story, Till

STEPS = (
    "add 0",
    "add 1",
    "late 0",
    "late 1",
    "order",
    "two",
    "again",
    "remove",
    "back 1",
    "away 1",
    "back 2",
    "away 2",
)


def butter(quantity: int = 1) -> tuple[OrderLine, ...]:
    """A line of an order."""
    return (OrderLine(item_id="butter", quantity=quantity, price_minor=400),)


def twice_offered(shop: Till, story: Story, *, added: bool = True) -> list[Prompt]:
    """Two prompts offer butter, and one piece is added from each of them, or none yet."""
    prompts = [shop.prompt(story.add("bread")), shop.prompt(story.view("bread"))]
    for prompt in prompts:
        shop.serve(story.see(prompt))
        if added:
            shop.serve(story.add("butter", receipt=prompt.receipt))
    return prompts


def by_prompt(outcomes: list[Outcome]) -> dict[str, float]:
    """What each prompt earned by them."""
    return {one.prompt_id: round(one.reward, 6) for one in outcomes}


def test_one_piece_is_the_later_adds_and_the_next_one_the_other_prompts() -> None:
    """Both held one; each sells one."""
    shop, story = till(), Story()
    first, last = twice_offered(shop, story)
    told = [
        by_prompt(
            [*shop.serve(story.order(order_id=name, lines=butter(), currency="EUR")).outcomes]
        )
        for name in ("o-1", "o-2", "o-3")
    ]

    assert {first.prompt_id: 0.0, last.prompt_id: 0.1} == told[0]
    assert {first.prompt_id: 0.1, last.prompt_id: 0.0} == told[1]
    assert {first.prompt_id: 0.0, last.prompt_id: 0.0} == told[2]


@pytest.mark.parametrize("how", ["removed", "cart"])
def test_a_piece_that_was_taken_out_is_sold_by_no_later_order(how: str) -> None:
    """The order had the later prompt's piece; the other goes out; one more comes by itself."""
    shop, story = till(), Story()
    first, _ = twice_offered(shop, story)
    shop.serve(story.order(order_id="o-1", lines=butter(), currency="EUR"))
    shop.serve(story.remove("butter") if how == "removed" else story.set_basket("bread"))
    shop.serve(story.add("butter"))
    told = shop.serve(story.order(order_id="o-2", lines=butter(), currency="EUR")).outcomes

    assert 0.0 == sum(by_prompt([*told]).values())
    (one,) = [each for each in of(shop.shop) if each.receipt.prompt_id == first.prompt_id]
    assert 0 == one.in_basket("butter", story.now_ms)


def test_an_order_of_all_of_it_is_shared() -> None:
    """As if each of them had been alone with its piece."""
    shop, story = till(), Story()
    first, last = twice_offered(shop, story)
    order = story.order(lines=butter(3), currency="EUR")

    assert {first.prompt_id: 0.1, last.prompt_id: 0.1} == by_prompt([*shop.serve(order).outcomes])


def test_an_add_that_is_told_late_sells_what_is_left_of_the_order() -> None:
    """Two were bought, one had been told: whose add comes first has the second piece."""
    shop, story = till(), Story()
    first, last = twice_offered(shop, story, added=False)
    shop.serve(story.add("butter", receipt=last.receipt))
    late = [story.add("butter", receipt=prompt.receipt) for prompt in (first, last)]
    shop.serve(story.order(lines=butter(2), currency="EUR"))
    told = [by_prompt([*shop.serve(event).outcomes]) for event in late]

    assert pytest.approx(0.1) == told[0][first.prompt_id]
    assert {last.prompt_id: 0.0} == told[1]


def test_an_add_that_is_told_late_of_a_prompt_that_sold_some_sells_the_rest() -> None:
    """Three were bought, of each prompt one was known: the third is that of the late add."""
    shop, story = till(), Story()
    first, _ = twice_offered(shop, story)
    late, later = (story.add("butter", receipt=first.receipt) for _ in range(2))
    shop.serve(story.order(lines=butter(3), currency="EUR"))

    assert {first.prompt_id: 0.1} == by_prompt([*shop.serve(late).outcomes])
    assert {first.prompt_id: 0.0} == by_prompt([*shop.serve(later).outcomes])


def test_a_piece_that_came_back_is_sold_by_the_next_order_if_that_has_room() -> None:
    """The second order has two pieces: one of each prompt, once the first is cancelled."""
    shop, story = till(), Story()
    twice_offered(shop, story)
    shop.serve(story.order(order_id="o-1", lines=butter(), currency="EUR"))
    shop.serve(story.order(order_id="o-2", lines=butter(2), currency="EUR"))
    shop.serve(story.cancel(order_id="o-1"))

    sold = [allotted(one.reached, "butter")["o-2"] for one in of(shop.shop)]
    assert [1, 1] == sold


def test_a_piece_that_came_back_does_not_take_what_another_prompt_has_sold() -> None:
    """The second order has one piece: the late add's, though the first one's is free again."""
    shop, story = till(), Story()
    first, last = twice_offered(shop, story, added=False)
    shop.serve(story.add("butter", receipt=first.receipt))
    late = story.add("butter", receipt=last.receipt)
    for name in ("o-1", "o-2"):
        shop.serve(story.order(order_id=name, lines=butter(), currency="EUR"))
    shop.serve(late)
    shop.serve(story.cancel(order_id="o-1"))

    sold = {one.receipt.prompt_id: allotted(one.reached, "butter") for one in of(shop.shop)}
    assert 0 == sold[first.prompt_id]["o-2"]
    assert 1 == sold[last.prompt_id]["o-2"]


def test_by_stages_both_prompts_have_sold_it_as_ever() -> None:
    """And nothing of claims is kept."""
    shop, story = till(reward="stages", dismissal_cost_minor=0), Story()
    prompts = twice_offered(shop, story)
    told = by_prompt([*shop.serve(story.order(lines=butter(), currency="EUR")).outcomes])

    assert dict.fromkeys((one.prompt_id for one in prompts), 0.5) == told
    assert all(fact.claim is None for one in of(shop.shop) for fact in one.reached)


def test_by_stages_an_add_that_is_told_late_claims_nothing_either() -> None:
    """The other prompt has sold the piece; by stages that is no matter."""
    shop, story = till(reward="stages", dismissal_cost_minor=0), Story()
    first, last = twice_offered(shop, story, added=False)
    shop.serve(story.add("butter", receipt=first.receipt))
    late = [story.add("butter", receipt=prompt.receipt) for prompt in (last, first)]
    shop.serve(story.order(lines=butter(3), currency="EUR"))
    for event in late:
        shop.serve(event)

    assert 2 == len([fact for one in of(shop.shop) for fact in one.reached if fact.order_id])
    assert all(fact.claim is None for one in of(shop.shop) for fact in one.reached)


def test_what_one_prompt_alone_has_sold_needs_no_claim() -> None:
    """All of the line is its own, however much of it is told later."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    shop.serve(story.add("butter", receipt=prompt.receipt))
    shop.serve(story.order(lines=butter(3), currency="EUR"))

    (sale,) = [fact for one in of(shop.shop) for fact in one.reached if fact.order_id]
    assert ("bought", None) == (sale.stage, sale.claim)


def test_the_later_add_sells_first_whichever_prompt_was_asked_for_first() -> None:
    """As the latest adds are taken back first."""
    shop, story = till(), Story()
    first, last = twice_offered(shop, story, added=False)
    for prompt in (last, first):
        shop.serve(story.add("butter", receipt=prompt.receipt))
    told = shop.serve(story.order(lines=butter(), currency="EUR")).outcomes

    assert {first.prompt_id: 0.1, last.prompt_id: 0.0} == by_prompt([*told])


def of(shop: Shop) -> Iterator[Impression]:
    """All prompts that sessions remember."""
    for sessions in shop.sessions.values():
        for session in sessions:
            yield from session.impressions.values()


def walked(steps: list[str]) -> Reader:
    """Two prompts offer butter; these steps follow, some of them told after the orders."""
    reader = Reader(**{**MONEY, "reward_scale_minor": 100_000})
    for number in range(9):
        past = Story(f"past-{number}")
        reader.read(*((0, past.add(item)) for item in ("bread", "butter")))
    story, prompts, late = Story(), [], []
    for asked in (story.add("bread"), story.view("bread")):
        reader.read((0, asked))
        at = reader.shop.position[0] - 1
        prompt = reader.shop.answer(asked, 0, at, PendingPrompts()).prompt
        assert prompt is not None
        prompts.append(prompt)
        reader.read((0, story.see(prompt)))
    orders: dict[str, Any] = {"order": ("o-1", 1), "two": ("o-2", 2), "again": ("o-3", 3)}
    for number, step in enumerate(steps):
        name, _, which = step.partition(" ")
        if name in ("add", "late"):
            event = story.add(
                "butter", quantity=1 + number % 2, receipt=prompts[int(which)].receipt
            )
            if name == "late":
                late.append(event)
                continue
            reader.read((0, event))
        elif name in orders:
            order_id, quantity = orders[name]
            lines = butter(quantity)
            reader.read((0, story.order(order_id=order_id, lines=lines, currency="EUR")))
        elif name == "remove":
            reader.read((0, story.remove("butter")))
        else:
            office = Story(f"office-{number}", start_ms=story.now_ms)
            who, partition = (story, 0) if name == "back" else (office, 1)
            some = who.cancel(order_id="o-1") if which == "1" else None
            reader.read((partition, some or who.send_back("butter", order_id="o-2")))
    reader.read(*((0, event) for event in late))
    return reader


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=10))
def test_no_line_is_sold_beyond_what_was_bought(steps: list[str]) -> None:
    """Whatever happens in whatever order; and what is told adds up to what was earned."""
    reader = walked(steps)
    impressions = [*of(reader.shop)]
    terms = terms_of(reader.shop.settings)

    for order_id, quantity in (("o-1", 1), ("o-2", 2), ("o-3", 3)):
        sold = [allotted(one.reached, "butter").get(order_id, 0) for one in impressions]
        assert sum(sold) <= quantity
    for one in impressions:
        own = sum(gain for _, gain in earnings(one.own(), terms))
        assert pytest.approx(own, abs=1e-9) == sum(fact.reward for fact in one.reached)
    again = Shop(reader.shop.settings)
    restore(again.parts(), json.loads(json.dumps(reader.shop.state())))
    assert [*of(again)] == impressions


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=8), st.randoms(use_true_random=False))
def test_workers_that_read_another_partition_sooner_judge_alike(
    steps: list[str], dice: random.Random
) -> None:
    """What came back on another partition does not say whose the rest is."""
    reader = walked(steps)
    other = Shop(reader.shop.settings)
    queues = [[one for one in reader.places if one[0] == number] for number in (0, 1)]
    while any(queues):
        queue = dice.choice([queue for queue in queues if queue])
        partition, offset, event = queue.pop(0)
        assert "folded" == other.learn(partition, offset, event)

    assert other.digests() == reader.shop.digests()
    assert other.policy.state() == reader.shop.policy.state()


def test_beside_an_item_that_one_prompt_brought_another_ones_pieces_are_shared() -> None:
    """Butter is the first prompt's alone; of one jam the later add is the other's, and sells it."""
    shop, story = Till(**MONEY), Story()
    shop.teach("bread", "butter", "jam")
    first, last = twice_offered(shop, story, added=False)
    for item, prompt in (("butter", first), ("jam", first), ("jam", last)):
        shop.serve(story.add(item, receipt=prompt.receipt))
    lines = tuple(OrderLine(item_id=item, price_minor=400) for item in ("butter", "jam"))
    told = shop.serve(story.order(lines=lines, currency="EUR")).outcomes

    for prompt in (first, last):
        assert 0.1 == pytest.approx(
            sum(one.reward for one in told if one.prompt_id == prompt.prompt_id)
        )

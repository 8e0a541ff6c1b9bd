"""Whose doing it was: what comes late, what two prompts brought, and the edges of the windows."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from streams.contract.events import Event
from streams.contract.published.outcomes import Outcome
from streams.contract.published.prompts import Prompt
from streams.shop.memory.orders.impression import FACTS_MAX
from streams.shop.shop import Shop
from tests.shop.memory.test_credit import LONG, earns, lines, pantry, told
from tests.stories import Story, Till

HOUR_S = 3_600.0
DAY_S = 86_400.0


def moved(event: Any, by_s: float) -> Any:
    """The same event, so much later, or earlier, by its own clock."""
    return event.model_copy(update={"occurred_at_ms": event.occurred_at_ms + round(1_000 * by_s)})


def stages(answer: Any) -> list[str]:
    """What happened to prompts."""
    return [outcome.stage for outcome in answer.outcomes]


def seen(**settings: Any) -> tuple[Till, Story, Prompt, int]:
    """A prompt that was shown a second after it was prompted, and when that was."""
    till, story, prompt = pantry(**{**LONG, **settings})
    return till, story, prompt, prompt.occurred_at_ms + 1_000


# Orders that overtake their adds


@pytest.mark.parametrize("who", [{}, {"shopper_id": "ann"}, {"shopper_id": "ann", "consent": None}])
def test_whoever_buys_an_order_that_overtakes_its_add_has_bought_it(who: dict[str, Any]) -> None:
    """Whether we may know who it is or not."""
    till, story, prompt = pantry()
    add = story.add("butter", receipt=prompt.receipt, **who)
    till.serve(story.order("bread", "butter", **who))

    assert [("added", "butter", 1, 0.5), ("bought", "butter", 1, 0.5)] == told(till.serve(add))


@pytest.mark.parametrize(("apart_s", "bought"), [(0.0, True), (0.001, False), (-0.001, True)])
def test_an_order_bought_what_was_added_until_then(apart_s: float, *, bought: bool) -> None:
    """By the shopper's own times, to the millisecond: what is added then is the next basket's."""
    till, story, prompt = pantry()
    order = story.order("bread", "butter")
    till.serve(order)
    add = story.add("butter", receipt=prompt.receipt, occurred_at_ms=order.occurred_at_ms)

    assert ["added", *["bought"] * bought] == stages(till.serve(moved(add, apart_s)))


def test_an_order_of_other_things_has_not_bought_a_late_add() -> None:
    """It was added, and is in the basket."""
    till, story, prompt = pantry()
    add = story.add("butter", receipt=prompt.receipt)
    till.serve(story.order("bread"))

    assert [("added", "butter", 1, 0.5)] == told(till.serve(add))
    assert {"butter": 1} == till.shop.sessions[0].find("s1").basket  # type: ignore[union-attr]


def test_an_order_that_another_session_told_first_sold_nothing_here() -> None:
    """It is the other session's, and counts once."""
    till, story, prompt = pantry()
    add = story.add("butter", receipt=prompt.receipt)
    till.serve(Story("phone", start_ms=story.now_ms).order("butter", order_id="o-7"))
    told_again = till.serve(story.order("butter", order_id="o-7"))

    assert [] == told(told_again) == told(till.serve(add))
    assert 0.0 == earns(till, prompt)


def test_an_order_that_nobody_remembers_any_more_has_not_bought_a_late_add() -> None:
    """Thousands of orders later."""
    till, story, prompt = pantry()
    add = story.add("butter", receipt=prompt.receipt)
    till.shop.sessions[0].orders.orders_max = 1
    till.serve(story.order("bread", "butter"))
    till.serve(Story("other").order("soap"))

    assert [] == told(till.serve(add))


def test_two_adds_that_one_order_has_overtaken_are_bought_once() -> None:
    """All that the order has of the item, whichever of them comes first."""
    till, story, prompt = pantry()
    adds = [story.add("butter", receipt=prompt.receipt) for _ in range(2)]
    till.serve(story.order(lines=lines(bread=1, butter=2)))
    first, second = map(till.serve, adds)

    assert [("added", "butter", 1, 0.5), ("bought", "butter", 2, 0.5)] == told(first)
    assert [("added", "butter", 1, 0.0)] == told(second)
    assert 1.0 == earns(till, prompt)


def test_a_late_add_is_bought_by_each_order_that_came_since() -> None:
    """The cancelled one, and the one that was placed in its place."""
    till, story, prompt = pantry()
    add = story.add("butter", receipt=prompt.receipt)
    for number in ("o-1", "o-2"):
        till.serve(story.order("butter", order_id=number))
        if number == "o-1":
            till.serve(story.cancel(order_id=number))
    answer = till.serve(add)

    assert ["added", "bought", "returned", "bought"] == stages(answer)
    assert {None, "o-1", "o-2"} == {outcome.order_id for outcome in answer.outcomes}
    assert 1.0 == earns(till, prompt)


# The edges of windows


@pytest.mark.parametrize(("early_ms", "stages_"), [(0, ["clicked"]), (1, [])])
def test_nobody_follows_a_prompt_before_it_was_made(early_ms: int, stages_: list[str]) -> None:
    """In the same millisecond perhaps; a click from before that proves no more than a clock."""
    till, story, prompt, _ = seen()
    at_ms = prompt.occurred_at_ms - early_ms

    assert stages_ == stages(till.serve(story.click(prompt, occurred_at_ms=at_ms)))


@pytest.mark.parametrize(("late_ms", "bought"), [(0, True), (1, False)])
def test_an_order_that_overtook_its_add_counts_to_the_last_millisecond_of_its_window(
    late_ms: int, *, bought: bool
) -> None:
    """As one that came after it."""
    till, story, prompt, shown_ms = seen(purchase_window_s=DAY_S)
    add = story.add("butter", receipt=prompt.receipt)
    order_ms = shown_ms + round(DAY_S * 1_000) + late_ms
    till.serve(story.order("butter", occurred_at_ms=order_ms))

    assert ["added", *["bought"] * bought] == stages(till.serve(add))


@pytest.mark.parametrize(("late_ms", "stages_"), [(0, ["removed"]), (1, [])])
def test_a_removal_counts_to_the_last_millisecond_of_a_purchases_window(
    late_ms: int, stages_: list[str]
) -> None:
    """After that it takes nothing back."""
    till, story, prompt, shown_ms = seen(purchase_window_s=DAY_S, basket_ttl_s=1e6)
    till.serve(story.add("butter", receipt=prompt.receipt))
    at_ms = shown_ms + round(DAY_S * 1_000) + late_ms

    assert stages_ == stages(till.serve(story.remove("butter", occurred_at_ms=at_ms)))


@pytest.mark.parametrize(("apart_ms", "stages_"), [(0, ["added"]), (1, [])])
def test_an_add_belongs_to_the_prompt_that_had_been_followed_by_then(
    apart_ms: int, stages_: list[str]
) -> None:
    """By the shopper's clock: one from before the click, which comes after it, does not."""
    till, story, prompt, _ = seen()
    click = story.click(prompt, after_s=60)
    till.serve(click)
    add = story.add("butter", occurred_at_ms=click.occurred_at_ms - apart_ms)

    assert stages_ == stages(till.serve(add))


def test_a_prompt_was_not_seen_before_it_was_made() -> None:
    """By a clock that is behind: its windows begin when it was made, and so it is told."""
    till, story = Till(**LONG), Story()
    till.teach("bread", "butter")
    prompt = till.prompt(story.add("bread"))
    (shown,) = till.serve(story.see(prompt, after_s=-9)).outcomes

    assert prompt.occurred_at_ms == shown.occurred_at_ms


@pytest.mark.parametrize(("early_ms", "stages_"), [(0, ["added"]), (1, [])])
def test_an_add_is_a_prompts_doing_from_the_moment_when_it_was_prompted(
    early_ms: int, stages_: list[str]
) -> None:
    """The receipt proves that it was seen by then; not a millisecond before there was one."""
    till, story, prompt, shown_ms = seen()
    at_ms = prompt.occurred_at_ms - early_ms
    assert at_ms < shown_ms
    add = story.add("butter", receipt=prompt.receipt, occurred_at_ms=at_ms)

    assert stages_ == stages(till.serve(add))


# Two prompts in one basket


def two_prompts(first: int = 1, second: int = 1) -> tuple[Till, Story, list[Prompt]]:
    """Two prompts that brought so many butters each, one after the other."""
    till, story = Till(), Story()
    till.teach("bread", "butter")
    prompts = [till.prompt(story.view("bread")) for _ in range(2)]
    for prompt, quantity in zip(prompts, (first, second), strict=True):
        till.serve(story.see(prompt))
        till.serve(story.add("butter", quantity=quantity, receipt=prompt.receipt))
    return till, story, prompts


def back(answer: Any, prompts: list[Prompt]) -> dict[int, int | None]:
    """Of which prompt how many were taken back."""
    ids = [prompt.prompt_id for prompt in prompts]
    removed = [outcome for outcome in answer.outcomes if outcome.stage == "removed"]
    return {ids.index(outcome.prompt_id): outcome.quantity for outcome in removed}


@pytest.mark.parametrize(
    ("quantity", "taken"),
    [(1, {1: 1}), (2, {1: 2}), (3, {0: 1, 1: 2}), (4, {0: 2, 1: 2}), (9, {0: 3, 1: 2})],
)
def test_what_goes_back_is_the_latest_that_was_added_and_no_more_than_that(
    quantity: int, taken: dict[int, int]
) -> None:
    """Three by the first prompt, two by the second."""
    till, story, prompts = two_prompts(3, 2)

    assert taken == back(till.serve(story.remove("butter", quantity=quantity)), prompts)


@pytest.mark.parametrize(("apart_s", "which"), [(1.0, 0), (0.0, 1)])
def test_of_two_prompts_the_one_that_was_used_last_gives_back_first(
    apart_s: float, which: int
) -> None:
    """Whichever was made first; in one millisecond it is the later prompt."""
    till, story = Till(), Story()
    till.teach("bread", "butter")
    prompts = [till.prompt(story.view("bread")) for _ in range(2)]
    for prompt in prompts:
        till.serve(story.see(prompt))
    for prompt, after_s in zip(prompts[::-1], (1.0, apart_s), strict=True):
        till.serve(story.add("butter", receipt=prompt.receipt, after_s=after_s))

    assert {which: 1} == back(till.serve(story.remove("butter")), prompts)


def test_a_basket_that_is_set_keeps_the_earliest_that_was_added() -> None:
    """Of three and two there are four, then one, then none."""
    till, story, prompts = two_prompts(3, 2)
    taken = [
        back(till.serve(story.set_basket(lines=lines(**kept))), prompts)
        for kept in ({"butter": 4}, {"butter": 4}, {"butter": 1, "tea": 7}, {"tea": 7})
    ]

    assert [{1: 1}, {}, {0: 2, 1: 1}, {0: 1}] == taken


def test_a_removal_takes_no_more_than_it_says_of_what_was_bought_before() -> None:
    """Two of three were bought: the basket has one, and that is taken out."""
    till, story, prompt = pantry()
    till.serve(story.add("butter", quantity=3, receipt=prompt.receipt))
    till.serve(story.order(lines=lines(butter=2)))

    assert [("removed", "butter", 1)] == [
        one[:3] for one in told(till.serve(story.remove("butter")))
    ]


def test_each_prompt_that_brought_some_of_it_has_sold_it() -> None:
    """And each gives back what came back."""
    till, story, prompts = two_prompts()
    bought = till.serve(story.order("butter", "bread"))
    cancelled = till.serve(story.cancel())

    assert [0.5, 0.5] == [outcome.reward for outcome in bought.outcomes]
    assert {prompt.prompt_id for prompt in prompts} == {o.prompt_id for o in bought.outcomes}
    assert [-0.5, -0.5] == [outcome.reward for outcome in cancelled.outcomes]


def test_of_two_orders_of_one_item_each_gives_back_its_own() -> None:
    """What it bought, and what that was worth; the prompt has earned the best of them."""
    till, story, prompt = pantry()
    till.serve(story.add("butter", quantity=5, receipt=prompt.receipt))
    outcomes: list[Outcome] = []
    for quantity, price in ((2, 100), (3, 300)):
        line = lines(butter=quantity)[0].model_copy(update={"price_minor": price})
        order = story.order(lines=(line,), currency="EUR", order_id=f"o-{quantity}")
        outcomes += till.serve(order).outcomes
    for back in (story.cancel(order_id="o-2"), story.send_back("butter", order_id="o-3")):
        outcomes += till.serve(back).outcomes

    assert [
        ("bought", "o-2", 2, 200, 0.5),
        ("bought", "o-3", 3, 900, 0.0),
        ("returned", "o-2", 2, 200, 0.0),
        ("returned", "o-3", 1, 300, pytest.approx(-0.5 / 3)),
    ] == [(o.stage, o.order_id, o.quantity, o.value_minor, o.reward) for o in outcomes]


def test_what_is_back_of_one_item_takes_nothing_from_another_that_is_added_late() -> None:
    """Order and return came first: each add finds what is left of its own item."""
    till, story, prompt = pantry()
    adds = [story.add(item, quantity=2, receipt=prompt.receipt) for item in ("butter", "jam")]
    till.serve(story.order(lines=lines(bread=1, butter=2, jam=2)))
    till.serve(story.send_back(lines=lines(butter=1)))
    answers = [told(till.serve(add)) for add in adds]

    assert [["added", "bought", "returned"], ["added", "bought"]] == [
        [stage for stage, *_ in answer] for answer in answers
    ]
    assert 0.5 + 0.5 * 0.75 == earns(till, prompt)


# What is bounded


def test_a_prompt_takes_so_many_facts_and_counts_what_comes_after_for_nothing() -> None:
    """But returns, which are bounded by what was bought."""
    till, story, prompt = pantry()
    for number in range(FACTS_MAX - 3):
        item = ("butter", "jam")[number % 2]
        assert ["added"] == stages(till.serve(story.add(item, receipt=prompt.receipt)))
    assert ["bought"] * 2 == stages(till.serve(story.order("butter", "jam", "bread")))
    later = [
        till.serve(story.click(prompt)),
        till.serve(story.add("jam", receipt=prompt.receipt)),
        till.serve(story.remove("jam", quantity=99)),
        till.serve(story.order("butter")),
    ]
    impression = till.shop.sessions[0].find("s1").impressions[prompt.prompt_id]  # type: ignore[union-attr]

    assert [[]] * 4 == [stages(answer) for answer in later]
    assert FACTS_MAX == len(impression.reached)
    assert 1.0 == earns(till, prompt)
    assert ["returned"] * 2 == stages(till.serve(story.cancel()))
    assert 0.5 == earns(till, prompt)


# Whichever partition is read first


def test_workers_agree_on_a_prompt_whose_purchase_comes_back_on_another_partition() -> None:
    """In part and in all, before the order and after it: session and policy are the same."""
    till, story, prompt = pantry()
    ours: list[Event] = [
        story.click(prompt),
        story.add("butter", quantity=4, receipt=prompt.receipt),
        story.order(lines=lines(bread=1, butter=4), order_id="o-7"),
        story.dismiss(prompt),
    ]
    office = Story("office", start_ms=story.now_ms)
    backs: list[Event] = [
        office.send_back(lines=lines(butter=1), order_id="o-7"),
        office.cancel(order_id="o-7"),
    ]
    before = till.shop.state()

    def folded(arrival: Sequence[str], **logs: list[Event]) -> dict[str, str]:
        """What must agree when events of ours (o) and of elsewhere (x) are read like this."""
        shop, left = Shop(till.shop.settings), {who: iter(events) for who, events in logs.items()}
        for name, part in shop.parts().items():
            part.restore(before[name])
        for who in arrival:
            partition = int(who == "x")
            shop.learn(partition, shop.position.get(partition, 0), next(left[who]))
        return shop.digests()

    found = {
        tuple(folded(arrival, o=ours, x=backs).items())
        for arrival in sorted({*permutations("ooooxx")})
    }
    never = folded("ooo", o=[event for event in ours if event.type != "order_placed"])

    assert 1 == len(found)
    assert never["policy"] == dict(found.pop())["policy"]


def test_a_price_is_told_of_all_that_was_added_and_its_currency_with_it() -> None:
    """Without a price there is no currency either."""
    till, story, prompt = pantry()
    (priced,) = till.serve(
        story.add("butter", quantity=3, price_minor=5, currency="EUR", receipt=prompt.receipt)
    ).outcomes
    (free,) = till.serve(
        story.add("butter", quantity=3, price_minor=0, currency="EUR", receipt=prompt.receipt)
    ).outcomes
    (unpriced,) = till.serve(story.add("jam", currency="EUR", receipt=prompt.receipt)).outcomes

    assert [(15, "EUR"), (0, "EUR"), (None, None)] == [
        (outcome.value_minor, outcome.currency) for outcome in (priced, free, unpriced)
    ]


def test_a_click_tells_its_item_and_a_dismissal_none() -> None:
    """A click is of an item, how many says nothing; a dismissal is of the prompt."""
    till, story, prompt = pantry()
    (clicked,) = till.serve(story.click(prompt)).outcomes
    (dismissed,) = till.serve(story.dismiss(prompt)).outcomes

    assert [(prompt.items[0].item_id, 1), (None, None)] == [
        (outcome.item_id, outcome.quantity) for outcome in (clicked, dismissed)
    ]

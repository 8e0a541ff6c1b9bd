"""What a prompt earns, and that the policy is told of it: no more and no less."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from streams.contract.events import Event, OrderLine, OrderPlaced
from streams.contract.published.outcomes import Outcome
from streams.contract.published.prompts import Prompt
from streams.shop.decision.policy.policy import new_policy
from streams.shop.memory.orders.impression import FACTS_MAX
from tests.stories import Story, Till

LONG: dict[str, Any] = {"session_gap_s": 1e6, "lateness_s": 1e6, "prompt_ttl_s": 1e6}
"""Settings under which a pause of days is no break."""


def till(**settings: Any) -> Till:
    """A shop that has seen bread bought with butter, and tea with milk."""
    shop = Till(**settings)
    shop.teach("bread", "butter")
    shop.teach("tea", "milk")
    return shop


def earned(outcomes: tuple[Outcome, ...]) -> list[tuple[str, str, float]]:
    """Which prompt reached which stage, and what that added."""
    return [(each.prompt_id, each.stage, round(each.reward, 6)) for each in outcomes]


def first(prompt: Prompt) -> str:
    """The first item that a prompt offers."""
    return prompt.items[0].item_id


def sold(shop: Till, story: Story, prompt: Prompt) -> str:
    """Let the shopper see a prompt, follow it, and add what it offers first."""
    for event in (story.see(prompt), story.click(prompt)):
        shop.serve(event)
    shop.serve(story.add(first(prompt), receipt=prompt.receipt))
    return first(prompt)


# The policy


@pytest.mark.parametrize("window_s", [0.0, 7_200.0])
def test_the_policy_knows_what_it_would_have_been_told_by_hand(window_s: float) -> None:
    """A trial when the prompt was shown, and each gain, both at the time of the prompt."""
    shop, story = till(arm_window_s=window_s), Story()
    prompt = shop.prompt(story.add("bread"))
    sold(shop, story, prompt)
    shop.serve(story.order(first(prompt)))

    by_hand = new_policy(shop.shop.settings)
    asked_s = prompt.occurred_at_ms / 1000
    by_hand.expose(prompt.arm, prompt.context, time_s=asked_s)
    for seconds, gain in ((2, 0.1), (3, 0.4), (4, 0.5)):
        at_s = asked_s + seconds
        by_hand.reward(prompt.arm, prompt.context, gain, time_s=asked_s, at_s=at_s)
    assert by_hand.state() == shop.shop.policy.state()


def test_what_is_offered_and_not_seen_is_no_trial() -> None:
    """Nor is what is seen twice two of them."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    trials = [shop.shop.policy.estimate(prompt.arm, prompt.context)[1]]
    for _ in range(2):
        shop.serve(story.see(prompt))
        trials.append(shop.shop.policy.estimate(prompt.arm, prompt.context)[1])

    assert [0.0, 1.0, 1.0] == trials


def test_a_return_takes_back_what_the_policy_was_told() -> None:
    """The policy is as it was before the order, to the last bit: window or none."""
    for window_s in (0.0, 7_200.0):
        shop, story = till(arm_window_s=window_s), Story()
        prompt = shop.prompt(story.add("bread"))
        item = sold(shop, story, prompt)
        before = shop.shop.policy.state()
        shop.serve(story.order(item))
        assert before != shop.shop.policy.state()
        shop.serve(story.send_back(item))

        assert before == shop.shop.policy.state()


# The windows


@pytest.mark.parametrize(("late_ms", "stages"), [(0, ["added"]), (1, [])])
def test_an_add_counts_to_the_last_millisecond_of_its_window(
    late_ms: int, stages: list[str]
) -> None:
    """An hour after the impression, and no longer."""
    shop, story = till(**LONG, attribution_window_s=3600.0), Story()
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    late_s = 3600 + late_ms / 1000
    outcomes = shop.serve(story.add(first(prompt), receipt=prompt.receipt, after_s=late_s)).outcomes

    assert stages == [outcome.stage for outcome in outcomes]


@pytest.mark.parametrize(("late_ms", "stages"), [(0, ["clicked"]), (1, [])])
def test_a_click_counts_to_the_last_millisecond_of_its_window(
    late_ms: int, stages: list[str]
) -> None:
    """As an add does."""
    shop, story = till(**LONG, attribution_window_s=3600.0), Story()
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    outcomes = shop.serve(story.click(prompt, after_s=3600 + late_ms / 1000)).outcomes

    assert stages == [outcome.stage for outcome in outcomes]


@pytest.mark.parametrize(("late_ms", "stages"), [(0, ["bought"]), (1, [])])
def test_a_purchase_counts_to_the_last_millisecond_of_its_window(
    late_ms: int, stages: list[str]
) -> None:
    """A day after the impression, and no longer."""
    shop, story = till(**LONG, purchase_window_s=86_400.0), Story()
    prompt = shop.prompt(story.add("bread"))
    item = sold(shop, story, prompt)  # seen three seconds ago, added just now
    outcomes = shop.serve(story.order(item, after_s=86_400 - 2 + late_ms / 1000)).outcomes

    assert stages == [outcome.stage for outcome in outcomes]


# Whose doing it was


def test_an_add_with_the_receipt_needs_no_click() -> None:
    """The storefront has a button for it: the prompt was seen and sold at once."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    outcomes = shop.serve(story.add(first(prompt), receipt=prompt.receipt)).outcomes

    assert [(prompt.prompt_id, "shown", 0.0), (prompt.prompt_id, "added", 0.5)] == earned(outcomes)


def test_an_add_of_what_the_prompt_did_not_offer_is_not_its_doing() -> None:
    """Whether the storefront sends the receipt with it or not, clicked or not."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    unseen = shop.serve(story.add("toast", receipt=prompt.receipt))
    shop.serve(story.see(prompt))
    shop.serve(story.click(prompt))
    clicked = shop.serve(story.add("jam", receipt=prompt.receipt))
    without = shop.serve(story.add("eggs"))

    assert ((), (), ()) == (unseen.outcomes, clicked.outcomes, without.outcomes)


def test_of_two_prompts_that_were_clicked_the_later_one_sold_the_item() -> None:
    """The last click before the add."""
    shop, story = till(), Story()
    prompts = [shop.prompt(story.view("bread")) for _ in range(2)]
    assert first(prompts[0]) == first(prompts[1])
    for prompt in prompts:
        shop.serve(story.see(prompt))
        shop.serve(story.click(prompt))
    outcomes = shop.serve(story.add(first(prompts[0]))).outcomes

    assert [(prompts[1].prompt_id, "added", 0.4)] == earned(outcomes)


def test_an_order_pays_the_prompts_whose_items_are_in_it() -> None:
    """Not those whose item was left behind, nor those that sold nothing."""
    shop, story = till(), Story()
    shown, left = (shop.prompt(story.view(item)) for item in ("bread", "tea"))
    shop.serve(story.see(shown))
    sold(shop, story, left)

    assert () == shop.serve(story.order("toast")).outcomes


def two_sold(shop: Till, story: Story) -> list[tuple[Prompt, str]]:
    """Three prompts: one is only seen, the others sell an item each, which are bought."""
    shown = shop.prompt(story.view("bread"))
    shop.serve(story.see(shown))
    pairs = []
    for item in ("bread", "tea"):
        prompt = shop.prompt(story.view(item))
        pairs.append((prompt, sold(shop, story, prompt)))
    assert pairs[0][1] != pairs[1][1]
    shop.serve(story.order(*(item for _, item in pairs)))
    return pairs


@pytest.mark.parametrize("which", [0, 1])
def test_a_return_takes_the_reward_of_what_came_back_and_of_nothing_else(which: int) -> None:
    """What was kept stays sold."""
    shop, story = till(), Story()
    pairs = two_sold(shop, story)
    prompt, item = pairs[which]
    outcomes = shop.serve(story.send_back(item)).outcomes

    assert [(prompt.prompt_id, "returned", -0.5)] == earned(outcomes)


def test_what_came_back_once_cannot_come_back_again() -> None:
    """Nor does a prompt that is sent away later earn anything."""
    shop, story = till(), Story()
    ((prompt, item), _) = two_sold(shop, story)
    shop.serve(story.send_back(item))
    again = shop.serve(story.send_back(item))
    dismissed = shop.serve(story.dismiss(prompt))

    assert () == again.outcomes
    assert [(prompt.prompt_id, "dismissed", 0.0)] == earned(dismissed.outcomes)


# What it is worth


def test_a_later_stage_never_takes_back_what_an_earlier_one_earned() -> None:
    """Where a click is worth more than an add, the add adds nothing."""
    shop, story = till(reward_clicked=0.6, reward_added=0.5), Story()
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    clicked = shop.serve(story.click(prompt)).outcomes
    added = shop.serve(story.add(first(prompt), receipt=prompt.receipt)).outcomes

    assert [0.6, 0.0] == [outcome.reward for outcome in (*clicked, *added)]


def test_a_dismissal_is_an_outcome_that_earns_nothing() -> None:
    """Annoyance costs a silence, not money."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))

    assert [(prompt.prompt_id, "dismissed", 0.0)] == earned(
        shop.serve(story.dismiss(prompt)).outcomes
    )


def test_an_outcome_says_which_item_of_which_prompt_and_when() -> None:
    """The item is that of the stage; the times are those of the event and of the prompt."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    click = story.click(prompt)
    (outcome,) = shop.serve(click).outcomes

    assert (first(prompt), click.event_id, click.occurred_at_ms, prompt.occurred_at_ms) == (
        outcome.item_id,
        outcome.caused_by,
        outcome.occurred_at_ms,
        outcome.prompted_at_ms,
    )


# By item and quantity


def pantry(**settings: Any) -> tuple[Till, Story, Prompt]:
    """A prompt that offers butter and jam to bread, seen a moment ago."""
    shop, story = Till(**settings), Story()
    for item in ("butter", "jam"):
        shop.teach("bread", item)
    prompt = shop.prompt(story.add("bread"))
    assert {"butter", "jam"} == {item.item_id for item in prompt.items}
    shop.serve(story.see(prompt))
    return shop, story, prompt


def told(answer: Any) -> list[tuple[str, str | None, int | None, float]]:
    """What happened to which item, to how many of it, and what that added."""
    return [(o.stage, o.item_id, o.quantity, round(o.reward, 9)) for o in answer.outcomes]


def lines(**quantities: int) -> tuple[OrderLine, ...]:
    """So many of each item."""
    return tuple(OrderLine(item_id=item, quantity=n) for item, n in quantities.items())


def earns(shop: Till, prompt: Prompt) -> float:
    """What a prompt of the first session has earned by now."""
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    return round(session.impressions[prompt.prompt_id].reward, 9)


def test_of_two_items_that_were_added_the_one_that_was_kept_is_bought() -> None:
    """The butter goes back to the shelf, the jam to the till."""
    shop, story, prompt = pantry()
    for item in ("butter", "jam"):
        shop.serve(story.add(item, receipt=prompt.receipt))
    removed = shop.serve(story.remove("butter"))
    bought = shop.serve(story.order("bread", "jam"))

    assert [("removed", "butter", 1, 0.0)] == told(removed)
    assert [("bought", "jam", 1, 0.5)] == told(bought)


def test_of_two_items_that_were_bought_a_return_takes_back_its_part() -> None:
    """Each of them has an equal part of what the order earned."""
    shop, story, prompt = pantry()
    for item in ("butter", "jam"):
        shop.serve(story.add(item, receipt=prompt.receipt))
    bought = shop.serve(story.order("bread", "butter", "jam"))
    back = shop.serve(story.send_back("butter"))

    assert [("bought", "butter", 1, 0.25), ("bought", "jam", 1, 0.25)] == told(bought)
    assert [("returned", "butter", 1, -0.25)] == told(back)


def test_one_of_ten_takes_back_a_tenth_and_all_ten_all_of_it() -> None:
    """Of what the purchase earned; what was added stays added."""
    shop, story, prompt = pantry()
    shop.serve(story.add("butter", quantity=10, receipt=prompt.receipt))
    shop.serve(story.order(lines=lines(bread=1, butter=10)))
    one = shop.serve(story.send_back(lines=lines(butter=1)))
    rest = shop.serve(story.send_back(lines=lines(butter=20, bread=1)))
    more = shop.serve(story.send_back(lines=lines(butter=1)))

    assert [("returned", "butter", 1, -0.05)] == told(one)
    assert [("returned", "butter", 9, -0.45)] == told(rest)
    assert [] == told(more)
    assert 0.5 == earns(shop, prompt)


def test_a_cancellation_takes_back_all_that_an_order_earned() -> None:
    """It need not name the lines."""
    shop, story, prompt = pantry()
    for item in ("butter", "jam"):
        shop.serve(story.add(item, receipt=prompt.receipt))
    shop.serve(story.order("bread", "butter", "jam"))

    assert [("returned", "butter", 1, -0.25), ("returned", "jam", 1, -0.25)] == told(
        shop.serve(story.cancel())
    )


def test_what_comes_back_from_another_order_is_not_taken_from_this_one() -> None:
    """The same item, bought before at the counter."""
    shop, story, prompt = pantry()
    other = Story("other")
    shop.serve(other.order("butter", order_id="counter"))
    shop.serve(story.add("butter", receipt=prompt.receipt))
    shop.serve(story.order("butter"))
    back = shop.serve(story.send_back("butter", order_id="counter"))
    unknown = shop.serve(story.send_back("butter", order_id="nobody knows"))

    assert [] == told(back) == told(unknown)
    assert 1.0 == earns(shop, prompt)


def test_what_was_added_before_the_prompt_is_not_its_doing() -> None:
    """It came late, by its receipt or by a click that came later."""
    shop, story, prompt = pantry()
    hour_ago = {"occurred_at_ms": prompt.occurred_at_ms - 3_600_000}
    by_receipt = shop.serve(story.add("butter", receipt=prompt.receipt, **hour_ago))
    shop.serve(story.click(prompt))
    by_click = shop.serve(story.add("jam", **hour_ago))

    assert [] == told(by_receipt) == told(by_click)


def test_what_is_taken_out_again_gives_its_reward_back() -> None:
    """At once, or in part first; a click stays a click."""
    shop, story, prompt = pantry()
    shop.serve(story.click(prompt))
    shop.serve(story.add("butter", quantity=2, receipt=prompt.receipt))
    half = shop.serve(story.remove("butter"))
    all_of_it = shop.serve(story.remove("butter"))
    again = shop.serve(story.add("butter"))

    assert [("removed", "butter", 1, 0.0)] == told(half)
    assert [("removed", "butter", 1, -0.4)] == told(all_of_it)
    assert [("added", "butter", 1, 0.4)] == told(again)


def test_a_removal_that_overtakes_its_add_leaves_nothing_to_credit() -> None:
    """Neither reward nor outcome."""
    shop, story, prompt = pantry()
    add = story.add("butter", receipt=prompt.receipt)
    removed, added = shop.serve(story.remove("butter")), shop.serve(add)

    assert [] == told(removed) == told(added)
    assert 0.0 == earns(shop, prompt)


def test_an_order_that_overtakes_its_add_has_bought_what_was_added() -> None:
    """The add was there before it, by its own time."""
    shop, story, prompt = pantry()
    add = story.add("butter", receipt=prompt.receipt)
    shop.serve(story.order("bread", "butter"))

    assert [("added", "butter", 1, 0.5), ("bought", "butter", 1, 0.5)] == told(shop.serve(add))


def test_what_the_shopper_had_added_alone_may_go_before_what_a_prompt_brought() -> None:
    """One more of it, and one less: there is still as much as the prompt brought."""
    shop, story, prompt = pantry()
    shop.serve(story.add("butter", receipt=prompt.receipt))
    shop.serve(story.add("butter"))

    assert [] == told(shop.serve(story.remove("butter")))
    assert [("removed", "butter", 1, -0.5)] == told(shop.serve(story.remove("butter")))


def test_a_basket_that_is_set_takes_back_what_it_does_not_have() -> None:
    """A cart that is sent as a whole, without the butter."""
    shop, story, prompt = pantry()
    for item in ("butter", "jam"):
        shop.serve(story.add(item, receipt=prompt.receipt))
    kept = shop.serve(story.set_basket("bread", "jam"))
    emptied = shop.serve(story.set_basket())

    assert [("removed", "butter", 1, 0.0)] == told(kept)
    assert [("removed", "jam", 1, -0.5)] == told(emptied)


def test_a_cleared_cart_after_the_order_takes_nothing_from_the_purchase() -> None:
    """Some shops send a removal of each line when it was paid."""
    shop, story, prompt = pantry()
    shop.serve(story.add("butter", receipt=prompt.receipt))
    shop.serve(story.order("bread", "butter"))
    shop.serve(story.remove("butter"))

    assert 1.0 == earns(shop, prompt)


def test_an_order_that_was_cancelled_and_placed_anew_is_a_purchase() -> None:
    """The best of its orders counts."""
    shop, story, prompt = pantry()
    shop.serve(story.add("butter", receipt=prompt.receipt))
    shop.serve(story.order("bread", "butter"))
    shop.serve(story.cancel())
    assert 0.5 == earns(shop, prompt)
    shop.serve(story.order("bread", "butter"))

    assert 1.0 == earns(shop, prompt)


def test_an_outcome_says_of_which_order_how_many_and_what_they_cost() -> None:
    """Value and currency where the event told a price."""
    shop, story, prompt = pantry()
    (added,) = shop.serve(
        story.add("butter", quantity=2, price_minor=199, currency="EUR", receipt=prompt.receipt)
    ).outcomes
    line = OrderLine(item_id="butter", quantity=3, price_minor=200)
    (bought,) = shop.serve(story.order(lines=(line,), currency="EUR")).outcomes
    (back,) = shop.serve(story.send_back("butter")).outcomes

    assert [(2, None, 398, "EUR"), (3, "o-s1-1", 600, "EUR"), (1, "o-s1-1", 200, "EUR")] == [
        (o.quantity, o.order_id, o.value_minor, o.currency) for o in (added, bought, back)
    ]
    assert 3 == len({o.identity for o in (added, bought, back)})


def test_a_return_is_read_off_by_whoever_answers_later_and_by_nobody_else() -> None:
    """It may be told in another session, with an event id that the first one has, too."""
    shop, story, prompt = pantry()
    add = story.add("butter", receipt=prompt.receipt)
    shop.serve(add)
    shop.serve(story.order("bread", "butter", order_id="o-7"))
    back = Story("office").send_back("butter", order_id="o-7", event_id=add.event_id)
    offset = shop.shop.position[0]
    shop.serve(back)
    shop.serve(story.dismiss(prompt))

    assert [("returned", "butter", 1, -0.5)] == told(shop.ask(back, offset))
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    assert [("added", "butter", 1, 0.5)] == told(shop.ask(add, session.seen[add.event_id]))


@pytest.mark.parametrize("order_first", [True, False])
def test_what_a_prompt_earned_does_not_depend_on_what_came_first(order_first: bool) -> None:
    """A click, an add, an order and its return in part, in each order of arrival."""
    worlds = set()
    for arrival in permutations(range(4)):
        shop, story, prompt = pantry(lateness_s=1e6)
        events: Sequence[Event] = (
            story.click(prompt),
            story.add("butter", quantity=4, receipt=prompt.receipt),
            story.order(lines=lines(bread=1, butter=4)),
            story.send_back(lines=lines(butter=1)),
        )
        swapped = order_first == (arrival.index(2) < arrival.index(3))
        for number in arrival if swapped else ():
            shop.serve(events[number])
        if swapped:
            worlds.add((earns(shop, prompt), shop.shop.digests()["policy"]))

    assert 1 == len(worlds)
    assert 0.5 + 0.5 * 0.75 == worlds.pop()[0]


def test_a_purchase_of_a_forgotten_prompt_is_taken_back_through_its_order() -> None:
    """Many prompts later, and when the session itself is gone."""
    shop, story, prompt = pantry(sessions_max=12)
    shop.serve(story.add("butter", receipt=prompt.receipt))
    before = shop.shop.policy.state()
    order: OrderPlaced = story.order("bread", "butter")
    shop.serve(order)
    for number in range(12):
        shop.serve(Story(f"later-{number}").view("soap"))
    assert shop.shop.sessions[0].find("s1") is None
    back = shop.serve(Story("office").send_back("butter", order_id=order.order_id))

    assert [("returned", "butter", 1, -0.5)] == told(back)
    assert before == shop.shop.policy.state()


def test_what_comes_back_of_an_order_that_was_not_the_best_takes_nothing() -> None:
    """The other one was kept; the return is told all the same."""
    shop, story, prompt = pantry()
    shop.serve(story.add("butter", quantity=2, receipt=prompt.receipt))
    for number in ("o-1", "o-2"):
        shop.serve(story.order("butter", order_id=number))
    back = shop.serve(story.send_back("butter", order_id="o-2"))

    assert [("returned", "butter", 1, 0.0)] == told(back)
    assert 1.0 == earns(shop, prompt)


def test_an_add_of_what_was_added_from_the_prompt_already_earns_nothing_more() -> None:
    """It is told with how many there are."""
    shop, story, prompt = pantry()
    shop.serve(story.add("butter", receipt=prompt.receipt))
    again = shop.serve(story.add("butter", quantity=2, receipt=prompt.receipt))

    assert [("added", "butter", 2, 0.0)] == told(again)


def test_an_impression_that_is_full_is_credited_with_no_order() -> None:
    """There is no room to tell that it sold something: so it did not, and nothing comes back."""
    shop, story, prompt = pantry()
    for _ in range(FACTS_MAX):
        shop.serve(story.add("butter", receipt=prompt.receipt))
    bought = shop.serve(story.order("butter", order_id="o-7"))
    order = shop.shop.sessions[0].orders.get("o-7")

    assert order is not None
    assert ({}, []) == (order.credited, told(bought))
    assert [] == told(shop.serve(story.send_back("butter", order_id="o-7")))


def test_an_order_that_a_webhook_told_first_is_credited_when_its_session_tells_it() -> None:
    """The shop's backend was quicker than the browser: the prompt has sold it all the same."""
    shop, story, prompt = pantry()
    shop.serve(story.add("butter", receipt=prompt.receipt))
    webhook = Story("webhook", start_ms=story.now_ms)
    assert [] == told(shop.serve(webhook.order("butter", order_id="o-7")))
    bought = shop.serve(story.order("butter", order_id="o-7"))

    assert [("bought", "butter", 1, 0.5)] == told(bought)
    assert 1.0 == earns(shop, prompt)

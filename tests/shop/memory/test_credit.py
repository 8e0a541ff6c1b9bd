"""What a prompt earns, and that policy and drift alarm are told of it: no more and no less."""

from typing import Any

import pytest

from streams.contract.prompts import Outcome, Prompt
from streams.shop.decision.policy import new_policy
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
    """The trial stays, as one that earned nothing."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    item = sold(shop, story, prompt)
    shop.serve(story.order(item))
    shop.serve(story.send_back(item))
    unpaid = new_policy(shop.shop.settings)
    unpaid.expose(prompt.arm, prompt.context, time_s=prompt.occurred_at_ms / 1000)
    means = [
        policy.estimate(prompt.arm, prompt.context)[0] for policy in (unpaid, shop.shop.policy)
    ]

    assert means[0] == pytest.approx(means[1], abs=1e-6)


# The drift alarm


def test_the_drift_alarm_sees_each_impression_and_each_gain() -> None:
    """Nothing earned when it is shown, then what it earned, step by step."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    seen = [shop.shop.attribution.drift.seen]
    shop.serve(story.see(prompt))
    seen.append(shop.shop.attribution.drift.seen)
    shop.serve(story.click(prompt))
    shop.serve(story.add(first(prompt), receipt=prompt.receipt))
    seen.append(shop.shop.attribution.drift.seen)

    assert {} == seen[0]
    assert (1, 0.0) == seen[1][prompt.arm][:2]
    assert 3 == seen[2][prompt.arm].outcomes
    assert pytest.approx(0.5 / 3) == seen[2][prompt.arm].mean


def test_what_adds_nothing_is_no_outcome_to_the_drift_alarm() -> None:
    """A dismissal earns nothing, and was counted when the prompt was shown."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    shop.serve(story.dismiss(prompt))

    assert 1 == shop.shop.attribution.drift.seen[prompt.arm].outcomes


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

    assert [(prompt.prompt_id, "returned", -1.0)] == earned(outcomes)


def test_what_came_back_once_cannot_come_back_again() -> None:
    """Nor does what happens to the prompt later earn anything."""
    shop, story = till(), Story()
    ((prompt, item), _) = two_sold(shop, story)
    shop.serve(story.send_back(item))
    again = shop.serve(story.send_back(item))
    dismissed = shop.serve(story.dismiss(prompt))

    assert () == again.outcomes
    assert () == dismissed.outcomes


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

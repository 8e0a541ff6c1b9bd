"""From feedback to reward: which prompt earned what."""

import pytest

from streams.contract.published.outcomes import Outcome, Stage
from streams.contract.published.prompts import Prompt
from tests.stories import Story, Till


def till(**settings: object) -> Till:
    """A shop that has seen bread bought with butter."""
    shop = Till(**settings)
    shop.teach("bread", "butter")
    return shop


def stages(outcomes: tuple[Outcome, ...]) -> list[tuple[Stage, float]]:
    """What happened and what it added, to a millionth."""
    return [(outcome.stage, round(outcome.reward, 6)) for outcome in outcomes]


def earned(shop: Till, prompt: Prompt) -> tuple[float, float]:
    """Trials and total reward of the prompt's arm in its context."""
    mean, trials = shop.shop.policy.estimate(prompt.arm, prompt.context)
    return mean, trials


def test_a_prompt_that_sells_earns_one_in_steps() -> None:
    """Shown, clicked, added, bought: each stage adds what is missing to its worth."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    item = prompt.items[0].item_id

    assert [("shown", 0.0)] == stages(shop.serve(story.see(prompt)).outcomes)
    assert [("clicked", 0.1)] == stages(shop.serve(story.click(prompt)).outcomes)
    added = shop.serve(story.add(item, receipt=prompt.receipt))
    assert [("added", 0.4)] == stages(added.outcomes)
    assert [("bought", 0.5)] == stages(shop.serve(story.order("bread", item)).outcomes)
    assert [("returned", -0.5)] == stages(shop.serve(story.send_back(item)).outcomes)


def test_an_add_without_a_receipt_belongs_to_the_prompt_that_was_clicked() -> None:
    """The session's own memory attributes what the storefront did not."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    item = prompt.items[0].item_id
    shop.serve(story.see(prompt))
    unclicked = shop.serve(story.add(item))
    assert [] == stages(unclicked.outcomes)

    shop.serve(story.remove(item))
    shop.serve(story.click(prompt))
    assert [("added", 0.4)] == stages(shop.serve(story.add(item)).outcomes)


def test_an_add_after_the_window_is_not_the_prompts_doing() -> None:
    """An hour later it is the shopper's own idea."""
    shop, story = till(session_gap_s=10_000.0), Story()
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    item = prompt.items[0].item_id
    late = shop.serve(story.add(item, receipt=prompt.receipt, after_s=3601))

    assert [] == stages(late.outcomes)


def test_a_stage_counts_once() -> None:
    """Clicking twice earns nothing more, nor does showing twice count two trials."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    for event in (story.see(prompt), story.see(prompt), story.click(prompt)):
        shop.serve(event)
    once = earned(shop, prompt)
    again = shop.serve(story.click(prompt))

    assert () == again.outcomes
    assert once == earned(shop, prompt)


def test_a_click_proves_an_impression() -> None:
    """A click whose impression was lost still counts one trial, and one click."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))

    outcomes = shop.serve(story.click(prompt)).outcomes
    assert [("shown", 0.0), ("clicked", 0.1)] == stages(outcomes)


def test_an_outcome_carries_what_the_decision_knew() -> None:
    """Arm, context and propensity come from the receipt: no join."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    (outcome,) = shop.serve(story.see(prompt)).outcomes

    assert (prompt.arm, prompt.context, prompt.propensity) == (
        outcome.arm,
        outcome.context,
        outcome.propensity,
    )


def test_forged_feedback_is_rejected_and_teaches_nothing() -> None:
    """A receipt with another prompt's name on it is a dead letter, and the policy is as before."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    before = shop.shop.policy.state()
    forged = prompt.model_copy(update={"receipt": prompt.receipt[:-2] + "AA"})
    answer = shop.serve(story.see(forged))

    assert answer.rejected is not None
    assert "receipt_forged" == answer.rejected.reason
    assert before == shop.shop.policy.state()


def test_a_receipt_of_a_version_that_was_rolled_back_stops_nobody() -> None:
    """It is a dead letter, its event is folded, and the shop learns on."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    later = prompt.model_copy(update={"receipt": "3" + prompt.receipt[1:]})
    answers = [
        shop.serve(event)
        for event in (
            story.see(later),
            story.click(later),
            story.dismiss(later),
            story.add("jam", receipt=later.receipt),
        )
    ]
    (outcome,) = shop.serve(story.see(prompt)).outcomes

    assert ["receipt_version"] * 4 == [each.rejected and each.rejected.reason for each in answers]
    assert {"bread": 1, "jam": 1} == shop.shop.sessions[0].find("s1").basket  # type: ignore[union-attr]
    assert "shown" == outcome.stage


def test_an_add_with_a_bad_receipt_is_still_an_add() -> None:
    """The basket is right whatever the receipt says; the receipt is reported."""
    shop, story = till(), Story()
    answer = shop.serve(story.add("jam", receipt="bm9uc2Vuc2U="))

    assert answer.rejected is not None
    assert {"jam": 1} == shop.shop.sessions[0].find("s1").basket  # type: ignore[union-attr]


def test_outcomes_are_found_by_whoever_answers_later() -> None:
    """Somebody else folded the event and more after it: the answer still has its outcomes."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    seen, clicked = story.see(prompt), story.click(prompt)
    offset = shop.shop.position[0]
    assert "folded" == shop.shop.learn(0, offset, seen)
    assert "folded" == shop.shop.learn(0, offset + 1, clicked)

    assert [("shown", 0.0)] == stages(shop.ask(seen, offset).outcomes)
    assert [("clicked", 0.1)] == stages(shop.ask(clicked, offset + 1).outcomes)


@pytest.mark.parametrize("bad", ["cut off", "forged", "of another session"])
def test_an_add_with_a_bad_receipt_counts_as_one_without(bad: str) -> None:
    """A dead letter tells of the receipt; a click is credited, a mere impression is not."""
    shop, ours = till(), Story("ann")
    theirs = shop.prompt(Story("bob").add("bread")).receipt
    prompt = shop.prompt(ours.add("bread"))
    receipt = {"cut off": prompt.receipt[:9], "forged": f"AA{prompt.receipt[2:]}"}.get(bad, theirs)
    item = prompt.items[0].item_id
    for event in (ours.see(prompt), ours.add(item, receipt=receipt), ours.remove(item)):
        unclicked = shop.serve(event)
        assert "added" not in dict(stages(unclicked.outcomes))
    shop.serve(ours.click(prompt))
    clicked = shop.serve(ours.add(item, receipt=receipt))

    assert clicked.rejected is not None
    assert clicked.rejected.reason.startswith("receipt_")
    assert [("added", 0.4)] == stages(clicked.outcomes)


def test_a_receipt_of_a_prompt_that_did_not_offer_the_item_counts_as_none() -> None:
    """It is good, but proves nothing for this add: no dead letter, no credit without a click."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    added = shop.serve(story.add("soap", receipt=prompt.receipt))

    assert added.rejected is None
    assert () == added.outcomes

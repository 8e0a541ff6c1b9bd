"""What prompts earn by is changed: what is told of them afterwards adds up under the new terms."""

from contextlib import nullcontext
from typing import Any

import pytest

from streams.clients.checkpoints.adoption import adopted
from streams.contract.events import OrderLine
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.shop.checkpoint import differing, restored
from streams.shop.decision.policy.policy import new_policy, taught_again
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.earnings import earnings, terms_of
from streams.shop.memory.session import IMPRESSIONS_MAX
from streams.shop.shop import Shop
from tests.clients.checkpoints.test_adoption import LOG, NoLog, kept
from tests.shop.test_net_reward import MONEY, till
from tests.stories import OPEN, Story, Till

CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "stages to money": ({"reward": "stages", "dismissal_cost_minor": 0}, {}),
    "money to stages": ({}, {"reward": "stages", "dismissal_cost_minor": 0}),
    "a click": ({"reward": "stages"}, {"reward": "stages", "reward_clicked": 0.3}),
    "an add": ({"reward": "stages"}, {"reward": "stages", "reward_added": 0.2}),
    "a purchase": ({"reward": "stages"}, {"reward": "stages", "reward_bought": 0.7}),
    "a smaller scale": ({}, {"reward_scale_minor": 200}),
    "a larger scale": ({"reward_scale_minor": 200}, {}),
    "a dearer dismissal": ({}, {"dismissal_cost_minor": 100}),
    "a dismissal that costs nothing": ({}, {"dismissal_cost_minor": 0}),
    "another margin": ({}, {"margin_share": 0.9}),
    "returns that cost": ({}, {"return_cost_share": 0.2}),
    "rates": ({}, {"reward_rates": "EUR=0.5"}),
}


def switch(shop: Till, changed: dict[str, Any]) -> dict[str, str]:
    """Its worker starts again under other settings; what became of the parts."""
    settings = Settings(**{**OPEN, **MONEY, **changed})
    checkpoint = kept(shop.shop)
    other = differing(checkpoint.header, settings, LOG, Shop)
    assert other
    log: Any = NoLog([])
    taken = adopted(checkpoint, settings, other, lambda: nullcontext(log), Shop)
    shop.shop = taken.shop
    return dict(taken.fates)


def buy(shop: Till, story: Story, prompt: Prompt, quantity: int = 1) -> None:
    """Butter is added from the prompt, and bought."""
    shop.serve(story.add("butter", quantity=quantity, receipt=prompt.receipt))
    line = OrderLine(item_id="butter", quantity=quantity, price_minor=400)
    shop.serve(story.order(lines=(line,), currency="EUR"))


def prompts_of(shop: Shop) -> list[Impression]:
    """All that sessions remember."""
    return [one for each in shop.sessions.values() for s in each for one in s.impressions.values()]


def told_before(shop: Till) -> tuple[list[tuple[Story, Prompt]], Any]:
    """Five shoppers see a prompt: nothing, a click, a purchase, a dismissal, one that came back."""
    seen = []
    for number in range(5):
        story = Story(f"s-{number}")
        seen.append((story, shop.prompt(story.add("bread"))))
        shop.serve(story.see(seen[-1][1]))
    shop.serve(seen[1][0].click(seen[1][1]))
    buy(shop, *seen[2], quantity=3)
    shop.serve(seen[3][0].dismiss(seen[3][1]))
    buy(shop, *seen[4], quantity=2)
    return seen, seen[4][0].send_back("butter")


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_told_after_other_terms_adds_up_and_is_read_again(change: str) -> None:
    """Dismissals, returns and purchases of prompts from before: each prompt's sum is what it is."""
    before, after = CHANGES[change]
    shop = till(**before)
    seen, send_back = told_before(shop)
    switch(shop, after)
    terms = terms_of(shop.shop.settings)

    for story, prompt in seen[:3]:
        shop.serve(story.dismiss(prompt))
    shop.serve(send_back)
    shop.serve(seen[2][0].cancel())
    buy(shop, *seen[1], quantity=2)
    buy(shop, *seen[3])

    again = restored(kept(shop.shop), shop.shop.settings)
    assert shop.shop.state() == again.state()
    found = prompts_of(again)
    assert 5 == len(found)
    for one in found:
        assert pytest.approx(sum(gain for _, gain in earnings(one, terms))) == one.reward
        assert -1e-9 <= one.reward <= 1 + 1e-9


@pytest.mark.parametrize("change", CHANGES)
def test_stages_are_worth_what_they_would_have_been_from_the_start(change: str) -> None:
    """Fact by fact, as in a shop that always had these terms."""
    before, after = CHANGES[change]
    shop = till(**before)
    told_before(shop)
    switch(shop, after)
    always = till(**after)
    told_before(always)

    for one, other in zip(prompts_of(shop.shop), prompts_of(always.shop), strict=True):
        was = [fact.reward for fact in one.reached]
        assert pytest.approx([fact.reward for fact in other.reached]) == was


def test_a_sum_outside_of_what_can_be_earned_is_read_all_the_same() -> None:
    """Prompts that were told of under two terms are no reason to begin with nothing."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    shop.serve(story.dismiss(prompt))
    (one,) = prompts_of(shop.shop)
    one.put([fact._replace(reward=-0.5) for fact in one.reached])

    assert shop.shop.state() == restored(kept(shop.shop), shop.shop.settings).state()


@pytest.mark.parametrize("change", ["a larger scale", "stages to money", "a purchase"])
def test_what_a_session_forgot_and_an_order_credits_is_taught_again_and_can_come_back(
    change: str,
) -> None:
    """Nothing of it is left in the policy afterwards: it has been told what is taken back."""
    before, after = CHANGES[change]
    shop, story = till(**{"dismissal_cost_minor": 0, **before}), Story()
    for number in range(IMPRESSIONS_MAX + 2):
        shop.teach(f"a{number}", f"b{number}")
    prompt = shop.prompt(story.add("bread"))
    item_id = prompt.items[0].item_id
    shop.serve(story.see(prompt))
    shop.serve(story.add(item_id, receipt=prompt.receipt))
    line = OrderLine(item_id=item_id, price_minor=4_000)
    shop.serve(story.order(order_id="o-1", lines=(line,), currency="EUR"))
    for number in range(IMPRESSIONS_MAX + 2):
        shop.serve(story.see(shop.prompt(story.view(f"a{number}", after_s=100))))
    assert prompt.prompt_id not in {one.receipt.prompt_id for one in prompts_of(shop.shop)}
    switch(shop, {"dismissal_cost_minor": 0, **after})
    shop.serve(story.cancel(order_id="o-1"))
    again = new_policy(shop.shop.settings)
    taught_again(again, shop.shop.settings, shop.shop.sessions)

    assert 0 <= shop.shop.policy._records.all.rewards
    assert again.state() == shop.shop.policy.state()

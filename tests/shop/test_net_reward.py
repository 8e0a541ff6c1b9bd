"""A shop that counts money: a shopper's prompts, what they sell, and what comes back of it."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from streams.contract.events import Event, OrderLine
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.outcomes import Outcome
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.policy.policy import new_policy, taught_again
from streams.shop.format.meaning import apart, meaning
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from tests.stories import NOON_MS, OPEN, Story, Till

MONEY: dict[str, Any] = {
    "reward": "net",
    "reward_scale_minor": 1_000,
    "dismissal_cost_minor": 50,
    "margin_share": 0.25,
    "together_min": 1,
}


def till(**more: Any) -> Till:
    """A shop whose shoppers buy butter with bread."""
    shop = Till(**{**MONEY, **more})
    shop.teach("bread", "butter")
    return shop


def priced(margin_minor: int, price_minor: int = 400) -> Catalog:
    """A catalogue with what the butter earns."""
    catalog = Catalog(worths=True)
    said = {"margin_minor": margin_minor, "price_minor": price_minor, "currency": "EUR"}
    assert catalog.put(CatalogItem(item_id="butter", **said))
    return catalog


def sold(shop: Till, story: Story, prompt: Prompt, **line: Any) -> float:
    """The shopper sees the prompt, takes the butter and buys it; the reward told by the order."""
    shop.serve(story.see(prompt))
    shop.serve(story.add("butter", receipt=prompt.receipt))
    lines = (OrderLine(**{"item_id": "butter", "price_minor": 400, **line}),)
    answer = shop.serve(story.order(lines=lines, currency="EUR"))
    return sum(outcome.reward for outcome in answer.outcomes)


def mean(shop: Shop) -> float:
    """What a prompt has earned on average."""
    return shop.policy._records.all.mean()


def test_a_sale_earns_the_margin_of_the_day_on_which_it_was_offered() -> None:
    """However the catalogue changes before the order: the margin travels in the receipt."""
    shop, story = till(), Story()
    shop.catalog = priced(150)
    prompt = shop.prompt(story.add("bread"))
    shop.catalog = priced(999)

    assert pytest.approx(0.150) == sold(shop, story, prompt)


def test_without_a_catalogue_a_sale_earns_a_share_of_its_price() -> None:
    """And what the order says goes before both."""
    by_price, by_order = till(), till()
    story, other = Story(), Story()

    assert pytest.approx(0.100) == sold(by_price, story, by_price.prompt(story.add("bread")))
    asked = by_order.prompt(other.add("bread"))
    assert pytest.approx(0.070) == sold(by_order, other, asked, margin_minor=70)


def test_lines_of_one_item_earn_and_tell_what_each_of_them_says() -> None:
    """One that says nothing is counted by the catalogue, and takes nothing of the other."""
    shop, story = till(reward_scale_minor=10_000, return_cost_share=0.1), Story()
    shop.catalog = priced(800, 2_000)
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    shop.serve(story.add("butter", quantity=2, receipt=prompt.receipt))
    told, bare = {"price_minor": 2_000, "margin_minor": 900}, {"price_minor": 1_000}
    lines = tuple(OrderLine(item_id="butter", **said) for said in (told, bare))
    (sale,) = shop.serve(story.order(lines=lines, currency="EUR")).outcomes
    (back,) = shop.serve(story.send_back("butter")).outcomes

    assert isinstance(sale, Outcome)
    assert isinstance(back, Outcome)
    assert (3_000, 1_500) == (sale.value_minor, back.value_minor)
    assert [pytest.approx(0.04), pytest.approx(-0.02)] == [sale.reward, back.reward]


def test_each_item_of_an_order_earns_its_own_part() -> None:
    """In money: so one of them can come back by itself; all of them are what the order earned."""
    shop, story = Till(**MONEY), Story()
    shop.teach("bread", "butter", "jam")
    prompt = shop.prompt(story.add("bread"))
    shop.serve(story.see(prompt))
    for item_id in ("butter", "jam"):
        shop.serve(story.add(item_id, receipt=prompt.receipt))
    prices = {"butter": 400, "jam": 800}
    lines = [OrderLine(item_id=item, price_minor=price) for item, price in prices.items()]
    told = shop.serve(story.order(lines=tuple(lines), currency="EUR")).outcomes
    session = shop.shop.sessions[0].find("s1")
    assert session is not None
    facts = session.impressions[prompt.prompt_id].of("bought")

    assert {"butter": 0.1, "jam": 0.2} == {
        fact.item_id: pytest.approx(fact.reward) for fact in facts
    }
    assert pytest.approx(0.3) == sum(outcome.reward for outcome in told)
    assert pytest.approx(0.35, abs=1e-5) == mean(shop.shop)


def test_what_being_shown_earns_is_told_of_the_earliest_sign_whichever_comes_first() -> None:
    """A prompt begins with what a dismissal takes; the policy knows when prompts earn."""
    states = []
    for late in (False, True):
        shop, story = till(arm_window_s=30 * 86_400.0), Story()
        prompt = shop.prompt(story.add("bread"))
        signs: list[Event] = [story.see(prompt), story.click(prompt, after_s=9 * 3600)]
        for event in reversed(signs) if late else signs:
            shop.serve(event)
        states.append(shop.shop.policy.state())
        taught = new_policy(shop.shop.settings)
        taught_again(taught, shop.shop.settings, shop.shop.sessions)
        assert taught.state() == states[-1]

    assert states[0] == states[1]


def test_a_dismissal_costs_what_the_settings_say() -> None:
    """A prompt begins with it; so outcomes add up to 0 where it is dismissed."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    (shown,) = shop.serve(story.see(prompt)).outcomes
    (dismissed,) = shop.serve(story.dismiss(prompt)).outcomes

    assert pytest.approx(0.05) == shown.reward
    assert pytest.approx(-0.05) == dismissed.reward
    assert mean(shop.shop) == 0.0


def test_what_is_ordered_again_is_not_the_prompts_doing() -> None:
    """One piece was added from it: the next order of butter earns only if the first comes back."""
    shop, story = till(), Story()
    first = sold(shop, story, shop.prompt(story.add("bread")))
    lines = (OrderLine(item_id="butter", price_minor=400),)

    def told(event: Event) -> float:
        return sum(outcome.reward for outcome in shop.serve(event).outcomes)

    assert pytest.approx(0.1) == first
    assert 0.0 == told(story.order(order_id="again", lines=lines, currency="EUR"))
    assert 0.0 == told(story.cancel(order_id="o-s1-1"))
    assert pytest.approx(0.15, abs=1e-5) == mean(shop.shop)
    assert pytest.approx(-0.1) == told(story.cancel(order_id="again"))
    assert pytest.approx(0.05, abs=1e-5) == mean(shop.shop)


def test_what_is_clipped_is_counted() -> None:
    """A reward of more than the scale is told as 1, and counted: it says less than is true."""
    shop, story = till(reward_scale_minor=120), Story()
    sold(shop, story, shop.prompt(story.add("bread")))

    assert 1 == shop.shop.attribution.rewards.clipped["above"]
    assert not shop.shop.attribution.rewards.clipped["unrated"]


def test_a_sale_whose_currency_has_no_rate_is_counted() -> None:
    """It earns nothing: somebody should say what that money is worth."""
    shop, story = till(reward_rates="CHF=1"), Story()

    assert 0.0 == sold(shop, story, shop.prompt(story.add("bread")))
    assert {"unrated": 1} == +shop.shop.attribution.rewards.clipped


def back(*quantities: int) -> list[dict[str, Any]]:
    """So many pieces of butter come back, one return after the other."""
    return [{"lines": (OrderLine(item_id="butter", quantity=n),)} for n in quantities]


def folded(way: Sequence[int], returns: Sequence[dict[str, Any]], *, cancel: bool = False) -> Shop:
    """A prompt sells three pieces of butter on partition 0; returns are told on the other one.

    `way` is the order in which a worker reads the returns (above 0) and the order (0).
    """
    shop = Shop(Settings(**{**OPEN, **MONEY, "partitions": 2}))

    def read(partition: int, event: Event) -> None:
        assert "folded" == shop.learn(partition, shop.position.get(partition, 0), event)

    for number in range(9):
        past = Story(f"past-{number}", start_ms=NOON_MS - 86_400_000)
        for event in (past.add("bread"), past.add("butter")):
            read(0, event)
    story = Story()
    asked = story.add("bread")
    read(0, asked)
    prompt = shop.answer(asked, 0, shop.position[0] - 1, PendingPrompts()).prompt
    assert prompt is not None
    read(0, story.see(prompt))
    read(0, story.add("butter", quantity=3, receipt=prompt.receipt))
    line = OrderLine(item_id="butter", quantity=3, price_minor=400)
    order = story.order(order_id="o-s1-1", lines=(line,), currency="EUR")
    elsewhere = Story("elsewhere", start_ms=story.now_ms)
    others: list[Event] = [elsewhere.send_back(order_id="o-s1-1", **said) for said in returns]
    if cancel:
        others.append(elsewhere.cancel(order_id="o-s1-1"))
    for number in way:
        read(*((0, order) if not number else (1, others[number - 1])))
    return shop


def test_returns_in_any_order_and_in_parts_leave_the_same_to_every_worker() -> None:
    """Bit by bit, whichever partition is read first, and in whatever order they were told."""
    shops = [folded(way, back(1, 1)) for way in permutations((0, 1, 2))]
    one_log = [folded(way, back(1, 1)) for way in ((0, 1, 2), (1, 0, 2), (1, 2, 0))]

    assert 1 == len({shop.digest() for shop in one_log})
    assert all(shop.policy.state() == shops[0].policy.state() for shop in shops)
    assert all(mean(shop) == pytest.approx(0.05 + 0.1, abs=1e-5) for shop in shops)
    once = folded((0, 1), back(2))
    assert once.policy.state() == shops[0].policy.state()


def test_what_was_cancelled_or_came_back_twice_has_never_been_bought() -> None:
    """And not less than that."""
    never = folded((), ()).policy.state()

    assert never == folded((0, 1), (), cancel=True).policy.state()
    assert never == folded((1, 0), (), cancel=True).policy.state()
    assert never == folded((0, 1, 2), back(3, 3)).policy.state()
    assert never != folded((0,), ()).policy.state()


def test_a_policy_is_taught_again_when_the_reward_becomes_money() -> None:
    """By the prompts that sessions remember: as if it had been money from the first of them on."""
    shop, story = till(), Story()
    prompt = shop.prompt(story.add("bread"))
    sold(shop, story, prompt, margin_minor=70)
    other = Story("s2")
    again = shop.prompt(other.add("bread"))
    shop.serve(other.see(again))
    shop.serve(other.dismiss(again))

    policy = new_policy(shop.shop.settings)
    assert 2 == taught_again(policy, shop.shop.settings, shop.shop.sessions)
    assert shop.shop.policy.state() == policy.state()


def test_a_shop_that_does_not_count_money_keeps_nothing_of_it() -> None:
    """Neither margins nor what the catalogue says: its digest and its checkpoints are as before."""
    digests = set()
    for margin in (None, 70):
        shop, story = Till(together_min=1), Story()
        shop.teach("bread", "butter")
        shop.catalog = Catalog()
        shop.catalog.put(CatalogItem(item_id="butter", margin_minor=9, currency="EUR"))
        sold(shop, story, shop.prompt(story.add("bread")), margin_minor=margin)
        digests.add(shop.shop.digest())
        assert not shop.catalog

    assert 1 == len(digests)
    changed = apart(meaning(Settings()), meaning(Settings(reward="net")))
    assert changed.keys() == meaning(Settings(reward="net")).keys() - meaning(Settings()).keys()
    assert {"reward"} < changed.keys()

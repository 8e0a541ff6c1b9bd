"""How many items a prompt has: no more than are expected to earn more than they annoy."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from streams.contract.events import Event, OrderLine
from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.published.prompts import Prompt
from streams.contract.settings import Settings
from streams.contract.wire.shop.on_offer import ItemWorth
from streams.shop.decision.arms import ARMS
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.decision.policy.item_numbers import KNOWN_MAX
from streams.shop.decision.policy.policy import offers_taught_again
from streams.shop.memory.orders.reward.offer_rates import OfferRate, OfferRates
from streams.shop.memory.orders.reward.pair_offers import Acceptance
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop
from tests.stories import NOON_MS, OPEN, Story, Till

DECIDED: dict[str, Any] = {
    "reward": "net",
    "items_decided": True,
    "items_exploration": 0.0,
    "dismissal_cost_minor": 50,
    "together_min": 1,
}
MARGINS = {"butter": 150, "jam": 90, "milk": -4} | {f"tea-{number}": 1 for number in range(5)}


def till(**more: Any) -> Till:
    """A shop whose shoppers buy butter, jam and milk with bread, in this order of frequency."""
    shop = Till(**{**DECIDED, **more})
    shop.catalog = Catalog(worths=True)
    for item, margin in MARGINS.items():
        said = {"margin_minor": margin, "price_minor": 400, "currency": "EUR"}
        shop.catalog.put(CatalogItem(item_id=item, **said))
    for times, item in ((16, "milk"), (12, "jam"), (10, "butter")):
        shop.teach("bread", item, times=times)
    for number in range(40):  # else everything goes along with everything
        shop.serve(Story(f"other-{number}", start_ms=NOON_MS - 9**8).add(f"tea-{number % 5}"))
    return shop


def items(prompt: Prompt) -> list[str]:
    """What it offers, in order."""
    return [item.item_id for item in prompt.items]


def test_what_earns_most_comes_first_and_what_loses_is_left_out() -> None:
    """Milk fits best, and loses four cents."""
    shop = till()
    prompt = shop.prompt(Story().add("bread"))

    assert ["butter", "jam"] == items(prompt)[:2]
    assert "milk" not in items(prompt)
    assert pytest.approx(1.0) == sum(prompt.propensities.values())


def test_where_dismissals_are_dear_nothing_is_said_and_the_reason_is_told() -> None:
    """Silence is what remains."""
    shop = till(dismissal_cost_minor=1_500)
    answer = shop.serve(Story().add("bread"))

    assert answer.prompt is None
    assert answer.silence is not None
    assert "not_worth" == answer.silence.reason


@pytest.mark.parametrize("cost_minor", [0, 50, 1_900])
def test_what_nobody_knows_the_worth_of_is_offered_as_if_no_number_were_decided(
    cost_minor: int,
) -> None:
    """Its orders may earn a lot: a shop without prices in its catalogue does not fall silent."""
    told = []
    for decided in (True, False):
        shop = till(items_decided=decided, dismissal_cost_minor=cost_minor)
        shop.catalog = None
        asked = [story.add("bread") for story in map(Story, "abcdefgh")]
        told.append([items(shop.prompt(event)) for event in asked])

    assert told[0] == told[1]


def test_beside_items_of_unknown_worth_those_that_lose_are_left_out() -> None:
    """Of butter nobody says what it earns; milk loses more than all of them annoy."""
    shop = till(dismissal_cost_minor=1_900)
    assert shop.catalog is not None
    shop.catalog.take_out("butter")
    prompts = [shop.prompt(story.add("bread")) for story in map(Story, "abcdefgh")]

    assert {"butter"} <= {item for prompt in prompts for item in items(prompt)}
    assert "milk" not in {item for prompt in prompts for item in items(prompt)}


def test_what_is_known_to_be_worth_it_stands_before_what_nobody_knows() -> None:
    """Milk fits best, and nobody says what it earns: it has the room that is left."""
    shop = till()
    assert shop.catalog is not None
    shop.catalog.take_out("milk")
    prompts = [items(shop.prompt(story.add("bread"))) for story in map(Story, "abcdefgh")]

    assert {"butter"} == {offered[0] for offered in prompts}
    assert ["butter", "jam", "milk"] in prompts


def test_by_default_a_prompt_has_as_many_items_as_fit() -> None:
    """In the order of the arm; and nothing more is kept."""
    shop = till(items_decided=False)
    prompts = [shop.prompt(Story(f"s{number}").add("bread")) for number in range(20)]

    assert {3} == {len(prompt.items) for prompt in prompts}
    assert {"offer_sales", "offer_dismissals"} & shop.shop.parts().keys() == set()


def test_some_numbers_are_drawn_so_that_what_was_given_up_can_recover() -> None:
    """Half of the events here; each number alike, within four standard deviations; seed: ids."""
    shop = till(dismissal_cost_minor=1_500, items_exploration=0.5, arm_floor=0.2)
    drawn: Counter[int] = Counter()
    for number in range(600):
        prompt = shop.serve(Story(f"s{number}").add("bread")).prompt
        drawn[0 if prompt is None else len(prompt.items)] += 1

    assert abs(drawn[0] - 300) < 4 * 12.3
    for number in (1, 2, 3):
        assert abs(drawn[number] - 100) < 4 * 9.2


def test_no_smaller_number_would_be_expected_to_earn_more() -> None:
    """Reckoned again from the rates themselves, after some prompts were sold and sent away."""
    shop = till()
    for number in range(12):
        story = Story(f"ann-{number}")
        prompt = shop.prompt(story.add("bread"))
        shop.serve(story.see(prompt))
        if number % 3 == 0:
            shop.serve(story.add(items(prompt)[0], receipt=prompt.receipt))
            shop.serve(story.order("bread", items(prompt)[0]))
        elif number % 3 == 1:
            shop.serve(story.dismiss(prompt))
    prompt = shop.prompt(Story("now").add("bread"))
    rates = shop.shop.attribution.rewards.offers
    assert rates is not None
    worths = shop.shop.receipts.open(prompt.receipt, "now").worths

    def net(number: int) -> float:
        about = prompt.arm, prompt.context
        sold = sum(
            (worth.margin_minor or 0) * rates.sale(*about, worth.fit, rank).hopeful(1.0)
            for rank, worth in enumerate(worths[:number])
        )
        return sold - 50 * rates.dismissal(*about, number).mean

    assert 0 < net(len(worths))
    assert all(net(number) < net(len(worths)) for number in range(1, len(worths)))


def test_expectations_are_means_without_hope() -> None:
    """As calibration compares them with what came."""
    shop = till()
    numbers, rates = shop.shop.decision.numbers, shop.shop.attribution.rewards.offers
    assert numbers is not None
    assert rates is not None
    mean = rates.sale("bought_together", "basket/new", 2, 0).mean

    worth = ItemWorth(150, 400, "EUR", 2)
    assert [150 * mean] == numbers.expected("bought_together", "basket/new", [worth])
    assert OfferRate(0.5, 0.0).hopeful(0.0) == 0.5 < OfferRate(0.5, 0.0).hopeful(1.0) < 1.0


# What is learned


def sales(rates: OfferRates) -> tuple[float, float]:
    """Trials and rewards of all offers, in offers of the landmark's weight."""
    trials, rewards = rates.sales._records.all
    return trials, rewards / trials


def offered(shop: Shop, *facts: str) -> OfferRates:
    """A prompt was shown, and this became of it."""
    till = Till()
    till.shop, till.catalog = shop, None
    till.teach("bread", "butter")
    story = Story()
    prompt = till.prompt(story.add("bread"))
    said: dict[str, Callable[[], Event]] = {
        "see": lambda: story.see(prompt),
        "dismiss": lambda: story.dismiss(prompt),
        "add": lambda: story.add("butter", receipt=prompt.receipt),
        "order": lambda: story.order(
            lines=(OrderLine(item_id="butter", price_minor=400, quantity=2),), currency="EUR"
        ),
        "one back": lambda: story.send_back("butter"),
        "cancel": story.cancel,
    }
    for fact in facts:
        till.serve(said[fact]())
    rates = shop.attribution.rewards.offers
    assert rates is not None
    return rates


def new_shop() -> Shop:
    """One that decides numbers, whose margins nobody knows."""
    return Shop(Settings(**{**OPEN, **DECIDED, "reward_scale_minor": 1_000, "margin_share": 0.5}))


def test_a_sale_and_its_return_leave_no_trace_and_a_dismissal_is_one() -> None:
    """Bit by bit."""
    ignored, sold = offered(new_shop(), "see"), offered(new_shop(), "see", "add", "order")
    back = offered(new_shop(), "see", "add", "order", "one back", "one back")
    cancelled = offered(new_shop(), "see", "add", "order", "cancel")
    dismissed = offered(new_shop(), "see", "dismiss")

    assert ignored.sales.state() == back.sales.state() == cancelled.sales.state()
    assert ignored.sales.state() == dismissed.sales.state() != sold.sales.state()
    assert ignored.dismissals.state() == sold.dismissals.state() != dismissed.dismissals.state()


def test_of_an_offer_it_is_learned_how_much_was_sold_and_kept() -> None:
    """A line of two pieces, of which one comes back, is half of a sale."""
    _, whole = sales(offered(new_shop(), "see", "add", "order"))
    _, half = sales(offered(new_shop(), "see", "add", "order", "one back"))

    assert pytest.approx(1.0) == whole
    assert pytest.approx(0.5) == half


def test_what_is_learned_is_a_part_of_the_state_and_survives_it() -> None:
    """And is in the digest."""
    shop, other = new_shop(), new_shop()
    offered(shop, "see", "add", "order")
    state = {name: part.state() for name, part in shop.parts().items()}
    assert {"offer_sales", "offer_dismissals"} < shop.digests().keys()
    for name, part in other.parts().items():
        part.restore(state[name])

    assert shop.digest() == other.digest()


def test_offers_are_taught_again_by_the_prompts_that_are_remembered() -> None:
    """As where numbers begin to be decided: what was sold, and what was sent away."""
    for facts in (("see",), ("see", "add", "order"), ("see", "dismiss")):
        shop = new_shop()
        offered(shop, *facts)
        again = offers_taught_again(shop.settings, shop.sessions)
        parts = shop.attribution.rewards.parts()
        for name, part in again.parts().items():
            assert part.state() == parts[name].state()


def test_of_however_many_pairs_no_more_rates_are_kept_than_there_is_room_for() -> None:
    """Nothing may be learned for long: a page that never says what it has shown."""
    numbers = new_shop().decision.numbers
    assert numbers is not None
    for number in range(KNOWN_MAX + 10):
        numbers._read(lambda *_: Acceptance(0.1, 1.0), ("pair", number))

    assert 10 == len(numbers._known)


def test_numbers_are_decided_by_money_alone() -> None:
    """The settings say so at start."""
    with pytest.raises(ValueError, match="ITEMS_DECIDED"):
        Settings(items_decided=True)


def test_an_arm_of_which_nothing_is_worth_it_is_not_drawn() -> None:
    """The vector is of those that are left, and exact."""
    shop = till()
    bare = {name: arm for name, arm in ARMS.items() if name == "bought_together"}
    prompt = shop.prompt(Story("p").add("bread"))
    alone = Shop(shop.shop.settings, arms=bare)
    for offset, event in enumerate(shop.served):
        alone.learn(0, offset, event)
    answer = alone.answer(
        shop.served[-1], 0, len(shop.served) - 1, PendingPrompts(), catalog=shop.catalog
    )

    assert answer.prompt is not None
    assert {"bought_together": 1.0} == answer.prompt.propensities
    assert prompt.propensities.keys() <= ARMS.keys()


def test_an_arm_whose_items_all_lose_is_in_no_vector() -> None:
    """Who looks at bread looks at milk: that costs four cents, and others earn something."""
    vectors = []
    for decided in (True, False):
        shop = till(items_decided=decided)
        for number in range(9):
            story = Story(f"look-{number}")
            for item in ("bread", "milk"):
                shop.serve(story.view(item, slots=()))
        vectors.append([shop.prompt(Story(f"s{n}").view("bread")).propensities for n in range(9)])

    assert ["viewed_together" not in vector for vector in vectors[0]] == [True] * 9
    assert ["viewed_together" in vector for vector in vectors[1]] == [True] * 9


def test_a_top_up_is_offered_whole_or_not_at_all() -> None:
    """30.00 EUR are missing, and one item alone is worth 20.00 EUR: a part would ship nothing."""
    shop = till(free_shipping="EUR=5000", arm_floor=0.2, items_exploration=0.5)
    shop.catalog = Catalog(prices_max=100, worths=True)
    for item, price in {"bread": 2000, "jam": 2000, "butter": 2000, "milk": 1000}.items():
        said = {"price_minor": price, "margin_minor": 150, "currency": "EUR"}
        shop.catalog.put(CatalogItem(item_id=item, **said))
    found = [shop.serve(Story(f"s{number}").add("bread")).prompt for number in range(60)]
    whole = [items(prompt) for prompt in found if prompt and prompt.arm == "top_up"]

    assert whole
    assert all(len(each) == 2 for each in whole)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_control_bounds_the_number_that_is_decided(share: float) -> None:
    """One item at most, be the number decided or drawn."""
    shop = till(items_exploration=share)
    shop.controls.put("prompts.items_max", 1, size=40)
    found = [shop.serve(Story(f"s{number}").add("bread")).prompt for number in range(20)]

    assert {1} == {len(items(prompt)) for prompt in found if prompt is not None}

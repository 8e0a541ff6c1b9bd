"""What a storefront sends for a basket, and what the rival makes of it."""

from pydantic import SecretStr

from streams.contract.settings import Settings
from streams.lab.replay.baskets import Basket, BasketLine
from streams.lab.replay.rival import PopularityBaseline
from streams.lab.replay.run import lifted
from streams.lab.replay.storefront import added, ordered

SETTINGS = lifted(Settings(receipt_secret=SecretStr("not a secret")), "offered")


def basket(number: int, *items: str) -> Basket:
    """One household's basket."""
    lines = tuple(BasketLine(item, 1, 250) for item in items)
    return Basket(f"basket-{number}", "household-1", 1_483_272_000_000 + number, 0, lines)


def test_lines_are_a_second_apart_and_the_order_comes_last() -> None:
    """The basket's own time is that of its first line."""
    bread = basket(0, "bread", "butter")
    times_ms = [added(bread, 0, None), added(bread, 1, None), ordered(bread)]

    assert [0, 1000, 2000] == [event.occurred_at_ms - bread.time_ms for event in times_ms]


def test_an_order_holds_every_line() -> None:
    """The worker learns what was bought, and by whom."""
    order = ordered(basket(0, "bread", "butter"))

    assert ["bread", "butter"] == [line.item_id for line in order.lines]
    assert "household-1" == order.shopper_id


def test_the_rival_offers_what_is_popular_and_not_in_the_basket() -> None:
    """The same guards as for everybody: nothing that is there already, nor what asked."""
    rival = PopularityBaseline(SETTINGS)
    for number, items in enumerate([("bread", "milk"), ("bread", "jam"), ("bread", "milk")]):
        for place in range(len(items)):
            rival.learn(added(basket(number, *items), place, None))
        rival.learn(ordered(basket(number, *items)))
    asking = added(basket(9, "bread"), 0, None)
    rival.learn(asking)

    assert ["milk", "jam"] == rival.offer(asking)


def test_staples_are_withheld_from_the_rival_too() -> None:
    """Both are judged under the same guards."""
    settings = SETTINGS.model_copy(update={"staples_withheld": 1})
    rival = PopularityBaseline(settings)
    for number, item in enumerate(["bread", "bread", "milk", "jam"]):
        rival.learn(added(basket(number, item), 0, None))
    asking = added(basket(9, "jam"), 0, None)
    rival.learn(asking)

    assert "bread" not in rival.offer(asking)

"""What other partitions tell of an impression changes neither its weight nor its bound."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from streams.contract.receipts import Receipt
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.orders import LINES_MAX, Orders
from streams.shop.memory.orders.reward.reached import Reached, joined

NOON_MS = 1_767_268_800_000
RECEIPT = Receipt(
    "p1", "s1", "popular", "basket/new", 0.5, 0.1, ("jam",), NOON_MS, NOON_MS + 60_000
)
OWN = [
    Reached("shown", "e1", NOON_MS),
    Reached("added", "e2", NOON_MS + 1, 0.5, "jam", 9),
    Reached("bought", "e3", NOON_MS + 2, 0.5, "jam", 9, "o-1", 900, "EUR"),
]


def away(quantity: int, item_id: str = "jam", value_minor: int | None = 100) -> Reached:
    """A return that another partition has told."""
    at_ms = NOON_MS + 60_000 * quantity
    return Reached("returned", "", at_ms, 0.0, item_id, quantity, "o-1", value_minor, "EUR")


@given(st.lists(st.integers(1, 9), max_size=4))
def test_what_another_partition_tells_weighs_nothing(quantities: list[int]) -> None:
    """Nobody can say by when it is known: sessions that differ by it let go the same."""
    impression = Impression(RECEIPT, OWN)
    before = impression.kept_bytes
    for quantity in quantities:
        impression.put(joined(impression.reached, [away(quantity)]))

    assert before == impression.kept_bytes


def test_what_its_own_partition_tells_weighs_something() -> None:
    """Each fact of it."""
    shown, added = Impression(RECEIPT, OWN[:1]), Impression(RECEIPT, OWN[:2])
    assert shown.kept_bytes < added.kept_bytes < Impression(RECEIPT, OWN).kept_bytes


def test_a_thousand_returns_of_a_gram_are_one_fact() -> None:
    """Of each item of an order one, whichever came first."""
    reached = tuple(OWN)
    for _ in range(1_000):
        reached = joined(reached, [away(1)])

    assert len(OWN) + 1 == len(reached)
    assert (1_000, 100_000) == (reached[-1].quantity, reached[-1].value_minor)


def test_in_whichever_order_returns_are_told_elsewhere_they_come_to_the_same() -> None:
    """Also of several items, and where one of them has no price."""
    told = [away(1), away(2, value_minor=None), away(3, "tea")]
    results = set()
    for order in permutations(told):
        reached = tuple(OWN)
        for fact in order:
            reached = joined(reached, [fact])
        results.add(frozenset(reached))

    assert 1 == len(results)


def test_returns_that_wait_are_bounded_by_their_items() -> None:
    """Of too many the oldest order's are forgotten, and that is known."""
    orders = Orders()
    for number in range(20):
        orders.note_back(f"o-{number}", {f"item-{number}-{n}": 1 for n in range(2_000)})

    assert orders.forgot
    assert orders.told_back("o-0") is None
    kept = [back for number in range(20) if (back := orders.told_back(f"o-{number}"))]
    assert LINES_MAX - 2_000 < sum(map(len, kept)) <= LINES_MAX

    again = Orders()
    again.restore(orders.state(), lambda *_: None)
    again.note_back("o-20", {f"item-{n}": 1 for n in range(2_000)})
    assert again.told_back("o-4") is None

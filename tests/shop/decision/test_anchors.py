"""What speaks for a prompt beside an order: the dearest of what was bought."""

import pytest

from streams.contract.events import OrderLine, OrderPlaced
from streams.shop.decision.slots.anchors import anchor_of
from streams.shop.memory.session import Session
from tests.stories import NOON_MS


@pytest.mark.parametrize(
    ("lines", "anchor"),
    [
        ({"bread": 249, "jam": 399, "tea": 299}, "jam"),
        ({"bread": None, "jam": 399, "tea": None}, "jam"),
        ({"bread": None, "jam": None}, "jam"),
        ({"sample": 0, "jam": None}, "jam"),
        ({"jam": None, "sample": 0}, "sample"),
    ],
    ids=str,
)
def test_of_an_order_the_dearest_item_asks_and_of_equal_ones_the_latest(
    lines: dict[str, int | None], anchor: str
) -> None:
    """A line without a price is worth as little as one that costs nothing."""
    said = tuple(OrderLine(item_id=item, price_minor=minor) for item, minor in lines.items())
    order = OrderPlaced(
        event_id="e",
        session_id="s",
        occurred_at_ms=NOON_MS,
        order_id="o",
        lines=said,
        currency="EUR",
    )

    assert anchor == anchor_of(Session("s", NOON_MS, NOON_MS), order)

"""The mall: whoever comes brings something, and what is left over is not left for good."""

from streams.contract.events import OrderPlaced, OrderTakenBack
from streams.lab.bench.stage.site import PARTITIONS
from streams.lab.chaos.shoppers.mall import Mall
from tests.stories import NOON_MS

VISITS = 1_500
VISITS_APART_MAX = 100


def test_what_comes_back_later_does_so_soon_however_long_the_mall_is_open() -> None:
    """Orders of which nothing comes back leave nothing that others would have to wait for."""
    mall = Mall(1, PARTITIONS, lambda: NOON_MS)
    visits = [[*mall.visit()] for _ in range(VISITS)]
    ordered = {
        event.order_id: number
        for number, events in enumerate(visits)
        for event in events
        if isinstance(event, OrderPlaced)
    }
    apart = [
        number - ordered[events[0].order_id]
        for number, events in enumerate(visits)
        if events and isinstance(events[0], OrderTakenBack) and events[0].order_id in ordered
    ]

    assert all(visits)
    assert VISITS / 20 < sum(0 < visits_apart for visits_apart in apart)
    assert VISITS_APART_MAX > max(apart)

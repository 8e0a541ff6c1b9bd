"""Position and digests of one moment."""

from streams.worker.health.digests_in_child import hashed
from tests.stories import Story, Till


async def test_a_shop_is_hashed_beside_its_work() -> None:
    """As it is when asked, and as it would hash itself."""
    till = Till()
    till.serve(Story().view("bread"))

    assert ({"0": 1}, till.shop.digests()) == await hashed(till.shop)

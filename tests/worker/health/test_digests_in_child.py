"""Position and digests of one moment."""

import asyncio

from streams.worker.health.digests_in_child import Hashable, Hashes, SharedHashes, hashed
from tests.stories import Story, Till


async def test_a_shop_is_hashed_beside_its_work() -> None:
    """As it is when asked, and as it would hash itself."""
    till = Till()
    till.serve(Story().view("bread"))

    assert ({"0": 1}, till.shop.digests()) == await hashed(till.shop)


class CountingWork:
    """Hashes that say how many were begun before them, once they may."""

    def __init__(self) -> None:
        self.begun, self.at_once, self.at_once_max = 0, 0, 0
        self.may_end = asyncio.Event()

    async def __call__(self, shop: Hashable) -> Hashes:
        """One child's work."""
        self.begun += 1
        self.at_once += 1
        self.at_once_max = max(self.at_once_max, self.at_once)
        number = self.begun
        await self.may_end.wait()
        self.at_once -= 1
        return {"0": number}, {}


async def test_a_hundred_who_want_hashes_are_two_children_one_after_the_other() -> None:
    """The one that has begun when they ask, and the one that tells them of a later moment."""
    shop, work = Till().shop, CountingWork()
    hashes = SharedHashes(work)
    first = asyncio.ensure_future(hashes.of(shop))
    while not work.begun:
        await asyncio.sleep(0)
    others = [asyncio.ensure_future(hashes.of(shop)) for _ in range(100)]
    for _ in range(10):
        await asyncio.sleep(0)
    work.may_end.set()

    assert [({"0": 1}, {})] + [({"0": 2}, {})] * 100 == await asyncio.gather(first, *others)
    assert (2, 1) == (work.begun, work.at_once_max)


async def test_who_goes_away_takes_nobodys_hashes_along() -> None:
    """A page that is closed while others wait for the same child."""
    shop, work = Till().shop, CountingWork()
    hashes = SharedHashes(work)
    gone, stays = (asyncio.ensure_future(hashes.of(shop)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    work.may_end.set()

    assert ({"0": 1}, {}) == await stays

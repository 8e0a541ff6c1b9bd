"""A sample shop that serves its simulated shoppers in process: no Kafka, no clock."""

from collections import deque

from pydantic import SecretStr

from streams.contract.schemas.examples import SECRET
from streams.contract.settings import Settings
from streams.lab.demo.shoppers.shoppers import crowd
from streams.lab.demo.shoppers.traffic import Traffic
from streams.lab.demo.shops.assortment import GROCERY, Assortment
from streams.lab.demo.truth import Judge
from streams.lab.embedded.installation import HURRIED
from streams.shop.memory.pending_prompts import PendingPrompts
from tests.stories import NOON_MS


def served(seconds: int, seed: int = 3, shop: Assortment = GROCERY) -> tuple[Judge, Traffic]:
    """A judge beside a shop that has served this traffic, and the traffic."""
    judge = Judge(Settings(**HURRIED, receipt_secret=SecretStr(SECRET)), shop)
    pending = PendingPrompts()
    traffic = Traffic(seed=seed, shoppers=crowd(seed, 400, shop), run="t", shop=shop)
    for tick in range(seconds * 10):
        now_ms = NOON_MS + tick * 100
        waiting = deque(traffic.advance(tick / 10, now_ms, 12))
        while waiting:
            event = waiting.popleft()
            offset = judge.shop.position.get(0, 0)
            judge.shop.learn(0, offset, event)
            outgoing_prompt = judge.shop.answer(event, 0, offset, pending).outgoing_prompt
            if outgoing_prompt is not None:
                pending.add(outgoing_prompt)
                waiting += traffic.hear(outgoing_prompt.prompt(), now_ms)
    return judge, traffic

"""A sample shop that serves its simulated shoppers in process: no Kafka, no clock."""

from collections import deque
from collections.abc import Callable

from pydantic import SecretStr

from streams.contract.events import Event
from streams.contract.published.prompts import Prompt
from streams.contract.schemas.examples import SECRET
from streams.contract.settings import Settings
from streams.lab.demo.shoppers.shoppers import crowd
from streams.lab.demo.shoppers.traffic import Traffic
from streams.lab.demo.shops.assortment import GROCERY, Assortment
from streams.lab.demo.shops.catalogue import RELATED, catalog_records
from streams.lab.demo.truth import Judge
from streams.lab.embedded.installation import HURRIED
from streams.shop.decision.catalog.catalog import Catalog
from streams.shop.memory.pending_prompts import PendingPrompts
from tests.stories import NOON_MS

Onlooker = Callable[[Event, Prompt | None], None]


def served(
    seconds: int,
    seed: int = 3,
    shop: Assortment = GROCERY,
    look: Onlooker | None = None,
) -> tuple[Judge, Traffic]:
    """A judge beside a shop that has served this traffic by its catalogue, and the traffic.

    `look`, if any, is told of each event, and of the prompt that it got.
    """
    settings = Settings(**HURRIED, **RELATED, receipt_secret=SecretStr(SECRET))
    judge, catalog = Judge(settings, shop), Catalog.of(settings)
    for record in catalog_records(shop):
        catalog.put(record)
    pending = PendingPrompts()
    traffic = Traffic(seed=seed, shoppers=crowd(seed, 400, shop), run="t", shop=shop)
    for tick in range(seconds * 10):
        now_ms = NOON_MS + tick * 100
        waiting = deque(traffic.advance(tick / 10, now_ms, 12))
        while waiting:
            event = waiting.popleft()
            offset = judge.shop.position.get(0, 0)
            judge.shop.learn(0, offset, event)
            answer = judge.shop.answer(event, 0, offset, pending, catalog=catalog)
            prompt = None
            if answer.outgoing_prompt is not None:
                pending.add(answer.outgoing_prompt)
                prompt = answer.outgoing_prompt.prompt()
                waiting += traffic.hear(prompt, now_ms)
            if look is not None:
                look(event, prompt)
    return judge, traffic

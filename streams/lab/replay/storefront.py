"""A storefront with many shoppers at once: fills baskets, shows prompts, sends feedback.

```
basket 1   add ─► answer ─► shown, add ─► answer ─► … ─► order ─► through
basket 2       add ─► answer ─► shown, add ─► …              (up to `OPEN_MAX` at a time,
basket 3            add ─► …                                  begun in the order of their times)
```
The next add of a basket is sent when the last one is answered, so the worker has always seen all
of the basket; a household's next basket begins when its last one is through. How baskets interleave
depends on the machine, as in life: figures differ a little from run to run.
"""

import asyncio
import time
from collections.abc import Callable, Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from streams.contract.events import Event, ItemAdded, OrderLine, OrderPlaced, PromptShown, encode
from streams.contract.published.prompts import Prompt
from streams.lab.replay.answers import Answers
from streams.lab.replay.baskets import Basket
from streams.lab.replay.pacing import Pacing
from streams.lab.replay.rival import PopularityBaseline
from streams.lab.replay.score import Score

OPEN_MAX = 128
"""Baskets at a time: enough to keep the worker busy while others wait for their answers."""
STEP_MS = 1000
"""Between two lines of a basket; the data knows only when it was paid."""
CURRENCY = "USD"


class Storefront:
    """Takes baskets through the shop and scores what was offered."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        topic: str,
        answers: Answers,
        rival: PopularityBaseline,
        pacing: Pacing,
        advance: Callable[[], object],
    ) -> None:
        self.score = Score()
        self.adds = 0
        self.prompts = 0
        self._producer = producer
        self._topic = topic
        self._answers = answers
        self._rival = rival
        self._pacing = pacing
        self._advance = advance

    async def serve(self, baskets: Iterable[Basket]) -> None:
        """Take all baskets through, many at a time."""
        places = asyncio.Semaphore(OPEN_MAX)
        latest: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as visits:
            for basket in baskets:
                await places.acquire()
                visit = visits.create_task(self._visit(basket, latest.get(basket.shopper_id)))
                visit.add_done_callback(lambda _: places.release())
                latest[basket.shopper_id] = visit

    async def _visit(self, basket: Basket, before: asyncio.Task[None] | None) -> None:
        """One basket, from the first add to the order, when the household's last one is through."""
        if before is not None:
            await before
        receipts: dict[str, str] = {}
        ours: list[list[str]] = []
        popular: list[list[str]] = []
        arms: list[str] = []
        for place, line in enumerate(basket.lines):
            await self._pacing.turn()
            add = added(basket, place, receipts.get(line.item_id))
            answer = await self._ask(add)
            popular.append(self._rival.offer(add))
            prompt = await answer
            ours.append([item.item_id for item in prompt.items] if prompt else [])
            arms.append(prompt.arm if prompt else "")
            if prompt is not None:
                self.prompts += 1
                receipts |= dict.fromkeys(ours[-1], prompt.receipt)
                await self._send(shown(add, prompt))
            self.adds += 1
            self._advance()
        await (await self._ask(ordered(basket)))
        self.score.count(basket.first, [line.item_id for line in basket.lines], ours, popular, arms)

    async def _ask(self, event: Event) -> asyncio.Future[Prompt | None]:
        """Send an event, and let the rival learn it; the future of its answer."""
        now_ms = time.time_ns() // 1_000_000
        answer = self._answers.expect(event, now_ms)
        self._rival.learn(event)

        def sent(record: asyncio.Future[RecordMetadata]) -> None:
            if not record.cancelled() and record.exception() is None:
                placed = record.result()
                self._answers.sent(event, placed.partition, placed.offset)
            elif not answer.done():
                answer.set_exception(record.exception() or asyncio.CancelledError())

        (await self._send(event, now_ms)).add_done_callback(sent)
        return answer

    async def _send(
        self, event: Event, now_ms: int | None = None
    ) -> asyncio.Future[RecordMetadata]:
        """Send an event; the future of its place in the log."""
        record: asyncio.Future[RecordMetadata] = await self._producer.send(
            self._topic,
            key=event.session_id.encode(),
            value=encode(event),
            timestamp_ms=now_ms,
        )
        return record


def added(basket: Basket, place: int, receipt: str | None) -> ItemAdded:
    """The add of one line; with the receipt of the prompt that offered the item, if one did."""
    line = basket.lines[place]
    return ItemAdded(
        event_id=f"{basket.session_id}-{place}",
        session_id=basket.session_id,
        shopper_id=basket.shopper_id,
        consent=True,
        occurred_at_ms=basket.time_ms + place * STEP_MS,
        item_id=line.item_id,
        quantity=line.quantity,
        price_minor=line.price_minor,
        category=line.category,
        currency=CURRENCY,
        receipt=receipt,
    )


def shown(add: ItemAdded, prompt: Prompt) -> PromptShown:
    """The feedback that a prompt was seen, at the time of the add that caused it."""
    return PromptShown(
        event_id=f"{add.event_id}-shown",
        session_id=add.session_id,
        shopper_id=add.shopper_id,
        consent=True,
        occurred_at_ms=add.occurred_at_ms,
        receipt=prompt.receipt,
    )


def ordered(basket: Basket) -> OrderPlaced:
    """The order that ends the basket."""
    return OrderPlaced(
        event_id=f"{basket.session_id}-order",
        session_id=basket.session_id,
        shopper_id=basket.shopper_id,
        consent=True,
        occurred_at_ms=basket.time_ms + len(basket.lines) * STEP_MS,
        order_id=basket.session_id,
        lines=tuple(
            OrderLine(item_id=line.item_id, quantity=line.quantity) for line in basket.lines
        ),
        currency=CURRENCY,
    )

"""What becomes of an order: told again, told elsewhere, cancelled, sent back, before and after."""

import random
from collections.abc import Callable, Iterator
from typing import Any

from streams.contract.events import Event, OrderCancelled, OrderLine, OrderPlaced, OrderReturned
from streams.lab.bench.stage.tape import partition_of
from streams.lab.chaos.shoppers.kinds import Tally
from streams.lab.chaos.shoppers.voice import Voice

SHARE_AGAIN = 0.2
SHARE_ELSEWHERE = 0.12
SHARE_PAGE = 0.1
SHARE_RETURN_FIRST = 0.12
SHARE_RETURNED = 0.25
SHARE_AT_ONCE = 0.5
"""Of the returns that come after their order, those that follow at its heels."""
SHARE_CANCELLED, SHARE_OWN_SESSION, SHARE_OTHER_PARTITION = 0.3, 0.2, 0.6
SHARE_BY_NUMBER = 0.4
BACK_TIMES = (1, 3)


class AfterSales:
    """Tells of orders, and of what comes back; counts what it tells."""

    def __init__(
        self, dice: random.Random, sent: Tally, partitions: int, now_ms: Callable[[], int]
    ) -> None:
        self._dice = dice
        self._now_ms = now_ms
        self._sent = sent
        self._partitions = partitions

    def told(
        self, voice: Voice, order: dict[str, Any]
    ) -> tuple[list[Event], Iterator[Event] | None]:
        """An order as it is told at once, and what follows later, if anything does.

        `order` are the fields of `OrderPlaced` that are the same whoever tells it.
        """
        dice = self._dice
        first = OrderPlaced(**self._orders(voice).about(), **order)
        back = dice.random()
        events: list[Event] = [first]
        if dice.random() < SHARE_ELSEWHERE:
            other = OrderPlaced(**self._voice(voice, elsewhere=True).about(), **order)
            events.insert(dice.randrange(2), other)
            self._sent.note("order_elsewhere")
        if back < SHARE_RETURN_FIRST:
            events = [*self._back(voice, order, first=True), *events]
        later = None
        if SHARE_RETURN_FIRST < back < SHARE_RETURN_FIRST + SHARE_RETURNED:
            if dice.random() < SHARE_AT_ONCE:
                events += self._back(voice, order)
            else:
                later = self._back(voice, order)
        while dice.random() < SHARE_AGAIN:
            events.append(OrderPlaced(**voice.about(), **order))
            self._sent.note("order_again")
        return events, later

    def _orders(self, voice: Voice) -> Voice:
        """Who tells an order: a payment page knows who is there."""
        if voice.visitor_id is None or self._dice.random() > SHARE_PAGE:
            return voice
        self._sent.note("order_payment_page")
        name = f"payment-{self._dice.getrandbits(48):012x}"
        page = Voice(name, self._dice, self._now_ms, voice.visitor_id)
        page.is_now(voice.shopper_id, voice.consent)
        return page

    def _back(self, own: Voice, order: dict[str, Any], *, first: bool = False) -> Iterator[Event]:
        """An order is cancelled, or comes back: at once, or in parts."""
        dice = self._dice
        for _ in range(dice.randint(*BACK_TIMES)):
            if first:
                self._sent.note("return_first")
            draw = dice.random()
            elsewhere = draw >= 1 - SHARE_OTHER_PARTITION
            voice = own if draw < SHARE_OWN_SESSION else self._voice(own, elsewhere=elsewhere)
            if elsewhere:
                self._sent.note("return_elsewhere")
            lines = None if dice.random() < SHARE_BY_NUMBER else self._some(order["lines"])
            kind = OrderCancelled if dice.random() < SHARE_CANCELLED else OrderReturned
            if lines is not None:
                self._sent.note("return_partial")
            if kind is OrderCancelled:
                self._sent.note("order_cancelled")
            elif lines is None:
                self._sent.note("return_full")
            yield kind(**voice.about(), order_id=order["order_id"], lines=lines)
            if lines is None:
                return

    def _some(self, lines: tuple[OrderLine, ...]) -> tuple[OrderLine, ...]:
        """Some of the lines, some of them in part; rarely more than was bought."""
        dice = self._dice
        chosen = dice.sample(lines, dice.randint(1, len(lines)))
        return tuple(
            line.model_copy(update={"quantity": dice.randint(1, line.quantity + 1)})
            for line in chosen
        )

    def _voice(self, own: Voice, *, elsewhere: bool) -> Voice:
        """A session of the shop's office; `elsewhere`: on another partition than that one."""
        at = partition_of(own.session_id, self._partitions)
        while True:
            name = f"office-{self._dice.getrandbits(48):012x}"
            if not elsewhere or partition_of(name, self._partitions) != at:
                return Voice(name, self._dice, self._now_ms)

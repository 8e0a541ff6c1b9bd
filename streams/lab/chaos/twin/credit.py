"""Whose doing it was: the twin's rules for what becomes of prompts."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from math import inf
from typing import Any

from streams.contract.errors import InvalidReceipt
from streams.contract.events import (
    Event,
    ItemAdded,
    OrderPlaced,
    PromptClicked,
    PromptDismissed,
    PromptShown,
)
from streams.contract.receipts import Receipt, Receipts
from streams.contract.settings import Settings
from streams.lab.chaos.twin.order import TwinOrder
from streams.lab.chaos.twin.prompt import Move, Sale, TwinPrompt
from streams.lab.chaos.twin.session import TwinTrail
from streams.lab.chaos.twin.told import Told, of_prompt

Feedback = ItemAdded | PromptShown | PromptClicked | PromptDismissed


class Credit:
    """Credits prompts with what was done, and tells outcomes; `prompts` are all that were seen.

    A trail remembers `prompts_max` of them.
    """

    def __init__(
        self, settings: Settings, tell: Callable[[Told], None], prompts_max: float = inf
    ) -> None:
        self.prompts: list[TwinPrompt] = []
        self._settings = settings
        self._prompts_max = prompts_max
        self._tell = tell
        self._receipts = Receipts(settings.receipt_secret.get_secret_value())
        self._add_ms = 1000 * settings.attribution_window_s
        self._buy_ms = 1000 * settings.purchase_window_s

    def receipt(self, trail: TwinTrail, event: Feedback) -> Receipt | None:
        """The receipt that an event brings, if it is good; none is as good as a bad one."""
        if event.receipt is None:
            return None
        receipt = next(self._opened(event.receipt, [event.session_id, *trail.names]), None)
        if receipt is None:
            return None
        until_ms = receipt.expires_at_ms
        late = until_ms is not None and event.occurred_at_ms - until_ms > max(
            self._add_ms, self._buy_ms
        )
        prompted = receipt.prompted_at_ms, receipt.prompt_id
        counted = prompted <= trail.forgotten and receipt.prompt_id not in trail.prompts
        return None if late or counted else receipt

    def _opened(self, token: str, names: Iterable[str]) -> Iterator[Receipt]:
        """A receipt, by the names of the sessions whose it may be."""
        for name in names:
            with suppress(InvalidReceipt):
                yield self._receipts.open(token, name)

    def feedback(self, trail: TwinTrail, event: Feedback) -> None:
        """A prompt was shown, clicked or sent away."""
        if (receipt := self.receipt(trail, event)) is None:
            return
        item_id = event.item_id if isinstance(event, PromptClicked) else None
        if item_id is not None and item_id not in receipt.items:
            return
        prompt, at_ms = self._seen(trail, event, receipt), event.occurred_at_ms
        if isinstance(event, PromptDismissed) and not prompt.dismissed:
            prompt.dismissed = True
            self._note(prompt, event, "dismissed", [{}])
        if at_ms < receipt.prompted_at_ms or prompt.late_ms(at_ms) > self._add_ms:
            return
        if isinstance(event, PromptClicked) and not prompt.clicks_ms:
            named = {} if event.item_id is None else {"item_id": event.item_id, "quantity": 1}
            self._note(prompt, event, "clicked", [named], lambda: prompt.clicks_ms.append(at_ms))

    def added(self, trail: TwinTrail, event: ItemAdded, orders: Iterable[TwinOrder]) -> None:
        """An item was added, before it is in the basket; `orders` are those of its trail."""
        at_ms, item_id = event.occurred_at_ms, event.item_id
        prompt = self._adding(trail, event)
        if prompt is None or not 0 <= prompt.late_ms(at_ms) <= self._add_ms:
            return
        bought = [  # such an order has overtaken its add
            order
            for order in orders
            if item_id in order.quantities and order.event.occurred_at_ms >= at_ms
        ]
        bought = _not_removed(bought, event, trail.missing.get(item_id, ()))
        before_cart = at_ms < trail.cart_ms
        quantity = event.quantity if bought or before_cart else trail.entering(event)
        if not quantity:
            return
        price, move = event.price_minor, Move(item_id, quantity, at_ms)
        about = _about(item_id, quantity, None if price is None else price * quantity, event)
        self._note(prompt, event, "added", [about], lambda: prompt.added.append(move))
        for order in bought:
            if order.event.occurred_at_ms - prompt.shown_ms <= self._buy_ms:
                self._sell(prompt, event, order, [item_id])
        if before_cart and not bought:
            self.taken_out(trail, event, item_id, at_ms=trail.cart_ms)

    def taken_out(
        self,
        trail: TwinTrail,
        event: Event,
        item_id: str,
        most: float = inf,
        at_ms: int | None = None,
        left: int | None = None,
    ) -> None:
        """The basket holds less of an item, by then so many: the latest adds from prompts first."""
        left = trail.basket.get(item_id, 0) if left is None else left
        at_ms = event.occurred_at_ms if at_ms is None else at_ms
        brought = [
            prompt
            for prompt in trail.prompts.values()
            if prompt.in_basket(item_id, at_ms) and 0 <= prompt.late_ms(at_ms) <= self._buy_ms
        ]
        held = sum(prompt.in_basket(item_id, at_ms) for prompt in brought)
        surplus = min(most, held - left)

        def latest(prompt: TwinPrompt) -> Any:
            return max(one.at_ms for one in prompt.added if one.item_id == item_id), prompt.place

        for prompt in sorted(brought, key=latest, reverse=True):
            if surplus <= 0:
                return
            quantity = int(min(surplus, prompt.in_basket(item_id, at_ms)))
            surplus -= quantity
            move, about = Move(item_id, quantity, at_ms), {"item_id": item_id, "quantity": quantity}
            about |= {"occurred_at_ms": at_ms}
            self._note(prompt, event, "removed", [about], partial(prompt.removed.append, move))

    def ordered(self, trails: Iterable[TwinTrail], order: TwinOrder, event: OrderPlaced) -> None:
        """What prompts had brought to these baskets was bought, as this event tells."""
        at_ms = order.event.occurred_at_ms
        for prompt in (one for trail in trails for one in trail.prompts.values()):
            if 0 <= prompt.late_ms(event.occurred_at_ms) <= self._buy_ms:
                sold = [item for item in order.quantities if prompt.standing(item, at_ms)]
                self._sell(prompt, event, order, sold)

    def returned(self, event: Event, order: TwinOrder) -> None:
        """What of an order came back, as its own partition tells, its prompts give back."""
        number = order.event.order_id
        for prompt in order.prompts:
            gone = {
                sale: order.gone(sale.item_id, order.back) - prompt.back[number, sale.item_id]
                for sale in prompt.sales
                if sale.order_id == number
            }
            facts = {sale: n for sale, n in gone.items() if n > 0}
            about = [
                _about(s.item_id, n, order.value_minor(s.item_id, n), order.event)
                | {"order_id": s.order_id, "occurred_at_ms": event.occurred_at_ms}
                for s, n in facts.items()
            ]
            back = {(sale.order_id, sale.item_id): n for sale, n in facts.items()}
            if about:
                self._note(prompt, event, "returned", about, partial(prompt.back.update, back))

    def _seen(self, trail: TwinTrail, event: Event, receipt: Receipt) -> TwinPrompt:
        prompt = trail.prompts.get(receipt.prompt_id)
        if prompt is None:
            if len(trail.prompts) >= self._prompts_max:
                first = min(trail.prompts.values(), key=lambda one: one.place)
                del trail.prompts[first.receipt.prompt_id]
                trail.forgotten = max(trail.forgotten, first.place)
            shown_ms = max(event.occurred_at_ms, receipt.prompted_at_ms)
            prompt = trail.prompts[receipt.prompt_id] = TwinPrompt(receipt, [shown_ms])
            self.prompts.append(prompt)
            self._note(prompt, event, "shown", [{"occurred_at_ms": shown_ms}])
        prompt.signs_ms.append(event.occurred_at_ms)  # it had been shown by then
        return prompt

    def _adding(self, trail: TwinTrail, event: ItemAdded) -> TwinPrompt | None:
        receipt, at_ms = self.receipt(trail, event), event.occurred_at_ms
        if receipt is not None and event.item_id in receipt.items:
            return self._seen(trail, event, receipt)
        clicked = [
            prompt
            for prompt in trail.prompts.values()
            if event.item_id in prompt.receipt.items
            and prompt.clicks_ms
            and max(prompt.clicks_ms) <= at_ms
        ]
        return max(clicked, key=lambda one: (max(one.clicks_ms), one.place), default=None)

    def _sell(
        self, prompt: TwinPrompt, event: Event, order: TwinOrder, items: Iterable[str]
    ) -> None:
        number, at_ms = order.event.order_id, order.event.occurred_at_ms
        known = {sale.item_id for sale in prompt.sales if sale.order_id == number}
        new = {item: order.quantities[item] for item in items if item not in known}
        if not new:
            return
        about = [
            _about(item, n, order.value_minor(item, n), order.event)
            | {"order_id": number, "occurred_at_ms": at_ms}
            for item, n in new.items()
        ]
        sales = [Sale(number, item, n, at_ms) for item, n in new.items()]
        self._note(prompt, event, "bought", about, lambda: prompt.sales.extend(sales))
        if prompt not in order.prompts:
            order.prompts.append(prompt)
        self.returned(event, order)

    def _note(
        self,
        prompt: TwinPrompt,
        event: Event,
        stage: str,
        facts: list[dict[str, Any]],
        change: Callable[[], object] | None = None,
    ) -> None:
        """Facts of one event: each has an equal part of what they change of the reward."""
        before = prompt.earned(self._settings)
        if change is not None:
            change()
        share = (prompt.earned(self._settings) - before) / len(facts)
        for about in facts:
            self._tell(of_prompt(prompt.receipt, event, stage, share, **about))


def _not_removed(
    orders: list[TwinOrder], event: ItemAdded, missing_ms: Iterable[int]
) -> list[TwinOrder]:
    """The orders before which not all that this adds had been removed, but for other orders."""
    ordered_ms = [order.event.occurred_at_ms for order in orders]
    removed = [at for at in missing_ms if at > event.occurred_at_ms and at not in ordered_ms]
    return [
        order
        for order, order_ms in zip(orders, ordered_ms, strict=True)
        if sum(at < order_ms for at in removed) < event.quantity
    ]


def _about(item_id: str, quantity: int, value_minor: int | None, event: Any) -> dict[str, Any]:
    currency = None if value_minor is None else event.currency
    told = {"item_id": item_id, "quantity": quantity}
    return told | {"value_minor": value_minor, "currency": currency}

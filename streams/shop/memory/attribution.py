"""Reward attribution: what became of a prompt, and what that was worth.

```
prompt ── shown ──┬── clicked ──┬── added ──┬── bought ── returned
                  │             │           └── removed
                  └── dismissed └── (each within its window after `shown`)
reward      0          0.1         0.5         1.0     in all, by settings
```

Stages are kept by item: two items may be added from one prompt, one of them taken out again, the
other one bought. What a prompt has earned is a *function of these facts*, in [0, 1], and not of the
order in which they came (`earnings`):

- a click is worth `reward_clicked`, once;
- an item that was added, and not taken out again, is worth `reward_added`, once;
- an order of items that stood added when it was placed lifts that to `reward_bought`, by the share
  of them that was kept: each item has an equal part, and each of ten pieces a tenth of that. The
  best of its orders counts. What is returned takes back its share of the lift, and no more: with
  all of an order returned the prompt has earned what it would have without that order.

When a fact comes, what it changes is the reward of its outcome; of several items in one order each
has an equal part of it. So the rewards of a prompt's outcomes add up to what it has earned (without
what came back on other partitions: `streams.shop.order_join`). How that is spread over them depends
on what came first, as does whose doing it was where it could be two prompts': that is judged once.

Feedback brings the prompt's receipt. An add without one belongs to the latest prompt of the session
that offered the item and was clicked before; a purchase to the prompts that the item was added
from; a removal to the latest adds, as far as the basket holds less than was added from prompts.

An add whose receipt does not prove it (forged, another visitor's, another item's) counts as one
without: the credit then rests on the click, which a receipt of its own proved, and nothing is won
by making one up. That it is bad is told by a dead letter.

Outcomes are *read off* the impressions (`streams.shop.memory.orders.outcomes`). With net reward an
impression begins with what a dismissal would take (`streams.shop.memory.orders.reward.net_reward`).
"""

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any

from models import ThompsonSampling
from streams.contract.errors import InvalidReceipt
from streams.contract.events import (
    BasketUpdated,
    Event,
    EventBase,
    ItemAdded,
    ItemRemoved,
    PromptClicked,
    PromptDismissed,
    PromptShown,
)
from streams.contract.receipts import Receipt
from streams.contract.settings import Settings
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.order import Back, Order
from streams.shop.memory.orders.outcomes import told_by
from streams.shop.memory.orders.reward.claims import PieceClaims
from streams.shop.memory.orders.reward.earnings import Rewards
from streams.shop.memory.orders.reward.reached import Reached
from streams.shop.memory.orders.slot_tally import own_slot, sent_away
from streams.shop.memory.session import Session

Feedback = ItemAdded | PromptShown | PromptClicked | PromptDismissed
"""The events that may bring a receipt."""


class Attribution:
    """Folds feedback, adds, removals, orders and returns into impressions and the policy."""

    def __init__(self, settings: Settings, policy: ThompsonSampling) -> None:
        self._feedback: dict[type[Event], Callable[[Session, Any, Receipt], None]] = {
            PromptShown: self.shown,
            PromptClicked: self.clicked,
            PromptDismissed: self.dismissed,
        }
        self._add_window_ms = settings.attribution_window_s * 1000
        self._buy_window_ms = settings.purchase_window_s * 1000
        self.rewards = Rewards(settings, policy)
        self._claims = PieceClaims(self.rewards)

    def credit(
        self, session: Session, event: Feedback, receipt: Receipt | InvalidReceipt | None
    ) -> None:
        """What an event says about the prompt whose receipt it brings, if the receipt counts.

        An add whose receipt cannot be read here waits for that: it is nobody else's till then.
        """
        if isinstance(event, ItemAdded):
            if not isinstance(receipt, InvalidReceipt):
                self.added(session, event, receipt)
            elif not receipt.key_id:
                self.added(session, event, None)
        elif isinstance(receipt, Receipt):
            self._feedback[type(event)](session, event, receipt)

    def shown(self, session: Session, event: PromptShown, receipt: Receipt) -> None:
        """An impression: the policy counts a trial."""
        self._impression(session, event, receipt)

    def clicked(self, session: Session, event: PromptClicked, receipt: Receipt) -> None:
        """The shopper followed a prompt (which proves that it was shown), to what it offered."""
        if event.item_id is not None and event.item_id not in receipt.items:
            return  # as an add of another item: as if it had no receipt
        impression, at_ms = self._impression(session, event, receipt), event.occurred_at_ms
        clicked = Reached("clicked", told_by(event, impression), at_ms, item_id=event.item_id)
        in_time = receipt.prompted_at_ms <= at_ms <= impression.shown_ms + self._add_window_ms
        if in_time and not impression.has("clicked"):
            self.rewards.note(impression, [clicked])

    def dismissed(self, session: Session, event: PromptDismissed, receipt: Receipt) -> None:
        """The shopper sent a prompt away: once, and however late."""
        impression = self._impression(session, event, receipt)
        dismissal = Reached("dismissed", told_by(event, impression), event.occurred_at_ms)
        if impression.has("dismissed") or not self.rewards.note(impression, [dismissal]):
            return
        if slot := own_slot(receipt.context):
            session.tallies = sent_away(session.tallies, slot)
        else:
            session.dismissals += 1

    def added(self, session: Session, event: ItemAdded, receipt: Receipt | None) -> None:
        """An item entered the basket, perhaps because of a prompt; to be told before it did.

        What a removal has overtaken did not enter it. What an order has overtaken was bought. What
        a cart has overtaken was added, and taken out as far as the cart does not have it.
        """
        impression = self._adding(session, event, receipt)
        if impression is None or not self._within(impression, event, self._add_window_ms):
            return
        bought = self._bought_by_then(session, event)
        before_cart = event.occurred_at_ms < session.moments.cart_ms
        quantity = event.quantity if bought or before_cart else session.entering(event)
        if not quantity:
            return
        worth = None if event.price_minor is None else event.price_minor * quantity
        told, said = told_by(event, impression), (event.item_id, quantity, None, worth)
        at_ms, currency = event.occurred_at_ms, event.currency
        reached = self._claims.after_late_add(impression, event.item_id, bought)
        fact = Reached("added", told, at_ms, 0.0, *said, currency)
        self.rewards.note(impression, [fact], reached)
        for order in bought:
            if order.at_ms - impression.shown_ms <= self._buy_window_ms:
                self._sell([(impression, [event.item_id])], event, order)
        if before_cart and not bought:
            self._take_back(session, event, event.item_id, session.basket.get(event.item_id, 0))

    def _adding(
        self, session: Session, event: ItemAdded, receipt: Receipt | None
    ) -> Impression | None:
        """The prompt that an item was added from."""
        if receipt is not None and event.item_id in receipt.items:
            return self._impression(session, event, receipt)
        clicked = [
            (max(clicks), impression.prompted, impression)
            for impression in session.impressions.values()
            if event.item_id in impression.receipt.items
            and (clicks := [one.at_ms for one in impression.of("clicked")])
            and max(clicks) <= event.occurred_at_ms
        ]
        return max(clicked)[2] if clicked else None

    def _bought_by_then(self, session: Session, event: ItemAdded) -> list[Order]:
        """The visitor's orders that have an item which is added only now, but was before."""
        orders = [
            order
            for order in map(session.order_memory.get, session.orders)
            if order is not None and order.at_ms >= event.occurred_at_ms
            if order.session_id in (session.session_id, *session.ties.formers)
            if event.item_id in order.lines
        ]
        times_ms = {order.at_ms for order in orders}  # what they took out was bought
        return [one for one in orders if session.gone(event, one.at_ms, times_ms) < event.quantity]

    def removed(self, session: Session, event: ItemRemoved) -> None:
        """An item was taken out of the basket, perhaps one that a prompt had brought there."""
        left = session.basket.get(event.item_id, 0)
        self._take_back(session, event, event.item_id, left, event.quantity)

    def basket_set(self, session: Session, event: BasketUpdated) -> None:
        """The basket is another one: what prompts had brought there may be there no more."""
        impressions = session.impressions.values()
        added = (fact.item_id for impression in impressions for fact in impression.of("added"))
        for item_id in filter(None, dict.fromkeys(added)):
            left = sum(line.quantity for line in event.lines if line.item_id == item_id)
            self._take_back(session, event, item_id, left)

    def _take_back(
        self, session: Session, event: Event, item_id: str, left: int, most: float = inf
    ) -> None:
        """So many are left of an item; at most so much went out. A late add tells of the cart."""
        at_ms = session.moments.cart_ms if isinstance(event, ItemAdded) else event.occurred_at_ms
        brought = [
            (max(fact.at_ms for fact in impression.of("added", item_id)), impression)
            for impression in session.impressions.values()
            if impression.in_basket(item_id, at_ms)
            and 0 <= at_ms - impression.shown_ms <= self._buy_window_ms
        ]
        held = sum(impression.in_basket(item_id, at_ms) for _, impression in brought)
        surplus = min(most, held - left)
        for _, impression in sorted(brought, key=lambda one: (one[0], one[1].prompted))[::-1]:
            if surplus <= 0:
                return
            quantity = int(min(surplus, impression.in_basket(item_id, at_ms)))
            surplus -= quantity
            told = told_by(event, impression)
            self.rewards.note(impression, [Reached("removed", told, at_ms, 0.0, item_id, quantity)])

    def ordered(self, sessions: Iterable[Session], event: Event, order: Order) -> None:
        """Items were bought, some of them because of a prompt, in one of these sessions."""
        selling = []
        for impression in (one for each in sessions for one in each.impressions.values()):
            if self._within(impression, event):
                sold = [item for item in order.lines if impression.standing(item, order.at_ms) > 0]
                selling.append((impression, sold))
        self._sell(selling, event, order)

    def _sell(
        self, selling: Iterable[tuple[Impression, list[str]]], event: Event, order: Order
    ) -> None:
        """An order bought what was added from prompts: these, with the items of each."""
        new = [
            (one, [item_id for item_id in items if not _sold(one, order, item_id)])
            for one, items in selling
        ]
        sellers: dict[str, list[Impression]] = {}
        for one, items in new:
            for item_id in items:
                sellers.setdefault(item_id, []).append(one)
        claims = self._claims.of(order, sellers)
        for one, items in new:
            mine = {item_id: claims.get((one.receipt.prompt_id, item_id)) for item_id in items}
            self._sell_from(one, event, order, mine)

    def _sell_from(
        self, impression: Impression, event: Event, order: Order, new: Mapping[str, int | None]
    ) -> None:
        """An order bought these items, with what is claimed of them; some may be back already."""
        told, facts = told_by(event, impression), []
        for item_id, claim in new.items():
            line = order.lines[item_id]
            said = line.quantity, order.order_id, line.value_minor, order.currency
            more = line.margin_minor, claim, line.untold
            facts.append(Reached("bought", told, order.at_ms, 0.0, item_id, *said, *more))
        if facts and self.rewards.note(impression, facts):
            order.credited[impression.receipt.prompt_id] = impression
            back = {item_id: n for item_id in new if (n := order.lines[item_id].back)}
            self._give_back(impression, event, order, back, away=False)
            back = {item_id: n for item_id in new if (n := order.lines[item_id].away)}
            self._give_back(impression, event, order, back, away=True)

    def returned(self, event: EventBase, order: Order, gone: dict[str, int], *, away: bool) -> None:
        """So much of an order came back: the prompts that sold it give back what that earned."""
        for impression in order.credited.values():
            self._give_back(impression, event, order, gone, away=away)

    def _give_back(
        self, impression: Impression, event: EventBase, order: Order, gone: Back, *, away: bool
    ) -> None:
        by = "" if away else told_by(event, impression)
        at_ms, facts = event.occurred_at_ms, []
        for item_id, quantity in gone.items():
            if _sold(impression, order, item_id):
                value = order.lines[item_id].value_of(quantity)
                said = item_id, quantity, order.order_id, value, order.currency
                facts.append(Reached("returned", by, at_ms, 0.0, *said))
        if facts:
            self.rewards.note(impression, facts)

    def _within(self, impression: Impression, event: Event, window_ms: float | None = None) -> bool:
        """Whether it came within its window after the impression, a purchase's by default."""
        late_ms = event.occurred_at_ms - impression.shown_ms
        return 0 <= late_ms <= (self._buy_window_ms if window_ms is None else window_ms)

    def _impression(self, session: Session, event: Event, receipt: Receipt) -> Impression:
        """The impression of a receipt, begun now if this is the first sign of it."""
        impression = session.impressions.get(receipt.prompt_id)
        if impression is None:
            shown_ms = max(event.occurred_at_ms, receipt.prompted_at_ms)
            own = receipt.session_id == session.session_id  # of its id one text is enough
            mine = receipt._replace(session_id=session.session_id) if own else receipt
            impression = Impression(mine, [Reached("shown", told_by(event, mine), shown_ms)])
            session.remember(impression)
            self.rewards.begin(impression)
        self.rewards.sign(impression, event.occurred_at_ms)
        return impression


def _sold(impression: Impression, order: Order, item_id: str) -> bool:
    """Whether this prompt is known to have sold an item of an order."""
    return any(fact.order_id == order.order_id for fact in impression.of("bought", item_id))

"""What an event teaches whom: the interactions that are learned from, and who listens to them.

| interaction | events | when |
|---|---|---|
| first view | ItemViewed | a visit looks at an item for the first time |
| basket | ItemAdded, BasketUpdated, OrderPlaced | an item meets others, for the first time |
| next item | ItemViewed, and these | a visit goes on to another item |
| purchase | OrderPlaced | somebody has bought an item, a shopper whom we know or not |
| basket and purchase, taken back | OrderReturned, OrderCancelled | nothing of an item was kept |

What an order teaches beyond its basket is remembered with it, so that it can be taken back
(`streams.shop.memory.orders.orders`) as if there had been no order. Not so what is learned from
sequences (`next_item`): it only ranks, and fades.

A *learner* names the interactions that teach its model, each with the function that does it. A shop
knows learners by their table alone: what is in the table is taught, kept in checkpoints, hashed,
and there for arms to draw on. Of one interaction the learners learn in the order of the table.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, Generic, TypeVar

from models import Recommender
from models.recommenders.cooccurrence import PARTNERS_MAX
from streams.contract.events import (
    BasketUpdated,
    Event,
    ItemAdded,
    ItemViewed,
    OrderLine,
    OrderPlaced,
)
from streams.contract.settings import Settings
from streams.shop.memory.orders.baskets.changes import BASKET_MAX
from streams.shop.memory.orders.order import Order
from streams.shop.memory.session import Session
from streams.shop.memory.taught import Lesson

UNSEEN_MAX = 64
"""Items of an order that its basket never saw, and that are learned as of a basket."""

M = TypeVar("M", bound=Recommender)


@dataclass(frozen=True, kw_only=True)
class Learner(Generic[M]):
    """A model, and how it is taught. What it is not taught by stays None."""

    name: str
    """Of its part of the state, in checkpoints and digests."""
    new: Callable[[Settings], M | None]
    """The model before it has seen anything; None where the settings do not ask for it."""
    first_view: Callable[[M, Settings, Session, str, float], None] | None = None
    """This item, at this time in seconds since 1970; the session is as it was before."""
    basket: Callable[[M, Settings, Lesson, float], None] | None = None
    """At this time."""
    next_item: (
        Callable[[M, Settings, Session, Event, ItemViewed | ItemAdded | OrderLine], None] | None
    ) = None
    """The session's path does not have the item yet. Sessions keep paths if anybody listens."""
    purchase: Callable[[M, Settings, Order, OrderLine], None] | None = None
    """A line of an order: by its shopper, or by nobody whom we know, at its time."""
    basket_back: Callable[[M, Settings, Lesson, float], None] | None = None
    """What a lesson of `basket` at this time has taught never happened; needed beside `basket`."""
    purchase_back: Callable[[M, Settings, Order, str], None] | None = None
    """The purchase of an item by an order was taken back; needed beside `purchase`."""
    forget: Callable[[M, Settings, str, int], None] | None = None
    """Drop what is kept by this shopper, up to this second, and what was supposed since."""


class Teaching:
    """Teaches the models of a shop, by name, from the events of sessions."""

    def __init__(
        self, settings: Settings, learners: Iterable[Learner[Any]], models: Mapping[str, Any]
    ) -> None:
        def listening(interaction: str) -> tuple[Callable[..., None], ...]:
            """The functions of those that this interaction teaches, in the order of the table."""
            taught_by = attrgetter(interaction)
            return tuple(
                partial(taught_by(learner), model, settings)
                for learner in learners
                if taught_by(learner) is not None and (model := models[learner.name]) is not None
            )

        self._first_view = listening("first_view")
        self._basket = listening("basket")
        self._next_item = listening("next_item")
        self._purchase = listening("purchase")
        self._forget = listening("forget")
        self._basket_back = listening("basket_back")
        self._purchase_back = listening("purchase_back")

    def viewed(self, session: Session, event: ItemViewed) -> None:
        """A look counts once in a visit, however often a page is loaded again."""
        item_id = event.item_id
        if session.looks_first(item_id):
            time_s = event.time_s
            for teach in self._first_view:
                teach(session, item_id, time_s)
        if self._next_item:
            self._step(session, event, event)

    def added(self, session: Session, event: ItemAdded) -> None:
        """More of what is in the basket teaches nothing, nor does what was taken out already."""
        if event.item_id not in session.basket and session.entering(event):
            offered = _is_from_prompt(session, event)
            self._meet(session, list(session.basket), event.item_id, event.time_s, offered)
        if self._next_item:
            self._step(session, event, event)

    def basket_set(self, session: Session, event: BasketUpdated) -> None:
        """What is new in a snapshot teaches as adds do, line by line; see `taught` for the first.

        One that comes late teaches nothing: what it has may have left the basket since.
        """
        somebody = event.shopper_id is not None or session.signed_in.hash is not None
        cart = f"{session.started_ms} {somebody:d}"
        known, session.taught.cart = session.taught.cart == cart, cart
        if not known or event.occurred_at_ms < session.last_ms:
            return
        lines = {line.item_id: line for line in event.lines}
        present = [item for item in session.basket if item in lines]
        for item_id, line in lines.items():
            if item_id not in session.basket:
                self._meet(session, present, item_id, event.time_s)
                if len(present) < BASKET_MAX:
                    present.append(item_id)
                if self._next_item:
                    self._step(session, event, line)

    def ordered(self, session: Session, event: OrderPlaced, order: Order) -> None:
        """What the basket never saw (another channel, an import) is learned as if added now.

        Of a huge order the first `UNSEEN_MAX` such items: the time for pairs grows by the square.
        What it was that it taught is noted with the order.
        """
        together, lessons = list(session.basket), []
        most = len(together) + UNSEEN_MAX
        for line in {line.item_id: line for line in event.lines}.values():
            if line.item_id not in session.basket and len(together) < most:
                new = line.item_id not in session.taught
                if lesson := session.taught.lesson(line.item_id, together):
                    lessons.append(lesson._replace(others=lesson.others[-PARTNERS_MAX:]))
                    self._learn(lessons[-1], event.time_s)
                together.append(line.item_id)
                if new and self._next_item:
                    self._step(session, event, line)
            for teach in self._purchase:
                teach(order, line)
        order.lessons = tuple(lessons)

    def forget(self, shopper_id: str, until_s: int) -> None:
        """Drop what is kept by a shopper, up to a second, and what was supposed since."""
        for forget in self._forget:
            forget(shopper_id, until_s)

    def returned(self, order: Order, gone: Sequence[str]) -> None:
        """Nothing was kept of these items of an order: what it has taught of them is taken back."""
        for lesson in order.unlearned(gone):
            for teach in self._basket_back:
                teach(lesson, order.time_s)
        for item_id in gone:
            for teach in self._purchase_back:
                teach(order, item_id)

    def _meet(
        self,
        session: Session,
        present: list[str],
        item_id: str,
        time_s: float,
        offered: bool = False,
    ) -> None:
        """An item comes beside those present: what the session has not taught yet is learned."""
        lesson = session.taught.lesson(item_id, present)
        if lesson is not None:
            self._learn(lesson._replace(offered=True) if offered else lesson, time_s)

    def _learn(self, lesson: Lesson, time_s: float) -> None:
        for teach in self._basket:
            teach(lesson, time_s)

    def _step(
        self, session: Session, event: Event, thing: ItemViewed | ItemAdded | OrderLine
    ) -> None:
        """The next item of a visit; to take what one looks at is no step."""
        path = session.path
        if session.of_before or (path and path[-1] == thing.item_id):
            return
        for teach in self._next_item:
            teach(session, event, thing)
        session.step(thing.item_id)


def _is_from_prompt(session: Session, event: ItemAdded) -> bool:
    """Whether an item is added from a prompt: the add says so, or one that offers it was clicked.

    By the same signs an add is credited (`streams.shop.memory.attribution`), but whatever the key
    of the receipt and the time: who would have come to it alone is not known either way.
    """
    return event.receipt is not None or any(
        event.item_id in impression.receipt.items and impression.has("clicked")
        for impression in session.impressions.values()
    )

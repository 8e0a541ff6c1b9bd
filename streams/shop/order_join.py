"""Orders and returns, joined: an order teaches and is credited once, a return takes that back.

```
order o-7 on partition 0          counts, is kept with partition 0
return o-7 on partition 0         belongs to the order that partition 0 has
return o-7 on partition 1         waits there; belongs to o-7 of partition 0, now or later
order o-7 on partition 1 as well  (a webhook, or a till) counts there; returns belong to both
```

Why that is the same for every worker: `streams.shop.memory.orders.orders`.

What is *told* must be the same, too, and is told once, by whoever answers for a partition. Of an
order and a return there, its log says which was first: the second one tells what that changed. Of a
return elsewhere nobody can say: the two are answered by two workers, who may both have read the
other first, or neither. So outcomes of prompts tell what their own partition tells, as if there
were no other; the return itself is told as `unmatched`, for readers to join by its order.
"""

from collections.abc import Iterator, Mapping

from streams.contract.events import Event, OrderPlaced, OrderTakenBack
from streams.contract.settings import Settings
from streams.shop.memory.attribution import Attribution
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.order import EVERYTHING, Back, Order, returned_lines
from streams.shop.memory.orders.reward.returned_shares import ReturnedShares
from streams.shop.memory.session import Session
from streams.shop.memory.sessions import Sessions
from streams.shop.memory.teaching import Teaching
from streams.shop.people.context import is_of_before
from streams.shop.people.trails import TOLD_TOO


class OrderJoin:
    """Joins the orders and returns of all partitions; what it knows of them is with their sessions.

    `sessions`: those of each partition, as they come to be.
    """

    def __init__(
        self,
        settings: Settings,
        sessions: Mapping[int, Sessions],
        teaching: Teaching,
        attribution: Attribution,
        returned: ReturnedShares | None = None,
    ) -> None:
        self._settings, self._sessions = settings, sessions
        self.shares = returned
        """Serial returners, where the settings ask for them."""
        self._teaching = teaching
        self._attribution = attribution

    def ordered(self, session: Session, event: OrderPlaced) -> None:
        """An order teaches once on its partition; each session that tells it credits its prompts.

        It is counted for the first of them that is on a side by then, and was when it was placed;
        not by being told once more of one that told it before it was on any.
        """
        if self._is_told(session, event):
            return
        told_by = session.orders.get(event.order_id)
        order = session.order_memory.get(event.order_id)
        if told_by is None:  # else another session of its visitor has told it, and is credited
            if order is None:
                order = self._new(session, event)
            else:
                self._attribution.ordered(self._whose(session), event, order)
            session.order(event)
        if order is not None and order.told_for is None and self._counts(session, event):
            order.told_for = session.session_id
            session.orders[event.order_id] = event.event_id
        elif told_by == "":
            session.orders[event.order_id] = TOLD_TOO

    def _counts(self, session: Session, event: OrderPlaced) -> bool:
        """Whether an order is of the unit of the session that tells it."""
        side = session.assignment
        return side is not None and not is_of_before(event, side.at_ms, self._settings)

    @staticmethod
    def _is_told(session: Session, event: OrderPlaced) -> bool:
        """Whether an order that a session tells can change nothing any more."""
        told_by = session.orders.get(event.order_id)
        order = session.order_memory.get(event.order_id)
        if told_by is not None:  # empty: by another session of its visitor alone, maybe on no side
            return bool(told_by) or order is None or order.told_for is not None
        ours = (session.session_id, *session.ties.formers)  # told before so many others, maybe
        return order is not None and not {order.session_id, order.told_for}.isdisjoint(ours)

    def is_news(self, session: Session, event: Event) -> bool:
        """Whether an event surely is no repeat, though nobody knows its id: by what it is of.

        An order that was not told here. What comes back, if that is more of an item than all that
        was told by then: a repeat told as much. Of what may be forgotten that is all of an order.
        """
        own = session.order_memory
        if isinstance(event, OrderPlaced):
            return not self._may_be_told(session, event)
        if isinstance(event, OrderTakenBack):
            told_back = own.told_back(event.order_id) or {}
            back = returned_lines(event.lines)
            if own.forgot and event.order_id not in own:
                return EVERYTHING in back and EVERYTHING not in told_back
            return any(number > told_back.get(item, 0) for item, number in back.items())
        return False

    def _may_be_told(self, session: Session, event: OrderPlaced) -> bool:
        """Whether a session may have told an order, be it forgotten by its partition or by it."""
        own = session.order_memory
        if event.order_id not in own:
            may_be = own.may_have_forgotten(event.occurred_at_ms)
        else:  # by another one; a session forgets what it has told, but never all of it
            may_be = bool(session.orders) and event.order_id not in session.orders
        return may_be or self._is_told(session, event)

    def _new(self, session: Session, event: OrderPlaced) -> Order:
        """An order that its partition is told for the first time."""
        margins, own = self._attribution.rewards.in_money, session.order_memory
        order = Order.of(event, session.buyer, margins=margins)
        order.told_back = dict(own.told_back(order.order_id) or {})
        self._teaching.ordered(session, event, order)
        self._attribution.ordered(self._whose(session), event, order)
        own.remember(order)
        for sessions in self._sessions.values():
            if back := sessions.orders.told_back(order.order_id):
                self._give_back(event, order, back, away=sessions.orders is not own)
        return order

    def returned(self, session: Session, event: OrderTakenBack) -> None:
        """A return belongs to the order of its number on all partitions that were told of it."""
        back, own = returned_lines(event.lines), session.order_memory.get(event.order_id)
        session.order_memory.note_back(event.order_id, back)
        if own is not None:
            self._give_back(event, own, back, away=False)
        for order in self._named(event):
            if order is not own:
                self._give_back(event, order, back, away=True)

    def forget(self, shopper_id: str, until_s: int) -> None:
        """Drop what is kept by a shopper, up to a second."""
        self._teaching.forget(shopper_id, until_s)
        for sessions in self._sessions.values():
            sessions.orders.forget_shopper(shopper_id, until_s)

    def impressions(self, event: OrderPlaced | OrderTakenBack) -> Iterator[Impression]:
        """The prompts that sold what an event names, remembered by their sessions or not."""
        for order in self._named(event):
            yield from order.credited.values()

    def _whose(self, session: Session) -> list[Session]:
        """A session, and the others of its shopper on its partition."""
        for sessions in self._sessions.values():
            if sessions.orders is session.order_memory:
                return [session, *sessions.beside(session)]
        return [session]

    def _named(self, event: OrderPlaced | OrderTakenBack) -> Iterator[Order]:
        """What was counted under this number, on whichever partitions."""
        for sessions in self._sessions.values():
            if (order := sessions.orders.get(event.order_id)) is not None:
                yield order

    def _give_back(
        self, event: OrderPlaced | OrderTakenBack, order: Order, back: Back, *, away: bool
    ) -> None:
        stood = [item for item, line in order.lines.items() if line.stands]
        gone = order.give_back(back, away=away)
        self._attribution.returned(event, order, gone, away=away)
        kept_nothing = [item for item in stood if not order.lines[item].stands]
        self._teaching.returned(order, kept_nothing)
        if self.shares is not None:
            self.shares.gone(order, kept_nothing)

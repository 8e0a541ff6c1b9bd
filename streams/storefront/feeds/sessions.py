"""What a feed has to know of sessions: what was offered, taken, bought and sent away, and consent.

Pure: records go in, in the order of their partitions. Prompts are noted first; of events only those
of sessions that were offered something matter, besides denials and orders, which hold for a shopper
in whichever session they are said.

Consent is what the session itself said last, and only "yes" is consent: what
`GOESWITH_CONSENT_DEFAULT` says is enough for remembering, and not for writing to somebody. A "no"
of the same shopper or visitor that comes later, in any session, takes it back; so does being
forgotten. What a server tells of somebody (a return, a cancellation) says not who is there: nobody
is signed in by it, and its "yes" is nobody's.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from streams.contract.errors import Misconfigured
from streams.contract.events import (
    TOLD_OF_SOMEBODY,
    BasketUpdated,
    Event,
    ItemAdded,
    ItemRemoved,
    OrderCancelled,
    OrderPlaced,
    OrderReturned,
    PromptDismissed,
    ShopperForgotten,
)
from streams.contract.published.outcomes import Assigned, Ordered, UnitOutcome
from streams.contract.published.prompts import Prompt, Published
from streams.storefront.feeds.taken_back import Pieces, TakenBack, pieces

PROMPTS_MAX = 200_000
PEOPLE_MAX = 1_000_000
LATER = "read less: a smaller --since"

People = tuple[str | None, str | None]
"""A shopper and a visitor."""
NOBODY: People = (None, None)

LeftOut = Literal["no_consent", "denied", "held_out", "taken_back"]
Who = tuple[Literal["shopper", "visitor"], str]
"""By whom an order is known: their ids may be alike."""


class Bought(NamedTuple):
    """An order of any session."""

    shopper_id: str | None
    """Who was signed in; None: nobody."""
    items: Pieces


@dataclass(slots=True)
class FeedOrder:
    """An order of a session."""

    order_id: str
    at_ms: int
    shopper_id: str | None
    consented: bool
    """Whether the session had said yes by then, and said so of this shopper."""
    items: Pieces


@dataclass(slots=True)
class FeedSession:
    """A session that was offered something."""

    session_id: str
    shopper_id: str | None = None
    visitor_id: str | None = None
    consented_ms: int | None = None
    """When it said yes, last; None: it did not, or said no afterwards."""
    prompts: dict[str, Prompt] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    dismissed: set[str] = field(default_factory=set)
    """Receipts of the prompts that were sent away."""
    basket: set[str] = field(default_factory=set)
    orders: dict[str, FeedOrder] = field(default_factory=dict)
    less_ms: int = -1
    """When something was last taken out of the basket, or may have been."""

    def offered(self, *, withdrawn: bool) -> Iterator[Prompt]:
        """Prompts that were not sent away, the latest first; those withdrawn only if asked for.

        Of what they do, completing alone: nobody is offered something else than what they bought.
        """
        completing = (each for each in self.prompts.values() if each.kind == "cross_sell")
        for prompt in sorted(completing, key=lambda prompt: -prompt.occurred_at_ms):
            if prompt.receipt not in self.dismissed and (
                withdrawn or prompt.prompt_id not in self.withdrawn
            ):
                yield prompt


class FeedSessions:
    """All that a feed is made of. Raises `Misconfigured` beyond its bounds."""

    def __init__(self, prompts_max: int = PROMPTS_MAX, people_max: int = PEOPLE_MAX) -> None:
        self.prompts_max = prompts_max
        self.people_max = people_max
        self.sessions: dict[str, FeedSession] = {}
        self.held_out: set[str] = set()
        self.prompts = 0
        self._people: dict[str, People] = {}
        """Who is signed in, in which browser, by session: a denial need not say it again."""
        self._denied_ms: dict[str, int] = {}
        """By shopper or visitor, when they said no last."""
        self._bought: dict[Who, dict[str, Bought]] = {}
        """By shopper and visitor the orders, by number."""
        self._bought_in: dict[str, dict[str, Bought]] = {}
        """The same by session."""
        self._taken_back = TakenBack()

    def publish(self, said: Published) -> None:
        """A record of the prompts topic; repeats change nothing."""
        session = self.sessions.get(said.session_id)
        if isinstance(said, Prompt):
            if session is None:
                session = self.sessions[said.session_id] = FeedSession(said.session_id)
            if said.prompt_id not in session.prompts:
                self.prompts += 1
                _bounded(self.prompts, self.prompts_max, "prompts")
                session.prompts[said.prompt_id] = said
        elif session is not None:
            session.withdrawn.add(said.prompt_id)

    def assign(self, outcome: UnitOutcome) -> None:
        """What is known of a unit of the experiment: whoever is held out is in no feed."""
        held_out = isinstance(outcome, Assigned | Ordered) and outcome.holdout
        if held_out and outcome.session_id in self.sessions:
            self.held_out.add(outcome.session_id)

    def happen(self, event: Event) -> None:
        """An event, of any session."""
        self._consent(event)
        if isinstance(event, OrderPlaced):
            self._order(event)
        if isinstance(event, OrderCancelled | OrderReturned):
            self._taken_back.note(event)
            _bounded(self._taken_back.events, self.people_max, "orders taken back")
        if (session := self.sessions.get(event.session_id)) is not None:
            _note(session, event)

    def left_out(self, session: FeedSession) -> LeftOut | None:
        """Why a session is in no feed; None: it may be."""
        if session.session_id in self.held_out:
            return "held_out"
        if session.consented_ms is None:
            return "no_consent"
        people = session.shopper_id, session.visitor_id
        return "denied" if self._denied(people, session.consented_ms) else None

    def order_left_out(self, session: FeedSession, order: FeedOrder) -> LeftOut | None:
        """Why an order is in no feed; None: it stands, of who said yes, and never no since."""
        if not self.kept(order):
            return "taken_back"
        if not order.consented and order.shopper_id != session.shopper_id:
            return "no_consent"
        people = order.shopper_id, session.visitor_id
        return "denied" if self._denied(people, order.at_ms) else None

    def kept(self, order: FeedOrder) -> Counter[str]:
        """The items of an order that did not come back, or not all of their pieces."""
        return self._taken_back.kept(order.order_id, order.items)

    def came_back(self, session: FeedSession) -> set[str]:
        """The items that all came back of an order of a session, whichever it was."""
        orders = session.orders.values()
        return {item for each in orders for item in each.items.keys() - self.kept(each).keys()}

    def _denied(self, people: People, since_ms: int) -> bool:
        """Whether one of these has said no from then on."""
        return any(self._denied_ms.get(who, -1) >= since_ms for who in people if who)

    def has_ordered(self, session: FeedSession) -> bool:
        """Whether its shopper or visitor has an order that stands, in whichever session."""
        orders = self._orders_of(session).items()
        return any(self._taken_back.kept(number, order.items) for number, order in orders)

    def bought(self, session: FeedSession) -> set[str]:
        """What the session bought, or its shopper or visitor in any; taken back or not."""
        return {item for order in self._orders_of(session).values() for item in order.items}

    def _orders_of(self, session: FeedSession) -> dict[str, Bought]:
        """By number the orders of a session, its shopper and its visitor, but no other shopper's.

        Two people may share a browser: an order of whoever else was signed in is not this one's.
        """
        mine = session.shopper_id
        known = [self._bought_in.get(session.session_id, {})]
        known += [self._bought.get(who, {}) for who in _known_by((mine, session.visitor_id))]
        return {
            number: order
            for orders in known
            for number, order in orders.items()
            if order.shopper_id is None or mine is None or order.shopper_id == mine
        }

    def _order(self, event: OrderPlaced) -> None:
        """Note what was bought, and by whom as far as that was said by then."""
        people = self._people.get(event.session_id, NOBODY)
        order = Bought(people[0], pieces(event.lines))
        self._bought_in.setdefault(event.session_id, {})[event.order_id] = order
        _bounded(len(self._bought_in), self.people_max, "sessions that ordered")
        for who in _known_by(people):
            self._bought.setdefault(who, {})[event.order_id] = order
        _bounded(len(self._bought), self.people_max, "shoppers who ordered")

    def _consent(self, event: Event) -> None:
        if type(event) in TOLD_OF_SOMEBODY:
            self._hear_of(event)
            return
        people = self._signed_in(event)
        if (session := self.sessions.get(event.session_id)) is not None:
            if session.shopper_id not in (None, people[0]):  # another one, or nobody: not their yes
                session.consented_ms, session.basket = None, set()
            session.shopper_id, session.visitor_id = people
            if event.consent is not None:
                session.consented_ms = event.occurred_at_ms if event.consent else None
        if event.consent is False:
            self._deny(people, event.occurred_at_ms)

    def _hear_of(self, event: Event) -> None:
        """An event names whose order it was, or who is forgotten: nobody signs in or out by it.

        Nor does anybody say yes by it. A server that always says no, and names nobody, denies
        nothing: it knows not who is there.
        """
        forgotten = isinstance(event, ShopperForgotten)
        if forgotten or (event.consent is False and event.shopper_id is not None):
            self._deny((event.shopper_id, event.visitor_id), event.occurred_at_ms)

    def _signed_in(self, event: Event) -> People:
        """Who is there by this event: whom it names, or else who was there before."""
        shopper_id, visitor_id = before = self._people.get(event.session_id, NOBODY)
        if event.says_who:
            shopper_id = event.shopper_id
        now = shopper_id, event.visitor_id or visitor_id
        if now != before:
            self._people[event.session_id] = now
            _bounded(len(self._people), self.people_max, "sessions of known people")
        return now

    def _deny(self, people: People, at_ms: int) -> None:
        for who in filter(None, people):
            self._denied_ms[who] = max(self._denied_ms.get(who, -1), at_ms)
        _bounded(len(self._denied_ms), self.people_max, "shoppers who denied consent")


def _known_by(people: People) -> list[Who]:
    """Those by whom an order is found again, in whichever session."""
    shopper_id, visitor_id = people
    told: list[Who] = []
    if shopper_id:
        told.append(("shopper", shopper_id))
    if visitor_id:
        told.append(("visitor", visitor_id))
    return told


def _note(session: FeedSession, event: Event) -> None:
    """What a session did with what it was offered."""
    if isinstance(event, ItemAdded):
        session.basket.add(event.item_id)
    elif isinstance(event, ItemRemoved):
        session.basket.discard(event.item_id)
        session.less_ms = max(session.less_ms, event.occurred_at_ms)
    elif isinstance(event, BasketUpdated):
        session.basket = {line.item_id for line in event.lines}
        session.less_ms = max(session.less_ms, event.occurred_at_ms)
    elif isinstance(event, PromptDismissed):
        session.dismissed.add(event.receipt)
    elif isinstance(event, OrderPlaced):
        items = pieces(event.lines)
        said_yes = session.consented_ms is not None
        by = session.shopper_id
        order = FeedOrder(event.order_id, event.occurred_at_ms, by, said_yes, items)
        session.orders.setdefault(event.order_id, order)
        session.basket -= items.keys()
        session.less_ms = max(session.less_ms, event.occurred_at_ms)


def _bounded(number: int, most: int, what: str) -> None:
    if number > most:
        raise Misconfigured(f"more than {most:,} {what} since then: {LATER}")

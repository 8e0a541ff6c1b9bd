"""A session takes 8 KB of memory at most, however busy it is, and what goes first is told."""

import json
from collections.abc import Callable, Iterator
from random import Random
from sys import intern
from uuid import UUID

import pytest

from streams.contract.events import Event, ItemAdded, OrderLine, decode, encode
from streams.shop.memory.orders.baskets.changes import BASKET_MAX
from streams.shop.memory.orders.baskets.moments import LIGHT, LOST
from streams.shop.memory.orders.weight import BYTES_MAX, weight
from streams.shop.memory.session import Session
from streams.shop.memory.sessions import session_of
from streams.shop.shop import Shop
from streams.shop.state import restore
from tests.deep_size import deep_size
from tests.stories import NOON_MS, Story, Till

ITEMS = [intern(f"item-{number:06d}") for number in range(2000)]
EVENTS = 264


class Visit:
    """A shopper of a shop that knows what goes with what, whose ids are those of a real shop."""

    def __init__(self, filling: str = "") -> None:
        self.chance = Random(7)
        self.till = Till(holdout_share=0.05, consent_default=True, event_bytes_max=1_000_000)
        self.filling = filling
        self.items = [intern(self.filled(item)) for item in ITEMS]
        for place in range(0, 120, 3):
            self._teach(*self.items[place : place + 3])
        self.session_id = self.id()
        self.story = Story("s", shopper_id="shopper-123", visitor_id=self.id())
        self.prompts = 0
        self.prompted = True

    def _teach(self, *items: str) -> None:
        """Others have bought these together."""
        for _ in range(10):
            past = Story(str(self.chance.random()), start_ms=NOON_MS - 86_400_000)
            for item in items:
                self.till.serve(past.add(item))
            self.till.serve(past.order(*items))

    def filled(self, text: str) -> str:
        """An id as long as ids may be, if they are to be long."""
        return text + (128 - len(text)) * self.filling

    def id(self) -> str:
        """A UUID."""
        return self.filled(str(UUID(int=self.chance.getrandbits(128))))

    @property
    def session(self) -> Session:
        """It, as it is remembered."""
        session = self.till.shop.sessions[0].find(self.session_id)
        assert session is not None
        return session

    def serve(self, event: Event, **more: object) -> None:
        """Serve an event, and let the shopper do with its prompt whatever can be done."""
        own = {"event_id": self.id(), "session_id": self.session_id}
        told = event.model_copy(update={**own, **more})
        at_ms = told.occurred_at_ms
        read = decode(
            told.session_id.encode(),
            encode(told),
            timestamp_ms=at_ms,
            settings=self.till.shop.settings,
        )
        prompt = self.till.serve(read).prompt
        if self.prompted and prompt is not None and not isinstance(event, ItemAdded):
            self.prompts += 1
            item = prompt.items[0].item_id
            self.serve(self.story.see(prompt))
            self.serve(self.story.click(prompt))
            price = {"price_minor": 1999, "currency": "EUR"}
            self.serve(self.story.add(item, receipt=prompt.receipt, **price))
            if self.prompts % 2:
                self.serve(self.story.order(item), order_id=self.id())


def looks(visit: Visit) -> Iterator[Event]:
    """Only looks."""
    for item in visit.items:
        yield visit.story.view(item)


def adds(visit: Visit) -> Iterator[Event]:
    """Never stops to add."""
    for item in visit.items:
        yield visit.story.add(item)


def adds_grams(visit: Visit) -> Iterator[Event]:
    """Counts in grams: large numbers are objects of their own."""
    for place, item in enumerate(visit.items):
        yield visit.story.add(item, quantity=1000 + place)


def takes_out(visit: Visit) -> Iterator[Event]:
    """Changes its mind each time."""
    for item in visit.items:
        yield visit.story.add(item)
        yield visit.story.remove(item)


def orders(visit: Visit) -> Iterator[Event]:
    """Buys one thing at a time."""
    for item in visit.items:
        yield visit.story.add(item)
        yield visit.story.order(item, order_id=visit.id())


def follows_prompts(visit: Visit) -> Iterator[Event]:
    """Follows every prompt."""
    for place in range(len(visit.items)):
        yield visit.story.view(visit.items[3 * place % 120])


def does_everything(visit: Visit) -> Iterator[Event]:
    """All of that."""
    for place, item in enumerate(visit.items[200:]):
        yield visit.story.view(visit.items[3 * place % 120])
        yield visit.story.view(item)
        yield visit.story.add(item)
        if place % 4 == 0:
            yield visit.story.remove(item)


def huge_orders(visit: Visit) -> Iterator[Event]:
    """From another channel."""
    for place in range(0, len(visit.items), 500):
        yield visit.story.order(*visit.items[place : place + 500])


def huge_baskets(visit: Visit) -> Iterator[Event]:
    """Of a shop that sends carts."""
    for place in range(0, len(visit.items), 500):
        yield visit.story.set_basket(*visit.items[place : place + 500])
        yield visit.story.order(*visit.items[place : place + 500])


def sends_back(visit: Visit) -> Iterator[Event]:
    """Orders what one prompt has brought, again and again, and sends it back piece by piece."""
    yield visit.story.view(visit.items[0])
    visit.prompted = False
    item = next(iter(visit.session.impressions.values())).receipt.items[0]
    line = OrderLine(item_id=item, price_minor=1999, quantity=2)
    for _ in range(EVENTS):
        order = visit.id()
        yield visit.story.order(lines=(line,), order_id=order, currency="EUR")
        for _ in range(2):
            yield visit.story.send_back(item, order_id=order)
            yield visit.story.view(visit.items[100])


KINDS = [
    *(looks, adds, adds_grams, takes_out, orders, follows_prompts, sends_back),
    *(does_everything, huge_orders, huge_baskets),
]


def own_size(visit: Visit) -> int:
    """What only this session holds: items are everybody's, orders are its partition's."""
    return deep_size(visit.session, shared=[*visit.items, visit.session.order_memory, LIGHT, LOST])


def most_held(visit: Visit, kind: Callable[[Visit], Iterator[Event]]) -> int:
    """The most that its session holds, at any moment of 264 events."""
    most = 0
    for event in kind(visit):
        visit.serve(event)
        most = max(most, own_size(visit))
        if visit.session.seen.noted >= EVENTS:
            break
    return most


@pytest.mark.parametrize("kind", KINDS)
def test_a_busy_session_takes_8_kilobytes_at_most(
    kind: Callable[[Visit], Iterator[Event]],
) -> None:
    """At every moment, of whatever kind its events are."""
    assert 0 < most_held(Visit(), kind) <= BYTES_MAX


@pytest.mark.parametrize("first", [0, 40, 64])
@pytest.mark.parametrize("kind", KINDS)
def test_a_busy_session_whose_events_are_of_one_moment_takes_no_more(
    kind: Callable[[Visit], Iterator[Event]], first: int
) -> None:
    """From so many on: it remembers more of their ids, while there is room."""

    def at_once(visit: Visit) -> Iterator[Event]:
        for place, event in enumerate(kind(visit)):
            at_ms = event.occurred_at_ms + 1000 * min(0, first - place)
            yield event.model_copy(update={"occurred_at_ms": at_ms, "received_at_ms": at_ms})

    assert 0 < most_held(Visit(), at_once) <= BYTES_MAX


@pytest.mark.parametrize(("character", "bytes_max"), [("x", 9_800), ("鼻", 16_000)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_busy_session_of_long_ids_takes_no_more_than_is_said(
    kind: Callable[[Visit], Iterator[Event]], character: str, bytes_max: int
) -> None:
    """All of 128 characters; those of the basket and of the latest events cannot be let go.

    Once a prompt was written, Python holds each id that is in it as UTF-8, too.
    """
    assert 0 < most_held(Visit(character), kind) <= bytes_max


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_session_is_said_to_weigh_is_about_what_it_does(
    kind: Callable[[Visit], Iterator[Event]],
) -> None:
    """Else it would let go too much, or too little."""
    visit = Visit()
    for event in kind(visit):
        visit.serve(event)
        if visit.session.seen.noted >= EVENTS:
            break

    assert 0.65 < own_size(visit) / weight(visit.session) < 1.1


def test_a_visit_that_is_not_busy_keeps_all_that_it_did() -> None:
    """Forty events, two prompts that were followed, a basket of twenty."""
    visit = Visit()
    visit.prompted = False
    for item in visit.items[200:216]:
        visit.serve(visit.story.view(item))
        visit.serve(visit.story.add(item))
    visit.prompted = True
    for place in (0, 3):
        visit.serve(visit.story.view(visit.items[place]))
    session = visit.session

    assert 40 < session.seen.noted
    assert 2 == len(session.impressions) == visit.prompts
    assert session.looked is not None
    assert {*visit.items[200:216]} <= {*session.looked}
    assert 16 < len(session.basket)
    assert all(item in session.taught for item in visit.items[200:216])


def test_a_visit_that_weighs_too_much_teaches_nothing_by_looking_further() -> None:
    """It has forgotten what it looked at: what it looks at again would count again."""
    visit = Visit()
    for event in does_everything(visit):
        visit.serve(event)
        if visit.session.looked is None:
            break
    before = visit.till.shop.learned.browsing.state()
    for item in (visit.items[200], "never seen before"):
        visit.serve(visit.story.view(item))

    assert not visit.session.looks_first("never seen before")
    assert before == visit.till.shop.learned.browsing.state()
    assert {} == visit.session.after_pause(visit.story.view("tea", after_s=1801)).looked


def test_a_basket_that_has_ended_to_teach_teaches_when_it_begins_anew() -> None:
    """An order that empties it begins another one."""
    visit = Visit()
    for item in visit.items[:BASKET_MAX]:
        visit.serve(visit.story.add(item))
    for _ in range(60):
        visit.serve(visit.story.check_out())
    taught = visit.session.taught
    assert taught.lesson("bread", ["butter"]) is None
    visit.serve(visit.story.order(*visit.session.basket))

    assert visit.session.taught.lesson("bread", []) is not None


def test_what_was_let_go_is_let_go_after_a_restart_as_well() -> None:
    """The state of a session that weighed too much is that of a session."""
    visit = Visit()
    for event in does_everything(visit):
        visit.serve(event)
        if visit.session.seen.noted >= EVENTS:
            break
    state = json.loads(json.dumps(visit.session.state()))
    woken = Shop(visit.till.shop.settings)
    restore(woken.parts(), json.loads(json.dumps(visit.till.shop.state())))

    assert state == json.loads(json.dumps(session_of(state).state()))
    assert visit.till.shop.digests() == woken.digests()
    assert weight(visit.session) == weight(session_of(state))


def test_what_is_let_go_does_not_depend_on_a_restart() -> None:
    """Weights come from what is remembered, not from how much memory that happened to take."""
    kept, woken = Visit(), Visit()
    for number, (one, other) in enumerate(
        zip(does_everything(kept), does_everything(woken), strict=True)
    ):
        if number % 20 == 0:
            shop = Shop(woken.till.shop.settings)
            restore(shop.parts(), json.loads(json.dumps(woken.till.shop.state())))
            woken.till.shop = shop
        kept.serve(one)
        woken.serve(other)
        if kept.session.seen.noted >= EVENTS:
            break

    assert kept.till.shop.digests() == woken.till.shop.digests()

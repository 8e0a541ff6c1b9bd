"""The mall: visits that come one after the other, with everything that real shops see in them.

Who is there changes in mid-visit, consent comes and goes, clocks are wrong, orders are told twice,
and things come back, also before they were bought. Everything is drawn by a seed; only when it
happens, and what prompts are taken, depends on the day.
"""

import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

from streams.contract.events import (
    BasketUpdated,
    Event,
    ItemAdded,
    ItemRemoved,
    ItemViewed,
    OrderLine,
    ShopperForgotten,
)
from streams.contract.published.prompts import Prompt
from streams.lab.chaos.ground.traffic import ITEMS, VISIT_EVENTS, now_ms
from streams.lab.chaos.shoppers.after_sales import AfterSales
from streams.lab.chaos.shoppers.device import DeviceClock, device_of
from streams.lab.chaos.shoppers.kinds import Tally
from streams.lab.chaos.shoppers.renewals import VISIT, Renewals
from streams.lab.chaos.shoppers.voice import Voice

ROLES: dict[str, float] = {
    "anonymous": 0.3,
    "nobody": 0.07,
    "unsaid": 0.06,
    "denied": 0.07,
    "signs_in": 0.5,
}
"""Shares of visits, by what is said of who is there."""
NOBODIES = ("guest", "0", "null", "Anonymous")
SHARE_VISITOR = 0.6
SHARE_SIGNED_IN_BEFORE = 0.25
SHARE_SIGN_OUT, SHARE_ANOTHER, SHARE_WITHDRAWN, SHARE_AGAIN = 0.15, 0.15, 0.2, 0.6
SHARE_NEW_SESSION, SHARE_AT_SIGN_IN, SHARE_SNAPSHOT, SHARE_BEFORE = 0.2, 0.5, 0.5, 0.1
SHARE_FORGOTTEN = 0.08
SHARE_REMOVED, SHARE_SET, SHARE_REPEATED, SHARE_ADDED = 0.06, 0.04, 0.04, 0.3
SHARE_PART = 0.35
CARTS_ONE_IN, SHARE_CART_EMPTY = 8, 0.5
"""Sessions of storefronts that know carts alone; of these, those that begin with an empty one."""
SHARE_ORDER_FIRST = 0.05
SHARE_UNSEEN = 0.5
LOOKED_MAX = 3
"""Prompts that a session looks at."""
SHARE_LATER = 0.3
"""Of the visits that begin, those that what is left over from others goes before."""
VISITS_OF_A_SHOPPER = 4
SHOPPERS_AT_ONCE = 40
QUANTITY_MAX = 3


class Mall:
    """Brings visits; `sent` counts what was made of each kind."""

    def __init__(self, seed: int, partitions: int, now_ms: Callable[[], int] = now_ms) -> None:
        self.sent = Tally()
        self._dice = random.Random(seed)
        self._now_ms = now_ms
        self._desk = AfterSales(self._dice, self.sent, partitions, now_ms)
        self._sessions = Renewals(self._dice, self.sent, partitions, now_ms)
        self._later: deque[Iterator[Event]] = deque()
        self._taken: dict[str, list[ItemAdded]] = {}
        self._came = 0
        self._looked = Counter[str]()

    def visit(self) -> Iterator[Event]:
        """The next visit, or what is left of another one."""
        if self._later and self._dice.random() < SHARE_LATER:
            return self._later.popleft()
        self._came += 1
        return self._visit()

    def sees(self, prompt: Prompt) -> bool:
        """A few in each session: one that grows too heavy forgets, which is not judged here."""
        self._looked[prompt.session_id] += 1
        return self._looked[prompt.session_id] <= LOOKED_MAX

    def taken(self, event: Event) -> None:
        """A shopper took what a prompt offered: it is in the basket, and may be bought."""
        if isinstance(event, ItemAdded):
            self._taken.setdefault(event.session_id, []).append(event)

    def times(self, session_id: str) -> dict[str, Any]:
        """What the clock of a session says of what is done with a prompt."""
        device = device_of(session_id) if session_id.startswith(VISIT) else DeviceClock()
        return device.times(self._now_ms())

    def _visit(self) -> Iterator[Event]:
        """One visit, in one session or two."""
        dice = self._dice
        visitor_id = (
            f"visitor-{dice.getrandbits(32):08x}" if dice.random() < SHARE_VISITOR else None
        )
        voice, basket = self._sessions.begun(visitor_id), Counter[str]()
        events = dice.randint(*VISIT_EVENTS)
        plan = self._plan(voice, events)
        moves_at = self._moves_at(plan, events) if visitor_id else -1
        before = voice
        if _tells_carts(voice) and dice.random() < SHARE_CART_EMPTY:
            self.sent.note("cart_empty")
            yield self._basket(voice, basket)
        if self._one_in(SHARE_ORDER_FIRST, "order_first"):
            self.sent.note("order_first")
            yield from self._order(voice, "first", Counter([dice.choice(ITEMS)]))
        last: Event | None = None
        for number in range(events):
            if number == moves_at:
                voice = self._sessions.renewed(before)
            for change in plan.get(number, ()):
                self._change(voice, change)
            if number == moves_at and self._brings(before, voice):
                yield self._basket(voice, basket)
            if voice is not before and self._one_in(SHARE_BEFORE, "session_before"):
                self.sent.note("session_before")
                yield self._step(before, basket)
            if (
                last is not None
                and last.session_id == voice.session_id
                and self._one_in(SHARE_REPEATED)
            ):
                self.sent.note("event_again")
                yield last
            last = self._step(voice, basket)
            yield last
        yield from self._leave(voice, basket)

    def _moves_at(self, plan: dict[int, list[str]], events: int) -> int:
        """At which event the visitor goes on in another session, often with a sign-in; -1: none."""
        if not self._one_in(SHARE_NEW_SESSION, "new_session"):
            return -1
        signs_in = [number for number, changes in plan.items() if "signed_in" in changes]
        if signs_in and self._dice.random() < SHARE_AT_SIGN_IN:
            return signs_in[0]
        return self._dice.randrange(1, events)

    def _brings(self, before: Voice, voice: Voice) -> bool:
        """Whether the basket is said anew: elsewhere, nothing else moves it."""
        beside = self._sessions.beside(before, voice)
        return not beside or self._dice.random() < SHARE_SNAPSHOT

    # Who is there

    def _plan(self, voice: Voice, events: int) -> dict[int, list[str]]:
        """What changes about who is there, by the number of the event from which on it does."""
        dice = self._dice
        role = dice.choices([*ROLES], [*ROLES.values()])[0]
        if role != "signs_in":
            return {0: [role]}
        if voice.version == 1 or self._one_in(SHARE_SIGNED_IN_BEFORE):
            plan = {0: ["here"]}
        else:
            plan = {dice.randrange(1, 3): ["signed_in"]}
        more = [
            change
            for change, share in (
                ("signed_out", SHARE_SIGN_OUT),
                ("another_shopper", SHARE_ANOTHER),
                ("consent_withdrawn", SHARE_WITHDRAWN),
            )
            if self._one_in(share, change)
        ]
        dice.shuffle(more)
        if (
            "consent_withdrawn" in more
            and "signed_out" not in more
            and self._one_in(SHARE_AGAIN, "consent_again")
        ):
            more.insert(more.index("consent_withdrawn") + 1, "consent_again")
        for change, number in zip(
            more, sorted(dice.choices(range(3, events + 1), k=len(more))), strict=True
        ):
            plan.setdefault(number, []).append(change)
        return plan

    def _change(self, voice: Voice, change: str) -> None:
        """From now on somebody else is there, or consent is another one."""
        match change:
            case "anonymous":
                return
            case "nobody":
                voice.is_now(self._dice.choice(NOBODIES), consent=True)
                change = "nobody_id"
            case "unsaid" | "denied":
                voice.is_now(self._shopper_id(), None if change == "unsaid" else False)
                change = f"consent_{change}"
            case "signed_out":
                voice.is_now(None, voice.consent)
            case "consent_withdrawn" | "consent_again":
                voice.is_now(voice.shopper_id, change == "consent_again")
            case _:
                voice.is_now(self._shopper_id(), consent=True)
        if change != "here":
            self.sent.note(change)

    def _shopper_id(self) -> str:
        """Somebody who comes a few times, in sessions of which some are open at once."""
        first = self._came + self._dice.randrange(SHOPPERS_AT_ONCE * VISITS_OF_A_SHOPPER)
        return f"shopper-{first // VISITS_OF_A_SHOPPER}"

    # What is in the basket

    def _step(self, voice: Voice, basket: Counter[str]) -> Event:
        """What the shopper does next."""
        dice, draw = self._dice, self._dice.random()
        held = [item for item in basket if basket[item] > 0]
        if draw < SHARE_REMOVED and held:
            item = dice.choice(held)
            quantity = dice.randint(1, basket[item])
            basket[item] -= quantity
            self.sent.note("item_removed")
            return ItemRemoved(**voice.about(), item_id=item, quantity=quantity)
        if SHARE_REMOVED < draw < SHARE_REMOVED + SHARE_SET and held:
            for item in held:
                basket[item] = dice.randint(0, QUANTITY_MAX)
            self.sent.note("basket_updated")
            return self._basket(voice, basket)
        item = dice.choice(ITEMS)
        if draw < 1 - SHARE_ADDED:
            return ItemViewed(**voice.about(), item_id=item)
        quantity = dice.randint(1, QUANTITY_MAX)
        basket[item] += quantity
        if _tells_carts(voice):
            self.sent.note("cart_alone")
            return self._basket(voice, basket)
        said = voice.priced(item) | voice.currency()
        return ItemAdded(**voice.about(), item_id=item, quantity=quantity, **said)

    def _basket(self, voice: Voice, basket: Counter[str]) -> BasketUpdated:
        lines = self._lines(voice, +basket)
        return BasketUpdated(**voice.about(), lines=lines, **voice.currency())

    def _lines(self, voice: Voice, basket: Counter[str]) -> tuple[OrderLine, ...]:
        return tuple(
            OrderLine(item_id=item, quantity=quantity, **voice.line(item))
            for item, quantity in basket.items()
        )

    # How it ends

    def _leave(self, voice: Voice, basket: Counter[str]) -> Iterator[Event]:
        """What is in the basket is bought, at once or in two orders; and some are forgotten."""
        for event in self._taken.pop(voice.session_id, ()):
            basket[event.item_id] += event.quantity
        number = 0
        while basket := +basket:
            bought = self._part(basket) if self._one_in(SHARE_PART) else basket
            yield from self._order(voice, str(number), bought)
            basket, number = basket - bought, number + 1
            if basket:
                self.sent.note("order_part")
                if self._one_in(0.5):
                    break
        if self._one_in(SHARE_FORGOTTEN, "shopper_forgotten"):
            yield from self._forgotten(voice)

    def _order(self, voice: Voice, name: str, bought: Counter[str]) -> Iterator[Event]:
        """An order of these, and what follows at once; what follows later is left over."""
        order_id, lines = f"order-{voice.session_id}-{name}", self._lines(voice, bought)
        order = {"order_id": order_id, "lines": lines, **voice.currency()}
        events, later = self._desk.told(voice, order)
        yield from events
        if later is not None:
            self._later.append(later)

    def _part(self, basket: Counter[str]) -> Counter[str]:
        """Some of the items, some of them in part."""
        chosen = self._dice.sample([*basket], self._dice.randint(1, len(basket)))
        return Counter({item: self._dice.randint(1, basket[item]) for item in chosen})

    def _forgotten(self, voice: Voice) -> Iterator[Event]:
        """The shopper who was here, or somebody else, is forgotten; some come back."""
        who = voice.shopper_id or self._shopper_id()
        if who in NOBODIES:
            return
        care = Voice(f"care-{self._dice.getrandbits(48):012x}", self._dice, self._now_ms)
        self.sent.note("shopper_forgotten")
        yield ShopperForgotten(**care.about(shopper_id=who))
        if voice.shopper_id == who and self._one_in(0.5):
            voice.is_now(who, consent=True)
            self.sent.note("consent_again")
            yield ItemAdded(**voice.about(), item_id=self._dice.choice(ITEMS))

    def _one_in(self, share: float, kind: str = "") -> bool:
        """Whether it happens; of a kind that has not come up yet every other time."""
        unseen = kind and not self.sent[kind]
        return self._dice.random() < (max(share, SHARE_UNSEEN) if unseen else share)


def _tells_carts(voice: Voice) -> bool:
    """Whether its storefront knows carts alone."""
    return crc32(voice.session_id.encode()) % CARTS_ONE_IN == 0

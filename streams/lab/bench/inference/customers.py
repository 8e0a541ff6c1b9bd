"""Customers of nine kinds, whose orders a prompt raises by a known number, before a real shop.

Everybody orders once with probability `HABIT`. Whoever was offered something before that, on that
device, orders once more with probability `EFFECT`: so a prompt is worth .300 orders a unit, and
what `goeswith uplift` makes of the shop's own outcomes can be compared with the truth.

```
known shoppers            signed in from the first event on, and consenting
no consent                the same, with consent denied
sign-in at checkout       nobody knows them until they order
sign-in, then a view      an anonymous view, and then one that names the shopper
pause and no id           signed in; half an hour later the same session, which names nobody
renewed session id        a visitor who gets a new session id by signing in, and orders in that
payment page              a visitor who orders on a page with a session of its own, which never asks
two devices               a shopper with two visitor ids, each of which may order
bots                      known shoppers, among whom every fifth looks at 30 items, and buys nothing
```
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any, NamedTuple

from streams.contract.events import Event, ItemAdded, ItemViewed, OrderLine, OrderPlaced
from streams.contract.settings import Settings
from streams.experiments.uplift.figures import rows
from streams.experiments.uplift.units import ExperimentTotals, Units
from streams.shop.memory.pending_prompts import PendingPrompts
from streams.shop.shop import Shop

HABIT = 0.2
EFFECT = 0.3
BOT_EVERY = 5
BOT_VIEWS = 30
PAUSE_MS = 31 * 60_000
EACH_MS = 20_000
"""Between two customers."""
START_MS = 1_767_225_600_000
ITEMS = ("bread", "butter", "jam", "tea", "cheese")
LOOKS = 20
SETTINGS: dict[str, Any] = {
    "receipt_secret": "not a secret",
    "holdout_share": 0.2,
    "cool_down_s": 0.0,
    "prompts_per_session_max": 1_000,
    "lateness_s": 1e6,
}
"""Nothing silences the shop but the holdout."""


@dataclass
class Device:
    """What somebody sees and says, in a session."""

    who: str
    number: int
    at_ms: int
    said: dict[str, Any]
    """Fields of all its events from now on."""
    prompted: bool = False

    def __post_init__(self) -> None:
        self._events = count()
        self._session = f"session of {self.who}"

    def view(self, item: str = "bread") -> Event:
        """A look at an item."""
        return ItemViewed(item_id=item, **self._fields())

    def add(self, item: str = "bread") -> Event:
        """An item goes into the basket."""
        return ItemAdded(item_id=item, **self._fields())

    def orders(self, chance: Random, **more: Any) -> Iterator[Event]:
        """By habit, and one more because of a prompt."""
        worth = ((HABIT, "habit"), (EFFECT if self.prompted else 0.0, "prompt"))
        for share, why in worth:
            if chance.random() < share:
                fields = self._fields() | {"order_id": f"{why} of {self.who}"} | more
                yield OrderPlaced(lines=(OrderLine(item_id="tea"),), **fields)

    def new_session(self) -> None:
        """From now on under another session id."""
        self._session = f"next {self._session}"

    def _fields(self) -> dict[str, Any]:
        self.at_ms += 1_000
        event_id = f"{next(self._events)}"
        session = {"session_id": self._session, "event_id": event_id}
        return {**session, "occurred_at_ms": self.at_ms, **self.said}


Kind = Callable[[Device, Random], Iterator[Event]]
NAMED = "shopper-{}"


def _shopper(device: Device, **more: Any) -> dict[str, Any]:
    return {"shopper_id": NAMED.format(device.number), "consent": True} | more


def _known(device: Device, chance: Random) -> Iterator[Event]:
    device.said = _shopper(device)
    yield device.view()
    yield device.add()
    yield from device.orders(chance)


def _no_consent(device: Device, chance: Random) -> Iterator[Event]:
    device.said = _shopper(device, consent=False)
    yield device.view()
    yield device.add()
    yield from device.orders(chance)


def _at_checkout(device: Device, chance: Random) -> Iterator[Event]:
    yield device.view()
    yield device.add()
    yield from device.orders(chance, **_shopper(device))


def _then_a_view(device: Device, chance: Random) -> Iterator[Event]:
    yield device.view()
    device.said = _shopper(device)
    yield device.view("jam")
    yield from device.orders(chance)


def _pause(device: Device, chance: Random) -> Iterator[Event]:
    device.said = _shopper(device)
    yield device.view()
    device.said = {}
    device.at_ms += PAUSE_MS
    yield device.view("jam")
    yield from device.orders(chance)


def _renewed(device: Device, chance: Random) -> Iterator[Event]:
    device.said = {"visitor_id": f"visitor-{device.who}"}
    yield device.view()
    device.new_session()
    device.said |= _shopper(device)
    yield device.view("jam")
    yield from device.orders(chance)


def _payment_page(device: Device, chance: Random) -> Iterator[Event]:
    device.said = {"visitor_id": f"visitor-{device.who}"}
    yield device.view()
    yield device.add()
    device.new_session()
    yield from device.orders(chance)


def _of_two(device: Device, chance: Random) -> Iterator[Event]:
    device.said = _shopper(device, visitor_id=f"visitor-{device.who}")
    yield device.view()
    yield from device.orders(chance)


def _bots(device: Device, chance: Random) -> Iterator[Event]:
    if device.number % BOT_EVERY:
        yield from _known(device, chance)
        return
    for number in range(BOT_VIEWS):
        yield device.view(ITEMS[number % len(ITEMS)])


KINDS: dict[str, Kind] = {
    "known shoppers": _known,
    "no consent": _no_consent,
    "sign-in at checkout": _at_checkout,
    "sign-in, then a view": _then_a_view,
    "pause and no id": _pause,
    "renewed session id": _renewed,
    "payment page": _payment_page,
    "two devices": _of_two,
    "bots": _bots,
}


class ShopRun(NamedTuple):
    """What uplift said of one shop."""

    covered: bool
    """Whether its bounds held the truth at every look."""
    held_out_prompted: int
    """Prompts to sessions that are held out."""
    crossovers: int
    held_out: int
    may_get: int
    difference: float
    """Orders of a unit, at the last look."""


def truth(kind: str) -> float:
    """What prompts are worth on average: bots have a part in the units, and none in the orders."""
    return EFFECT * (1.0 - 1.0 / BOT_EVERY) if kind == "bots" else EFFECT


def run(kind: str, seed: int, units: int) -> ShopRun:
    """One shop, from its seed alone."""
    chance, shop, folded = Random(f"{kind} {seed}"), _taught(seed), Units()
    pending, prompted, covered = PendingPrompts(), 0, True
    totals: ExperimentTotals | None = None
    for number in range(units):
        for device in _devices(kind, number):
            for event in KINDS[kind](device, chance):
                offset = shop.position[0]
                shop.learn(0, offset, event)
                answer = shop.answer(event, 0, offset, pending)
                for outcome in answer.unit_outcomes:
                    folded.add(outcome)
                if answer.outgoing_prompt is not None:
                    device.prompted = True
                    prompted += _held_out(shop, event)
        if (number + 1) % (units // LOOKS) == 0:
            totals = folded.totals(folded.experiments()[-1].id)
            covered = covered and _holds(totals, truth(kind))
    if totals is None:
        raise ValueError(f"{units} customers: there must be at least {LOOKS}")
    orders = rows(totals)[0].uplift
    return ShopRun(
        covered,
        prompted,
        totals.crossed_shoppers,
        len(totals.held_out),
        len(totals.may_get),
        orders.difference if orders else 0.0,
    )


def _devices(kind: str, number: int) -> list[Device]:
    at_ms = START_MS + number * EACH_MS
    names = [f"{number}", f"{number} too"] if kind == "two devices" else [f"{number}"]
    return [Device(name, number, at_ms, {}) for name in names]


def _taught(seed: int) -> Shop:
    """A shop that has something to offer, and holds out others for each seed."""
    shop = Shop(Settings(**SETTINGS, holdout_salt=f"{seed}"))
    yesterday = START_MS - 86_400_000
    for number in range(20):
        past = Device(f"past {number}", number, yesterday + number * EACH_MS, {})
        for item in ITEMS:
            shop.learn(0, shop.position.get(0, 0), past.add(item))
    return shop


def _held_out(shop: Shop, event: Event) -> bool:
    session = shop.sessions[0].find(event.session_id)
    assignment = None if session is None else session.assignment
    return assignment is not None and assignment.held_out


def _holds(totals: ExperimentTotals, value: float) -> bool:
    """Whether bounds hold a value; those that are not given exclude nothing."""
    found = rows(totals)[0].uplift
    return found is None or found.low <= value <= found.high

"""What the twin expects on the outcomes topic, as plain dictionaries, beside what is there."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from streams.contract.events import (
    Event,
    ItemViewed,
    OrderLine,
    OrderPlaced,
    OrderTakenBack,
)
from streams.contract.published.outcomes import AnyOutcome
from streams.contract.receipts import Receipt
from streams.contract.settings import Settings
from streams.lab.chaos.twin.ledger import same

Told = dict[str, Any]
"""The fields of an outcome, without those that say nothing."""
LINE = ("item_id", "quantity", "value_minor", "margin_minor", "price_max_minor")
WORDS = {
    *("type", "prompt_id", "session_id", "stage", "arm", "context", "propensity", "reward"),
    *("caused_by", "occurred_at_ms", "prompted_at_ms", "propensities", "estimates", "order_id"),
    *("unit", "experiment", "holdout", "share", "shopper", "lines", "items", "currency", *LINE),
    "orders_before",
    "known_by",
}
"""The fields that the twin has a word for."""
BY_ITEM = ("added", "removed", "bought", "returned")


def of_prompt(receipt: Receipt, event: Event, stage: str, reward: float, **about: Any) -> Told:
    """A stage that a prompt reached; an event of another session is named with that."""
    who, cause = event.session_id, event.event_id
    told = {
        "type": "outcome",
        "prompt_id": receipt.prompt_id,
        "session_id": receipt.session_id,
        "stage": stage,
        "arm": receipt.arm,
        "context": receipt.context,
        "propensity": receipt.propensity,
        "reward": reward,
        "caused_by": cause if who == receipt.session_id else f"{len(who)} {who}{cause}",
        "occurred_at_ms": event.occurred_at_ms,
        "prompted_at_ms": receipt.prompted_at_ms,
    }
    if stage == "shown" and receipt.arms:
        told["propensities"] = dict(zip(receipt.arms, receipt.propensities, strict=True))
        told["estimates"] = dict(zip(receipt.arms, receipt.estimates, strict=True))
    return said(told | about)


def said(told: Mapping[str, Any]) -> Told:
    """Without what says nothing."""
    return {name: value for name, value in told.items() if value is not None}


def of_unit(kind: str, event: Event, **about: Any) -> Told:
    """What a unit did."""
    told = {
        "type": kind,
        "session_id": event.session_id,
        "caused_by": event.event_id,
        "occurred_at_ms": event.occurred_at_ms,
    }
    return said(told | about)


def goods(lines: Iterable[OrderLine] | None, sign: int) -> Told:
    """What an order or a return says of its lines, by item."""
    by_item: dict[str, Told] = {}
    for line in lines or ():
        one = by_item.setdefault(line.item_id, {"item_id": line.item_id, "quantity": 0})
        one["quantity"] += sign * line.quantity
        for name, each in (("value_minor", line.price_minor), ("margin_minor", line.margin_minor)):
            if each is not None:
                one[name] = one.get(name, 0) + sign * line.quantity * each
    for one in by_item.values() if sign > 0 else ():
        prices = [line.price_minor or 0 for line in lines or () if line.item_id == one["item_id"]]
        if max(prices) * one["quantity"] >= one.get("value_minor", 0) + one["quantity"]:
            one["price_max_minor"] = max(prices)  # a minor unit above the average, or more
    told = {
        name: [one[name] for one in by_item.values() if name in one]
        for name in ("value_minor", "margin_minor")
    }
    return {
        "lines": [*by_item.values()],
        "items": len(by_item),
        "quantity": sum(one["quantity"] for one in by_item.values()),
        **{name: sum(each) if each else None for name, each in told.items()},
    }


def came_back(event: OrderTakenBack, currency: str | None) -> Told:
    """The same of a return of an order in this currency: prices in another one are none.

    Nor is the price of an item of which it does not tell all.
    """
    alike = event.currency in (None, currency)
    unpriced = {line.item_id for line in event.lines or () if line.price_minor is None}
    lines = [
        line.model_copy(
            update={
                "price_minor": None if line.item_id in unpriced or not alike else line.price_minor,
                "margin_minor": line.margin_minor if alike else None,
            }
        )
        for line in event.lines or ()
    ]
    return {"order_id": event.order_id, "currency": currency, **goods(lines, -1)}


class Sides:
    """The experiment: who is on which side, and under which name."""

    def __init__(self, settings: Settings) -> None:
        self._start_ms = round(1000 * settings.experiment_start_s)
        self._late_ms = 1000 * settings.clock_skew_s_max, 1000 * settings.lateness_s
        self._share, self._name = settings.holdout_share, settings.experiment
        self._segments = [name.strip() for name in settings.segments.split(",")]
        self._key = settings.holdout_salt.encode()[:64]
        spoken = f"{self._share!r}\0{settings.holdout_salt}".encode()
        self._id = f"{self._name}-{blake2b(spoken, digest_size=4).hexdigest()}"

    def is_history(self, event: Event) -> bool:
        """Whether it came too late for a prompt, so that it puts nobody on a side."""
        delay_ms = event.received_at_ms - event.occurred_at_ms
        return delay_ms > self._late_ms[event.sent_at_ms is not None]

    def is_of_before(self, order: OrderPlaced, side_ms: int) -> bool:
        """Whether an order is history that was placed well before a session was on a side."""
        return self.is_history(order) and order.occurred_at_ms + self._late_ms[1] < side_ms

    def assign(self, event: Event) -> Told | None:
        """The side of the session that asks first by this event."""
        if not self._share or event.occurred_at_ms < self._start_ms:
            return None
        drawn = self._hash("unit", event.visitor_id or event.session_id, 20)
        held_out = int.from_bytes(drawn[:8]) < self._share * 2**64
        return {"unit": drawn[8:].hex(), "experiment": self._id, "holdout": held_out}

    def assigned(self, event: Event, side: Told, orders_before: int) -> Told:
        """The outcome of that."""
        about: Told = {"share": self._share, "orders_before": orders_before}
        about |= {"shopper": self._shopper(event), "context": self._context(event)}
        return of_unit("assigned", event, **side, **about)

    def ordered(self, event: OrderPlaced, side: Told) -> Told:
        """The outcome of an order."""
        about = {"order_id": event.order_id, "currency": event.currency}
        who, bought = self._shopper(event), goods(event.lines, 1)
        return of_unit("ordered", event, **side, **about, **bought, shopper=who)

    def not_asked(self, event: OrderPlaced) -> Told | None:
        """The same of a session that is on no side, where its event says who is there."""
        side, who = self.assign(event), self._shopper(event)
        known_by = "visitor" if event.visitor_id is not None else who and "shopper"
        if side is None or known_by is None:
            return None
        return self.ordered(event, side) | {"known_by": known_by}

    def _context(self, event: Event) -> str:
        """Where the event asks, and of which segment: listed, or else by whom it names."""
        place = "product_page" if isinstance(event, ItemViewed) else "basket"
        if event.segment and event.segment in self._segments:
            return f"{place}/{event.segment}"
        return f"{place}/{'new' if self._shopper(event) is None else 'known'}"

    def _shopper(self, event: Event) -> str | None:
        if event.shopper_id is None or event.consent is not True:
            return None
        return self._hash("shopper", event.shopper_id, 12).hex()

    def _hash(self, kind: str, who: str, length: int) -> bytes:
        spoken = f"{self._name}\0{kind}\0{who}".encode()
        return blake2b(spoken, digest_size=length, key=self._key).digest()


def key_of(told: Mapping[str, Any]) -> tuple[str, ...]:
    """What tells an outcome from all others."""
    kind = told["type"]
    if kind == "assigned":
        return kind, told["session_id"], told["experiment"]
    if kind == "ordered":
        return kind, told["session_id"], told["order_id"]
    if kind != "outcome":
        return kind, told["session_id"], told["caused_by"]
    named = [str(told.get(name, "")) for name in ("item_id", "order_id", "caused_by")]
    return kind, told["prompt_id"], told["stage"], *(named if told["stage"] in BY_ITEM else ())


def as_told(outcome: AnyOutcome) -> Told:
    """A published outcome in the twin's words: what it has no word for, it does not judge."""
    told = outcome.model_dump(exclude_none=True, include=WORDS, mode="json")
    if "lines" in told:
        told["lines"] = [{n: line[n] for n in LINE if n in line} for line in told["lines"]]
    return told


def differs(expected: Told, published: Told) -> list[str]:
    """The fields that are not the same."""
    names = dict.fromkeys((*expected, *published))
    return [name for name in names if not same(expected.get(name), published.get(name))]

"""A session's voice: what each of its events says of who is there, and when it is."""

import random
from collections.abc import Callable
from itertools import count
from typing import Any

from streams.lab.chaos.shoppers.device import device_of

SHARE_VERSION_1 = 0.2
SHARE_PRICES = 0.5
SEGMENTS = ("club", "trade", None, None)
"""What a session says of its shopper's segment; the shop may list some of them."""
SHARE_NAMING = 0.7
"""Of the events of a session in which somebody is signed in, those that name them."""


class Voice:
    """Says what all events of a session have in common; `now_ms` is true time."""

    def __init__(
        self,
        session_id: str,
        dice: random.Random,
        now_ms: Callable[[], int],
        visitor_id: str | None = None,
    ) -> None:
        self.session_id = session_id
        self.visitor_id = visitor_id
        self.version = 1 if visitor_id is None and dice.random() < SHARE_VERSION_1 else 2
        self.tells_prices = dice.random() < SHARE_PRICES
        self.segment = dice.choice(SEGMENTS)
        self.device = device_of(session_id)
        self.shopper_id: str | None = None
        """Who is signed in."""
        self.consent: bool | None = None
        self._news = False
        """Whether the next event has to say who is there."""
        self._dice = dice
        self._now_ms = now_ms
        self._numbers = count()

    def is_now(self, shopper_id: str | None, consent: bool | None) -> None:
        """Somebody else is there, or nobody, or consent is another one: the next event says so."""
        self.shopper_id, self.consent, self._news = shopper_id, consent, True

    def about(self, **said: Any) -> dict[str, Any]:
        """What the next event says; `said` has the last word.

        In version 1 each event has to name the shopper: there, not to say so is to be nobody.
        """
        number = next(self._numbers)
        about: dict[str, Any] = {
            "schema_version": self.version,
            "event_id": f"{self.session_id}-{number}",
            "session_id": self.session_id,
            **self.device.times(self._now_ms(), number),
        }
        if self.visitor_id is not None:
            about["visitor_id"] = self.visitor_id
        if self.segment is not None:
            about["segment"] = self.segment
        if self.consent is not None:
            about["consent"] = self.consent
        names = self.shopper_id is not None and self._dice.random() < SHARE_NAMING
        if names or self._news or self.version == 1:
            about["shopper_id"] = self.shopper_id
        self._news = False
        return about | said

    def priced(self, item_id: str) -> dict[str, Any]:
        """What is said of an item's price, where the shop tells any."""
        return {"price_minor": price_minor(item_id)} if self.tells_prices else {}

    def line(self, item_id: str) -> dict[str, Any]:
        """What is said of an item in an order: price, and of two in three what one earns."""
        margin = margin_minor(item_id) if self.tells_prices else None
        return self.priced(item_id) | ({} if margin is None else {"margin_minor": margin})

    def currency(self) -> dict[str, Any]:
        """What is said of the currency, where the shop tells prices."""
        return {"currency": "EUR"} if self.tells_prices else {}


def price_minor(item_id: str) -> int:
    """What an item costs: odd enough that parts of it have to be rounded."""
    return 101 + 7 * sum(item_id.encode())


def margin_minor(item_id: str) -> int | None:
    """What one of an item earns: a few lose, and of one in three the shop does not know.

    >>> margin_minor("item-00"), margin_minor("item-02"), margin_minor("item-04")
    (10, None, -10)
    """
    number = sum(item_id.encode())
    return None if number % 3 == 1 else 5 * (number % 8) - 10

"""How it is said that a shopper is to be forgotten: of an e-mail address as intake has it, too."""

import json
import time
from uuid import uuid4

from streams.cli.printable import printable
from streams.contract.errors import InvalidEvent, Misconfigured
from streams.contract.events import ShopperForgotten, decode
from streams.contract.events.fields import pseudonym
from streams.contract.settings import Settings


def words(settings: Settings, shopper_id: str) -> list[ShopperForgotten]:
    """The events that say it, as workers will read them; raises `Misconfigured` for what is no id.

    An e-mail address is forgotten as it is, and as what intake has made of it: readers of the log
    tell people by what is written there.
    """
    name = f"forget-{uuid4()}"
    known = dict.fromkeys((shopper_id, pseudonym(shopper_id)))
    return [word(settings, who, name, number) for number, who in enumerate(known)]


def word(settings: Settings, shopper_id: str, name: str, number: int) -> ShopperForgotten:
    """One of them, in a session of this name."""
    now_ms = int(time.time() * 1000)
    said = {
        "type": "shopper_forgotten",
        "schema_version": 2,
        "event_id": f"{name}-{number}",
        "session_id": name,
        "shopper_id": shopper_id,
        "occurred_at_ms": now_ms,
        "consent": False,
    }
    value = json.dumps(said).encode()
    try:
        event = decode(name.encode(), value, timestamp_ms=now_ms, settings=settings)
    except InvalidEvent as invalid:
        shown = printable(shopper_id, chars_max=40)
        raise Misconfigured(f"{shown!r} is no shopper's id ({invalid})") from None
    assert isinstance(event, ShopperForgotten)  # noqa: S101  # it says so itself
    return event

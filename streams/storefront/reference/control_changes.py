"""Changes of controls: made, checked as workers check them, and sent; by a command or a page."""

import time
from typing import Any

from pydantic import ValidationError

from streams.cli.printable import printable
from streams.contract.errors import InvalidReference, Misconfigured
from streams.contract.events.reference.codec import reasons
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.reference.declared import named_by
from streams.contract.settings import Settings
from streams.shop.decision.controls.registry import check, known
from streams.storefront.reference.topic_log import send


def change(key: str, value: Any, author: str, reason: str) -> ControlRecord:
    """A change, now. Raises `Misconfigured` for one that workers would refuse, with the reason.

    >>> change("policy.floor", 0.9, "ann", "to see").value
    Traceback (most recent call last):
    streams.contract.errors.Misconfigured: control policy.floor: 0.9 is more than each of ...
    """
    if named_by(key) is not None:
        raise Misconfigured(f"control {key}: that is declared and ended by `goeswith experiment`")
    at_ms = int(time.time() * 1000)
    try:
        return check(ControlRecord(key=key, value=value, author=author, reason=reason, at_ms=at_ms))
    except ValidationError as invalid:
        said = f"{key}: {reasons(invalid)}"
    except InvalidReference as refused:
        said = f"{refused}" if f"{refused}".startswith(key) else f"{key}: {refused}"
    raise Misconfigured(f"control {printable(said, 500)}")


def make(settings: Settings, *changes: ControlRecord) -> None:
    """Send changes; they hold when this returns. Raises a `GoeswithError` where they do not."""
    send(settings, settings.topics.control, changes)


def note_of(record: ControlRecord) -> str:
    """What is to be said of a name that no worker decides by; empty: one does.

    >>> from streams.contract.schemas.reference_examples import CONTROL_RECORD
    >>> note_of(CONTROL_RECORD)
    ''
    """
    if known(record.key) is not None:
        return ""
    return f"{record.key} is a note: nothing is decided by it (`goeswith control known`)"

"""Changes of controls: made, checked as workers check them, and sent; by a command or a page."""

import re
import time
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from streams.cli.printable import printable
from streams.contract.errors import InvalidReference, Misconfigured
from streams.contract.events.reference.codec import reasons
from streams.contract.events.reference.control import ControlRecord
from streams.contract.events.reference.declared import named_by
from streams.contract.settings import Settings
from streams.shop.decision.controls.arm_names import ARM_NAMES
from streams.shop.decision.controls.registry import CONTROLS, check, known
from streams.storefront.reference.topic_log import send

OURS = frozenset(control.name.partition(".")[0] for control in CONTROLS)
"""What is below these names is no note but a slip, or a control of a newer goeswith."""
LIKENESS, SAMENESS = 0.5, 0.85
"""From which on a control is named as meant; and from which on a name is taken for a slip."""


def change(
    key: str, value: Any, author: str, reason: str, *, unknown: bool = False
) -> ControlRecord:
    """A change, now. Raises `Misconfigured` for one that workers would refuse, with the reason.

    So it does for a slip: a key below the names of ours, or like one, that none of our controls
    has; but where `unknown` ones are wanted, and where one is set no longer.

    >>> change("policy.floor", 0.9, "ann", "to see").value
    Traceback (most recent call last):
    streams.contract.errors.Misconfigured: control policy.floor: 0.9 is more than each of ...
    """
    if named_by(key) is not None:
        raise Misconfigured(f"control {key}: that is declared and ended by `goeswith experiment`")
    if value is not None and not unknown and (slip := _slip(key)):
        raise Misconfigured(slip)
    at_ms = int(time.time() * 1000)
    try:
        return check(ControlRecord(key=key, value=value, author=author, reason=reason, at_ms=at_ms))
    except ValidationError as invalid:
        said = f"{key}: {reasons(invalid)}"
    except InvalidReference as refused:
        said = f"{refused}" if f"{refused}".startswith(key) else f"{key}: {refused}"
    raise Misconfigured(f"control {printable(said, 500)}")


def _slip(key: str) -> str:
    """What is to be said of a key that is meant for a control, and is none; empty: nothing.

    >>> _slip("prompts.pausd").partition(": ")[2][:66]
    'there is no such control; did you mean prompts.paused? --unknown s'
    >>> _slip("prompts.paused"), _slip("floor"), _slip("till.closed")
    ('', '', '')
    """
    if known(key) is not None:
        return ""
    names = [name.replace("<arm>", arm) for name in _names() for arm in ARM_NAMES]
    like = get_close_matches(key, names, n=1, cutoff=LIKENESS)
    if key.partition(".")[0] not in OURS and not get_close_matches(key, names, cutoff=SAMENESS):
        return ""
    meant = f"did you mean {like[0]}?" if like else "`goeswith control known` lists them."
    return (
        f"control {printable(key)}: there is no such control; {meant} --unknown sets it all the "
        "same, for workers that know more"
    )


def _names() -> list[str]:
    """Of the controls that are not named after an item, or by their author."""
    return [control.name for control in CONTROLS if not re.search("<(item|name)>", control.name)]


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

"""Changes of controls: made, checked as workers check them, and sent; by a command or a page."""

import re
import time
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import orjson
from pydantic import ValidationError

from streams.cli.printable import printable
from streams.contract.errors import InvalidReference, Misconfigured
from streams.contract.events.reference.codec import reasons
from streams.contract.events.reference.control import KEY_PATTERN, ControlRecord
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
    key: str,
    value: Any,
    author: str,
    reason: str,
    *,
    unknown: bool = False,
    standing: Callable[[], Mapping[str, ControlRecord]] = dict,
) -> ControlRecord:
    """A change, now. Raises `Misconfigured` for one that workers would refuse, with the reason.

    So it does for a slip: a key below the names of ours, or like one, that none of our controls
    has; but where `unknown` ones are wanted, and where it stands, as a note of before: to be taken
    back, or left as it is. What is `standing` is asked for a slip alone.

    >>> change("policy.floor", 0.9, "ann", "to see").value
    Traceback (most recent call last):
    streams.contract.errors.Misconfigured: control policy.floor: 0.9 is more than each of ...
    """
    if named_by(key) is not None:
        raise Misconfigured(f"control {key}: that is declared and ended by `goeswith experiment`")
    slip = "" if unknown else _slip(key)
    stands = standing().get(key) if slip else None
    if slip and stands is None:
        raise Misconfigured(slip)
    wanted = _checked(key, value, author, reason)
    if slip and value is not None and differ(wanted, stands):
        raise Misconfigured(slip)
    return wanted


def differ(wanted: ControlRecord, standing: ControlRecord | None) -> bool:
    """Whether another value is wanted; `true` is not 1, though Python takes it for that."""
    values = (wanted.value, standing.value if standing is not None else None)
    first, second = (orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in values)
    return first != second


def _checked(key: str, value: Any, author: str, reason: str) -> ControlRecord:
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
    >>> _slip("PROMPTS.PAUSED").partition(": ")[2]
    'there is no such control; did you mean prompts.paused?'
    >>> _slip("prompts.paused"), _slip("floor"), _slip("till.closed")
    ('', '', '')
    """
    if known(key) is not None:
        return ""
    names = [name.replace("<arm>", arm) for name in _names() for arm in ARM_NAMES]
    small = key.lower()
    like = get_close_matches(small, names, n=1, cutoff=LIKENESS)
    if small.partition(".")[0] not in OURS and not get_close_matches(small, names, cutoff=SAMENESS):
        return ""
    meant = f"did you mean {like[0]}?" if like else "`goeswith control known` lists them."
    said = f"control {printable(key)}: there is no such control; {meant}"
    if not re.match(KEY_PATTERN, key):  # which nothing can be called
        return said
    return f"{said} --unknown sets it all the same, for workers that know more"


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

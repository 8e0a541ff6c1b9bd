"""What a visit was shown in slots that have a budget of their own: checkout, upgrade and the like.

`product_page` and `basket` share one budget, the session's own figures, as before there were
others: whoever asks for nothing else has nothing in here.
"""

from collections.abc import Iterable
from sys import intern
from typing import Any, NamedTuple

from models.snapshot.elements import each

OWN_BUDGET = frozenset({"checkout", "post_purchase", "upgrade"})
"""The slots that do not share the session's budget."""


class SlotTally(NamedTuple):
    """Of one slot in one visit."""

    slot: str
    shown: int = 0
    last_shown_ms: int = 0
    dismissals: int = 0


Tallies = tuple[SlotTally, ...]


def own_slot(context: str) -> str | None:
    """The slot of a context (slot and segment), if it has a budget of its own.

    >>> own_slot("checkout/new"), own_slot("basket/new")
    ('checkout', None)
    """
    slot = context.partition("/")[0]
    return slot if slot in OWN_BUDGET else None


def tally(tallies: Tallies, slot: str) -> SlotTally:
    """What was shown in this slot."""
    for one in tallies:
        if one.slot == slot:
            return one
    return SlotTally(slot)


def shown_once(tallies: Tallies, slot: str, at_ms: int) -> Tallies:
    """The tallies, after one more prompt was shown in this slot.

    >>> shown_once((), "checkout", 7)
    (SlotTally(slot='checkout', shown=1, last_shown_ms=7, dismissals=0),)
    """
    was = tally(tallies, slot)
    last_ms = max(was.last_shown_ms, at_ms)
    return _with(tallies, was._replace(shown=was.shown + 1, last_shown_ms=last_ms))


def sent_away(tallies: Tallies, slot: str) -> Tallies:
    """The tallies, after a prompt in this slot was dismissed."""
    was = tally(tallies, slot)
    return _with(tallies, was._replace(dismissals=was.dismissals + 1))


def _with(tallies: Tallies, changed: SlotTally) -> Tallies:
    """In the order of names, so that equal figures are equal."""
    others = (one for one in tallies if one.slot != changed.slot)
    return tuple(sorted((*others, changed)))


def dismissals(tallies: Tallies, slot: str, own: int) -> int:
    """How many prompts of its kind were sent away that heed each other; `own`: the session's.

    A "no" to a better item is none to what goes with it, nor the other way about. All cross-sells
    heed each other, wherever they stand.

    >>> both = SlotTally("checkout", dismissals=1), SlotTally("upgrade", dismissals=2)
    >>> [dismissals(both, slot, 3) for slot in ("basket", "checkout", "upgrade")]
    [4, 4, 2]
    """
    if slot == "upgrade":
        return tally(tallies, slot).dismissals
    return own + sum(one.dismissals for one in tallies if one.slot != "upgrade")


def read_tallies(state: Iterable[Iterable[Any]]) -> Tallies:
    """The tallies of a state; raises `ValueError` or `TypeError` for what is none."""
    found = []
    for slot, *numbers in state:
        each(str, [slot])
        found.append(SlotTally(intern(slot), *each(int, numbers, 0)))
    return tuple(found)

"""Arms in shadow: what they would have offered beside what was shown, counted and never shown.

A shadow is no experiment. It earns nothing, for nobody sees it, so it is not drawn and no estimate
knows it. What it does tell, before an arm is put before shoppers: how often it would have something
to offer, and whether that is anything but what the shopper got anyway.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple, get_args

from streams.shop.decision.arms import CandidateQuery
from streams.shop.decision.slots.strategy import Strategy
from streams.shop.memory.learned import Learned

Found = Literal["nothing", "same", "other", "alone"]
FOUND = get_args(Found)


class Shadowed(NamedTuple):
    """What an arm in shadow would have offered, at one decision."""

    arm: str
    found: Found
    """`nothing` to offer; first of all the `same` item as one that was shown, or an `other` one;
    or `alone`: it had something, and nothing was shown."""


NO_SHADOWS: tuple[Shadowed, ...] = ()


def shadowed(
    arms: Mapping[str, Strategy],
    shadow: Iterable[str],
    learned: Learned,
    question: CandidateQuery,
    shown: Collection[str],
) -> tuple[Shadowed, ...]:
    """What each arm in shadow would have offered first, beside the items that were shown."""
    return tuple(Shadowed(arm, _found(arms.get(arm), learned, question, shown)) for arm in shadow)


def _found(
    arm: Strategy | None, learned: Learned, question: CandidateQuery, shown: Collection[str]
) -> Found:
    if arm is None or not (candidates := arm.candidates(learned, question)):
        return "nothing"
    if not shown:
        return "alone"
    return "same" if candidates[0].item in shown else "other"

"""How the items of a context agree on candidates: each votes for its partners.

The inner loops of a recommendation, as plain functions over plain dictionaries.
"""

from collections.abc import Mapping, Sequence
from itertools import repeat
from operator import mul

from models.tally import times

Voter = tuple[str, dict[str, int], float]
"""An item of the context, the tallies of its partners, and what a unit of meeting one is worth."""


def votes(voters: Sequence[Voter], shift: int) -> dict[str, float]:
    """The partners of all voters, with the sum of the votes; `shift` is bits of tally to a unit."""
    scores: dict[str, float] = {}
    score = scores.get
    for _, row, worth in voters:
        for partner, tally in row.items():
            scores[partner] = score(partner, 0.0) + (tally >> shift) * worth
    return scores


def ranked(
    scores: Mapping[str, float], damping: Mapping[str, float], k: int
) -> list[tuple[float, str]]:
    """The `k` best after damping; equals by id. Only what reaches the bar is put in order.

    >>> ranked({"milk": 9.0, "yeast": 4.0, "salt": 4.0}, {"milk": 0.1, "yeast": 1, "salt": 1}, 2)
    [(4.0, 'salt'), (4.0, 'yeast')]
    """
    damped = list(map(mul, scores.values(), map(damping.get, scores, repeat(0.0))))
    if k <= 0 or not damped:
        return []
    bar = sorted(damped)[-min(k, len(damped))]
    pairs = zip(damped, scores, strict=True)
    best = sorted((-score, item) for score, item in pairs if score >= bar)
    return [(-negative, item) for negative, item in best[:k] if negative < 0.0]


def loudest(
    item: str, voters: Sequence[Voter], shift: int, together_min: int
) -> tuple[str, int] | None:
    """The voter that speaks loudest for an item, and how often they met; of equals, the first.

    None when no voter has met it often enough.
    """
    found, loud = None, 0.0
    for voter, row, worth in voters:
        tally = row.get(item, 0)
        met, voice = times(tally), (tally >> shift) * worth
        if met >= together_min and voice > loud:
            found, loud = (voter, met), voice
    return found

"""What goes with the items of a basket, and how much speaks for each: first of all, the order.

Who has a camera wants a case; who has a case has a camera. So an item speaks for what is added
*after* it more often than by chance (sequential rules: M. Ludewig and D. Jannach, "Evaluation of
session-based recommendation algorithms", UMUAI 28, 2018), and chance has half of the baskets come
in this order. What met an item more often than by chance, but not in this order, is a class of its
own, by the share of cases: where baskets are told in any order, or in that of their ids, offers of
it are taken as well, and that is learned; elsewhere they are not, and that is learned, too.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from models import Candidate
from models.recommenders.pair_table.meetings import Companions
from streams.shop.decision.policy.offer_fits import SHARES, SOURCES, Numbers, companion_fits, fit_of
from streams.shop.memory.learned import Learned, after, before

IN_ORDER = 0.5
"""In so many of the cases in which two items would meet by chance, they would in a given order."""


class Met(NamedTuple):
    """An item that goes with one of a basket."""

    place: int
    """Which one of the basket,"""
    item: str
    fit: int
    """and how much speaks for it."""


def companions(learned: Learned, mains: Sequence[str]) -> list[Met]:
    """What goes with some items, in their order: at most once with each of them."""
    sequences, baskets = learned.sequences, learned.baskets
    ordered = sequences.companions([*map(before, mains)])
    fits = _fits(ordered, IN_ORDER / max(1, sequences.sessions))
    found = [one._replace(item=one.item[1:]) for one in _surely(ordered, fits)]
    known = {(place, item) for place, item, _ in found}
    met = baskets.companions(mains)
    fits = _fits(met, 1.0 / max(1, baskets.sessions))
    found += [
        one._replace(fit=one.fit % SHARES)
        for one in _surely(met, fits)
        if (one.place, one.item) not in known
    ]
    return sorted(found, key=itemgetter(0))


def _fits(met: Companions, part: float) -> Numbers:
    return companion_fits(met.together, met.of, met.of * met.seen.astype(np.float64) * part)


def _surely(met: Companions, fits: Numbers) -> list[Met]:
    """Those that met more often than by chance."""
    those = np.flatnonzero(fits >= SHARES)
    names, places = met.names, met.place[those].tolist()
    items = (names[number] for number in met.number[those].tolist())
    return [*map(Met, places, items, fits[those].tolist())]


def companion(learned: Learned, main: str, item: str) -> Candidate:
    """An item that goes with another one, with what is told of it: in how many baskets they met."""
    met = learned.baskets.lift(main, item)
    together = met.together or learned.sequences.lift(before(main), after(item)).together
    return Candidate(item, 0.0, together, max(together, met.of_a), main, SOURCES[0])


def companion_fit(learned: Learned, candidate: Candidate) -> int:
    """How much speaks for one of them: as `companions` has it of many."""
    main, item = candidate.anchor, candidate.item
    found = learned.sequences.lift(before(main), after(item))
    fit = _fit(found.together, found.of_a, found.of_b, IN_ORDER / max(1, found.sessions))
    if fit >= SHARES:
        return fit
    met = learned.baskets.lift(main, item)
    return _fit(met.together, met.of_a, met.of_b, 1.0 / max(1, met.sessions)) % SHARES


def _fit(together: int, of: int, seen: int, part: float) -> int:
    one = Candidate("", 0.0, together, of, "", SOURCES[0])
    return fit_of(one, of * float(seen) * part)

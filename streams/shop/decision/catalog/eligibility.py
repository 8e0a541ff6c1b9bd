"""Eligibility: which items are for some shoppers alone, not for some, or for nobody who owns them.

A shopper is of the segment that the event which asks names, listed in `GOESWITH_SEGMENTS` or not,
and besides `known` (signed in, and consents) or `new`. Who may not have an item is offered it
nowhere; what is said of a product holds for all of its variants. What one owns of what is owned
once is what this session or its shopper, known and consenting, has bought and not sent back. Only
what is said takes memory.
"""

from collections.abc import Collection
from functools import lru_cache
from sys import intern
from typing import Literal, NamedTuple

from streams.contract.events.reference.catalog import CatalogItem
from streams.contract.settings import BUILT_IN_SEGMENTS
from streams.shop.memory.session import Session

Barred = Literal["segment", "owned"]
"""Why an item is not for who is there: the first of these that is so."""
SEGMENTS_MET_MAX = 1_024
"""So many sets of segments are kept once."""
MET_MAX = 10_000
"""So many audiences are kept once for all items that have them; further ones for each of theirs."""


class Audience(NamedTuple):
    """Whom an item is for."""

    only: frozenset[str] = frozenset()
    """Empty: everybody."""
    never: frozenset[str] = frozenset()
    once: bool = False
    """Whether who owns it needs no other."""

    def takes(self, segments: Collection[str]) -> bool:
        """Whether a shopper of all these segments may be offered it.

        >>> Audience(only=frozenset({"club"})).takes({"club", "known"})
        True
        >>> Audience(frozenset({"known"}), never=frozenset({"club"})).takes({"club", "known"})
        False
        """
        return self.never.isdisjoint(segments) and not (
            self.only and self.only.isdisjoint(segments)
        )


class Eligibility:
    """By item or product whom it is for; it has no bound: `Catalog.put` keeps it within one.

    >>> eligibility = Eligibility()
    >>> eligibility.put(CatalogItem(item_id="visa-gold", eligible_segments=("premium",)))
    >>> eligibility.barred({"visa-gold"}, {"new"}, ()), eligibility.barred({"visa"}, {"new"}, ())
    ('segment', None)
    """

    def __init__(self) -> None:
        self.once = 0
        """How many are owned once."""
        self._audiences: dict[str, Audience] = {}
        self._met: dict[Audience, Audience] = {}
        """Those that are kept once: shops have few audiences, for very many items."""

    def __len__(self) -> int:
        """Of how many items anything is said."""
        return len(self._audiences)

    def __contains__(self, item_id: object) -> bool:
        """Whether anything is said of this one."""
        return item_id in self._audiences

    def of(self, item_id: str) -> Audience | None:
        """Whom an item is for by its own word; None: it says nothing."""
        return self._audiences.get(item_id)

    def put(self, item: CatalogItem) -> None:
        """An item as it is from now on."""
        self.take_out(item.item_id)
        if not says_whom(item):
            return
        only = frozenset(map(intern, item.eligible_segments))
        never = frozenset(map(intern, item.excluded_segments))
        audience = Audience(only, never, item.owned_once)
        if len(self._met) < MET_MAX:
            audience = self._met.setdefault(audience, audience)
        self._audiences[intern(item.item_id)] = audience
        self.once += audience.once

    def take_out(self, item_id: str) -> None:
        """Nothing is said of it any more."""
        if (audience := self._audiences.pop(item_id, None)) is not None:
            self.once -= audience.once
            if not self._audiences:
                self._met.clear()

    def clear(self) -> None:
        """Nothing is said of any."""
        self.once = 0
        self._audiences.clear()
        self._met.clear()

    def barred(
        self, names: Collection[str], segments: Collection[str], owned: Collection[str]
    ) -> Barred | None:
        """Why an item, by its own and its product's name, is not for who is there; None: it is.

        `segments`: of who is there; `owned`: what they have, variants and products.
        """
        for audience in filter(None, map(self._audiences.get, names)):
            if not audience.takes(segments):
                return "segment"
            if audience.once and any(name in owned for name in names):
                return "owned"
        return None

    def lasts(self, item_id: str) -> bool:
        """Whether an item is owned once."""
        audience = self._audiences.get(item_id)
        return audience is not None and audience.once


def says_whom(item: CatalogItem) -> bool:
    """Whether a record says for whom the item is, or for whom not."""
    return bool(item.eligible_segments or item.excluded_segments or item.owned_once)


def segments_of(session: Session | None, named: str | None) -> frozenset[str]:
    """The segments of who is there; `named`: the one of the event that asks.

    Who is known is told by who is signed in: a built-in word that an event names says nothing.

    >>> sorted(segments_of(None, "club")), sorted(segments_of(None, "known"))
    (['club', 'new'], ['new'])
    """
    return segments_named(session is not None and session.shopper_id is not None, named)


@lru_cache(maxsize=SEGMENTS_MET_MAX)  # one set for all that are of the same
def segments_named(known: bool, named: str | None) -> frozenset[str]:
    """The segments of somebody who is `known` or not, and of whom an event names one."""
    built_in = "known" if known else "new"
    if named is None or named in BUILT_IN_SEGMENTS:
        return frozenset((built_in,))
    return frozenset((built_in, named))

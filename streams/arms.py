"""The arms: named strategies that the policy chooses among, each with its source of candidates.

An arm proposes; the guards have taken away what must not be offered; the policy chooses one arm.
An arm without a candidate is not offered to the policy, and without any arm there is silence.
To add a strategy: one recommender in `models/`, one entry in `ARMS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from models import Candidate, CoOccurrence, Popularity, Repeats
from streams.session import Session
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Learned:
    """What the shop has learned, for the arms to draw on."""

    baskets: CoOccurrence
    browsing: CoOccurrence
    repeats: Repeats
    popularity: Popularity


COMPLETES = 0.3
"""How much popularity counts against a companion: 0 offers what sells anyway, 1 what is odd.

Hit rates alone would have it near 0.1 (people buy what sells anyway), but then the offers of a shop
in which half of the baskets hold milk are milk: of the demo's 25 staples, 16 to 21 get a true
complement at 0.1, 24 at 0.2, and all of them from 0.3 on.
"""


def untaught(settings: Settings) -> Learned:
    """Recommenders that have seen nothing yet."""
    pairs: dict[str, Any] = {
        "half_life_s": settings.pair_half_life_s,
        "row_max": settings.pairs_per_item_max,
        "items_max": settings.items_max,
        "context_items": 4,
        "context_decay": 0.6,
        "row_norm": 0.5,
    }
    return Learned(
        baskets=CoOccurrence(**pairs, popularity_norm=COMPLETES),
        browsing=CoOccurrence(**pairs, popularity_norm=0.2, window=10, distance_decay=True),
        repeats=Repeats(half_life_s=settings.pair_half_life_s, shoppers_max=settings.shoppers_max),
        popularity=Popularity(
            half_life_s=settings.popularity_half_life_s, items_max=settings.items_max
        ),
    )


class Question(NamedTuple):
    """What is asked of an arm: for this session, beside this anchor, now, but none of these."""

    session: Session
    anchor: str
    time_s: float
    excluded: set[str]
    together_min: int
    items_max: int


def bought_together(learned: Learned, question: Question) -> list[Candidate]:
    """What others bought with the basket: completes the purchase."""
    basket = [item for item in question.session.basket if item != question.anchor]
    return _met(learned.baskets, [*basket, question.anchor], question)


def viewed_together(learned: Learned, question: Question) -> list[Candidate]:
    """What others looked at in the same visit: helps those who are still looking."""
    viewed = [item for item in question.session.viewed if item != question.anchor]
    return _met(learned.browsing, [*viewed, question.anchor], question)


def buy_again(learned: Learned, question: Question) -> list[Candidate]:
    """What this very shopper buys again and again; nothing for those whom we do not know."""
    shopper_id = question.session.shopper_id
    if shopper_id is None:
        return []
    return learned.repeats.recommend(
        (shopper_id,), question.items_max, exclude=question.excluded, time_s=question.time_s
    )


def popular(learned: Learned, question: Question) -> list[Candidate]:
    """What everybody buys: better than nothing when nothing else is known."""
    return learned.popularity.recommend(
        (), question.items_max, exclude=question.excluded, time_s=question.time_s
    )


def _met(source: CoOccurrence, context: list[str], question: Question) -> list[Candidate]:
    """The companions of the context that have met it often enough to say so."""
    found = source.recommend(
        context, 2 * question.items_max, exclude=question.excluded, time_s=question.time_s
    )
    enough = [candidate for candidate in found if candidate.together >= question.together_min]
    return enough[: question.items_max]


ARMS: dict[str, Callable[[Learned, Question], list[Candidate]]] = {
    "bought_together": bought_together,
    "viewed_together": viewed_together,
    "buy_again": buy_again,
    "popular": popular,
}

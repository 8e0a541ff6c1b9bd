"""The arms: named strategies that the policy chooses among, each with its source of candidates.

An arm proposes; the guards have taken away what must not be offered; the policy chooses one arm.
An arm without a candidate is not offered to the policy, and without any arm there is silence. Only
the arm that was drawn has to rank: whether the others have anything to offer is cheap to know.
To add a strategy: one recommender in `models/`, one entry in `ARMS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from models import BestFit, Candidate, CoOccurrence, Popularity, Recommender, Repeats
from streams.contract.settings import Settings
from streams.shop.memory.session import Session


@dataclass(frozen=True, slots=True)
class Learned:
    """What the shop has learned, for the arms to draw on."""

    baskets: CoOccurrence
    browsing: CoOccurrence
    repeats: Repeats
    popularity: Popularity
    fit: BestFit | None = None
    """Only where the settings ask for it."""


COMPLETES = 0.3
"""How much popularity counts against a companion: 0 offers what sells anyway, 1 what is odd.

Hit rates alone would have it near 0.1 (people buy what sells anyway), but then the offers of a shop
in which half of the baskets hold milk are milk: of the demo's 25 staples, 16 to 21 get a true
complement at 0.1, 24 at 0.2, and all of them from 0.3 on.
"""


VIEWS = 6
"""How many views back a view is paired: ten find no more (on clicks of a web shop the next new item
is among twenty offered in 57 % of cases, either way), and cost a third more to learn.
"""


def untaught(settings: Settings) -> Learned:
    """Recommenders that have seen nothing yet."""
    pairs: dict[str, Any] = {
        "half_life_s": settings.pair_half_life_s,
        "row_max": settings.pairs_per_item_max,
        "items_max": settings.items_max,
        "context_decay": 0.6,
        "row_norm": 0.5,
        "together_min": settings.together_min,
    }
    return Learned(
        baskets=CoOccurrence(**pairs, context_items=4, popularity_norm=COMPLETES),
        browsing=CoOccurrence(
            **pairs, context_items=3, popularity_norm=0.2, window=VIEWS, distance_decay=True
        ),
        repeats=Repeats(half_life_s=settings.pair_half_life_s, shoppers_max=settings.shoppers_max),
        popularity=Popularity(
            half_life_s=settings.popularity_half_life_s, items_max=settings.items_max
        ),
        fit=BestFit(items_max=settings.items_max) if settings.best_fit else None,
    )


class Question(NamedTuple):
    """What is asked of an arm: for this session, beside this anchor, now, but none of these."""

    session: Session
    anchor: str
    time_s: float
    excluded: set[str]
    items_max: int


class Arm(NamedTuple):
    """A strategy: where its candidates come from, and what its source is asked with."""

    source: Callable[[Learned], Recommender | None]
    context: Callable[[Question], Sequence[str]]
    names: Callable[[Question], dict[str, str]] = lambda _: {}
    """Session and shopper, for a source that knows them apart."""

    def proposes(self, learned: Learned, question: Question) -> bool:
        """Whether it has anything to offer: what the policy has to know of every arm."""
        source = self.source(learned)
        return source is not None and source.proposes(
            self.context(question),
            exclude=question.excluded,
            time_s=question.time_s,
            **self.names(question),
        )

    def candidates(self, learned: Learned, question: Question) -> list[Candidate]:
        """What it offers, best first: worked out for the arm that was drawn alone."""
        source = self.source(learned)
        return (
            []
            if source is None
            else source.recommend(
                self.context(question),
                question.items_max,
                exclude=question.excluded,
                time_s=question.time_s,
                **self.names(question),
            )
        )


def _basket(question: Question) -> Sequence[str]:
    """The basket, the anchor last."""
    return _last([*question.session.basket], question.anchor)


def _viewed(question: Question) -> Sequence[str]:
    """What was looked at, the anchor last."""
    return _last(question.session.viewed, question.anchor)


def _last(items: list[str], anchor: str) -> list[str]:
    """These items, each of them once, with the anchor last, as it mostly is already."""
    if items and items[-1] == anchor:
        return items
    return [*(item for item in items if item != anchor), anchor]


def _shopper(question: Question) -> Sequence[str]:
    """The shopper, where we know who it is."""
    shopper_id = question.session.shopper_id
    return () if shopper_id is None else (shopper_id,)


def _path(question: Question) -> Sequence[str]:
    """What was looked at or taken, in order."""
    return question.session.path


def _named(question: Question) -> dict[str, str]:
    session = question.session
    return {"session": visit(session), "shopper": session.shopper_id or ""}


def visit(session: Session) -> str:
    """How a learner knows a visit: after a pause it is another one."""
    return f"{session.session_id} {session.started_ms}"


def _anybody(_question: Question) -> Sequence[str]:
    return ()


ARMS = {
    # what others bought with the basket: completes the purchase
    "bought_together": Arm(lambda learned: learned.baskets, _basket),
    # what others looked at in the same visit: helps those who are still looking
    "viewed_together": Arm(lambda learned: learned.browsing, _viewed),
    # what this very shopper buys again and again: nothing for those whom we do not know
    "buy_again": Arm(lambda learned: learned.repeats, _shopper),
    # what everybody buys: better than nothing where nothing else is known
    "popular": Arm(lambda learned: learned.popularity, _anybody),
    # all of these and similar visits, in an order that is learned from what shoppers do next; only
    # where the settings ask for it
    "best_fit": Arm(lambda learned: learned.fit, _path, _named),
}

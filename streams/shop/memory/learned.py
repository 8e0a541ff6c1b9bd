"""The recommenders that arms draw on, and their hyperparameters."""

from dataclasses import dataclass
from typing import Any

from models import BestFit, CoOccurrence, Popularity, Repeats
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


POPULARITY_PENALTY = 0.3
"""How much popularity counts against a companion: 0 offers what sells anyway, 1 what is odd.

Hit rates alone would have it near 0.1 (people buy what sells anyway), but then the offers of a shop
in which half of the baskets hold milk are milk: of the demo's 25 staples, 16 to 21 get a true
complement at 0.1, 24 at 0.2, and all of them from 0.3 on.
"""


VIEW_WINDOW = 6
"""How many views back a view is paired: ten find no more (on clicks of a web shop the next new item
is among twenty offered in 57 % of cases, either way), and cost a third more to learn.
"""


def new_recommenders(settings: Settings) -> Learned:
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
        baskets=CoOccurrence(**pairs, context_items=4, popularity_norm=POPULARITY_PENALTY),
        browsing=CoOccurrence(
            **pairs, context_items=3, popularity_norm=0.2, window=VIEW_WINDOW, distance_decay=True
        ),
        repeats=Repeats(half_life_s=settings.pair_half_life_s, shoppers_max=settings.shoppers_max),
        popularity=Popularity(
            half_life_s=settings.popularity_half_life_s, items_max=settings.items_max
        ),
        fit=BestFit(items_max=settings.items_max) if settings.best_fit else None,
    )


def visit(session: Session) -> str:
    """How a learner knows a visit: after a pause it is another one."""
    return f"{session.session_id} {session.started_ms}"
